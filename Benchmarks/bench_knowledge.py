"""Graphs of a release server over HTTP: WordNet, and a generated graph.

    python3 Benchmarks/bench_knowledge.py [--nodes 100000] [--edges 1000000] [--write docs/benchmarks-knowledge.md]

The load generator is wrk on the same machine. No answer is empty, and what is found is compared with what a look at all of it
finds.
"""

import argparse
import concurrent.futures
import http.client
import json
import pathlib
import shutil
import sys
import time

import graphs
from common import KEY, WORK, Server, machine, require_success, run_wrk, write

BATCH, QUERIES, SECONDS = 1_000, 1_000, 8
WRITERS = 4


def send(server, bodies, connections=WRITERS):
    """Sends batches over some connections. Returns how long that took."""
    def work(part):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        for body in bodies[part::connections]:
            connection.request("POST", "/graph/bulk", body, {
                "Authorization": f"Bearer {KEY}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                sys.exit(f"bulk: {answer.status} {text[:300]}")

    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        list(pool.map(work, range(connections)))
    return time.monotonic() - start


def write_requests(name, requests):
    """A file for each.lua of requests: their method, path and body."""
    file = WORK / f"{name}.requests"
    with open(file, "w") as stream:
        for method, path, body in requests:
            stream.write(f"{method} {path} {json.dumps(body) if body is not None else ''}\n")
    return str(file)


def run(server, name, requests, connections):
    figures = run_wrk(
        server.port, "each.lua", SECONDS, connections, REQUESTS=write_requests(name, requests))
    require_success(name, figures)
    return figures


def load(server, graph):
    nodes, edges = graphs.batches(graph, BATCH)
    return {"nodes": len(graph.nodes) / send(server, nodes), "edges": len(graph.edges) / send(server, edges)}


def search_body(query):
    section = {"search_methods": ["fulltext", "bfs"], "reranker": "rrf", "bfs_max_depth": 2}
    return {"query": query, "config": {"edge_config": section, "node_config": section, "limit": 10}}


def check_searches(server, graph, queries):
    """Each query finds the node that it was made of words of, or one as good: that has all of them."""
    texts = {node["uuid"]: f"{node['name']} {node['summary']}".lower() for node in graph.nodes}
    for query in queries[:100]:
        found = server.request("POST", "/search/nodes", {"query": query, "limit": 10})["nodes"]
        if not any(all(word in texts[node["uuid"]] for word in query.split()) for node in found):
            sys.exit(f"search: nothing has all of {query!r}: {[node['name'] for node in found]}")


def check_neighborhoods(server, graph, centers):
    for center in centers[:200]:
        answer = server.request("GET", f"/graph/nodes/{center}/neighbors?depth=2&ids_only=true&limit=10000")
        found = {node["uuid"] for node in answer["nodes"]}
        if not answer["has_more"] and found != graph.neighborhood(center, 2):
            sys.exit(f"neighbours of {center}: {len(found)} instead of {len(graph.neighborhood(center, 2))}")


def measure(graph, settings, connections):
    directory = WORK / "knowledge"
    shutil.rmtree(directory, ignore_errors=True)
    server = Server(directory, settings)
    try:
        results = {"load": load(server, graph)}
        queries = graph.queries(QUERIES)
        check_searches(server, graph, queries)
        centers = [node["uuid"] for node in graph.nodes[:: max(1, len(graph.nodes) // 2_000)] if graph.links[node["uuid"]]]
        check_neighborhoods(server, graph, centers)
        results["memory"] = server.memory()["VmRSS"]
        searches = [("POST", "/search", search_body(query)) for query in queries]
        results["search"] = run(server, "search", searches, connections)
        around = [("GET", f"/graph/nodes/{center}/neighbors?depth=2&ids_only=true&limit=10000", None) for center in centers]
        results["neighbors"] = run(server, "neighbors", around, 32)
        return results
    finally:
        server.stop()


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--nodes", type=int, default=100_000)
    options.add_argument("--edges", type=int, default=1_000_000)
    options.add_argument("--wordnet", action="store_true")
    arguments = options.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    graph = graphs.wordnet() if arguments.wordnet else graphs.generated(arguments.nodes, arguments.edges)
    for name, value in measure(graph, {}, 400).items():
        print(name, value)
