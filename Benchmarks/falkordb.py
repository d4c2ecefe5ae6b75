"""A real FalkorDB for comparison, as `make engines` fetches it, with a graph of its own."""

import re
import shutil
import socket
import subprocess
import time

from common import ROOT, WORK, await_port, free_port, stop

BATCH = 1_000


class FalkorDB:
    def __init__(self, name="falkordb"):
        home = subprocess.run(
            [ROOT / "scripts/engines", "--path", "falkordb"], capture_output=True, text=True, check=True).stdout.strip()
        self.port, directory = free_port(), WORK / name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        log = directory / "server.log"
        self.process = subprocess.Popen(
            [f"{home}/bin/redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", directory, "--save", "",
             "--loadmodule", f"{home}/lib/falkordb.so"], stdout=open(log, "wb"), stderr=subprocess.STDOUT)
        await_port(self.port, self.process, log)
        self.socket = socket.create_connection(("127.0.0.1", self.port))
        self.stream = self.socket.makefile("rb")

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def follow(self, primary):
        """Makes it a replica of another one."""
        self.command("REPLICAOF", "127.0.0.1", primary.port)
        while "master_link_status:up" not in self.command("INFO", "replication"):
            time.sleep(0.1)

    def stop(self):
        self.socket.close()
        stop(self.process)

    def command(self, *words):
        """Sends a command and reads its reply."""
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(
            b"$%d\r\n%s\r\n" % (len(word), word) for word in (str(word).encode() for word in words)))
        return self.reply()

    def reply(self):
        line = self.stream.readline()
        kind, text = line[:1], line[1:-2]
        if kind == b"-":
            raise RuntimeError(text.decode())
        if kind == b":":
            return int(text)
        if kind == b"+":
            return text.decode()
        if kind == b"$":
            return None if text == b"-1" else self.stream.read(int(text) + 2)[:-2].decode()
        return [self.reply() for _ in range(int(text))]

    def load(self, graph):
        """The nodes and edges of a graph, found by an index of their ids. Ids have nothing that would have to be quoted."""
        self.command("GRAPH.QUERY", "g", "CREATE INDEX FOR (n:Node) ON (n.id)")
        for start in range(0, len(graph.nodes), BATCH):
            ids = ",".join(f"'{node['uuid']}'" for node in graph.nodes[start : start + BATCH])
            self.command("GRAPH.QUERY", "g", f"CYPHER ids=[{ids}] UNWIND $ids AS id CREATE (:Node {{id: id}})")
        for start in range(0, len(graph.edges), BATCH):
            pairs = ",".join(
                f"['{edge['source_node_uuid']}','{edge['target_node_uuid']}']" for edge in graph.edges[start : start + BATCH])
            self.command(
                "GRAPH.QUERY", "g",
                f"CYPHER pairs=[{pairs}] UNWIND $pairs AS p MATCH (a:Node {{id: p[0]}}), (b:Node {{id: p[1]}}) CREATE (a)-[:EDGE]->(b)")

    @staticmethod
    def question(node):
        return f"CYPHER id='{node}' MATCH (a:Node {{id: $id}})-[:EDGE*1..2]-(n) WHERE n.id <> $id RETURN DISTINCT n.id"

    def neighborhood(self, node):
        return {row[0] for row in self.command("GRAPH.RO_QUERY", "g", self.question(node))[1]}

    def rate(self, prefix, count, requests, connections):
        """How many neighbourhoods of nodes by chance it answers in a second, by redis-benchmark. Their ids are the prefix and
        twelve digits."""
        output = subprocess.run(
            ["redis-benchmark", "-p", str(self.port), "-c", str(connections), "-n", str(requests), "-r", str(count), "-q",
             "GRAPH.RO_QUERY", "g", self.question(f"{prefix}__rand_int__")], capture_output=True, text=True, check=True).stdout
        return float(re.findall(r"([\d.]+) requests per second", output)[-1])
