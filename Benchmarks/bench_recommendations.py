"""Recommendations of a release server over HTTP: the load of the tuning guide literally, the same with interactions that are valid,
with the cache of answers off, and with interactions among the questions.

    python3 Benchmarks/bench_recommendations.py [--items 1000,10000,20000,100000] [--seconds 10] [--write FILE]

The load generator is wrk on the same machine, with 1,000 connections whose next question comes when the answer is there, and
then at 70 % of the rate that was found, whether answers come or not. Answers are held against what users did: so many different
items as were asked for, all of them there, none that the user knows.

It ends with status 1 when a figure is behind what is asked for.
"""

import argparse
import concurrent.futures
import http.client
import json
import pathlib
import random
import shutil
import statistics
import sys
import time

from common import (
    CORES, KEY, WORK, Server, machine, nginx_version, require_success, run_static, run_wrk, start_static_nginx, stop, write,
    write_requests)

BATCH, CONNECTIONS, COUNT = 5_000, 1_000, 10
# The load beside which a model is learnt, on half of the processors.
BESIDE_RATE, BESIDE_CONNECTIONS, BESIDE_SECONDS = 1_000, 64, 10
# What is asked for of each number of items, or of one of them: the least rate, and the longest time for 99 of 100 answers.
ASKED = {("known", 20_000): (15_000, 150), ("computed", 20_000): (6_000, None), ("mixed", None): (8_000, None)}
ROUNDS = 5
# Without a cache of answers. What was written before may be too little to be learnt soon: an interval of a second learns it first.
COMPUTED = {"recommendations.cache_size": 0, "recommendations.training_interval": 1}
ITEM_BYTES, USER_BYTES, FLATNESS, LEARNING_SECONDS, FACTORS = 2_048, 1_024, 0.8, 60, 64


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
    """Writes entities and what users did. Returns what they did."""
    post_all(server, "/api/v1/entities/bulk", [
        {"entity_id": f"product_{number}", "entity_type": "product", "attributes": attributes(number)} for number in range(items)
    ], "entities")
    rows = interactions(items, users, each)
    post_all(server, "/api/v1/interactions/bulk", rows, "interactions")
    return rows


def await_known(server):
    while server.metric("follower_lag_changes") > 0:
        time.sleep(0.05)


def await_model(server):
    """Waits until all that was written has been learnt from."""
    await_known(server)
    while server.metric("recommendation_unlearnt_changes") > 0:
        time.sleep(0.1)


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
    return Server(directory, settings), directory


def literal(items, seconds):
    """W1: entities one by one, and interactions without the type of the entity, all of which are refused."""
    server, _ = start(f"literal-{items}")
    try:
        post_each(server, [("POST", "/api/v1/entities", {
            "entity_id": f"product_{number}", "entity_type": "product", "tenant_id": "default", "attributes": attributes(number)})
            for number in range(items)], 201)
        post_each(server, [("POST", "/api/v1/interactions", {
            "user_id": f"user_{user}", "entity_id": f"product_{8 * user % items}", "interaction_type": "view"})
            for user in range(items // 10) for _ in range(5 + user % 6)], 422)
        return run(server, "literal", questions(items // 10), seconds)
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


def mixed(server, users, seconds, rate=0):
    figures = run_wrk(
        server.port, "recommend.lua", seconds, CONNECTIONS, USERS=str(max(users, 4 * CONNECTIONS)), RATE=str(rate))
    require_success("mixed", figures)
    if figures["stale"] or not figures["writes"]:
        sys.exit(f"{figures['stale']} of {figures['reads']} answers had an item that its user had dealt with")
    return figures


def measure(items, seconds):
    """The figures of so many items by their names."""
    users, results = items // 10, {"literal": literal(items, seconds)}
    # Learns as soon as there is anything new, so that all of it is learnt when the others begin.
    server, directory = start(f"{items}", {"recommendations.training_interval": 1})
    empty = server.memory()["VmRSS"]
    try:
        rows = fill(server, items, users, lambda user: 5 + user % 6)
        await_model(server)
    finally:
        server.stop()
    server = Server(directory)
    try:
        await_known(server)
        results["memory"] = {
            "measured": server.memory()["VmRSS"] - empty, "items": server.metric('recommendation_memory_bytes{part="items"}'),
            "models": server.metric('recommendation_memory_bytes{part="models"}'),
            "users": server.metric('recommendation_memory_bytes{part="users"}'), "user count": len({row["user_id"] for row in rows})}
        results["cold"] = check(server, rows, items, users)
        run(server, "known", questions(users), 2)
        results["known"] = run(server, "known", questions(users), seconds)
        results["known, open"] = run(server, "known", questions(users), seconds, rate=0.7 * results["known"]["rate"])
        results["mixed"] = mixed(server, users, seconds)
        results["mixed, open"] = mixed(server, users, seconds, rate=0.7 * results["mixed"]["rate"])
    finally:
        server.stop()
    server = Server(directory, COMPUTED)
    try:
        await_model(server)
        results["computed"] = run(server, "computed", questions(users), seconds)
        results["computed, open"] = run(server, "computed", questions(users), seconds, rate=0.7 * results["computed"]["rate"])
    finally:
        server.stop()
    return results


def training():
    """How many seconds it takes to learn from 2,000,000 interactions of 100,000 users with 20,000 items, the gigabytes that the
    server takes at most meanwhile, and how long answers take before it learns and while it does, with default settings."""
    server, directory = start("training", {"recommendations.training_interval": 2_592_000, "recommendations.training_growth": 100})
    try:
        rows = fill(server, 20_000, 100_000, lambda user: 20)
        await_known(server)
    finally:
        server.stop()
    shutil.rmtree(directory / "recommendations", ignore_errors=True)
    server = Server(directory, {"recommendations.training_share": 100})
    try:
        await_model(server)
        learning = {
            "seconds": server.metric("recommendation_training_seconds_sum"), "gigabytes": server.memory()["VmHWM"] / 1024,
            "interactions": len(rows)}
    finally:
        server.stop()
    server = Server(directory, {"recommendations.cache_size": 0, "recommendations.training_interval": 1})
    try:
        await_model(server)
        ended = server.metric("recommendation_trainings_total")
        for name in ("before", "beside"):
            learning[name] = run(server, "computed", questions(100_000), BESIDE_SECONDS, BESIDE_CONNECTIONS, BESIDE_RATE)
            if server.metric("recommendation_trainings_total") != ended:
                sys.exit("A model was learnt, or is, when none should be.")
            post_all(server, "/api/v1/interactions/bulk", rows[:1], "interactions")
            # Learning begins as soon as the setting allows: nothing tells it from outside.
            time.sleep(2)
        return learning
    finally:
        server.stop()


def flatness(sizes, seconds):
    """Which part of the rate with the fewest items there is with the most, by the work. The machine does not always do as much, so
    both are asked in turns, some times, and the median of what one round says counts."""
    works = {
        "known": lambda server, size: run(server, "known", questions(size // 10), seconds),
        "computed": lambda server, size: run(server, "computed", questions(size // 10), seconds),
        "mixed": lambda server, size: mixed(server, size // 10, seconds)}
    ends, parts = (sizes[0], sizes[-1]), {}
    for name, work in works.items():
        servers = [Server(WORK / "recommendations" / str(size), COMPUTED if name == "computed" else None) for size in ends]
        try:
            for server in servers:
                await_known(server) if name != "computed" else await_model(server)
            rounds = []
            for _ in range(ROUNDS):
                few, many = (work(server, size)["rate"] for server, size in zip(servers, ends))
                rounds.append(many / few)
            parts[name] = statistics.median(rounds)
        finally:
            for server in servers:
                server.stop()
    return parts


def shortfalls(sizes, results, flat, learning):
    """What is behind what is asked for."""
    missed = []

    def hold(name, figure, bound, is_least=False):
        if figure < bound if is_least else figure > bound:
            missed.append(f"{name}: {figure:,.2f} instead of {bound:,}")

    for (name, only), (rate, p99) in ASKED.items():
        for size in sizes if only is None else [only] if only in sizes else []:
            hold(f"{name} at {size:,}, questions a second", results[size][name]["rate"], rate, is_least=True)
            if p99:
                hold(f"{name} at {size:,}, p99 in ms", results[size][name]["p99"], p99)
    for size in sizes:
        memory = results[size]["memory"]
        hold(f"bytes an item at {size:,}", (memory["items"] + memory["models"]) / size, ITEM_BYTES)
        hold(f"bytes a user at {size:,}", memory["users"] / memory["user count"], USER_BYTES)
    for name in ("known", "computed", "mixed"):
        hold(f"{name} at {sizes[-1]:,} against {sizes[0]:,}", flat[name], FLATNESS, is_least=True)
    hold("seconds of learning", learning["seconds"], LEARNING_SECONDS)
    return missed


def table(sizes, results, flat, learning, nginx, seconds):
    def row(name, asked, cell):
        return f"| {name} | {asked} | " + " | ".join(cell(results[size]) for size in sizes) + " |"

    def rate(name):
        return lambda figures: f"{figures[name]['rate']:,.0f}/s ({figures[name]['rate'] / nginx:.2f})"

    def times(name):
        return lambda figures: f"{figures[name]['p50']:.0f} / {figures[name]['p99']:.0f} ms"

    def memory(parts, count):
        return lambda size: f"{sum(results[size]['memory'][part] for part in parts) / count(size):,.0f} B"

    predicted = {size: sum(results[size]["memory"][part] for part in ("items", "models", "users")) for size in sizes}
    return "\n".join([
        f"{machine()}; durable, SQLite, default settings; wrk with {CONNECTIONS:,} connections on the same machine, {seconds} s a run, "
        f"{COUNT} items an answer, {FACTORS} factors, users a tenth of the items; in brackets the part of what nginx {nginx_version()} did in the same "
        f"run with a file of 1 KB and as many connections, {nginx:,.0f}/s. Closed loop: the next question when the answer is there. "
        "At 70 %: so many questions a second, whether answers come or not.", "",
        "| work | asked | " + " | ".join(f"{size:,} items" for size in sizes) + " |", "|---|---|" + "---|" * len(sizes),
        row("W1, the guide's load literally: its interactions are refused", "", rate("literal")),
        row("p50 / p99", "", times("literal")),
        row("W2, the same with interactions that are valid", "15,000/s at 20,000", rate("known")),
        row("p50 / p99", "150 ms", times("known")),
        row("p50 / p99 at 70 %", "", times("known, open")),
        row("W3, W2 without a cache of answers", "6,000/s at 20,000", rate("computed")),
        row("p50 / p99", "", times("computed")),
        row("p50 / p99 at 70 %", "", times("computed, open")),
        row("W4, 9 questions and an interaction, each answer held against what was answered before", "8,000/s", rate("mixed")),
        row("p50 / p99", "", times("mixed")),
        row("p50 / p99 at 70 %", "", times("mixed, open")),
        f"| memory of an item with its part of the model, predicted | {ITEM_BYTES:,} B | "
        + " | ".join(memory(("items", "models"), int)(size) for size in sizes) + " |",
        f"| memory of a user, predicted | {USER_BYTES:,} B | "
        + " | ".join(memory(("users",), lambda size: results[size]["memory"]["user count"])(size) for size in sizes) + " |",
        row("memory of the server after a start, less that of an empty one", "",
            lambda figures: f"{figures['memory']['measured']:,.0f} MB"),
        "| predicted for all | | " + " | ".join(f"{predicted[size] / (1 << 20):,.0f} MB" for size in sizes) + " |", "",
        f"{sizes[-1]:,} items against {sizes[0]:,} (asked: 0.8; both asked in turns, the median of {ROUNDS} rounds): "
        f"W2 {flat['known']:.2f}, W3 {flat['computed']:.2f}, W4 {flat['mixed']:.2f}.", "",
        f"Of the users that answers were checked of (300, or all) {', '.join(str(results[size]['cold']) for size in sizes)} got a cold start.", "",
        f"Learning from {learning['interactions']:,} interactions of 100,000 users with 20,000 items on {CORES} cores took "
        f"{learning['seconds']:.0f} s (asked: {LEARNING_SECONDS} s); the server then took {learning['gigabytes']:.1f} GB at most. "
        f"{BESIDE_RATE:,} questions a second over {BESIDE_CONNECTIONS} connections, without a cache of answers, were answered within "
        f"{learning['before']['p50']:.0f} / {learning['before']['p99']:.0f} ms (p50 / p99), and within "
        f"{learning['beside']['p50']:.0f} / {learning['beside']['p99']:.0f} ms while all was learnt anew with default settings.",
    ])


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--items", default="1000,10000,20000,100000")
    options.add_argument("--seconds", type=int, default=10)
    options.add_argument("--write")
    arguments = options.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    process, port = start_static_nginx()
    try:
        nginx = run_static(port, arguments.seconds, CONNECTIONS)["rate"]
    finally:
        stop(process)
    sizes, results = list(map(int, arguments.items.split(","))), {}
    for size in sizes:
        results[size] = measure(size, arguments.seconds)
        print(size, {name: (round(value["rate"]), value["p50"], value["p99"]) if "rate" in value else value
                     for name, value in results[size].items() if isinstance(value, dict)}, flush=True)
    flat, learning = flatness(sizes, arguments.seconds), training()
    text = table(sizes, results, flat, learning, nginx, arguments.seconds)
    print(text)
    if arguments.write:
        write(pathlib.Path(arguments.write), text)
    missed = shortfalls(sizes, results, flat, learning)
    if missed:
        sys.exit("Behind what is asked for: " + "; ".join(missed))


if __name__ == "__main__":
    main()
