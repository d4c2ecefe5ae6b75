"""Recommendations of a release server over HTTP: the load of the tuning guide literally, the same with interactions that are valid,
with the cache of answers off, and with interactions among the questions.

    python3 Benchmarks/bench_recommendations.py [--items 1000,10000,20000,100000] [--seconds 10] [--write FILE]

The load generator is wrk on the same machine, with 1,000 connections whose next question comes when the answer is there, and
then at 70 % of the rate that was found, whether answers come or not. Answers are held against what users did: so many different
items as were asked for, all of them there, none that the user knows.
"""

import argparse
import concurrent.futures
import http.client
import json
import pathlib
import random
import shutil
import sys
import time

from common import KEY, WORK, Server, machine, nginx_version, require_success, run_static, run_wrk, start_static_nginx, stop, write, write_requests

BATCH, CONNECTIONS, COUNT = 5_000, 1_000, 10
INTRODUCTION = """# Benchmarks: recommendations

What `make bench` measured last, between the marks; how to repeat it: `python3 Benchmarks/bench_recommendations.py --write FILE`. The
tuning guide that this role began with measured empty lists: 5,638, 3,733 and 2,073 answers a second for 1,000, 10,000 and 20,000 items.
"""


def attributes(number):
    """The attributes of the guide's entities."""
    return {
        "name": f"Product {number}", "category": f"category_{number % 10}", "price": number % 1_000 + 9.99,
        "brand": f"brand_{number % 50}", "tags": [f"tag_{number % 20}", f"tag_{(number + 1) % 20}"]}


def post_all(server, path, rows, name):
    """Posts rows in batches, four at a time, of which each must be taken."""
    def work(part):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        for start in range(part * BATCH, len(rows), 4 * BATCH):
            result = server.request("POST", path, {name: rows[start:start + BATCH]}, connection)
            if result["failed"]:
                sys.exit(f"{path}: {result['errors'][:3]}")

    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    return time.monotonic() - start


def interactions(items, users, each, seed=7):
    """What users did: each has a few neighbourhoods of items that they like, and items are liked by Zipf's law."""
    generator = random.Random(seed)
    rows = []
    for user in range(users):
        centers = [int(items * generator.random() ** 2) for _ in range(3)]
        for _ in range(each(user)):
            if generator.random() < 0.8:
                item = (generator.choice(centers) + int(generator.gauss(0, 20))) % items
            else:
                item = int(items * generator.random() ** 3)
            rows.append({
                "user_id": f"user_{user}", "entity_id": f"product_{item}", "entity_type": "product",
                "interaction_type": generator.choice(["view", "view", "like", "add_to_cart", "purchase"])})
    return rows


def fill(server, items, users, each):
    seconds = post_all(server, "/api/v1/entities/bulk", [
        {"entity_id": f"product_{number}", "entity_type": "product", "attributes": attributes(number)} for number in range(items)
    ], "entities")
    rows = interactions(items, users, each)
    return rows, seconds, post_all(server, "/api/v1/interactions/bulk", rows, "interactions")


def await_model(server):
    """Waits until all that was written has been learnt from."""
    while server.metric("follower_lag_changes") > 0:
        time.sleep(0.1)
    done = server.metric("recommendation_trainings_total")
    while server.metric("recommendation_trainings_total") < done + 1:
        time.sleep(0.2)


def check(server, rows, items, users, count=300):
    """Each answer has so many different items that there are and that the user does not know."""
    known = {}
    for row in rows:
        known.setdefault(row["user_id"], set()).add(row["entity_id"])
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    cold = 0
    for user in random.Random(3).sample(range(users), min(count, users)):
        answer = server.request("GET", f"/api/v1/recommendations/user/user_{user}?count={COUNT}", connection=connection)
        found = [entry["entity_id"] for entry in answer["recommendations"]]
        cold += answer["cold_start"]
        right = len(set(found)) == COUNT and not known.get(f"user_{user}", set()) & set(found)
        if not right or not all(int(name.removeprefix("product_")) < items for name in found):
            sys.exit(f"user_{user} knows {known.get(f'user_{user}')} and is recommended {found}")
    return cold


def run(server, name, requests, seconds, connections=CONNECTIONS, rate=0):
    figures = run_wrk(server.port, "each.lua", seconds, connections, REQUESTS=write_requests(name, requests), RATE=str(rate))
    require_success(name, figures)
    return figures


def questions(users):
    """The guide asks for a thousand users, in turns."""
    return [("GET", f"/api/v1/recommendations/user/user_{number % users}?algorithm=hybrid&count={COUNT}", None)
            for number in range(min(1_000, users))]


def start(name, settings=None):
    directory = WORK / "recommendations" / name
    shutil.rmtree(directory, ignore_errors=True)
    return Server(directory, {"recommendations.training_growth": 100} | (settings or {})), directory


def literal(items, seconds):
    """W1: entities one by one, and interactions without the type of the entity, all of which are refused."""
    server, _ = start("literal")
    users = max(items // 10, 100)
    try:
        entities = [("POST", "/api/v1/entities", {
            "entity_id": f"product_{number}", "entity_type": "product", "tenant_id": "default", "attributes": attributes(number)})
            for number in range(items)]
        post_each(server, entities, 201)
        post_each(server, [("POST", "/api/v1/interactions", {
            "user_id": f"user_{user}", "entity_id": f"product_{8 * user % items}", "interaction_type": "view"})
            for user in range(users) for _ in range(5 + user % 6)], 422)
        return run(server, "literal", questions(1_000), seconds)
    finally:
        server.stop()


def post_each(server, requests, status):
    """Sends requests over some connections, each of which must be answered so."""
    def work(part):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        for method, path, body in requests[part::32]:
            connection.request(method, path, json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != status:
                sys.exit(f"{path}: {answer.status} {text[:300]}")

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        list(pool.map(work, range(32)))


def measure(items, seconds):
    """W2, W3 and W4 of so many items."""
    users, results = max(items // 10, 100), {}
    server, directory = start(f"{items}")
    try:
        before = server.memory()["VmRSS"]
        rows, results["items"], _ = fill(server, items, users, lambda user: 5 + user % 6)
        await_model(server)
        results["cold"] = check(server, rows, items, users)
        results["known"] = run(server, "known", questions(users), seconds)
        results["open"] = run(server, "open", questions(users), seconds, rate=0.7 * results["known"]["rate"])
        results["memory"] = server.memory()["VmRSS"] - before
        results["mixed"] = run_wrk(server.port, "recommend.lua", seconds, CONNECTIONS, USERS=str(max(users, 4 * CONNECTIONS)), ITEMS=str(items))
        require_success("mixed", results["mixed"])
        if results["mixed"]["stale"] or not results["mixed"]["writes"]:
            sys.exit(f"{results['mixed']['stale']} answers had an item that its user had dealt with")
    finally:
        server.stop()
    server = Server(directory, {"recommendations.cache_size": 0, "recommendations.training_growth": 100})
    try:
        while server.metric("follower_lag_changes") > 0:
            time.sleep(0.1)
        results["computed"] = run(server, "computed", questions(users), seconds)
        results["computed_open"] = run(server, "computed", questions(users), seconds, rate=0.7 * results["computed"]["rate"])
    finally:
        server.stop()
    return results


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--items", default="1000,10000,20000,100000")
    options.add_argument("--seconds", type=int, default=10)
    options.add_argument("--write")
    arguments = options.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    for items in map(int, arguments.items.split(",")):
        print(items, {name: (round(value["rate"]), value["p50"], value["p99"]) if isinstance(value, dict) else value
                      for name, value in measure(items, arguments.seconds).items()}, flush=True)


if __name__ == "__main__":
    main()
