"""Graphs of a release server over HTTP: WordNet where its files are, and a generated graph.

    python3 Benchmarks/bench_knowledge.py [--nodes 100000] [--edges 1000000] [--facts 100000] [--write docs/benchmarks-knowledge.md]

The load generator is wrk on the same machine. No answer is empty, and what is found is compared with what a look at all of it
finds. WordNet's files, wordnet-nodes.tsv.gz and wordnet-edges.tsv.gz, are looked for in Benchmarks/data, or where
BENCH_DATA says.
"""

import argparse
import base64
import http.client
import json
import pathlib
import random
import shutil
import statistics
import sys
import time

import bench_vectors
import graphs
from common import (
    WORK, Server, enter_environment, machine, nginx_version, require_success, run_static, run_wrk, send_batches,
    start_static_nginx, stop, write, write_requests,
)
from falkordb import FalkorDB

BATCH, QUERIES, SECONDS, WRITERS = 1_000, 1_000, 8, 4
CONNECTIONS, DIMENSIONS = 400, 384
# How many searches are sent in a second where their latency is measured.
RATES = {"cached": 15_000, "uncached": 2_500}
INTRODUCTION = """# Benchmarks: knowledge

What `make bench` measured last, between the marks; how to repeat it: `python3 Benchmarks/bench_knowledge.py --write FILE`. The tuning
guide that this role began with promised 4,000 to 6,000 searches a second; its 3,728 were answers that found nothing.
"""


def send(server, bodies):
    """Sends batches of elements. Returns how long that took."""
    return send_batches(server, "/graph/bulk", bodies, WRITERS)


def run(server, name, requests, connections, rate=0):
    figures = run_wrk(server.port, "each.lua", SECONDS, connections, REQUESTS=write_requests(name, requests), RATE=str(rate))
    require_success(name, figures)
    return figures


def load(server, graph):
    nodes, edges = graphs.batches(graph, BATCH)
    return {"nodes": len(graph.nodes) / send(server, nodes), "edges": len(graph.edges) / send(server, edges)}


def search_body(query):
    section = {"search_methods": ["fulltext", "bfs"], "reranker": "rrf", "bfs_max_depth": 2}
    return {"query": query, "config": {"edge_config": section, "node_config": section, "limit": 10}}


def check_searches(server, graph, queries):
    """A query finds a node that has all of its words, and no answer is empty."""
    texts = {node["uuid"]: f"{node['name']} {node['summary']}".lower() for node in graph.nodes}
    for query in queries[:100]:
        found = server.request("POST", "/search/nodes", {"query": query, "limit": 10})["nodes"]
        if not any(all(word in texts[node["uuid"]] for word in query.split()) for node in found):
            sys.exit(f"search: nothing has all of {query!r}: {[node['name'] for node in found]}")


def visibility(server, graph, count=300):
    """How long it takes until an edge that is written is found by its words, in milliseconds: the 99th percentile."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    times = []
    for number in range(count):
        edge = graph.edges[number] | {"uuid": f"new{number}", "fact": f"visible{number}x"}
        start = time.monotonic()
        server.request("PUT", f"/graph/edges/new{number}", edge, connection)
        found = server.request("POST", "/search/edges", {"query": f"visible{number}x"}, connection)
        times.append(1_000 * (time.monotonic() - start))
        if [edge["uuid"] for edge in found["edges"]] != [f"new{number}"]:
            sys.exit(f"edge {number} was answered and is not found")
    return statistics.quantiles(times, n=100)[98]


def searches_of(server, kind, searches):
    """As many searches as can be answered, and how long each takes when so many are sent as are asked for."""
    most = run(server, kind, searches, CONNECTIONS)
    return {"most": most["rate"], "open": run(server, kind, searches, CONNECTIONS, RATES[kind])}


def neighborhood_path(center):
    # The question that FalkorDB is asked: which nodes, and not which edges there are between them.
    return f"/graph/nodes/{center}/neighbors?depth=2&ids_only=true&edges=false&limit=10000"


def neighbors(server, graph, centers, falkordb):
    """Two-hop neighbourhoods here and there; on a sample all three, with a plain walk, must be the same."""
    for center in centers[:100]:
        answer = server.request("GET", neighborhood_path(center))
        wanted = graph.neighborhood(center, 2)
        found = {node["uuid"] for node in answer["nodes"]}
        if not answer["has_more"] and found != wanted or falkordb and falkordb.neighborhood(center) != wanted:
            sys.exit(f"neighbours of {center}: {len(found)} instead of {len(wanted)}")
    requests = [("GET", neighborhood_path(center), None) for center in centers]
    return run(server, "neighbors", requests, 32)


def measure(graph, falkordb=None):
    """What a graph reaches, with the cache of answers and without."""
    directory, results = WORK / "knowledge", {}
    shutil.rmtree(directory, ignore_errors=True)
    server = Server(directory, {"cache.query_memory": 0})
    try:
        results["load"] = load(server, graph)
        queries = graph.queries(QUERIES)
        check_searches(server, graph, queries)
        results["visible"] = visibility(server, graph)
        results["memory"] = server.memory()["VmRSS"]
        # What is made of a graph as a whole in the background is there by then.
        time.sleep(30)
        generator = random.Random(7)
        centers = [node["uuid"] for node in generator.sample(graph.nodes, 2_000) if graph.links[node["uuid"]]]
        results["neighbors"] = neighbors(server, graph, centers, falkordb)
        searches = [("POST", "/search", search_body(query)) for query in queries]
        results["uncached"] = searches_of(server, "uncached", searches)
    finally:
        server.stop()
    server = Server(directory)
    try:
        while server.metric("follower_lag_changes") > 0:
            time.sleep(0.1)
        time.sleep(30)
        run(server, "search", searches, 64)
        results["cached"] = searches_of(server, "cached", searches)
    finally:
        server.stop()
    return results


def facts(count):
    """Cosine over facts of vectors by chance around some directions, with the recall of ten against a look at all of them."""
    import numpy as np

    generator = np.random.default_rng(11)
    directions = generator.normal(size=(200, DIMENSIONS))
    vectors = directions[generator.integers(0, 200, count)] + 0.7 * generator.normal(size=(count, DIMENSIONS))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    queries = vectors[generator.integers(0, count, QUERIES)] + 0.05 * generator.normal(size=(QUERIES, DIMENSIONS))
    directory = WORK / "knowledge-facts"
    shutil.rmtree(directory, ignore_errors=True)
    server = Server(directory, {"knowledge.dimensions": DIMENSIONS, "cache.query_memory": 0})

    def text(vector):
        return base64.b64encode(vector.astype(np.float32).tobytes()).decode()

    try:
        send(server, [json.dumps({"nodes": [{"uuid": "a", "name": "a"}, {"uuid": "b", "name": "b"}]}).encode()])
        bodies = [
            json.dumps({"edges": [
                {"uuid": f"f{n}", "source_node_uuid": "a", "target_node_uuid": "b", "name": "IS", "fact": f"fact {n}",
                 "fact_embedding": text(vectors[n])} for n in range(start, min(start + 500, count))]}).encode()
            for start in range(0, count, 500)]
        seconds = send(server, bodies)
        time.sleep(15)
        searches = [
            {"query_vector": text(query), "config": {"search_methods": ["similarity"], "sim_min_score": -1}} for query in queries]
        right = 0
        for query, body in zip(queries, searches):
            found = {edge["uuid"] for edge in server.request("POST", "/search/edges", body)["edges"]}
            right += len(found & {f"f{n}" for n in np.argsort(-(vectors @ query))[:10]})
        figures = run(server, "facts", [("POST", "/search/edges", body) for body in searches], 8)
        return figures | {"recall": right / (10 * QUERIES), "load": count / seconds}
    finally:
        server.stop()


def table(results):
    def figures(value):
        return f"{value['rate']:,.0f}/s", f"{value['p50']:.1f} / {value['p99']:.1f} ms"

    def searches(found):
        figures = found["open"]
        return f"{found['most']:,.0f}/s", f"{figures['p50']:.1f} / {figures['p99']:.1f} ms at {figures['rate']:,.0f}/s"

    lines = ["| graph | work | asked | reached | p50 / p99 |", "|---|---|---|---|---|"]
    for name, found in results["graphs"].items():
        rows = [
            ("`/search`, full-text + BFS + RRF, answered before, 400 connections", "15,000/s, p99 20 ms", *searches(found["cached"])),
            ("the same, cache off", "2,500/s, p99 40 ms", *searches(found["uncached"])),
            ("2-hop neighbourhood over HTTP, 32 connections", "10 x FalkorDB" if "falkordb" in found else "", *figures(found["neighbors"])),
            ("edges written in batches of 1,000", "20,000/s", f"{found['load']['edges']:,.0f}/s", ""),
            ("an edge is written and found", "p99 50 ms", "", f"p99 {found['visible']:.1f} ms"),
        ]
        if "falkordb" in found:
            rows.insert(3, ("the same by FalkorDB's own `GRAPH.RO_QUERY`, 32 connections", "", f"{found['falkordb']:,.0f}/s", ""))
        lines += [f"| {name} | " + " | ".join(row) + " |" for row in rows]
    if "facts" in results:
        rate, times = figures(results["facts"])
        lines.append(
            f"| facts of {DIMENSIONS} components | cosine by `/search/edges`, 8 connections, recall@10 {results['facts']['recall']:.3f} "
            f"| p99 10 ms | {rate} | {times} |")
    return "\n".join(lines)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--nodes", type=int, default=100_000)
    options.add_argument("--edges", type=int, default=1_000_000)
    options.add_argument("--facts", type=int, default=100_000)
    options.add_argument("--write")
    arguments = options.parse_args()
    enter_environment(bench_vectors.PYTHON, bench_vectors.PACKAGES)
    WORK.mkdir(parents=True, exist_ok=True)
    results = {"graphs": {}}
    nginx, port = start_static_nginx()
    try:
        results["nginx"] = run_static(port, SECONDS)["rate"]
    finally:
        stop(nginx)
    if (graphs.DATA / "wordnet-nodes.tsv.gz").exists():
        graph = graphs.wordnet()
        results["graphs"][graph.name] = measure(graph)
    if arguments.edges:
        graph = graphs.generated(arguments.nodes, arguments.edges)
        falkordb = FalkorDB()
        try:
            falkordb.load(graph)
            found = measure(graph, falkordb)
            found["falkordb"] = falkordb.rate("n", arguments.nodes, 3_000, 32)
        finally:
            falkordb.stop()
        results["graphs"][graph.name] = found
    if arguments.facts:
        results["facts"] = facts(arguments.facts)
    text = (
        f"{machine()}; wrk on the same machine, the next request when the answer is there; searches are also sent at the rate that is "
        f"asked for, whether answers come or not, and their latencies are those of that run. In the same run nginx {nginx_version()} served "
        f"a file of 1 KB {results['nginx']:,.0f} times a second. The graphs took "
        + " and ".join(f"{found['memory']:,.0f} MB ({name})" for name, found in results["graphs"].items())
        + " of memory with the server.\n\n" + table(results))
    print(text)
    if arguments.write:
        write(pathlib.Path(arguments.write), text, INTRODUCTION)


if __name__ == "__main__":
    main()
