"""Searches of a graph that a FalkorDB beside the server has, by the steps in which it is tuned: each is the one before with one
setting changed.

    python3 Benchmarks/bench_falkordb.py [--nodes 20000] [--edges 60000] [--seconds 8] [--write docs/benchmarks-falkordb.md]

WordNet, where its files are (BENCH_DATA, as for bench_knowledge.py), else a generated graph. Each step has a release server of its own
on an empty directory, and a real FalkorDB of its own as `make engines` fetches it. No answer is empty.
"""

import argparse
import contextlib
import json
import pathlib
import shutil
import sys
import time

import graphs
from bench_knowledge import load, search_body
from common import WORK, Server, machine, require_success, run_wrk, send_batches, write, write_requests
from falkordb import FalkorDB

QUERIES, CONNECTIONS, WARM_CONNECTIONS = 1_000, 400, 32
# How often each query is asked in a way in which it was not asked before.
NEW = 40
INTRODUCTION = """# Benchmarks: graphs in FalkorDB

What `make bench` measured last, between the marks; how to repeat it: `python3 Benchmarks/bench_falkordb.py --write FILE`. The steps are
those of the tuning guide that this role began with, in its order. All of it, the FalkorDB, the server and the load, shares one machine.
"""
# What is changed from the step before. A replica more is no setting alone, and is started.
STEPS = [
    ("32 connections, each command when the one before is answered, no cache of answers, 16 searches at once, no replica", {
        "knowledge.falkordb_connections": 32, "knowledge.falkordb_pipeline": 1, "knowledge.engine_searches": 16,
        "cache.query_memory": 0}, 0),
    ("`knowledge.falkordb_connections` 200", {"knowledge.falkordb_connections": 200}, 0),
    ("`cache.query_memory` 64 MiB", {"cache.query_memory": 64}, 0),
    ("`knowledge.falkordb_pipeline` 16", {"knowledge.falkordb_pipeline": 16}, 0),
    ("`knowledge.engine_searches` 64: as many threads wait", {"knowledge.engine_searches": 64}, 0),
    ("one replica", {}, 1),
    ("two replicas", {}, 2),
]


def start(stack, replica_count):
    """A FalkorDB with replicas, which end with the stack."""
    primary = FalkorDB("falkordb-primary")
    stack.callback(primary.stop)
    replicas = []
    for number in range(replica_count):
        replica = FalkorDB(f"falkordb-replica{number}")
        stack.callback(replica.stop)
        replica.follow(primary)
        replicas.append(replica)
    return primary, replicas


def await_replicas(server, replicas, searches):
    """Waits until the replicas have all of the graph: from then on none is passed over."""
    while replicas:
        before = server.metric("graph_engine_late_replicas_total")
        for _ in range(4):
            server.request("POST", "/search", searches[0])
        if server.metric("graph_engine_late_replicas_total") == before:
            return
        time.sleep(0.2)


def check_searches(server, graph, queries):
    """Each query finds nodes, and each of them has one of its words."""
    texts = {node["uuid"]: f"{node['name']} {node['summary']}".lower() for node in graph.nodes}
    for query in queries[:200]:
        found = server.request("POST", "/search/nodes", {"query": query, "limit": 10})["nodes"]
        if not found or not all(any(word in texts[node["uuid"]] for word in query.split()) for node in found):
            sys.exit(f"search: {query!r} finds {[node['name'] for node in found]}")
        if not server.request("POST", "/search", search_body(query))["nodes"]:
            sys.exit(f"search: {query!r} finds nothing by words and edges")


def measure(graph, settings, replica_count, seconds):
    """What a server with these settings reaches."""
    directory = WORK / "falkordb-server"
    shutil.rmtree(directory, ignore_errors=True)
    with contextlib.ExitStack() as stack:
        primary, replicas = start(stack, replica_count)
        place = {"knowledge.engine": "falkordb", "knowledge.falkordb_url": primary.url}
        if replicas:
            place["knowledge.falkordb_replicas"] = ",".join(replica.url for replica in replicas)
        server = Server(directory, place | settings)
        stack.callback(server.stop)
        loaded = load(server, graph)
        queries = graph.queries(QUERIES)
        bodies = [search_body(query) for query in queries]
        check_searches(server, graph, queries)
        await_replicas(server, replicas, bodies)
        # What the cache will have, and the connections, are there before anything is measured.
        send_batches(server, "/search", [json.dumps(body).encode() for body in bodies], WARM_CONNECTIONS)
        results = {"load": loaded["edges"], "known": run(server, bodies, seconds)}
        # A least score that nothing is below makes each another request.
        new = [body | {"reranker_min_score": number * 1e-9} for number in range(1, NEW + 1) for body in bodies]
        results["new"] = run(server, new, seconds)
        return results


def run(server, bodies, seconds):
    requests = write_requests("falkordb-search", [("POST", "/search", body) for body in bodies])
    figures = run_wrk(server.port, "each.lua", seconds, CONNECTIONS, REQUESTS=requests)
    require_success("search", figures)
    return figures


def table(results):
    def figures(found):
        return f"{found['rate']:,.0f}/s, {found['p50']:.1f} / {found['p99']:.1f} ms"

    lines = ["| step: changed from the one before | asked before, p50 / p99 | not asked before | edges written |", "|---|---|---|---|"]
    for name, found in results:
        lines.append(f"| {name} | {figures(found['known'])} | {figures(found['new'])} | {found['load']:,.0f}/s |")
    return "\n".join(lines)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--nodes", type=int, default=20_000)
    options.add_argument("--edges", type=int, default=60_000)
    options.add_argument("--seconds", type=int, default=8)
    options.add_argument("--steps", type=int, default=len(STEPS), help="only so many of the steps")
    options.add_argument("--write")
    arguments = options.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    there = (graphs.DATA / "wordnet-nodes.tsv.gz").exists()
    graph = graphs.wordnet() if there else graphs.generated(arguments.nodes, arguments.edges)
    settings, results = {}, []
    for name, changed, replica_count in STEPS[: arguments.steps]:
        settings |= changed
        results.append((name, measure(graph, settings, replica_count, arguments.seconds)))
        print(table(results[-1:]), flush=True)
    text = (
        f"{machine()}; a graph of {graph.name}; `POST /search` for nodes and edges by "
        f"words and edges, fused by their ranks, {QUERIES:,} distinct queries, wrk with {CONNECTIONS} connections on the same machine.\n\n"
        + table(results))
    print(text)
    if arguments.write:
        write(pathlib.Path(arguments.write), text, INTRODUCTION)


if __name__ == "__main__":
    main()
