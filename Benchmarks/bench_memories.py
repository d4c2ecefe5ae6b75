"""The memories of a release server over HTTP: 100,000 vectors of 1,024 components in overlapping clusters, of 1,000 users.

    python3 Benchmarks/bench_memories.py [--count 100000] [--write docs/benchmarks-memories.md]

The load generator is wrk with 64 connections on the same machine. What is found is compared with what is exactly nearest. Beside
each rate stands what the machine does at best in the same run: nginx with a file of 1 KB, SQLite alone with the same rows.
"""

import argparse
import base64
import json
import pathlib
import random
import shutil
import sqlite3
import sys
import time

import bench_vectors
from common import (
    WORK, Server, enter_environment, machine, nginx_version, require_success, run_static, run_wrk, send_batches,
    start_static_nginx, stop, write, write_requests,
)
from postgres import Postgres

USERS, BATCH, K, QUERIES = 1000, 100, 10, 1000
SINGLE, SECONDS, RAW_ROWS = 20_000, 5, 30_000
INTRODUCTION = """# Benchmarks: memories

What `make bench` measured last, between the marks; how to repeat it: `python3 Benchmarks/bench_memories.py --write FILE`.
"""


def encoded(vector):
    return base64.b64encode(vector.tobytes()).decode()


def memory(number, vector, user=None):
    return {
        "point_id": f"mem_{number % USERS}_{number}", "vector": encoded(vector),
        "payload": {
            "user_id": number % USERS if user is None else user, "category": "preference", "key": f"key {number}", "value": f"what is known {number}",
            "source": "bench", "created": 1763800000 + number, "updated": 1763800000 + number, "active": True}}


def run(server, name, requests, seconds=SECONDS):
    figures = run_wrk(server.port, "each.lua", seconds, REQUESTS=write_requests(name, requests))
    require_success(name, figures)
    return figures


def load(server, data):
    """Sends all vectors in batches over some connections. Returns how many came in a second."""
    bodies = [
        json.dumps({"points": [memory(n, data.vectors[n]) for n in range(start, start + BATCH)]}).encode()
        for start in range(0, data.count, BATCH)]
    return data.count / send_batches(server, "/memories/batch", bodies, 8)


def raw_sqlite(data, directory):
    """How many rows of the same bytes SQLite alone takes in a second, in durable commits of as many as a batch has."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    database = sqlite3.connect(directory / "raw.sqlite", isolation_level=None)
    database.executescript("""
        PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;
        CREATE TABLE points (key BLOB PRIMARY KEY, payload TEXT, vectors BLOB);
        CREATE TABLE changes (position INTEGER PRIMARY KEY, after_image TEXT);""")
    count = min(data.count, RAW_ROWS)
    numbers = list(range(count))
    random.Random(1).shuffle(numbers)
    start = time.monotonic()
    for first in range(0, count, BATCH):
        batch = [(n, json.dumps(memory(n, data.vectors[n])["payload"])) for n in numbers[first : first + BATCH]]
        database.execute("BEGIN")
        database.executemany("INSERT INTO changes (after_image) VALUES (?)", [(payload * 2,) for _, payload in batch])
        database.executemany(
            "INSERT INTO points VALUES (?, ?, ?)",
            [(f"mem_{n % USERS}_{n}".encode(), payload, data.vectors[n].tobytes()) for n, payload in batch])
        database.execute("COMMIT")
    seconds = time.monotonic() - start
    database.close()
    return count / seconds


def await_links(server):
    start = time.monotonic()
    while server.metric("vectors_unlinked") > 0:
        time.sleep(0.1)
    return time.monotonic() - start


def search_body(data, query, as_numbers=False, user=True):
    vector = data.queries[query % len(data.queries)]
    body = {"query_vector": vector.tolist() if as_numbers else encoded(vector), "limit": K, "min_score": 0}
    return body | {"user_id": query % USERS}


def filtered_recall(server, data):
    """How much of what is nearest among a user's memories the searches find, and whether there are always ten."""
    import numpy as np

    right = wanted = 0
    for query in range(QUERIES):
        found = server.request("POST", "/memories/search", search_body(data, query))["results"]
        own = np.arange(query % USERS, data.count, USERS)
        scores = data.vectors[own] @ data.queries[query]
        # A score below 0 cannot be asked for.
        nearest = own[np.argsort(-scores)[: min(K, (scores > 0).sum())]]
        if len(found) < len(nearest):
            sys.exit(f"search: {len(found)} of {len(nearest)} came")
        right += len({hit["id"] for hit in found} & {f"mem_{n % USERS}_{n}" for n in nearest})
        wanted += len(nearest)
    return right / wanted


def open_recall(server, data):
    """The same among all points, which Qdrant's route searches without a filter."""
    right = 0
    for query in range(QUERIES):
        found = server.request(
            "POST", "/collections/user_memories/points/search",
            {"vector": data.queries[query].tolist(), "limit": K})["result"]
        right += len({hit["id"] for hit in found} & {f"mem_{n % USERS}_{n}" for n in data.truth[query]})
    return right / (QUERIES * K)


def start_time(directory, settings):
    """How long a start takes until the server is ready."""
    start = time.monotonic()
    server = Server(directory, settings)
    while True:
        try:
            server.exchange("GET", "/ready")
            break
        except RuntimeError:
            time.sleep(0.01)
    seconds = time.monotonic() - start
    server.stop()
    return seconds


def measure(data, settings, directory):
    count = data.count
    shutil.rmtree(directory, ignore_errors=True)
    results = {}
    server = Server(directory, settings)
    try:
        results["batches"] = {"rate": load(server, data)}
        results["linking"] = {"seconds": await_links(server)}
        results["memory"] = {"megabytes": server.memory()["VmRSS"]}
        ids = [f"/memories/mem_{n % USERS}_{n}" for n in range(count)]
        results["get"] = run(server, "get", [("GET", path, None) for path in ids[:: max(1, count // 20_000)]])
        searches = [("POST", "/memories/search", search_body(data, n)) for n in range(QUERIES)]
        results["search"] = run(server, "search", searches)
        results["search"]["recall"] = filtered_recall(server, data)
        numbers = [("POST", "/memories/search", search_body(data, n, as_numbers=True)) for n in range(QUERIES)]
        results["search, numbers"] = run(server, "numbers", numbers)
        everywhere = [
            ("POST", "/collections/user_memories/points/search", {"vector": data.queries[n].tolist(), "limit": K})
            for n in range(QUERIES)]
        results["search without a filter"] = run(server, "everywhere", everywhere)
        results["search without a filter"]["recall"] = open_recall(server, data)
        single = [("POST", "/memories", memory(count + n, data.vectors[n % count], USERS)) for n in range(SINGLE)]
        results["single"] = run(server, "single", single)
        await_links(server)
        results["delete"] = run(server, "delete", [("DELETE", path, None) for path in ids], 3)
        left = server.request("GET", "/collection/info")["points_count"]
        if left > count + SINGLE - results["delete"]["requests"]:
            sys.exit(f"delete: {left} are left")
    finally:
        server.stop()
    results["start"] = {"seconds": start_time(directory, settings)}
    return results


def measure_all(count):
    """What each engine reaches, and what nginx and SQLite alone do in the same run."""
    data = bench_vectors.Data("overlapping", count)
    results = {"alone": raw_sqlite(data, WORK / "raw")}
    nginx, port = start_static_nginx()
    try:
        results["nginx"] = run_static(port, SECONDS)["rate"]
    finally:
        stop(nginx)
    results["sqlite"] = measure(data, {}, WORK / "memories")
    postgres = Postgres(WORK / "postgres")
    try:
        postgres.create("memories")
        results["conditions"] = postgres.conditions()
        results["postgres"] = measure(data, {"storage.url": postgres.url("memories")}, WORK / "memories-postgres")
    finally:
        postgres.stop()
    return results


def table(results, count):
    def row(name, asked, key):
        cells = []
        for engine in ("sqlite", "postgres"):
            figures = results[engine][key]
            cells.append(f"{figures['rate']:,.0f}/s")
            percentiles = f"{figures['p50']:.1f} / {figures['p99']:.1f} ms" if "p50" in figures else ""
            cells.append(percentiles + (f", {figures['recall']:.3f}" if "recall" in figures else ""))
        reference = "alone" if key in ("batches", "single", "delete") else "nginx"
        part = f"{results['sqlite'][key]['rate'] / results[reference]:.2f} of {'SQLite alone' if reference == 'alone' else reference}"
        return f"| {name} | {asked} | {cells[0]} | {part} | {cells[1]} | {cells[2]} | {cells[3]} |"

    def both(key, unit, form):
        return " and ".join(format(results[engine][key][unit], form) for engine in ("sqlite", "postgres"))

    lines = [
        f"{machine()}; {count:,} vectors of 1,024 components in overlapping clusters, {USERS:,} users; durable; wrk with 64 "
        "connections on the same machine, the next request when the answer is there. In the same run nginx "
        f"{nginx_version()} served a file of 1 KB {results['nginx']:,.0f} times a second, and SQLite alone stored "
        f"{results['alone']:,.0f} rows of the same bytes a second, {BATCH} in a commit. {results['conditions']}.", "",
        "| work | asked | SQLite | of what the machine does | p50 / p99, recall@10 | PostgreSQL | p50 / p99, recall@10 |",
        "|---|---|---|---|---|---|---|",
        row("upsert in batches of 100, vectors in base64", "10,000/s", "batches"),
        row("upsert one by one", "3,000/s", "single"),
        row("`POST /memories/search` of a user, vector in base64", "5,000/s, p99 25 ms, 0.98", "search"),
        row("the same, vector as numbers", "", "search, numbers"),
        row("Qdrant's `points/search` without a filter, vector as numbers", "", "search without a filter"),
        row("get", "25,000/s", "get"),
        row("delete", "8,000/s", "delete"), "",
        f"All vectors were in the graph {both('linking', 'seconds', '.1f')} s after the load. The server then took "
        f"{both('memory', 'megabytes', ',.0f')} MB. A start took {both('start', 'seconds', '.2f')} s until it was ready (asked: 2 s).",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--count", type=int, default=100_000)
    options.add_argument("--write")
    arguments = options.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    enter_environment(bench_vectors.PYTHON, bench_vectors.PACKAGES)
    text = table(measure_all(arguments.count), arguments.count)
    print(text)
    if arguments.write:
        write(pathlib.Path(arguments.write), text, INTRODUCTION)
