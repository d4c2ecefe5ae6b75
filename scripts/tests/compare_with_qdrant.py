"""Does the same with a Millrace server and with the client's own memory, by Qdrant's official Python client, and tells
each difference.

    PYTHONPATH=.tools/python python3 scripts/tests/compare_with_qdrant.py URL KEY SEED
"""
import hashlib
import io
import math
import random
import sys
import urllib.request
import uuid
import warnings

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

warnings.filterwarnings("ignore")
url, key, seed = sys.argv[1:4]
chance = random.Random(int(seed))
ours = QdrantClient(url=url, api_key=key, timeout=30)
theirs = QdrantClient(":memory:")
differences = []
checks = 0

DIMENSIONS = 8
CITIES = ["Berlin", "London", "New York", "São Paulo", "東京", "berlin"]
WORDS = ["red", "Green", "blue", "fast", "slow", "café", "naïve", "42"]


def differ(what, mine, other):
    differences.append(f"{what}\n  millrace: {str(mine)[:1500]}\n  memory:   {str(other)[:1500]}")


def check(what, mine, other):
    global checks
    checks += 1
    if not same(mine, other):
        differ(what, mine, other)


def both(what, call):
    """What a call answers on each side; a failure is an answer too, whatever its words."""
    answers = []
    for client in (ours, theirs):
        try:
            answers.append(call(client))
        except (UnexpectedResponse, ValueError, KeyError) as failure:
            answers.append(("failure", str(failure)[:300]))
    failed = [isinstance(answer, tuple) and len(answer) == 2 and answer[0] == "failure" for answer in answers]
    if failed[0] != failed[1]:
        differ(what, answers[0], answers[1])
        return None
    return None if failed[0] else answers


def same(mine, other):
    """Whether two values are the same but for the last digits of numbers."""
    if isinstance(mine, float) and isinstance(other, float):
        return math.isclose(mine, other, rel_tol=1e-4, abs_tol=1e-5)
    if isinstance(mine, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(mine) == len(other) and all(same(a, b) for a, b in zip(mine, other))
    if isinstance(mine, dict) and isinstance(other, dict):
        return mine.keys() == other.keys() and all(same(value, other[name]) for name, value in mine.items())
    return type(mine) is type(other) and mine == other


def shown(point):
    return (str(point.id), point.payload, point.vector)


def check_records(what, call):
    answers = both(what, call)
    if answers:
        check(what, *[[shown(point) for point in answer] for answer in answers])


def check_ranked(what, call):
    """Scores must agree, and the points too where no other has the same score."""
    global checks
    answers = both(what, call)
    if not answers:
        return
    checks += 1
    mine, other = answers
    if len(mine) != len(other) or any(
        not math.isclose(a.score, b.score, rel_tol=1e-4, abs_tol=1e-4) for a, b in zip(mine, other)
    ):
        differ(what, [(p.id, p.score) for p in mine], [(p.id, p.score) for p in other])
        return
    scores = [point.score for point in other]
    for index, (a, b) in enumerate(zip(mine, other)):
        near = [s for i, s in enumerate(scores) if i != index and abs(s - b.score) < 1e-4]
        # The last may be tied with one that did not get in.
        if not near and index < len(other) - 1 and not same(shown(a), shown(b)):
            differ(what, shown(a), shown(b))


def vector():
    return [round(chance.uniform(-1, 1), 6) for _ in range(DIMENSIONS)]


def time():
    return f"20{chance.randint(20, 24)}-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}T0{chance.randint(0, 9)}:00:00Z"


def place():
    return {"lon": round(chance.uniform(-180, 180), 3), "lat": round(chance.uniform(-80, 80), 3)}


def payload():
    made = {}
    if chance.random() < 0.9:
        made["city"] = chance.choice(CITIES) if chance.random() < 0.8 else chance.sample(CITIES, 2)
    if chance.random() < 0.9:
        made["count"] = chance.choice([chance.randint(-3, 12), [chance.randint(0, 5), chance.randint(0, 5)]])
    if chance.random() < 0.8:
        made["price"] = round(chance.uniform(0, 100), 2)
    if chance.random() < 0.8:
        made["flag"] = chance.random() < 0.5
    if chance.random() < 0.7:
        made["at"] = time()
    if chance.random() < 0.7:
        made["where"] = place()
    if chance.random() < 0.7:
        made["words"] = " ".join(chance.choices(WORDS, k=chance.randint(0, 5)))
    if chance.random() < 0.3:
        made["nothing"] = chance.choice([None, [], [None], {}, ""])
    if chance.random() < 0.6:
        made["offers"] = [
            {"size": chance.choice("SML"), "stock": chance.randint(0, 4)} for _ in range(chance.randint(0, 3))
        ]
    if chance.random() < 0.5:
        made["deep"] = {"er": {"still": chance.randint(0, 3)}, "a b": chance.choice("xyz")}
    if chance.random() < 0.3:
        made["uuid"] = str(uuid.UUID(int=chance.randint(0, 5)))
    return made


def identifier(number):
    return number if number % 3 else str(uuid.UUID(int=number * 7919))


def condition(ids, depth=0):
    kind = chance.randint(0, 17 if depth < 2 else 14)
    field = models.FieldCondition
    low = chance.randint(-3, 8)
    if kind == 0:
        return field(key="city", match=models.MatchValue(value=chance.choice(CITIES)))
    if kind == 1:
        return field(key="count", match=models.MatchValue(value=chance.randint(-3, 12)))
    if kind == 2:
        return field(key="flag", match=models.MatchValue(value=chance.random() < 0.5))
    if kind == 3:
        return field(key="city", match=models.MatchAny(any=chance.sample(CITIES, 2)))
    if kind == 4:
        return field(key="city", match=models.MatchExcept(**{"except": chance.sample(CITIES, 2)}))
    if kind == 5:
        return field(key="words", match=models.MatchText(text=chance.choice(WORDS)))
    if kind == 6:
        bounds = {chance.choice(["gt", "gte"]): low}
        if chance.random() < 0.5:
            bounds[chance.choice(["lt", "lte"])] = low + chance.randint(0, 6)
        return field(key=chance.choice(["count", "price", "deep.er.still"]), range=models.Range(**bounds))
    if kind == 7:
        return field(key="at", range=models.DatetimeRange(gte="2021-01-01T00:00:00Z", lt=time()))
    if kind == 8:
        return models.IsEmptyCondition(is_empty=models.PayloadField(key=chance.choice(["city", "nothing", "offers"])))
    if kind == 9:
        return models.IsNullCondition(is_null=models.PayloadField(key=chance.choice(["nothing", "flag"])))
    if kind == 10:
        return models.HasIdCondition(has_id=chance.sample(ids, min(len(ids), 8)))
    if kind == 11:
        return field(key=chance.choice(["offers", "city", "count"]), values_count=models.ValuesCount(gte=2))
    if kind == 12:
        return field(
            key="where",
            geo_radius=models.GeoRadius(center=models.GeoPoint(**place()), radius=chance.choice([1e5, 2e6, 8e6])),
        )
    if kind == 13:
        corners = models.GeoPoint(lat=60, lon=-100), models.GeoPoint(lat=-20, lon=90)
        return field(key="where", geo_bounding_box=models.GeoBoundingBox(top_left=corners[0], bottom_right=corners[1]))
    if kind == 14:
        return field(key='deep."a b"', match=models.MatchValue(value=chance.choice("xyz")))
    if kind == 15:
        inner = models.Filter(
            must=[
                field(key="size", match=models.MatchValue(value=chance.choice("SML"))),
                field(key="stock", range=models.Range(gte=chance.randint(0, 3))),
            ]
        )
        return models.NestedCondition(nested=models.Nested(key="offers", filter=inner))
    if kind == 16:
        return field(key="offers[].stock", range=models.Range(gte=chance.randint(0, 4)))
    return some_filter(ids, depth + 1)


def some_filter(ids, depth=0):
    clauses = {}
    for name in ("must", "should", "must_not"):
        if chance.random() < 0.5:
            clauses[name] = [condition(ids, depth) for _ in range(chance.randint(1, 2))]
    if chance.random() < 0.15:
        clauses["min_should"] = models.MinShould(
            conditions=[condition(ids, depth) for _ in range(3)], min_count=chance.randint(1, 3)
        )
    return models.Filter(**clauses)


def selection():
    return chance.choice(
        [True, False, ["city", "count"], ["deep.er", "offers[].size"],
         models.PayloadSelectorExclude(exclude=["city", "deep.er.still", "offers[].stock"]),
         models.PayloadSelectorInclude(include=["price", 'deep."a b"'])]
    )


def search_everything(name, ids, using=None):
    """Every kind of question, some with filters."""
    for _ in range(12):
        wanted = some_filter(ids) if chance.random() < 0.7 else None
        common = dict(query_filter=wanted, with_payload=selection(), with_vectors=chance.random() < 0.3, using=using)
        query, limit, offset = vector(), chance.randint(1, 30), chance.choice([0, 0, 3])
        check_ranked(
            f"nearest {query} {wanted}",
            lambda c: c.query_points(name, query=query, limit=limit, offset=offset, **common).points,
        )
        one = chance.choice(ids)
        check_ranked(f"nearest to {one} {wanted}", lambda c: c.query_points(name, query=one, limit=limit, **common).points)
        exact = models.SearchParams(exact=True, hnsw_ef=200)
        threshold = round(chance.uniform(-0.5, 3), 2)
        check_ranked(
            f"threshold {threshold} of {query} {wanted}",
            lambda c: c.query_points(
                name, query=query, limit=limit, score_threshold=threshold, search_params=exact, **common
            ).points,
        )
        examples = [chance.choice(ids) if chance.random() < 0.5 else vector() for _ in range(4)]
        strategy = chance.choice(list(models.RecommendStrategy))
        recommended = models.RecommendQuery(
            recommend=models.RecommendInput(positive=examples[:2], negative=examples[2:], strategy=strategy)
        )
        check_ranked(
            f"recommend {strategy} {examples} {wanted}",
            lambda c: c.query_points(name, query=recommended, limit=limit, **common).points,
        )
        check(
            f"count {wanted}",
            *(both("count", lambda c: c.count(name, count_filter=wanted, exact=True).count) or (None, None)),
        )
        check_scroll(name, wanted, chance.randint(1, 20))
        prefetch = [
            models.Prefetch(query=vector(), limit=chance.randint(1, 20), using=using),
            models.Prefetch(query=vector(), limit=chance.randint(1, 20), filter=some_filter(ids), using=using),
        ]
        fusion = models.FusionQuery(fusion=chance.choice(list(models.Fusion)))
        fused = dict(query_filter=wanted, with_payload=True)
        check_ranked(
            f"fusion {fusion} {wanted}",
            lambda c: c.query_points(name, prefetch=prefetch, query=fusion, limit=limit, **fused).points,
        )
        check_ranked(
            f"ranked anew {wanted}",
            lambda c: c.query_points(name, prefetch=prefetch, query=query, limit=limit, using=using, **fused).points,
        )
    requests = [models.QueryRequest(query=vector(), limit=3, using=using) for _ in range(3)]
    answers = both("batch", lambda c: c.query_batch_points(name, requests))
    for mine, other in zip(*(answers or ([], []))):
        check_ranked("one of a batch", lambda c: (mine if c is ours else other).points)


def check_scroll(name, wanted, limit):
    """All pages of a scroll."""
    seen = ([], [])
    for client, records in zip((ours, theirs), seen):
        start = None
        while True:
            page, start = client.scroll(name, scroll_filter=wanted, limit=limit, offset=start, with_vectors=True)
            records += [shown(record) for record in page]
            if start is None:
                break
    check(f"scroll {wanted}", *seen)


def check_everything_is_the_same(name):
    check_scroll(name, None, 50)


def life(distance, named):
    """Makes a collection, changes it at random and asks everything again and again."""
    name = f"c_{distance.value}_{named}"
    using = "first" if named else None
    parameters = models.VectorParams(size=DIMENSIONS, distance=distance)
    vectors = {"first": parameters, "second": models.VectorParams(size=3, distance=models.Distance.DOT)}
    for client in (ours, theirs):
        client.create_collection(name, vectors_config=vectors if named else parameters)
    both("again", lambda c: c.create_collection(name, vectors_config=parameters))
    ids = [identifier(number) for number in range(1, 120)]

    def stored():
        if not named:
            return vector()
        made = {"first": vector()}
        if chance.random() < 0.6:
            made["second"] = vector()[:3]
        return made

    points = [models.PointStruct(id=id, vector=stored(), payload=payload()) for id in ids]
    both("upsert", lambda c: c.upsert(name, points=points, wait=True))
    check_everything_is_the_same(name)
    search_everything(name, ids, using)
    for field, kind in [
        ("city", "keyword"), ("count", "integer"), ("price", "float"), ("flag", "bool"), ("at", "datetime"),
        ("where", "geo"), ("words", "text"), ("uuid", "uuid"), ("deep.er.still", "integer"), ("offers[].stock", "integer"),
    ]:
        both(f"index {field}", lambda c: bool(c.create_payload_index(name, field, kind)))
    search_everything(name, ids, using)
    for field in ["price", "at", "count"]:
        for direction in ["asc", "desc"]:
            order = models.OrderBy(key=field, direction=direction)
            answers = both(f"order by {order}", lambda c: c.scroll(name, order_by=order, limit=200)[0])
            if answers:
                check(f"order by {order}", *[[r.order_value for r in records] for records in answers])
    for _ in range(6):
        some = chance.sample(ids, 10)
        change_something(name, some, stored, named)
        check_everything_is_the_same(name)
    search_everything(name, ids, using)
    check_records("retrieve", lambda c: c.retrieve(name, ids[:30], with_vectors=True, with_payload=True))
    check_records("retrieve a part", lambda c: c.retrieve(name, ids[:30], with_payload=["city", "deep.er"]))
    both("delete an index", lambda c: bool(c.delete_payload_index(name, "city")))
    check(
        "counted",
        ours.get_collection(name).points_count, theirs.count(name).count,
    )
    check("listed", name in [c.name for c in ours.get_collections().collections], True)
    check("deleted", ours.delete_collection(name), True)
    check("gone", ours.collection_exists(name), False)


def change_something(name, some, stored, named):
    kind = chance.randint(0, 9)
    values = payload()
    wanted = some_filter(some)
    points = [models.PointStruct(id=id, vector=stored(), payload=payload()) for id in some]
    if kind == 0:
        both("replace", lambda c: c.upsert(name, points=points))
    elif kind == 1 and not named:
        batch = models.Batch(ids=some, vectors=[p.vector for p in points], payloads=[p.payload for p in points])
        both("replace as a batch", lambda c: c.upsert(name, points=batch))
    elif kind == 2:
        both("delete", lambda c: c.delete(name, points_selector=some[:3]))
        both("make again", lambda c: c.upsert(name, points=points[:3]))
    elif kind == 3:
        kept = models.Filter(must=[models.HasIdCondition(has_id=some)], must_not=[wanted])
        both(f"delete by {kept}", lambda c: c.delete(name, points_selector=kept))
        both("make all again", lambda c: c.upsert(name, points=points))
    elif kind == 4:
        both(f"set {values}", lambda c: c.set_payload(name, payload=values, points=some))
        both("set below", lambda c: c.set_payload(name, payload={"er": None, "new": [1]}, points=some, key="deep"))
    elif kind == 5:
        both("overwrite", lambda c: c.overwrite_payload(name, payload=values, points=wanted))
    elif kind == 6:
        both("delete payload", lambda c: c.delete_payload(name, keys=["city", "deep.er", "offers[].size"], points=some))
    elif kind == 7:
        both("clear", lambda c: c.clear_payload(name, points_selector=some[:4]))
    elif kind == 8:
        replaced = [models.PointVectors(id=p.id, vector=p.vector) for p in points]
        both("vectors", lambda c: c.update_vectors(name, points=replaced))
        if named:
            both("no second", lambda c: c.delete_vectors(name, vectors=["second"], points=some[:5]))
    else:
        operations = [
            models.UpsertOperation(upsert=models.PointsList(points=points[:2])),
            models.SetPayloadOperation(set_payload=models.SetPayload(payload={"batch": True}, points=some[:2])),
            models.DeletePayloadOperation(delete_payload=models.DeletePayload(keys=["city"], points=some[:2])),
        ]
        both("batch", lambda c: bool(c.batch_update_points(name, operations)))


for metric in models.Distance:
    for several in (False, True):
        life(metric, several)

def snapshots():
    """Snapshots, which the client's own memory does not have: each call, and that the old state comes back."""
    name = "with snapshots"
    ours.create_collection(name, vectors_config=models.VectorParams(size=DIMENSIONS, distance=models.Distance.COSINE))
    points = [models.PointStruct(id=identifier(n), vector=vector(), payload=payload()) for n in range(1, 200)]
    ours.upsert(name, points=points)

    def state():
        return [shown(record) for record in ours.scroll(name, limit=1000, with_vectors=True)[0]]

    before = state()
    check("no snapshots", ours.list_snapshots(name), [])
    first, second = ours.create_snapshot(name), ours.create_snapshot(name)
    check("listed", sorted(s.name for s in ours.list_snapshots(name)), sorted([first.name, second.name]))
    ours.delete(name, points_selector=[1, 2, 4])
    check("recovered by its address", ours.recover_snapshot(
        name, location=f"{url}/collections/with%20snapshots/snapshots/{first.name}", checksum=first.checksum), True)
    check("as before", state(), before)
    ours.upsert(name, points=[models.PointStruct(id=5000, vector=vector())])
    check("recovered by its file", ours.recover_snapshot(
        name, location=f"file:///with%20snapshots/{second.name}", priority=models.SnapshotPriority.SNAPSHOT), True)
    check("as before again", state(), before)
    check("recovered as another", ours.recover_snapshot(
        "copy", location=f"file:///with%20snapshots/{second.name}", wait=True), True)
    check("of the copy", ours.count("copy").count, len(before))
    address = f"{url}/collections/with%20snapshots/snapshots/{first.name}"
    with urllib.request.urlopen(urllib.request.Request(address, headers={"api-key": key})) as answer:
        sent = answer.read()
    check("downloaded", len(sent), first.size)
    check("its checksum", hashlib.sha256(sent).hexdigest(), first.checksum)
    upload = ours.http.snapshots_api.recover_from_uploaded_snapshot
    check("sent", upload("sent", snapshot=io.BytesIO(sent)).result, True)
    check("of the sent", ours.count("sent").count, len(before))
    check("deleted", ours.delete_snapshot(name, first.name), True)
    check("one is left", [s.name for s in ours.list_snapshots(name)], [second.name])
    for location in ["file:///etc/passwd", "http://127.0.0.1:1/collections/a/snapshots/b", f"file:///a/{first.name}"]:
        try:
            ours.recover_snapshot(name, location=location)
            differ("recovered", location, "a failure")
        except UnexpectedResponse:
            check("refused", state() == before, True)


snapshots()
print(f"{checks} comparisons, {len(differences)} differences, seed {seed}")
for difference in differences[:20]:
    print(difference)
sys.exit(1 if differences or checks < 1000 else 0)
