#!/usr/bin/env python3
"""Measures the server beside nginx and raw SQLite on this machine and prints a table in Markdown.

    Benchmarks/bench.py [--orders N] [--products N] [--seconds S] [--write FILE]

It loads a shop once (kept in .build/bench), starts the release server on it, and runs wrk on the same cores. Each kind of
work is warmed up and then run three times in turn with nginx serving a 1 KB file, and the median run is shown. Answers are
checked: a run with an unexpected status or a wrong stock figure fails.
"""

import argparse
import concurrent.futures
import http.client
import itertools
import json
import os
import pathlib
import platform
import random
import re
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / ".build" / "bench"
KEY = "bench-key-0123456789-0123456789-0123456789"
CORES = os.cpu_count() or 1
SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe qui ro su ta ve wi xo yu za bri cle dro fla gre".split()


def vocabulary(size=8_000):
    """Words of three syllables, the same ones each time."""
    generator = random.Random(3)
    found = {}
    while len(found) < size:
        found["".join(generator.choice(SYLLABLES) for _ in range(3))] = None
    return list(found)


WORDS = vocabulary()
# A word's frequency is the inverse of its rank, as in a text (Zipf); the 50 first stand for "with", "for" and the like.
WEIGHTS = list(itertools.accumulate(1 / rank for rank in range(1, len(WORDS) + 1)))
STOP_WORDS = set(WORDS[:50])
# A shop that has run for a while: most orders are done. A quarter of 1,000,000 orders is more than 10,000 pages of 20.
STATES = {"pending": 15, "confirmed": 15, "processing": 10, "shipped": 25, "delivered": 25, "cancelled": 10}


def words(generator, count):
    return generator.choices(WORDS, cum_weights=WEIGHTS, k=count)


class Server:
    """The release server on a data directory."""

    def __init__(self, data):
        environment = dict(os.environ, MILLRACE_ADMIN_KEY=KEY)
        start = time.monotonic()
        self.process = subprocess.Popen(
            [ROOT / ".build/release/millrace", "serve", "--data", data, "--port", "0"],
            stdout=subprocess.PIPE, stderr=open(WORK / "server.log", "ab"), text=True, env=environment)
        self.port = None
        for line in self.process.stdout:
            found = re.search(r"listening on http://[^:]+:(\d+)", line)
            if found:
                self.port = int(found.group(1))
                break
        if self.port is None:
            sys.exit("the server did not start; see .build/bench/server.log")
        self.start_seconds = time.monotonic() - start

    def memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return {name: int(re.search(rf"{name}:\s+(\d+) kB", status).group(1)) / 1024 for name in ("VmRSS", "VmHWM")}

    def request(self, method, path, body=None, connection=None, key=None):
        own = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        own.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = own.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]}")
        return json.loads(text) if text else None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def read_files(directory):
    """Brings the files into the memory of the operating system, as they are on a server that has run for a while."""
    for file in directory.iterdir():
        with open(file, "rb", buffering=0) as stream:
            while stream.read(1 << 20):
                pass


def in_parallel(server, jobs):
    """Runs (path, body) jobs as POSTs over four connections."""
    def work(part):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        for path, make in part:
            answer = server.request("POST", path, make(), connection)
            if isinstance(answer, dict) and answer.get("rejected"):
                raise RuntimeError(f"{path} rejected rows: {json.dumps(answer)[:600]}")
    parts = [jobs[index::4] for index in range(4)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for result in pool.map(work, parts):
            pass


def load(server, products, orders):
    """Fills the shop: products with stock, then orders of three lines."""
    def product_batch(first):
        generator = random.Random(first)
        return {"mode": "atomic", "products": [
            {
                "sku": f"SKU-{number:06d}", "name": " ".join(words(generator, 3)), "price": f"{number % 500 + 1}.95",
                "currency": "USD", "description": " ".join(words(generator, 20)), "tax_rate": "0.08",
            } for number in range(first, min(first + 500, products))]}

    def stock_batch(first):
        return {"mode": "atomic", "adjustments": [
            {"sku": f"SKU-{number:06d}", "delta": 1_000_000, "reason": "opening stock"}
            for number in range(first, min(first + 500, products))]}

    def order_batch(first):
        generator = random.Random(first + 1)
        batch = []
        for number in range(first, min(first + 100, orders)):
            items = []
            sku = generator.randrange(products - 3)
            for line in range(3):
                items.append({"sku": f"SKU-{sku + line:06d}", "quantity": generator.randint(1, 3)})
            batch.append({
                "items": items, "reserve": False, "status": generator.choices(list(STATES), weights=STATES.values())[0],
                "shipping_address": {
                    "line1": f"{number % 900} Mill Lane", "city": "Leeds", "postal_code": "LS1 4AB", "country": "GB"},
            })
        return {"orders": batch}

    start = time.monotonic()
    in_parallel(server, [("/api/v1/products/bulk", lambda f=f: product_batch(f)) for f in range(0, products, 500)])
    in_parallel(
        server, [("/api/v1/inventory/bulk-adjust", lambda f=f: stock_batch(f)) for f in range(0, products, 500)])
    print(f"loaded {products} products in {time.monotonic() - start:.0f} s", file=sys.stderr)
    start = time.monotonic()
    in_parallel(server, [("/api/v1/orders/bulk", lambda f=f: order_batch(f)) for f in range(0, orders, 100)])
    print(f"loaded {orders} orders in {time.monotonic() - start:.0f} s", file=sys.stderr)


def wrk(port, script, seconds, connections=64, path="/", **environment):
    """One run of wrk. Returns its figures."""
    variables = dict(os.environ, REPORT=str(ROOT / "Benchmarks/wrk/report.lua"), KEY=KEY, **environment)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
    if script:
        command += ["-s", str(ROOT / "Benchmarks/wrk" / script)]
    output = subprocess.run(
        command + [f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, env=variables, check=True).stdout
    found = re.search(r"RESULT (.*)", output)
    if found:
        figures = {name: int(value) for name, value in (pair.split("=") for pair in found.group(1).split())}
        return {
            "rate": figures["requests"] / figures["duration_us"] * 1e6, "p50": figures["p50_us"] / 1000,
            "p99": figures["p99_us"] / 1000, "max": figures["max_us"] / 1000, "failed": figures["status"],
            "requests": figures["requests"], "socket": figures["socket"]}
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))
    return {"rate": rate, "failed": 0, "socket": 0}


def start_nginx():
    directory = WORK / "nginx"
    (directory / "www").mkdir(parents=True, exist_ok=True)
    (directory / "www/1k").write_text("x" * 1024)
    port = 18_080
    text = (ROOT / "Benchmarks/nginx.conf.in").read_text()
    for name, value in (("@CORES@", CORES), ("@DIR@", directory), ("@PORT@", port)):
        text = text.replace(name, str(value))
    if os.geteuid() == 0:
        text = "user root;\n" + text
    (directory / "nginx.conf").write_text(text)
    process = subprocess.Popen(["nginx", "-c", directory / "nginx.conf", "-g", "daemon off;"])
    for _ in range(100):
        try:
            http.client.HTTPConnection("127.0.0.1", port).request("GET", "/1k")
            break
        except OSError:
            time.sleep(0.05)
    return process, port


def ceiling(seconds):
    """What raw SQLite does with rows of the same shape."""
    program = WORK / "sqlite_ceiling"
    subprocess.run(["cc", "-O2", "-o", program, ROOT / "Benchmarks/sqlite_ceiling.c", "-lsqlite3"], check=True)
    for file in WORK.glob("ceiling.sqlite*"):
        file.unlink()
    output = subprocess.run([program, WORK / "ceiling.sqlite", str(seconds)], capture_output=True, text=True, check=True)
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
            reference = wrk(self.nginx_port, None, 2, path="/1k")["rate"]
            figures = run(repeat)
            if figures["failed"] or figures["socket"]:
                sys.exit(f"{name}: {figures['failed']} unexpected answers, {figures['socket']} socket errors")
            pairs.append((figures["rate"], figures, reference))
        rate, figures, reference = sorted(pairs, key=lambda pair: pair[0])[1]
        spread = f"{min(p[0] for p in pairs):,.0f}-{max(p[0] for p in pairs):,.0f}"
        self.rows.append([
            name, target, f"{rate:,.0f}/s ({spread})", f"{rate / reference:.2f}",
            f"{figures['p50']:.1f} / {figures['p99']:.1f} / {figures['max']:.0f} ms"])
        print(" | ".join(self.rows[-1]), file=sys.stderr)
        return rate

    def paths(self, name, lines):
        file = WORK / f"{name}.paths"
        file.write_text("\n".join(lines) + "\n")
        return str(file)

    def get_order(self):
        identifiers, cursor = [], ""
        for _ in range(200):
            page = self.server.request("GET", f"/api/v1/orders?limit=100{cursor}")
            identifiers += [order["id"] for order in page["items"]]
            cursor = f"&cursor={page['next_cursor']}"
        self.get_orders("GET one order of the newest 20,000", "0.6 of nginx, p99 < 10 ms", identifiers)
        self.get_orders("GET one order of all, at random", "", self.random_orders(100_000))

    def get_orders(self, name, target, identifiers):
        file = self.paths("get_order", [f"/api/v1/orders/{identifier}" for identifier in identifiers])
        self.measure(
            name, target, lambda repeat: wrk(self.server.port, "get.lua", self.seconds, PATHS=file, SEED=str(repeat)))

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
        first = self.paths("list_first", near)
        last = self.paths("list_deep", deep or [path + cursor])
        one = self.measure(
            "GET orders?status=&limit=20, pages 1 to 50", "8,000/s, p99 < 20 ms",
            lambda repeat: wrk(self.server.port, "get.lua", self.seconds, PATHS=first, SEED=str(repeat)))
        two = self.measure(
            f"the same, the 50 pages to page {seen:,}", "equal to page 1",
            lambda repeat: wrk(self.server.port, "get.lua", self.seconds, PATHS=last, SEED=str(repeat)))
        print(f"deep / first = {two / one:.2f}", file=sys.stderr)

    def search(self):
        generator = random.Random(7)
        queries = []
        while len(queries) < 5000:
            # One or two words of some product's name, as a customer types them; stop words are not searched for alone.
            picked = [word for word in words(generator, 3) if word not in STOP_WORDS][: generator.choice([1, 1, 2])]
            if picked:
                queries.append("/api/v1/products/search?limit=20&q=" + "+".join(picked))
        file = self.paths("search", queries)
        sample = [len(self.server.request("GET", query)["items"]) for query in queries[:200]]
        print(f"search: {statistics.mean(sample):.1f} hits on average, {sample.count(0)} of 200 empty", file=sys.stderr)
        self.measure(
            "GET products/search, uncached", "4,000/s, p99 < 30 ms",
            lambda repeat: wrk(self.server.port, "get.lua", self.seconds, PATHS=file, SEED=str(repeat)))

    def post_order(self):
        self.measure(
            "POST order of 3 lines, stock reserved, idempotent", "6,000/s, p99 < 40 ms",
            lambda repeat: wrk(
                self.server.port, "post_order.lua", self.seconds, RUN=f"{time.time_ns()}", SKUS=str(self.products),
                SEED=str(repeat)))

    def reserve(self):
        stock = 10_000_000
        def run(repeat):
            sku = f"HOT-{time.time_ns()}"
            self.server.request("POST", "/api/v1/inventory/receive", {"sku": sku, "quantity": stock})
            figures = wrk(self.server.port, "reserve.lua", self.seconds, RUN=sku, SKU=sku)
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
        figures = wrk(self.server.port, "reserve.lua", self.seconds, RUN=sku, SKU=sku)
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
    server = Server(data)
    nginx, nginx_port = start_nginx()
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
        nginx.terminate()
        nginx.wait()
        server.stop()


def report(arguments, bench, server, memory, rates, sold):
    model = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text()).group(1)
    nginx = subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr.strip().split("/")[-1]
    lines = [
        f"Conditions: {time.strftime('%Y-%m-%d')}, {CORES} cores of {model}, Linux {platform.release()}, server, wrk and nginx {nginx} on "
        f"the same cores over loopback, wrk with 1 thread and 64 connections (closed loop: a slow answer delays the next "
        f"question), {arguments.seconds} s a run, median of 3 with the spread after one to warm up, each beside its own nginx run. "
        f"{arguments.orders:,} orders and {arguments.products:,} products loaded, their files in the memory of the operating system. `synchronous=FULL`.", "",
        "| work | must reach | rate | of nginx static 1 KB | p50 / p99 / max |", "|---|---|---|---|---|",
    ]
    lines += ["| " + " | ".join(row) + " |" for row in bench.rows]
    lines += [
        f"| start on that data | under 1 s | {server.start_seconds:.2f} s | | |",
        f"| memory after all of it (resident, peak) | under 250 MB | {memory['VmRSS']:.0f} MB, {memory['VmHWM']:.0f} MB | | |",
        "",
        "Raw SQLite on this disk, the same rows for an order, no server around it: "
        + ", ".join(f"{rate:,} orders/s at {size} a commit" for size, rate in rates.items()) + ".",
    ]
    if sold:
        lines += ["", f"Sold out: {sold}."]
    return "\n".join(lines)


def write(file, text):
    """Puts the table between the file's two marks."""
    begin, end = "<!-- begin: make bench -->", "<!-- end: make bench -->"
    old = file.read_text()
    head, rest = old.split(begin)
    tail = rest.split(end)[1]
    file.write_text(f"{head}{begin}\n{text}\n{end}{tail}")


if __name__ == "__main__":
    main()
