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
import random
import shutil
import signal
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
        """Runs a statement beside the server. Returns the first value that it answers, as text."""
        if self.postgres:
            return self.sql("observers", text)
        with sqlite3.connect(self.data / "millrace.sqlite") as database:
            rows = database.execute(text).fetchall()
        return str(rows[0][0]) if rows else ""

    def append(self, entity_type, image, count):
        """Appends changes to the log, as the server would write them. In the image, `{n}` becomes 1, 2, 3 and so on,
        and `{m}` the same number modulo 1,000."""
        into = ("INSERT INTO changes (tenant, entity_type, entity_id, operation, after_image, changed_fields, actor, "
                "changed_at)")
        now = int(time.time() * 1e6)
        if self.postgres:
            text = image.replace("'", "''").replace("{n}", "' || n || '").replace("{m}", "' || n % 1000 || '")
            self.execute(f"{into} SELECT 1, '{entity_type}', gen_random_uuid(), 'insert', '{text}', '', 'bench', {now} "
                         f"FROM generate_series(1, {count}) n")
            return
        with sqlite3.connect(self.data / "millrace.sqlite") as database:
            database.executemany(
                f"{into} VALUES (1, '{entity_type}', ?, 'insert', ?, '', 'bench', ?)",
                ((os.urandom(16), image.replace("{n}", str(n)).replace("{m}", str(n % 1_000)), now)
                 for n in range(1, count + 1)))
        with sqlite3.connect(self.data / "millrace.sqlite") as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def write_file(self, text):
        (self.data / "observers.yaml").write_text(text)

    def stop(self):
        if self.postgres:
            self.postgres.stop()


def counting(observers):
    """Observers with conditions, each of which holds for one change in ten, and a statement that counts."""
    lines = ["statements:",
             "  count: \"INSERT INTO bench_counts (name, total) VALUES (:name, 1) ON CONFLICT (name) DO UPDATE SET "
             "total = bench_counts.total + 1\"", "observers:"]
    for number in range(observers):
        least = number * 900 // (observers - 1)
        condition = [
            f"total_amount >= {least} && total_amount < {least + 100}",
            f"status == 'shipped' && total_amount >= {least} && total_amount < {least + 100}",
            f"shipping_address.country == 'DE' && total_amount >= {least} && total_amount < {least + 100}",
            f"has_field('notes') && total_amount - {least} >= 0 && total_amount < {least + 100}",
        ][number % 4]
        lines += [f"  - name: counting-{number}", "    entity_types: [order]", f"    condition: \"{condition}\"",
                  "    actions:", f"      - {{type: database, statement: count, params: {{name: 'c{number}'}}}}"]
    return "\n".join(lines) + "\n"


ORDER = json.dumps({
    "id": "0197f2a4-6c1e-7b3a-9d10-5f2f6f0c9a11", "number": "ORD-000000", "customer_id": "c", "status": "shipped",
    "currency": "EUR", "total_amount": "{m}.00", "notes": "n" * 120,
    "shipping_address": {"country": "DE", "city": "Berlin", "street": "s" * 40},
    "lines": [{"sku": f"sku-{line}", "quantity": line, "price": "10.00"} for line in range(4)],
})


def counted_changes(engine, changes, batch):
    """A place with changes that wait for 20 observers which count them, and the settings of its server."""
    place = Place(engine)
    place.write_file(counting(20))
    settings = place.settings(observers__batch=batch)
    Server(place.data, settings).stop()
    place.execute("CREATE TABLE bench_counts (name VARCHAR(100) PRIMARY KEY, total BIGINT NOT NULL)")
    place.append("order", ORDER, changes)
    return place, settings


def lost(place, changes):
    """How many of the effects did not come; fewer than none when some came twice."""
    if not is_matched(place):
        sys.exit("matching: the position is not at the end of the changes")
    return 20 * (changes // 10) - int(place.execute("SELECT CAST(SUM(total) AS BIGINT) FROM bench_counts"))


def is_matched(place):
    """Whether the position is that of the last change."""
    last = "SELECT MAX(position) FROM changes WHERE entity_type = 'order'"
    return place.execute(f"SELECT COUNT(*) FROM observer_progress WHERE position >= ({last})") == "1"


def await_processed(server, count, pause=0.02):
    """Waits until as many changes have been matched since the server started. Returns how many and when."""
    while (done := server.metric("observer_events_processed_total")) < count:
        time.sleep(pause)
    return done, time.monotonic()


def bench_matching(engine, changes, batch):
    """How fast changes go through 20 observers whose action takes effect exactly once."""
    place, settings = counted_changes(engine, changes, batch)
    try:
        server = Server(place.data, settings)
        first, begun = await_processed(server, 1)
        _, ended = await_processed(server, changes)
        server.stop()
        if missing := lost(place, changes):
            sys.exit(f"matching: {missing} effects are missing")
        return {"rate": (changes - first) / (ended - begun)}
    finally:
        place.stop()


def bench_loss(engine, batch, changes=20_000, kills=5):
    """How many effects a batch size loses when the server is killed again and again while it works."""
    place, settings = counted_changes(engine, changes, batch)
    try:
        for _ in range(kills):
            server = Server(place.data, settings)
            await_processed(server, random.randint(1, changes // (kills + 1)), pause=0)
            server.stop(signal.SIGKILL)
        server = Server(place.data, settings)
        while not is_matched(place):
            time.sleep(0.1)
        server.stop()
        return {"lost": lost(place, changes)}
    finally:
        place.stop()


def sqlite_alone(directory, seconds=3):
    """How many durable commits of one small row SQLite alone makes in a second."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    database = sqlite3.connect(directory / "raw.sqlite", isolation_level=None)
    database.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE counts (name TEXT PRIMARY KEY, total INTEGER);"
        "INSERT INTO counts VALUES ('c', 0);")
    commits, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        database.execute("UPDATE counts SET total = total + 1 WHERE name = 'c'")
        commits += 1
    database.close()
    return commits / seconds


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


# Events that are sent before times are taken.
WARM_UP = 20


def post_event(server, connection, number):
    server.request("POST", "/api/v1/events", {"entity_type": "bench", "data": {"number": number}}, connection)


def bench_latency(engine, count=300):
    """From the commit of a write on an idle system to the arrival of its first webhook. The commit lies between the moment
    at which the write was sent and that of its answer, so both are told."""
    place, receiver = Place(engine), Receiver()
    place.write_file("observers: []")
    server = Server(place.data, place.settings())
    try:
        observer(server, "all", [{"type": "webhook", "url": f"http://127.0.0.1:{receiver.port}/", "secret": SECRET}])
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        sent, answered = {}, {}
        for number in range(count + WARM_UP):
            sent[number] = time.time()
            post_event(server, connection, number)
            answered[number] = time.time()
            time.sleep(0.03)
        time.sleep(1)
    finally:
        server.stop()
        came = receiver.stop()
        place.stop()
    arrived = {json.loads(request["body"])["data"]["new"]["number"]: request["at"] for request in came}
    if sorted(arrived) != sorted(sent) or len(came) != len(sent):
        sys.exit(f"latency: {len(came)} webhooks came for {len(sent)} events")

    def figures(begin):
        # Without those that came while connections were being opened. A webhook may arrive before the answer does.
        times = sorted((arrived[number] - begin[number]) * 1000 for number in range(WARM_UP, count + WARM_UP))
        return {"p50": times[len(times) // 2], "p99": times[int(len(times) * 0.99)], "max": times[-1]}

    return {"sent": figures(sent), "answered": figures(answered)}


def bench_webhooks(engine, count=30_000):
    """How fast webhooks are delivered to one receiver and recorded, each of them signed."""
    place, receiver = Place(engine), Receiver()
    place.write_file("observers: []")
    server = Server(place.data, place.settings())
    observer(server, "all", [{
        "type": "webhook", "url": f"http://127.0.0.1:{receiver.port}/", "secret": SECRET}],
        max_parallelism=64, condition="number > 0")
    server.stop()
    place.append("bench", '{"number":{n}}', count)
    server = Server(place.data, place.settings())
    # It counts what it has recorded.
    while server.metric("observer_actions_executed_total") < count:
        time.sleep(0.02)
    ended = time.time()
    server.stop()
    came = receiver.stop()
    recorded = int(place.execute("SELECT COUNT(*) FROM deliveries WHERE state = 3"))
    place.stop()
    if len({request["id"] for request in came}) != count or recorded != count:
        sys.exit(f"webhooks: {len(came)} came, {recorded} are recorded, of {count}")
    verify(came)
    return {"rate": count / (ended - min(request["at"] for request in came)), "duplicates": len(came) - count}


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


def bench_scenario(engine, events, is_concurrent, **settings):
    """How fast events go whose three webhooks take 10 ms each, and for which a customer is looked up."""
    place, receiver = Place(engine), Receiver(0.01)
    place.write_file("observers: []")
    settings = place.settings(**settings)
    server = Server(place.data, settings)
    customer = server.request("POST", "/api/v1/customers", {"name": "A", "email": "a@example.com"})["id"]
    action = {"type": "webhook", "url": f"http://127.0.0.1:{receiver.port}/{{{{ customer.email }}}}"}
    if not is_concurrent:
        action["max_concurrency"] = 1
    observer(server, "all", [action, action, action],
             lookups={"customer": {"entity_type": "customer", "id": "customer_id"}})
    server.stop()
    place.append("bench", json.dumps({"customer_id": customer}), events)
    server = Server(place.data, settings)
    while server.metric("observer_actions_executed_total") < 3 * events:
        time.sleep(0.01)
    ended = time.time()
    hits = server.metric("observer_cache_hit_rate")
    server.stop()
    came = receiver.stop()
    place.stop()
    if len({request["id"] for request in came}) != 3 * events:
        sys.exit(f"scenarios: {len(came)} webhooks came for {events} events")
    return {"rate": events / (ended - min(request["at"] for request in came)), "hits": hits}


# What the guide promises for each, how many events are enough, whether they go side by side, and settings. Each has what the
# one before it has.
SCENARIOS = {
    "baseline": ("1x", 200, False, {"observers__batch": 1, "cache__memory": 0}),
    "concurrent": ("3x", 5_000, True, {"observers__batch": 1, "cache__memory": 0}),
    "+ cache": ("15x", 5_000, True, {"observers__batch": 1}),
    "all": ("30x", 5_000, True, {"outbound__connections_per_destination": 64}),
}


def bench_scenarios(engine):
    """The four scenarios of the guide."""
    return {name: bench_scenario(engine, events, is_concurrent, **settings)
            for name, (_, events, is_concurrent, settings) in SCENARIOS.items()}


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
    for begin, name in (("sent", "sending a write"), ("answered", "the answer to it")):
        lines.append(f"| from {name} to the arrival of its webhook, idle, p50 / p99 | p99 10 ms | " + " | ".join(
            f"{latency[engine][begin]['p50']:.1f} / {latency[engine][begin]['p99']:.1f} ms" for engine in engines) + " |")
    webhooks = {engine: bench_webhooks(engine)["rate"] for engine in engines}
    lines.append("| signed webhooks to one receiver, delivered and recorded | 5,000/s | " + " | ".join(
        f"{webhooks[engine]:,.0f}/s" for engine in engines) + " |")
    actions = {engine: bench_actions(engine)["ms"] for engine in engines}
    lines.append("| an event with three actions of 100 ms | 100 ms | " + " | ".join(
        f"{actions[engine]:.0f} ms" for engine in engines) + " |")
    lines += [
        "", "The guide sells speed for lost events. Here the position is durable at each size, and none loses any: \"lost\" is "
        "what five `kill -9` in the midst of 20,000 changes cost. A size of one waits for the disk at each change: SQLite alone "
        f"makes {sqlite_alone(WORK / 'raw'):,.0f} commits a second here.", "",
        "| changes stored at once | guide | it loses up to | SQLite | lost | PostgreSQL | lost |",
        "|---|---|---|---|---|---|---|"]
    for batch, (promised, loses) in GUIDE.items():
        cells = []
        for engine in engines:
            count = min(changes, 20_000 if batch < 100 else changes)
            rate = matching[engine] if batch == 1_000 else bench_matching(engine, count, batch)["rate"]
            cells.append(f"{rate:,.0f}/s | {bench_loss(engine, batch)['lost']}")
        lines.append(f"| {batch:,} | {promised:,}/s | {loses:,} | {' | '.join(cells)} |")
    scenarios = {engine: bench_scenarios(engine) for engine in engines}
    lines += [
        "", "The guide's four scenarios, each with what the one before has: three webhooks of 10 ms for each event, with a look-up "
        "of a customer. \"Baseline\" makes one delivery at a time; \"concurrent\" those of an event side by side, and of other "
        "events too; \"+ cache\" keeps customers in memory; \"all\" stores 1,000 changes at once instead of one and has 64 connections to the "
        "receiver instead of 16.", "",
        "| scenario | guide | SQLite | ratio | PostgreSQL | ratio |", "|---|---|---|---|---|---|"]
    for name, (promised, *_) in SCENARIOS.items():
        cells = [f"{scenarios[engine][name]['rate']:,.0f} events/s | "
                 f"{scenarios[engine][name]['rate'] / scenarios[engine]['baseline']['rate']:.1f}x" for engine in engines]
        lines.append(f"| {name} | {promised} | {' | '.join(cells)} |")
    hits = " and ".join(f"{scenarios[engine]['all']['hits']:.2f}" for engine in engines)
    lines += ["", f"The cache answers nearly every look-up (hit rates of {hits}), and yet gives little: it spares microseconds beside "
              "an action of milliseconds. Concurrency gives what the guide promises for all of it."]
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
        "actions": lambda: bench_actions(arguments.engine), "scenarios": lambda: bench_scenarios(arguments.engine),
        "loss": lambda: bench_loss(arguments.engine, arguments.batch)}
    if arguments.only:
        print(arguments.only, runs[arguments.only]())
    else:
        text = table(arguments.changes)
        print(text)
        if arguments.write:
            common.write(pathlib.Path(arguments.write), text, INTRODUCTION)
