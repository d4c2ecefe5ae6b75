#!/usr/bin/env python3
"""Measures the server on PostgreSQL and Redis, alone and as several instances, and prints tables in Markdown.

    Benchmarks/bench_scaling.py [--orders N] [--products N] [--seconds S] [--write FILE]

It starts a PostgreSQL and a Redis of its own, loads a shop once (kept in .build/bench/postgres; from the shop of
bench.py of the same size where there is one, else through the API), and runs wrk on the same cores. Each kind of work
is warmed up and then run three times in turn with its reference, and the median run is shown. Answers are checked: a
run with an unexpected status, with another number of orders than was answered, or answered from another place than the
one it measures, fails. MILLRACE_BINARY names another server than .build/release/millrace.
"""

import argparse
import collections
import contextlib
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

from common import (
    BINARY, ROOT, WORK, Server, await_port, free_port, machine, nginx_version, require_success, run_static, run_wrk,
    start_nginx, start_static_nginx, stop, write, write_paths)
from postgres import Postgres
from shop import STATES, load

ROUNDS = 3
INSTANCES = WORK / "instances"
NO_MEMORY = {"cache.memory": 0, "cache.query_memory": 0}
INTRODUCTION = """# Benchmarks of scaling out

`make bench` measures the server on PostgreSQL and Redis in one run on this machine and writes the tables below. Read
the ratios: absolute figures are of the machine that the conditions name, with everything on the same cores.
"""


def start_redis():
    port, log = free_port(), WORK / "redis.log"
    with open(log, "ab") as output:
        process = subprocess.Popen(
            ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", WORK, "--save", "", "--appendonly",
             "no"], stdout=output, stderr=output)
    await_port(port, process, log)
    return process, port


def start_balancer(ports):
    """nginx as deploy/nginx.conf has it, before instances on these ports."""
    port = free_port()
    servers = "".join(f"server 127.0.0.1:{each} max_fails=3 fail_timeout=5s;\n" for each in ports)
    text = (ROOT / "deploy/nginx.conf").read_text()
    for pattern, replacement in (
            (r"(?:\s*server millrace-\d+:8080[^\n]*\n)+", f"\n{servers}"),
            (r"listen 8000;", f"listen 127.0.0.1:{port};"),
            (r"/tmp/", f"{WORK}/balancer/")):
        text, found = re.subn(pattern, replacement, text)
        if not found:
            sys.exit(f"deploy/nginx.conf has nothing like {pattern}; Benchmarks/bench_scaling.py must follow it")
    return start_nginx("balancer", text, port), port


def load_shop(postgres, products, orders):
    """The database of the shop, loaded unless a run before did."""
    database = f"shop_{orders}_{products}"
    marker = postgres.directory / f"{database}.loaded"
    if marker.exists() and postgres.has(database):
        return database
    marker.unlink(missing_ok=True)
    shutil.rmtree(INSTANCES / database, ignore_errors=True)
    postgres.create(database)
    embedded = WORK / f"shop-{orders}-{products}"
    if (embedded / "loaded").exists():
        command = [BINARY, "migrate", "--from", embedded, "--to", postgres.url(database)]
        subprocess.run(command, check=True, stdout=sys.stderr)
    else:
        with contextlib.ExitStack() as stack:
            load(start_server(stack, 1, {"storage.url": postgres.url(database)}, database), products, orders)
    postgres.query(database, "VACUUM ANALYZE")
    marker.touch()
    return database


def start_server(stack, number, settings, database):
    """An instance that stops with the stack. What it keeps on its disk is of that database."""
    directory = INSTANCES / database / str(number)
    directory.mkdir(parents=True, exist_ok=True)
    server = Server(directory, settings)
    stack.callback(server.stop)
    return server


def await_ready(server):
    """Waits until the server has indexed the catalogue."""
    deadline = time.monotonic() + 600
    while True:
        try:
            return server.request("GET", "/ready")
        except RuntimeError as error:
            if time.monotonic() > deadline:
                sys.exit(f"the server does not become ready: {error}")
            time.sleep(0.2)


def require_equal(servers, paths):
    """Every server must give the same answers."""
    for path in paths:
        if len({server.exchange("GET", path)[1] for server in servers}) != 1:
            sys.exit(f"the servers do not agree on {path}")


def require_source(server, paths, source):
    """Nearly all answers must say in Cache-Status that they come from there."""
    found = collections.Counter(server.exchange("GET", path)[0]["Cache-Status"] for path in paths)
    if sum(count for text, count in found.items() if source in (text or "")) < 0.9 * len(paths):
        sys.exit(f"{len(paths)} answers should be of {source}, and are {dict(found)}")


def answered(server):
    """How many requests the server has answered, as its metrics say."""
    text = server.exchange("GET", "/metrics")[1].decode()
    return sum(float(value) for value in re.findall(r"^http_requests_total\{.*\} (\S+)$", text, re.MULTILINE))


def median_run(runs):
    return sorted(runs, key=lambda run: run["rate"])[len(runs) // 2]


def rate_text(runs):
    rates = [run["rate"] for run in runs]
    return f"{statistics.median(rates):,.0f}/s ({min(rates):,.0f}-{max(rates):,.0f})"


class Scaling:
    """The kinds of work, each run in turn with its reference."""

    def __init__(self, postgres, database, redis_port, nginx_port, arguments):
        self.postgres, self.database, self.nginx_port = postgres, database, nginx_port
        self.redis = f"redis://127.0.0.1:{redis_port}"
        self.seconds, self.products = arguments.seconds, arguments.products
        self.rows, self.instance_rows = [], []
        self.loaded = self.count_orders()
        self.newest = self.order_paths("id DESC", 5_000)
        self.random = self.order_paths("md5(id::text)", 100_000)

    def order_paths(self, order, limit):
        rows = self.postgres.query(self.database, f"SELECT id FROM orders ORDER BY {order} LIMIT {limit}")
        return [f"/api/v1/orders/{row}" for row in rows]

    def count_orders(self):
        return int(self.postgres.query(self.database, "SELECT count(*) FROM orders")[0])

    @contextlib.contextmanager
    def servers(self, *settings):
        """One ready instance for each set of settings, all on the database of the shop."""
        with contextlib.ExitStack() as stack:
            url = {"storage.url": self.postgres.url(self.database)}
            servers = [
                start_server(stack, number, url | each, self.database) for number, each in enumerate(settings, 1)]
            for server in servers:
                await_ready(server)
            yield servers

    def measure(self, name, run, reference=None):
        """Runs after one to warm up, and those of the reference. Both take the number of the run and its seconds."""
        runs, references = [], []
        for repeat in range(ROUNDS + 1):
            seconds = self.seconds if repeat else max(1, self.seconds // 2)
            for what, results in ((reference, references), (run, runs)):
                if what:
                    figures = what(repeat, seconds)
                    require_success(name, figures)
                    if repeat:
                        results.append(figures)
        return runs, references

    def row(self, name, target, runs, beside="", references=()):
        """Adds a row to the table. The ratio is of medians."""
        median, ratio, reference = median_run(runs), "", beside
        if references:
            ratio = f"{median['rate'] / median_run(references)['rate']:.2f}"
            reference = f"{beside}: {rate_text(references)}"
        self.rows.append([
            name, target, rate_text(runs), reference, ratio,
            f"{median['p50']:.1f} / {median['p99']:.1f} / {median['max']:.0f} ms"])
        print(" | ".join(self.rows[-1]), file=sys.stderr)

    def getting(self, port, name, paths):
        file = write_paths(name, paths)
        return lambda repeat, seconds: run_wrk(port, "get.lua", seconds, PATHS=file, SEED=str(repeat))

    def posting(self, port):
        """Runs that post orders, and count in the database what they made."""
        def run(repeat, seconds):
            before = self.count_orders()
            figures = run_wrk(
                port, "post_order.lua", seconds, RUN=f"{time.time_ns()}", SKUS=str(self.products), SEED=str(repeat))
            made = self.count_orders() - before
            # wrk stops with up to one request under way on each connection, in the run before as well.
            if not figures["requests"] - figures["failed"] <= made <= figures["requests"] + 2 * 64:
                sys.exit(f"{made} orders were made after {figures['requests']} answers")
            return figures
        return run

    def static(self, repeat, seconds):
        return run_static(self.nginx_port, seconds)

    def uncached(self):
        with self.servers(NO_MEMORY, NO_MEMORY | {"storage.pipelines": 0}) as (pipelined, unpipelined):
            require_equal((pipelined, unpipelined), self.random[:50])
            runs, references = self.measure(
                "GET order, uncached", self.getting(pipelined.port, "random_orders", self.random),
                self.getting(unpipelined.port, "random_orders", self.random))
            for server in (pipelined, unpipelined):
                require_source(server, self.random[:50], "fwd=")
        self.row(
            "GET one order of all, at random, no cache", "3, p99 < 15 ms", runs, "`storage.pipelines=0`", references)

    def posts(self):
        with self.servers({}) as (server,):
            runs, references = self.measure(
                "POST order", self.posting(server.port), lambda repeat, seconds: self.postgres.pgbench(seconds))
        self.row(
            "POST order of 3 lines, stock reserved, idempotent", "0.5", runs, "`pgbench -N -M prepared -c 16`",
            references)

    def cached(self):
        with self.servers({}, NO_MEMORY | {"cache.redis": self.redis}) as (memory, redis):
            require_equal((memory, redis), self.newest[:50])
            for server, name, target, source in (
                    (memory, "in process", "0.7", "detail=memory"), (redis, "in Redis alone", "0.4", "detail=redis")):
                work = self.getting(server.port, "newest_orders", self.newest)
                runs, references = self.measure(f"GET order, cached {name}", work, self.static)
                require_source(server, self.newest[:50], source)
                self.row(
                    f"GET one order of the newest {len(self.newest):,}, cached {name}", target, runs,
                    "nginx static 1 KB", references)

    def mixed(self, connections=1_000):
        paths = write_paths("mixed_orders", self.newest + self.random[:len(self.newest)])
        lists = write_paths("mixed_lists", [f"/api/v1/orders?status={status}&limit=20" for status in STATES])
        with self.servers({"cache.redis": self.redis}) as (server,):
            def run(repeat, seconds):
                sku = f"MIXED-{time.time_ns()}"
                server.request("POST", "/api/v1/inventory/receive", {"sku": sku, "quantity": 10_000_000})
                before = self.count_orders()
                figures = run_wrk(
                    server.port, "mixed.lua", seconds, connections, RUN=sku, SKU=sku, SKUS=str(self.products),
                    PATHS=paths, LISTS=lists, SEED=str(repeat))
                reserved = server.request("GET", f"/api/v1/inventory/{sku}")["reserved"]
                for what, made in (("orders", self.count_orders() - before), ("reservations", reserved)):
                    # wrk leaves its last requests unsent or under way, and prepares one that it never sends. Orders
                    # that were under way when the run before ended may be among those that are counted.
                    if not figures[what] - connections - 1 <= made <= figures[what] + connections:
                        sys.exit(f"{made} {what} were made after {figures[what]} were asked for")
                return figures
            runs, _ = self.measure(f"{connections} clients", run)
            memory = server.memory()
        self.row(
            f"{connections:,} clients at once: 80 % GET order, 10 % list, 5 % POST order, 5 % reserve",
            "no failed request, p99 < 250 ms", runs)
        self.rows.append([
            "memory of the server after that (resident, peak)", "under 300 MB",
            f"{memory['VmRSS']:.0f} MB, {memory['VmHWM']:.0f} MB", "", "", ""])

    def instances(self):
        for count in (1, 2, 3):
            with self.servers(*[{"cache.redis": self.redis}] * count) as servers, contextlib.ExitStack() as stack:
                balancer, port = start_balancer([server.port for server in servers])
                stack.callback(stop, balancer)
                before = [answered(server) for server in servers]
                gets, _ = self.measure(
                    f"GET order, {count} instances", self.getting(port, "newest_orders", self.newest))
                posts, _ = self.measure(f"POST order, {count} instances", self.posting(port))
                shares = [answered(server) - first for server, first in zip(servers, before)]
                if min(shares) < sum(shares) / count / 5:
                    sys.exit(f"the instances have answered {shares} requests: nginx does not spread them")
                memory = ", ".join(f"{server.memory()['VmRSS']:.0f}" for server in servers)
            self.instance_rows.append([
                str(count), rate_text(gets), f"{median_run(gets)['p99']:.1f} ms", rate_text(posts),
                f"{median_run(posts)['p99']:.1f} ms", f"{memory} MB"])
            print(" | ".join(self.instance_rows[-1]), file=sys.stderr)


def table(titles, rows):
    return [f"| {' | '.join(row)} |" for row in (titles, ["---"] * len(titles), *rows)]


def report(arguments, scaling):
    redis = re.search(r"v=(\S+)", subprocess.run(["redis-server", "--version"], capture_output=True, text=True).stdout)
    lines = [
        f"Conditions: {machine()}, {scaling.postgres.conditions()}, Redis {redis.group(1)} without persistence, nginx "
        f"{nginx_version()}, wrk with 1 thread and 64 connections where no other number stands (closed loop: a slow "
        f"answer delays the next question), all on the same cores over loopback. {arguments.seconds} s a run, median "
        f"of {ROUNDS} with the spread after one to warm up, each in turn with its reference. {scaling.loaded:,} orders "
        f"and {arguments.products:,} products at the beginning, their files in the memory of the operating system.", "",
        *table(["work", "must reach", "rate", "reference", "of the reference", "p50 / p99 / max"], scaling.rows),
    ]
    if scaling.instance_rows:
        lines += [
            "", "Instances behind nginx as `deploy/nginx.conf` has it, on one database and one Redis, 64 connections. "
            "All share these cores, so the table tells what another instance costs, not what it adds on a machine of "
            "its own.", "",
            *table(
                ["instances", f"GET one order of the newest {len(scaling.newest):,}", "p99", "POST order of 3 lines",
                 "p99", "memory of each"], scaling.instance_rows)]
    return "\n".join(lines)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--orders", type=int, default=1_000_000)
    options.add_argument("--products", type=int, default=100_000)
    options.add_argument("--seconds", type=int, default=4)
    options.add_argument("--only", default="uncached,posts,cached,mixed,instances")
    options.add_argument("--write", help="a Markdown file to put the tables into; it is made when it is not there")
    arguments = options.parse_args()
    for program in ("wrk", "nginx", "redis-server"):
        if not shutil.which(program):
            sys.exit(f"{program} is missing; `make bench` installs it")
    WORK.mkdir(parents=True, exist_ok=True)
    # As an exception, it stops what was started.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit("stopped"))
    with contextlib.ExitStack() as stack:
        postgres = Postgres(WORK / "postgres")
        stack.callback(postgres.stop)
        postgres.prepare_pgbench()
        database = load_shop(postgres, arguments.products, arguments.orders)
        postgres.warm(database)
        redis, redis_port = start_redis()
        stack.callback(stop, redis)
        nginx, nginx_port = start_static_nginx()
        stack.callback(stop, nginx)
        scaling = Scaling(postgres, database, redis_port, nginx_port, arguments)
        for kind in arguments.only.split(","):
            postgres.settle()
            getattr(scaling, kind)()
        text = report(arguments, scaling)
        print(text)
        if arguments.write:
            write(pathlib.Path(arguments.write), text, INTRODUCTION)


if __name__ == "__main__":
    main()
