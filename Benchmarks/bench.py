#!/usr/bin/env python3
"""Measures the server beside nginx and raw SQLite on this machine and prints a table in Markdown.

    Benchmarks/bench.py [--orders N] [--products N] [--seconds S] [--write FILE]

It loads a shop once (kept in .build/bench), starts the release server on it, and runs wrk on the same cores. Each kind
of work is warmed up and then run three times in turn with nginx serving a 1 KB file, and the median run is shown.
Answers are checked: a run with an unexpected status or a wrong stock figure fails. MILLRACE_BINARY names another server
than .build/release/millrace.
"""

import argparse
import http.client
import pathlib
import random
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
import uuid

from common import (
    ROOT, WORK, Server, machine, nginx_version, read_files, require_success, run_static, run_wrk, start_static_nginx,
    stop, write, write_paths)
from shop import STOP_WORDS, load, words


def ceiling(seconds):
    """What raw SQLite does with rows of the same shape."""
    program = WORK / "sqlite_ceiling"
    subprocess.run(["cc", "-O2", "-o", program, ROOT / "Benchmarks/sqlite_ceiling.c", "-lsqlite3"], check=True)
    for file in WORK.glob("ceiling.sqlite*"):
        file.unlink()
    output = subprocess.run(
        [program, WORK / "ceiling.sqlite", str(seconds)], capture_output=True, text=True, check=True)
    for file in WORK.glob("ceiling.sqlite*"):
        file.unlink()
    return {int(size): int(rate) for size, rate in re.findall(r"batch=(\d+) orders_per_second=(\d+)", output.stdout)}


class Bench:
    """The kinds of work, each run in turn with nginx."""

    def __init__(self, server, data, nginx_port, seconds, products):
        self.server, self.data, self.nginx_port, self.seconds = server, data, nginx_port, seconds
        self.products = products
        self.rows = []

    def measure(self, name, target, run):
        """Runs it three times after a first run that warms caches up. The closure takes the number of the run."""
        pairs = []
        run(0)
        for repeat in range(1, 4):
            reference = run_static(self.nginx_port, self.seconds)["rate"]
            figures = run(repeat)
            require_success(name, figures)
            pairs.append((figures["rate"], figures, reference))
        rate, figures, reference = sorted(pairs, key=lambda pair: pair[0])[1]
        spread = f"{min(p[0] for p in pairs):,.0f}-{max(p[0] for p in pairs):,.0f}"
        self.rows.append([
            name, target, f"{rate:,.0f}/s ({spread})", f"{rate / reference:.2f}",
            f"{figures['p50']:.1f} / {figures['p99']:.1f} / {figures['max']:.0f} ms"])
        print(" | ".join(self.rows[-1]), file=sys.stderr)
        return rate

    def get_order(self):
        identifiers, cursor = [], ""
        for _ in range(200):
            page = self.server.request("GET", f"/api/v1/orders?limit=100{cursor}")
            identifiers += [order["id"] for order in page["items"]]
            cursor = f"&cursor={page['next_cursor']}"
        self.get_orders("GET one order of the newest 20,000", "0.6 of nginx, p99 < 10 ms", identifiers)
        self.get_orders("GET one order of all, at random", "", self.random_orders(100_000))

    def get_orders(self, name, target, identifiers):
        file = write_paths("get_order", [f"/api/v1/orders/{identifier}" for identifier in identifiers])
        self.measure(
            name, target,
            lambda repeat: run_wrk(self.server.port, "get.lua", self.seconds, PATHS=file, SEED=str(repeat)))

    def random_orders(self, count):
        """Identifiers of orders of any age: more than the server keeps in memory."""
        store = sqlite3.connect(f"file:{self.data}/millrace.sqlite?mode=ro", uri=True)
        most = store.execute("SELECT MAX(rowid) FROM orders").fetchone()[0]
        numbers = random.Random(11).sample(range(1, most + 1), min(count, most))
        rows = [store.execute("SELECT id FROM orders WHERE rowid = ?", [number]).fetchone() for number in numbers]
        store.close()
        return [uuid.UUID(bytes=row[0]) for row in rows if row]

    def list_orders(self, pages):
        path, cursor, seen = "/api/v1/orders?status=delivered&limit=20", "", 0
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        near, deep = [path], []
        while seen < pages:
            page = self.server.request("GET", path + cursor, connection=connection)
            seen += 1
            if not page["next_cursor"]:
                break
            cursor = f"&cursor={page['next_cursor']}"
            if len(near) < 50:
                near.append(path + cursor)
            if seen > pages - 50:
                deep.append(path + cursor)
        first = write_paths("list_first", near)
        last = write_paths("list_deep", deep or [path + cursor])
        one = self.measure(
            "GET orders?status=&limit=20, pages 1 to 50", "8,000/s, p99 < 20 ms",
            lambda repeat: run_wrk(self.server.port, "get.lua", self.seconds, PATHS=first, SEED=str(repeat)))
        two = self.measure(
            f"the same, the 50 pages to page {seen:,}", "equal to page 1",
            lambda repeat: run_wrk(self.server.port, "get.lua", self.seconds, PATHS=last, SEED=str(repeat)))
        print(f"deep / first = {two / one:.2f}", file=sys.stderr)

    def search(self):
        generator = random.Random(7)
        queries = []
        while len(queries) < 5000:
            # One or two words of some product's name, as a customer types them; stop words are not searched for alone.
            picked = [word for word in words(generator, 3) if word not in STOP_WORDS][: generator.choice([1, 1, 2])]
            if picked:
                queries.append("/api/v1/products/search?limit=20&q=" + "+".join(picked))
        file = write_paths("search", queries)
        sample = [len(self.server.request("GET", query)["items"]) for query in queries[:200]]
        print(f"search: {statistics.mean(sample):.1f} hits on average, {sample.count(0)} of 200 empty", file=sys.stderr)
        self.measure(
            "GET products/search, uncached", "4,000/s, p99 < 30 ms",
            lambda repeat: run_wrk(self.server.port, "get.lua", self.seconds, PATHS=file, SEED=str(repeat)))

    def post_order(self):
        self.measure(
            "POST order of 3 lines, stock reserved, idempotent", "6,000/s, p99 < 40 ms",
            lambda repeat: run_wrk(
                self.server.port, "post_order.lua", self.seconds, RUN=f"{time.time_ns()}", SKUS=str(self.products),
                SEED=str(repeat)))

    def reserve(self):
        stock = 10_000_000
        def run(repeat):
            sku = f"HOT-{time.time_ns()}"
            self.server.request("POST", "/api/v1/inventory/receive", {"sku": sku, "quantity": stock})
            figures = run_wrk(self.server.port, "reserve.lua", self.seconds, RUN=sku, SKU=sku)
            reserved = self.server.request("GET", f"/api/v1/inventory/{sku}")["reserved"]
            # wrk stops with up to one request under way on each connection.
            if not figures["requests"] <= reserved <= figures["requests"] + 64:
                sys.exit(f"{reserved} units are reserved after {figures['requests']} reservations")
            return figures
        self.measure("reserve on one hot sku, 64 connections", "12,000/s", run)

    def sell_out(self, stock=20_000):
        """More buyers than stock: exactly the stock is sold."""
        sku = f"LAST-{time.time_ns()}"
        self.server.request("POST", "/api/v1/inventory/receive", {"sku": sku, "quantity": stock})
        figures = run_wrk(self.server.port, "reserve.lua", self.seconds, RUN=sku, SKU=sku)
        answer = self.server.request("GET", f"/api/v1/inventory/{sku}")
        sold, refused = figures["requests"] - figures["failed"], figures["failed"]
        if answer["reserved"] != stock or answer["available"] != 0 or not stock - 64 <= sold <= stock:
            sys.exit(f"stock {stock}: {sold} reservations answered 201, {answer['reserved']} are reserved")
        return f"stock {stock:,}, {figures['requests']:,} buyers: {answer['reserved']:,} reserved, {refused:,} refused"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--orders", type=int, default=1_000_000)
    options.add_argument("--products", type=int, default=100_000)
    options.add_argument("--seconds", type=int, default=8)
    options.add_argument("--only", default="get_order,list_orders,search,post_order,reserve")
    options.add_argument("--write", help="a Markdown file to put the table into")
    arguments = options.parse_args()
    for program in ("wrk", "nginx", "cc"):
        if not shutil.which(program):
            sys.exit(f"{program} is missing; `make bench` installs it")
    WORK.mkdir(parents=True, exist_ok=True)
    data = WORK / f"shop-{arguments.orders}-{arguments.products}"
    if not (data / "loaded").exists():
        shutil.rmtree(data, ignore_errors=True)
        server = Server(data)
        load(server, arguments.products, arguments.orders)
        server.stop()
        (data / "loaded").touch()
    read_files(data)
    # Lists and searches that were answered before would be answered from memory.
    server = Server(data, {"cache.query_memory": 0})
    nginx, nginx_port = start_static_nginx()
    try:
        bench = Bench(server, data, nginx_port, arguments.seconds, arguments.products)
        kinds = arguments.only.split(",")
        for kind in kinds:
            if kind == "list_orders":
                bench.list_orders(min(10_000, max(1, arguments.orders // 4 // 20 - 60)))
            else:
                getattr(bench, kind)()
        sold = bench.sell_out() if "reserve" in kinds else ""
        memory = server.memory()
        rates = ceiling(3)
        text = report(arguments, bench, server, memory, rates, sold)
        print(text)
        if arguments.write:
            write(pathlib.Path(arguments.write), text)
    finally:
        stop(nginx)
        server.stop()


def report(arguments, bench, server, memory, rates, sold):
    lines = [
        f"Conditions: {machine()}, server, wrk and nginx {nginx_version()} on the same cores over loopback, wrk with 1 "
        "thread and 64 connections (closed loop: a slow answer delays the next question), "
        f"{arguments.seconds} s a run, median of 3 with the spread after one to warm up, each beside its own nginx "
        "run. "
        f"{arguments.orders:,} orders and {arguments.products:,} products loaded, their files in the memory of the "
        "operating system. `synchronous=FULL`, `cache.query_memory=0`.", "",
        "| work | must reach | rate | of nginx static 1 KB | p50 / p99 / max |", "|---|---|---|---|---|",
    ]
    lines += ["| " + " | ".join(row) + " |" for row in bench.rows]
    lines += [
        f"| start on that data | under 1 s | {server.start_seconds:.2f} s | | |",
        "| memory after all of it (resident, peak) | under 250 MB "
        f"| {memory['VmRSS']:.0f} MB, {memory['VmHWM']:.0f} MB | | |",
        "",
        "Raw SQLite on this disk, the same rows for an order, no server around it: "
        + ", ".join(f"{rate:,} orders/s at {size} a commit" for size, rate in rates.items()) + ".",
    ]
    if sold:
        lines += ["", f"Sold out: {sold}."]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
