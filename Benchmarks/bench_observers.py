"""Measures the observers: how fast changes are matched, how soon and how fast webhooks are delivered.

    Benchmarks/bench_observers.py [--changes N] [--engine sqlite|postgres] [--only NAME] [--write FILE]

Every figure is that of work whose outcome was checked: counters are exact, each event arrived, signatures verify.
"""

import argparse
import base64
import hmac
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import threading
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
            "status": "%s", "currency": "EUR", "total": "%d.00", "notes": "n" * 120,
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
            f"total >= {number * 50} && total < {number * 50 + 100}",
            f"status == 'shipped' && total >= {number * 50} && total < {number * 50 + 100}",
            f"shipping_address.country == 'DE' && total >= {number * 50} && total < {number * 50 + 100}",
            f"total in ({', '.join(str(value) for value in range(number, number + 100))})" if number < 0 else
            f"has_field('notes') && total - {number * 50} >= 0 && total < {number * 50 + 100}",
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


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--changes", type=int, default=100_000)
    options.add_argument("--engine", default="sqlite")
    options.add_argument("--batch", type=int, default=1_000)
    arguments = options.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    print(bench_matching(arguments.engine, arguments.changes, arguments.batch))
