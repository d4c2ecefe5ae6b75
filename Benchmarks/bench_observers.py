"""Measures the observers: how fast changes are matched, how soon and how fast webhooks are delivered.

    Benchmarks/bench_observers.py [--changes N] [--engine sqlite|postgres] [--only NAME] [--write FILE]

Every figure is that of work whose outcome was checked: counters are exact, each event arrived, signatures verify.
"""

import argparse
import base64
import http.client
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import time

import common
from common import ROOT, WORK, Server, machine
from postgres import Postgres

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
# What the guide promises for each size of its checkpoints: events per second, and how many a crash loses.
GUIDE = {1: (5_000, 1), 10: (15_000, 10), 100: (50_000, 100), 1_000: (80_000, 1_000)}


class Place:
    """A data directory with its database, and how rows come into it beside the server."""

    def __init__(self, engine):
        self.engine = engine
        self.data = WORK / f"observers-{engine}"
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(parents=True)
        self.postgres = None
        if engine == "postgres":
            self.postgres = Postgres(WORK / "postgres")
            self.sql("postgres", "DROP DATABASE IF EXISTS observers")
            self.sql("postgres", "CREATE DATABASE observers")

    def settings(self, **more):
        settings = {"outbound.allowed_networks": "127.0.0.0/8", "observers.file": str(self.data / "observers.yaml")}
        if self.postgres:
            settings["storage.url"] = self.postgres.url("observers")
        return settings | {name.replace("__", "."): value for name, value in more.items()}

    def sql(self, database, text):
        from postgres import program
        return subprocess.run(
            [program("psql"), *self.postgres.place(), "-d", database, "-At", "-v", "ON_ERROR_STOP=1", "-c", text],
            check=True, capture_output=True, text=True).stdout.strip()

    def execute(self, text):
        """Runs a statement while the server does not run."""
        if self.postgres:
            return self.sql("observers", text)
        with sqlite3.connect(self.data / "millrace.sqlite") as database:
            rows = database.execute(text).fetchall()
        return str(rows[0][0]) if rows else ""

    def append(self, count):
        """Appends changes of orders to the log, as the server would write them."""
        image = json.dumps({
            "id": "0197f2a4-6c1e-7b3a-9d10-5f2f6f0c9a11", "number": "ORD-000000", "customer_id": "c",
            "status": "%s", "currency": "EUR", "total_amount": "%d.00", "notes": "n" * 120,
            "shipping_address": {"country": "DE", "city": "Berlin", "street": "s" * 40},
            "lines": [{"sku": f"sku-{line}", "quantity": line, "price": "10.00"} for line in range(4)],
        }).replace("%d", "{number}").replace("%s", "{status}")
        now = int(time.time() * 1e6)
        if self.postgres:
            text = image.replace("'", "''").replace("{number}", "' || (n % 1000) || '").replace("{status}", "shipped")
            self.execute(
                "INSERT INTO changes (tenant, entity_type, entity_id, operation, after_image, changed_fields, actor, "
                f"changed_at) SELECT 1, 'order', gen_random_uuid(), 'insert', '{text}', '', 'bench', {now} "
                f"FROM generate_series(1, {count}) n")
            return
        with sqlite3.connect(self.data / "millrace.sqlite") as database:
            database.executemany(
                "INSERT INTO changes (tenant, entity_type, entity_id, operation, after_image, changed_fields, actor, "
                "changed_at) VALUES (1, 'order', ?, 'insert', ?, '', 'bench', ?)",
                ((os.urandom(16), image.replace("{number}", str(n % 1_000)).replace("{status}", "shipped"), now)
                 for n in range(1, count + 1)))
        with sqlite3.connect(self.data / "millrace.sqlite") as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def write_file(self, text):
        (self.data / "observers.yaml").write_text(text)

    def stop(self):
        if self.postgres:
            self.postgres.stop()


def metric(server, name):
    text = server.exchange("GET", "/metrics")[1].decode()
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
               if line.split(" ")[0].split("{")[0] == name)


def counting(observers):
    """Observers with conditions, each of which holds for one change in ten, and a statement that counts."""
    lines = ["statements:",
             "  count: \"INSERT INTO bench_counts (name, total) VALUES (:name, 1) ON CONFLICT (name) DO UPDATE SET "
             "total = bench_counts.total + 1\"", "observers:"]
    for number in range(observers):
        condition = [
            f"total_amount >= {number * 50} && total_amount < {number * 50 + 100}",
            f"status == 'shipped' && total_amount >= {number * 50} && total_amount < {number * 50 + 100}",
            f"shipping_address.country == 'DE' && total_amount >= {number * 50} && total_amount < {number * 50 + 100}",
            f"has_field('notes') && total_amount - {number * 50} >= 0 && total_amount < {number * 50 + 100}",
        ][number % 4]
        lines += [f"  - name: counting-{number}", "    entity_types: [order]", f"    condition: \"{condition}\"",
                  "    actions:", f"      - {{type: database, statement: count, params: {{name: 'c{number}'}}}}"]
    return "\n".join(lines) + "\n"


def bench_matching(engine, changes, batch):
    """How fast changes go through 20 observers whose action takes effect exactly once."""
    place = Place(engine)
    try:
        place.write_file(counting(20))
        settings = place.settings(observers__batch=batch)
        Server(place.data, settings).stop()
        place.execute("CREATE TABLE IF NOT EXISTS bench_counts (name VARCHAR(100) PRIMARY KEY, total BIGINT NOT NULL)")
        place.append(changes)
        wanted = sum(min(1_000, number * 50 + 100) - number * 50 for number in range(20)) * changes // 1_000
        server = Server(place.data, settings)
        begun, done = None, 0
        while done < changes:
            done = metric(server, "observer_events_processed_total")
            if done and not begun:
                begun = (time.monotonic(), done)
            time.sleep(0.02)
        ended = time.monotonic()
        seconds = metric(server, "checkpoint_duration_seconds_sum")
        server.stop()
        counted = int(place.execute("SELECT CAST(SUM(total) AS BIGINT) FROM bench_counts"))
        position = int(place.execute("SELECT position FROM observer_progress"))
        last = int(place.execute("SELECT MAX(position) FROM changes"))
        if counted != wanted or position < last - 1:
            sys.exit(f"matching: counted {counted} of {wanted}, position {position} of {last}")
        return {"rate": (changes - begun[1]) / (ended - begun[0]), "counted": counted, "storing": seconds}
    finally:
        place.stop()


class Receiver:
    """A web server in a process of its own, which notes what comes and answers 200 after a delay."""

    def __init__(self, delay=0.0):
        self.port = common.free_port()
        self.file = WORK / "receiver.jsonl"
        self.process = subprocess.Popen(
            [sys.executable, ROOT / "Benchmarks/receiver.py", str(self.port), str(delay), self.file])
        common.await_port(self.port, self.process, "its output")

    def stop(self):
        """Ends it, and returns what came: identifier, time of arrival, header fields and body of each request."""
        common.stop(self.process)
        return [json.loads(line) for line in self.file.read_text().splitlines()]


def observer(server, name, actions, **more):
    return server.request("POST", "/api/v1/observers", {"name": name, "entity_types": ["bench"], "actions": actions} | more)


def post_event(server, connection, number):
    server.request("POST", "/api/v1/events", {"entity_type": "bench", "data": {"number": number}}, connection)


def bench_latency(engine, count=300):
    """From the answer to a write on an idle system to the arrival of its first webhook."""
    place, receiver = Place(engine), Receiver()
    place.write_file("observers: []")
    server = Server(place.data, place.settings())
    try:
        observer(server, "all", [{"type": "webhook", "url": f"http://127.0.0.1:{receiver.port}/", "secret": SECRET}])
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        answered = {}
        for number in range(count + 20):
            post_event(server, connection, number)
            answered[number] = time.time()
            time.sleep(0.03)
        time.sleep(1)
    finally:
        server.stop()
        came = receiver.stop()
        place.stop()
    times = sorted(
        max(0.0, request["at"] - answered[json.loads(request["body"])["data"]["new"]["number"]]) * 1000
        for request in came if json.loads(request["body"])["data"]["new"]["number"] >= 20)
    if len(times) != count:
        sys.exit(f"latency: {len(times)} of {count} webhooks came")
    return {"p50": times[len(times) // 2], "p99": times[int(len(times) * 0.99)], "max": times[-1]}


def bench_webhooks(engine, count=30_000):
    """How fast webhooks are delivered to one receiver and recorded, each of them signed."""
    place, receiver = Place(engine), Receiver()
    place.write_file("observers: []")
    server = Server(place.data, place.settings())
    observer(server, "all", [{
        "type": "webhook", "url": f"http://127.0.0.1:{receiver.port}/", "secret": SECRET}],
        max_parallelism=64, condition="number > 0")
    server.stop()
    now = int(time.time() * 1e6)
    if place.postgres:
        place.execute(
            "INSERT INTO changes (tenant, entity_type, entity_id, operation, after_image, changed_fields, actor, "
            f"changed_at) SELECT 1, 'bench', gen_random_uuid(), 'insert', '{{\"number\":' || n || '}}', '', 'bench', {now} "
            f"FROM generate_series(1, {count}) n")
    else:
        with sqlite3.connect(place.data / "millrace.sqlite") as database:
            database.executemany(
                "INSERT INTO changes (tenant, entity_type, entity_id, operation, after_image, changed_fields, actor, "
                "changed_at) VALUES (1, 'bench', ?, 'insert', ?, '', 'bench', ?)",
                ((os.urandom(16), json.dumps({"number": n}), now) for n in range(1, count + 1)))
    server = Server(place.data, place.settings())
    while metric(server, "observer_actions_executed_total") < count:
        time.sleep(0.05)
    server.stop()
    came = receiver.stop()
    recorded = int(place.execute("SELECT COUNT(*) FROM deliveries WHERE state = 3"))
    place.stop()
    if len({request["id"] for request in came}) != count or recorded != count:
        sys.exit(f"webhooks: {len(came)} came, {recorded} are recorded, of {count}")
    verify(came)
    at = sorted(request["at"] for request in came)
    return {"rate": count / (at[-1] - at[0]), "duplicates": len(came) - count}


def verify(came):
    """Every signature, by the library of the standard."""
    sys.path.insert(0, str(ROOT / ".tools/python"))
    from standardwebhooks.webhooks import Webhook
    webhook = Webhook(SECRET)
    for request in came:
        webhook.verify(request["body"], request["headers"])


def bench_actions(engine, events=20):
    """How long an event takes whose three actions take 100 ms each."""
    place, receiver = Place(engine), Receiver(0.1)
    place.write_file("observers: []")
    server = Server(place.data, place.settings())
    action = {"type": "webhook", "url": f"http://127.0.0.1:{receiver.port}/"}
    observer(server, "three", [action, action, action])
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    sent = {}
    for number in range(events):
        post_event(server, connection, number)
        sent[number] = time.time()
        time.sleep(0.3)
    server.stop()
    came = receiver.stop()
    place.stop()
    last = {}
    for request in came:
        number = json.loads(request["body"])["data"]["new"]["number"]
        last[number] = max(last.get(number, 0), request["at"] + 0.1)
    if len(came) != 3 * events:
        sys.exit(f"actions: {len(came)} of {3 * events} came")
    return {"ms": sorted((last[number] - sent[number]) * 1000 for number in last)[events // 2]}


def bench_scenarios(events=400):
    """The four scenarios of the guide: an action of 10 ms for each event, and a look-up of a customer."""
    rates = {}
    for name, more, memory in (
            ("baseline", {"max_parallelism": 1, "ordering": "strict"}, 0), ("concurrent", {}, 0),
            ("+ cache", {"max_parallelism": 1, "ordering": "strict"}, 64), ("all", {}, 64)):
        place, receiver = Place("sqlite"), Receiver(0.01)
        place.write_file("observers: []")
        settings = place.settings(cache__memory=memory)
        server = Server(place.data, settings)
        customer = server.request("POST", "/api/v1/customers", {"name": "A", "email": "a@example.com"})["id"]
        observer(server, "all", [{"type": "webhook", "url": f"http://127.0.0.1:{receiver.port}/"}],
                 lookups={"customer": {"entity_type": "customer", "id": "customer_id"}}, **more)
        server.request("POST", "/api/v1/observers/all/pause")
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        for number in range(events):
            server.request("POST", "/api/v1/events", {
                "entity_type": "bench", "data": {"number": number, "customer_id": customer}}, connection)
        server.request("POST", "/api/v1/observers/all/resume")
        while metric(server, "observer_actions_executed_total") < events:
            time.sleep(0.02)
        hits = metric(server, "observer_cache_hit_rate")
        server.stop()
        at = sorted(request["at"] for request in receiver.stop())
        place.stop()
        rates[name] = {"rate": events / (at[-1] - at[0]), "hits": hits}
    return rates


INTRODUCTION = """# Benchmarks: observers

What `make bench` measured last, between the marks; how to repeat it: `python3 Benchmarks/bench_observers.py --write FILE`.
Load, receiver and server share the machine. Every figure is of work whose outcome was checked: counters are exact, each webhook
came once and its signature was verified by the `standardwebhooks` library, what is recorded is counted in the tables.
"""


def table(changes):
    """The whole of the measurements as Markdown."""
    engines = ("sqlite", "postgres")
    lines = [
        f"{machine()}; `fsync` on.", "", "| work | asked | SQLite | PostgreSQL |", "|---|---|---|---|"]
    matching = {engine: bench_matching(engine, changes, 1_000)["rate"] for engine in engines}
    lines.append(
        f"| {changes:,} changes through 20 observers, each with a condition that holds for one in ten and a statement that "
        f"takes effect exactly once (two for each change) | 80,000/s on SQLite | {matching['sqlite']:,.0f}/s "
        f"| {matching['postgres']:,.0f}/s |")
    latency = {engine: bench_latency(engine) for engine in engines}
    lines.append("| from the answer to a write to the arrival of its webhook, idle, p50 / p99 | p99 10 ms | " + " | ".join(
        f"{latency[engine]['p50']:.1f} / {latency[engine]['p99']:.1f} ms" for engine in engines) + " |")
    webhooks = {engine: bench_webhooks(engine)["rate"] for engine in engines}
    lines.append("| signed webhooks to one receiver, delivered and recorded | 5,000/s | " + " | ".join(
        f"{webhooks[engine]:,.0f}/s" for engine in engines) + " |")
    actions = {engine: bench_actions(engine)["ms"] for engine in engines}
    lines.append("| an event with three actions of 100 ms | 100 ms | " + " | ".join(
        f"{actions[engine]:.0f} ms" for engine in engines) + " |")
    lines += ["", "The guide sells speed for lost events. Here no size loses any; the position is durable at each of them:", "",
              "| changes stored at once | guide | it loses up to | SQLite here | loses |", "|---|---|---|---|---|"]
    for batch, (promised, lost) in GUIDE.items():
        count = min(changes, 20_000 if batch < 100 else changes)
        rate = matching["sqlite"] if batch == 1_000 else bench_matching("sqlite", count, batch)["rate"]
        lines.append(f"| {batch:,} | {promised:,}/s | {lost:,} | {rate:,.0f}/s | 0 |")
    lines += ["", "The guide's four scenarios: a webhook of 10 ms for each event, with a look-up of a customer. \"Baseline\" makes one "
              "delivery at a time.", "", "| scenario | guide | here | ratio |", "|---|---|---|---|"]
    scenarios = bench_scenarios()
    base = scenarios["baseline"]["rate"]
    for name, promised in (("baseline", "1x"), ("concurrent", "3x"), ("+ cache", "15x"), ("all", "30x")):
        rate = scenarios[name]["rate"]
        lines.append(f"| {name} | {promised} | {rate:,.0f}/s | {rate / base:.1f}x |")
    lines += ["", "A cache spares a look-up of microseconds beside an action of milliseconds: it cannot give what the guide promises "
              "for it, and concurrency gives more."]
    return "\n".join(lines)


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--changes", type=int, default=100_000)
    options.add_argument("--engine", default="sqlite")
    options.add_argument("--batch", type=int, default=1_000)
    options.add_argument("--only")
    options.add_argument("--write")
    arguments = options.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    runs = {
        "matching": lambda: bench_matching(arguments.engine, arguments.changes, arguments.batch),
        "latency": lambda: bench_latency(arguments.engine), "webhooks": lambda: bench_webhooks(arguments.engine),
        "actions": lambda: bench_actions(arguments.engine), "scenarios": bench_scenarios}
    if arguments.only:
        print(arguments.only, runs[arguments.only]())
    else:
        text = table(arguments.changes)
        print(text)
        if arguments.write:
            common.write(pathlib.Path(arguments.write), text, INTRODUCTION)
