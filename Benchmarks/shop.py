"""The shop that the benchmarks load: products with stock, then orders of three lines, the same ones each time."""

import concurrent.futures
import http.client
import itertools
import json
import random
import sys
import time

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
