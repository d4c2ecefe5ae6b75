"""The index of vectors beside hnswlib, faiss, usearch and qdrant-edge: one thread, in process, on the same vectors in the
same run; then its filters, its vectors on disk and its start from a file.

All are measured by the time that the processor works for them, so that what else runs on the machine counts less.

    python3 Benchmarks/bench_vectors.py [--count 100000] [--sets overlapping isolated] [--write docs/benchmarks-vectors.md]

`make bench` runs it with the Python packages of .build/bench/python, which it installs.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

from common import ROOT, WORK, enter_environment, machine, write

PACKAGES = ["numpy==2.4.6", "hnswlib==0.8.0", "faiss-cpu==1.15.1", "usearch==2.26.6", "qdrant-edge-py==0.9.0"]
PYTHON = WORK / "python"
HARNESS = pathlib.Path(os.environ.get("VECTOR_BENCH", ROOT / ".build/release/vector-bench"))
DIMENSIONS, QUERIES, K, SEED = 1024, 1000, 10, 20261122
# Points around centers in a space of few dimensions, turned into many, with noise. The first set has overlapping clusters; in
# the second they are so far apart that a search easily ends in the wrong one.
SETS = {
    "overlapping": {"clusters": 500, "latent": 48, "spread": 0.7, "noise": 0.1, "m": 16, "ef_construction": 100},
    "isolated": {"clusters": 2000, "latent": 64, "spread": 0.2, "noise": 0.05, "m": 24, "ef_construction": 200},
}
EFS = [10, 12, 14, 16, 20, 24, 32, 48, 64, 96, 128]
SELECTIVITIES = [0.5, 0.1, 0.01, 0.001]
ROUNDS = 3
INTRODUCTION = """# Benchmarks: vectors

What `make bench` measured last, between the marks; how to repeat it: `python3 Benchmarks/bench_vectors.py --write FILE`.
The index of vectors (`VectorIndex`, in process) beside hnswlib, faiss, usearch and qdrant-edge of PyPI, in one run on the same vectors.
Recall is against exact results; the rate at a recall lies between the two widths of search (`ef`) beside it, or is that of the
narrowest when that reaches more. Memory is what the process grew by. Vectors are float32 in memory in all but the second row;
ours and those of qdrant-edge have codes of one byte for each component too, and are ranked by the vectors.
"""
TARGETS = (0.95, 0.98)


def resident():
    """The resident memory of this process in megabytes."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024


class Data:
    """A set of vectors of length one, with queries, filters and what is right; kept in files from run to run."""

    def __init__(self, name, count):
        import numpy as np

        self.name, self.count, self.shape = name, count, SETS[name]
        self.directory = WORK / "vectors" / f"{name}-{count}"
        files = [self.file(kind) for kind in ("vectors", "queries", "truth")]
        if not all(file.exists() for file in files):
            self.directory.mkdir(parents=True, exist_ok=True)
            self.make(np, files)
        self.vectors = np.fromfile(files[0], np.float32).reshape(-1, DIMENSIONS)
        self.queries = np.fromfile(files[1], np.float32).reshape(-1, DIMENSIONS)
        self.truth = np.fromfile(files[2], np.uint32).reshape(-1, K)

    def file(self, kind):
        return self.directory / kind

    def make(self, np, files):
        random = np.random.default_rng(SEED)
        latent = self.shape["latent"]
        centers = random.standard_normal((self.shape["clusters"], latent), dtype=np.float32)
        turn = random.standard_normal((latent, DIMENSIONS), dtype=np.float32) / latent**0.5

        def draw(number):
            points = centers[random.integers(0, len(centers), number)]
            points = points + self.shape["spread"] * random.standard_normal((number, latent), dtype=np.float32)
            noise = random.standard_normal((number, DIMENSIONS), dtype=np.float32)
            points = points @ turn + self.shape["noise"] * noise
            return points / np.linalg.norm(points, axis=1, keepdims=True)

        vectors, queries = draw(self.count), draw(QUERIES)
        for file, array in zip(files, (vectors, queries, self.nearest(np, vectors, queries))):
            array.tofile(file)

    @staticmethod
    def nearest(np, vectors, queries):
        """The numbers of the nearest; where there are fewer, the rest is no vector."""
        found = np.full((len(queries), K), 0xFFFFFFFF, np.uint32)
        order = np.argsort(-(queries @ vectors.T), axis=1)[:, :K]
        found[:, : order.shape[1]] = order
        return found

    def filters(self):
        """For each selectivity one filter that lets through any vectors, and one that lets through those of one side of
        the space: far from half of the queries, which is the hard case."""
        import numpy as np

        random = np.random.default_rng(SEED)
        side = np.argsort(self.vectors @ random.standard_normal(DIMENSIONS, dtype=np.float32))
        for part in SELECTIVITIES:
            number = max(1, int(self.count * part))
            for kind, chosen in (("any", random.permutation(self.count)), ("one side", side)):
                allowed = np.sort(chosen[:number]).astype(np.uint32)
                file, truth = (self.file(f"{kind}-{part}-{what}".replace(" ", "-")) for what in ("filter", "truth"))
                if not truth.exists():
                    allowed.tofile(file)
                    nearest = self.nearest(np, self.vectors[allowed], self.queries)
                    np.where(nearest < number, allowed[np.minimum(nearest, number - 1)], nearest).tofile(truth)
                yield f"{part:.1%}, {kind}", file, np.fromfile(truth, np.uint32).reshape(-1, K)


def recall(found, truth):
    """The part of the right vectors that were found. What stands for no vector does not count."""
    right = sum(len(set(a) & set(b) - {0xFFFFFFFF}) for a, b in zip(found.tolist(), truth.tolist()))
    return right / (truth != 0xFFFFFFFF).sum()


def measure(name, build, search, data):
    """Builds an index, and searches all queries in one call with each ef, so that Python costs nothing; the best of some
    rounds."""
    before, start = resident(), time.process_time()
    index = build(data.vectors)
    result = {"name": name, "build_s": time.process_time() - start, "memory_mb": resident() - before, "points": []}
    for ef in EFS:
        best = float("inf")
        for _ in range(ROUNDS):
            start = time.process_time()
            found = search(index, data.queries, ef)
            best = min(best, time.process_time() - start)
        result["points"].append((recall(found, data.truth), len(data.queries) / best, ef))
    return result


def run_hnswlib(data):
    import hnswlib

    def build(vectors):
        index = hnswlib.Index(space="ip", dim=DIMENSIONS)
        index.init_index(
            max_elements=len(vectors), M=data.shape["m"], ef_construction=data.shape["ef_construction"],
            random_seed=SEED)
        index.set_num_threads(1)
        index.add_items(vectors, num_threads=1)
        return index

    def search(index, queries, ef):
        index.set_ef(ef)
        return index.knn_query(queries, k=K, num_threads=1)[0]

    return measure("hnswlib 0.8.0", build, search, data)


def run_faiss(data):
    import faiss

    faiss.omp_set_num_threads(1)

    def build(vectors):
        index = faiss.IndexHNSWFlat(DIMENSIONS, data.shape["m"], faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = data.shape["ef_construction"]
        index.add(vectors)
        return index

    def search(index, queries, ef):
        index.hnsw.efSearch = ef
        return index.search(queries, K)[1]

    return measure("faiss-cpu 1.15.1 HNSWFlat", build, search, data)


def run_usearch(data):
    import numpy as np
    from usearch.index import Index

    def build(vectors):
        index = Index(
            ndim=DIMENSIONS, metric="ip", dtype="f32", connectivity=data.shape["m"],
            expansion_add=data.shape["ef_construction"])
        index.add(np.arange(len(vectors)), vectors, threads=1)
        return index

    def search(index, queries, ef):
        index.expansion_search = ef
        return index.search(queries, K, threads=1).keys

    return measure("usearch 2.26.6", build, search, data)


def run_qdrant(data):
    """The engine of Qdrant in process, as it is fastest: codes of a byte beside the vectors, all in memory, one segment."""
    import numpy as np
    import qdrant_edge as qdrant

    directory = data.file("qdrant-edge")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    points = [qdrant.Point(number, vector.tolist()) for number, vector in enumerate(data.vectors)]
    vectors = [qdrant.Query.Nearest(vector.tolist()) for vector in data.queries]
    configuration = qdrant.EdgeConfig(
        vectors=qdrant.EdgeVectorParams(DIMENSIONS, qdrant.Distance.Cosine, memory=qdrant.Memory.Pinned),
        hnsw_config=qdrant.HnswIndexConfig(
            m=data.shape["m"], ef_construct=data.shape["ef_construction"], full_scan_threshold=10,
            max_indexing_threads=1),
        quantization_config=qdrant.ScalarQuantizationConfig(
            qdrant.ScalarType.Int8, quantile=0.99, memory=qdrant.Memory.Pinned),
        optimizers=qdrant.EdgeOptimizersConfig(
            default_segment_number=1, max_segment_size=10_000_000, indexing_threshold=1_000),
        max_search_threads=1)

    def build(_):
        shard = qdrant.EdgeShard.create(str(directory), configuration)
        for start in range(0, len(points), 1000):
            shard.update(qdrant.UpdateOperation.upsert_points(points[start : start + 1000]))
        shard.optimize()
        return shard

    def search(shard, _, ef):
        requests = [qdrant.QueryRequest(K, query=vector, params=qdrant.SearchParams(hnsw_ef=ef)) for vector in vectors]
        found = shard.query_batch(qdrant.QueryBatchRequest(requests))
        return np.array([[point.id for point in points] for points in found], np.uint32)

    result = measure("qdrant-edge-py 0.9.0", build, search, data)
    shutil.rmtree(directory)
    return result


def run_harness(data, *options, efs=(), filters=()):
    """Runs vector-bench; gives its figures, and the recall of each search."""
    import numpy as np

    found = data.file("found")
    shape = [DIMENSIONS, data.shape["m"], data.shape["ef_construction"], K]
    output = subprocess.run(
        [HARNESS, data.file("vectors"), data.file("queries"), found, *map(str, shape), ",".join(map(str, efs)), *options,
         *(f"filter={file}" for _, file, _ in filters)],
        stdout=subprocess.PIPE, text=True, check=True).stdout
    lines = [json.loads(line) for line in output.splitlines()]
    figures = {name: value for line in lines if "qps" not in line for name, value in line.items()}
    searches = [line for line in lines if "qps" in line]
    nodes = np.fromfile(found, np.uint32).reshape(len(searches), QUERIES, K)
    truths = [data.truth] * len(efs) + [truth for _, _, truth in filters]
    rows = [(recall(nodes[i], truth), searches[i]["qps"]) for i, truth in enumerate(truths)]
    missing = [int((nodes[i] == 0xFFFFFFFF).sum() - (truth == 0xFFFFFFFF).sum()) for i, truth in enumerate(truths)]
    return figures, rows, missing


def run_millrace(data):
    figures, rows, _ = run_harness(data, efs=EFS)
    points = [(recall, rate, ef) for (recall, rate), ef in zip(rows, EFS)]
    return {"name": "Millrace", **figures, "points": points}


def run_on_disk(data):
    """The same with vectors on disk, started from a file; then with filters."""
    filters = list(data.filters())
    file = data.file("index")
    figures, rows, missing = run_harness(data, "on-disk", f"file={file}", efs=EFS, filters=filters)
    figures["file_mb"] = file.stat().st_size / 1e6
    file.unlink()
    points = [(recall, rate, ef) for (recall, rate), ef in zip(rows, EFS)]
    filtered = [(name, *row, lost) for (name, _, _), row, lost in zip(filters, rows[len(EFS) :], missing[len(EFS) :])]
    return {"name": "Millrace, vectors on disk", **figures, "points": points, "filtered": filtered}


RUNS = {
    "millrace": run_millrace, "on-disk": run_on_disk, "hnswlib": run_hnswlib, "faiss": run_faiss,
    "usearch": run_usearch, "qdrant": run_qdrant,
}


def rate_at(points, target):
    """Searches per second at a recall, between the two points beside it; None when it is not reached."""
    points = sorted(points)
    for (low, slow, _), (high, fast, _) in zip(points, points[1:]):
        if low <= target <= high:
            return slow + (fast - slow) * (target - low) / (high - low) if high > low else fast
    return points[0][1] if points and points[0][0] > target else None


def table(results, data):
    shape = data.shape
    lines = [
        f"{data.count} vectors of {DIMENSIONS} dimensions (cosine, {shape['clusters']} {data.name} clusters, seed {SEED}),",
        f"{QUERIES} queries one after the other, k={K}, M={shape['m']}, efConstruction={shape['ef_construction']}, on one",
        "core. Seconds are those that the processor worked.", f"{machine()}.", "",
        "| | build s | memory MB | " + " | ".join(f"searches/s at recall {target}" for target in TARGETS) + " |",
        "|---|---|---|" + "---|" * len(TARGETS),
    ]
    for result in results:
        rates = [rate_at(result["points"], target) for target in TARGETS]
        cells = [f"{rate:,.0f}" if rate else "not reached" for rate in rates]
        cells = [result["name"], f"{result['build_s']:.1f}", f"{result['memory_mb']:,.0f}", *cells]
        lines.append(f"| {' | '.join(cells)} |")
    for result in results:
        if "filtered" in result:
            lines += filter_table(result)
    return "\n".join(lines)


def filter_table(result):
    """What filters cost, with vectors on disk, and the times of the file."""
    lines = [
        "", f"A file of {result['file_mb']:,.0f} MB is written in {result['write_s']:.2f} s and read in "
        f"{result['load_s']:.2f} s of the clock. Searches with filters, with the breadth that is preset:", "",
        "| let through | recall | searches/s | hits missing |", "|---|---|---|---|",
    ]
    for name, recall, rate, missing in result["filtered"]:
        lines.append(f"| {name} | {recall:.4f} | {rate:,.0f} | {missing} |")
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=SETS)
    parser.add_argument("--only", nargs="*", default=list(RUNS), choices=RUNS)
    parser.add_argument("--points", action="store_true", help="prints recall and rate for each ef")
    parser.add_argument("--write")
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    texts = []
    for name in options.sets:
        data = Data(name, options.count)
        results = []
        for run in options.only:
            results.append(in_process_of_its_own(RUNS[run], data))
            if options.points:
                for point in results[-1]["points"]:
                    print(f"{results[-1]['name']}: ef {point[2]}, recall {point[0]:.4f}, {point[1]:,.0f}/s", flush=True)
        texts.append(table(results, data))
        print(texts[-1], flush=True)
    if options.write:
        write(ROOT / options.write, "\n\n".join(texts), INTRODUCTION)


def in_process_of_its_own(run, data):
    """Runs a measurement in a process that ends afterwards, so that it leaves nothing in memory."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        with os.fdopen(writer, "w") as pipe:
            json.dump(run(data), pipe, default=float)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    if os.waitpid(child, 0)[1] != 0 or not text:
        sys.exit("a measurement failed")
    return json.loads(text)


if __name__ == "__main__":
    enter_environment(PYTHON, PACKAGES)
    main()
