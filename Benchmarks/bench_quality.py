"""How well recommendations predict what users chose, beside others that are tuned by hand: most popular items, item-kNN,
EASE and iALS of PyPI's `implicit`, on the same choices in the same run.

The others are tuned on a validation part of what there is to learn from. Ours is `millrace recommend evaluate` with nothing set.
All rank every item that the user did not have; of items with the same score the wanted one is counted as the last.

    python3 Benchmarks/bench_quality.py [--sets online-retail movielens-100k synthetic] [--write docs/benchmarks-recommendations.md]

It ends with status 1 when HR@10 or NDCG@10 of ours on the baskets is less than that of the best of the others.
`make bench-quality` runs it with the Python packages of .build/bench/python-quality, which it installs.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import time
import zipfile

from common import BINARY, DATA, ROOT, WORK, enter_environment, machine, write

PACKAGES = ["numpy==2.4.6", "scipy==1.17.1", "implicit==0.7.3"]
# Its wheel has MovieLens-100k, which may not be shipped with anything else (https://grouplens.org/datasets/movielens/100k/).
RECBOLE = "recbole==1.2.1"
BASKETS = DATA / "online-retail-baskets.csv.gz"
DIRECTORY = WORK / "quality"
K, SEED = 10, 20261123
# What is tried of each of the others; all of it on the validation part.
KNN_EXPONENTS, KNN_SHRINKAGES = (0.1, 0.3, 0.5, 0.7), (0, 10, 30, 100)
EASE_REGULARIZATIONS = (5, 10, 20, 50, 100, 200, 400, 800, 1600)
ALS_FACTORS, ALS_ITERATIONS = (32, 64, 128), (10, 20)
ALS_REGULARIZATIONS, ALS_ALPHAS = (0.1, 1, 10, 30, 100), (1, 8, 30, 60, 120)
INTRODUCTION = """# Benchmarks: recommendations

What was measured last, between the marks.

## Quality

`make bench-quality` predicts what users chose, with nothing set: the hybrid and each of its parts, beside most popular items,
item-kNN, EASE and iALS of PyPI's `implicit`, which are tuned on a validation part with the values that stand in
`Benchmarks/bench_quality.py`. Every item that the user did not have is ranked, and ties never help. HR@10 is the share of
choices that are among the first ten, NDCG@10 counts them less the further down they are.
"""


class Split:
    """Rows to learn from, and choices to predict: what came before each, and the item that was chosen, or -1 for one that
    nobody had chosen before."""

    def __init__(self, rows, choices, count):
        self.rows, self.count = rows, count
        self.histories = [history for history, _ in choices]
        self.targets = [target for _, target in choices]


class Data:
    """A set of data: a row for each user or basket, with each item once in the order in which they were new."""

    def __init__(self, name, description, rows, are_baskets, times=None):
        self.name, self.description, self.rows, self.are_baskets, self.times = name, description, rows, are_baskets, times

    def file(self):
        """The data as `millrace recommend evaluate` reads it, and what it is told of that."""
        file = DIRECTORY / f"{self.name}.csv"
        with open(file, "w") as stream:
            if self.are_baskets:
                stream.writelines(",".join(row) + "\n" for row in self.rows)
            else:
                stream.write("user,item,timestamp\n")
                for user, (row, times) in enumerate(zip(self.rows, self.times)):
                    stream.writelines(f"{user},{item},{at}\n" for item, at in zip(row, times))
        return file, ["--split", "time", "--baskets"] if self.are_baskets else ["--split", "leave-one-out"]

    def test(self):
        return split(self.rows, self.are_baskets)

    def validation(self):
        """The same once more within what there is to learn from."""
        rows = self.rows[: len(self.rows) * 9 // 10] if self.are_baskets else [drop_last(row) for row in self.rows]
        return split(rows, self.are_baskets)


def drop_last(row):
    return row[:-1] if len(row) > 1 else row


def split(rows, are_baskets):
    """Of baskets the last item of each in the last tenth; of users the last item of each."""
    start = len(rows) * 9 // 10
    learnt = rows[:start] if are_baskets else [drop_last(row) for row in rows]
    numbers = {}
    for row in learnt:
        for item in row:
            numbers.setdefault(item, len(numbers))
    tested = [row for row in (rows[start:] if are_baskets else rows) if len(row) > 1]
    choices = [([numbers[item] for item in row[:-1] if item in numbers], numbers.get(row[-1], -1)) for row in tested]
    return Split([[numbers[item] for item in row] for row in learnt], choices, len(numbers))


def online_retail():
    if not BASKETS.exists():
        sys.exit(f"{BASKETS} is not there: BENCH_DATA names the directory that has it.")
    with gzip.open(BASKETS, "rt") as stream:
        rows = [list(dict.fromkeys(line.strip().split(","))) for line in stream if line.strip()]
    return Data(
        "online-retail", "baskets of a shop for gifts; the last item of each basket in the last tenth from the others in it",
        rows, True)


def movielens():
    """MovieLens-100k as a wheel of PyPI has it; nothing when that cannot be had."""
    if not list(DIRECTORY.glob("recbole-*.whl")):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", DIRECTORY, RECBOLE]
        if subprocess.run([*command, "--disable-pip-version-check"]).returncode != 0:
            return None
    with zipfile.ZipFile(next(DIRECTORY.glob("recbole-*.whl"))) as wheel:
        lines = wheel.read("recbole/dataset_example/ml-100k/ml-100k.inter").decode().splitlines()[1:]
    ratings = sorted((float(at), number, user, item)
                     for number, (user, item, _, at) in enumerate(line.split("\t") for line in lines))
    users = {}
    for at, _, user, item in ratings:
        users.setdefault(user, []).append((item, int(at)))
    return Data(
        "movielens-100k", "films that users rated, with times; the last film of each user",
        [[item for item, _ in row] for row in users.values()], False, [[at for _, at in row] for row in users.values()])


def synthetic():
    """Users who go from theme to theme, among items of which few are chosen much; new ones come in as time passes."""
    import numpy as np

    random = np.random.default_rng(SEED)
    users, items, themes = 4_000, 3_000, 40
    theme = random.integers(0, themes, items)
    popularity = 1 / (1 + np.arange(items)) ** 0.8
    members = [np.flatnonzero(theme == number) for number in range(themes)]
    shares = [popularity[member] / popularity[member].sum() for member in members]
    changes = random.dirichlet(np.full(themes, 0.1), themes)
    follower = [random.choice(members[theme[item]]) for item in range(items)]
    rows, times = [], []
    for _ in range(users):
        now, at = random.integers(themes), int(random.integers(1_700_000_000, 1_710_000_000))
        row = {}
        for _ in range(min(200, max(3, int(random.lognormal(3, 0.8))))):
            at += int(random.exponential(600))
            if row and random.random() < 0.25:
                item = follower[next(reversed(row))]
            else:
                if random.random() < 0.15:
                    now = random.choice(themes, p=changes[now])
                item = random.choice(members[now], p=shares[now])
            row.setdefault(int(item), at)
        rows.append([str(item) for item in row])
        times.append(list(row.values()))
    return Data(
        "synthetic", f"{users} made-up users who go from theme to theme (seed {SEED}); the last item of each", rows, False, times)


SETS = {"online-retail": online_retail, "movielens-100k": movielens, "synthetic": synthetic}


def matrix(rows, count):
    import numpy as np
    from scipy import sparse

    places = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    items = np.fromiter((item for row in rows for item in row), np.int32, len(places))
    return sparse.csr_matrix((np.ones(len(places), np.float32), (places, items)), (len(rows), count))


class Contest:
    """The choices of a split, and how well scores predict them."""

    def __init__(self, split):
        import numpy as np

        self.split, self.targets = split, np.array(split.targets)
        self.rows, self.histories = matrix(split.rows, split.count), matrix(split.histories, split.count)
        self.gram = np.asarray((self.rows.T @ self.rows).todense(), np.float64)
        self.counts = self.gram.diagonal().copy()

    def quality(self, scores):
        """NDCG@10 and HR@10."""
        import numpy as np

        scores = np.array(np.broadcast_to(scores, self.histories.shape), np.float64)
        scores[self.histories.nonzero()] = -np.inf
        own = scores[np.arange(len(self.targets)), np.maximum(self.targets, 0)]
        ranks = (scores >= own[:, None]).sum(axis=1)
        hits = (ranks <= K) & (self.targets >= 0) & np.isfinite(own)
        return float((hits / np.log2(ranks + 1)).mean()), float(hits.mean())

    def popular(self):
        return self.quality(self.counts)

    def item_knn(self, known, wanted, shrinkage):
        import numpy as np

        frequencies = np.maximum(self.counts, 1e-9)
        strengths = self.gram / (frequencies[:, None] ** known * frequencies[None, :] ** wanted + shrinkage)
        np.fill_diagonal(strengths, 0)
        return self.quality(self.histories @ strengths)

    def ease(self, regularization):
        import numpy as np

        inverse = np.linalg.inv(self.gram + regularization * np.eye(len(self.gram)))
        weights = -inverse / inverse.diagonal()
        np.fill_diagonal(weights, 0)
        return self.quality(self.histories @ weights)

    def implicit(self, factors, regularization, alpha, iterations):
        import numpy as np
        from implicit.als import AlternatingLeastSquares

        model = AlternatingLeastSquares(
            factors=factors, regularization=regularization, alpha=alpha, iterations=iterations, random_state=SEED,
            use_gpu=False)
        model.fit(self.rows, show_progress=False)
        users = model.recalculate_user(np.arange(len(self.targets)), self.histories)
        return self.quality(users @ model.item_factors.T)


def tune(data):
    """The test's quality of each of the others with what was best in its validation; a row for each."""
    trial, test = Contest(data.validation()), Contest(data.test())

    def best(method, tried):
        return max((getattr(trial, method)(*values), values) for values in tried)[1]

    knn = best("item_knn", [(a, b, s) for a in KNN_EXPONENTS for b in KNN_EXPONENTS for s in KNN_SHRINKAGES])
    ease = best("ease", [(value,) for value in EASE_REGULARIZATIONS])
    # One after the other: first how strongly, then how many factors, then how long.
    als = best("implicit", [(64, r, a, ALS_ITERATIONS[0]) for r in ALS_REGULARIZATIONS for a in ALS_ALPHAS])
    als = best("implicit", [(factors, *als[1:]) for factors in ALS_FACTORS])
    als = best("implicit", [(*als[:3], iterations) for iterations in ALS_ITERATIONS])
    return [
        ("most popular", test.popular()),
        (f"item-kNN, exponents {knn[0]} and {knn[1]}, shrinkage {knn[2]}", test.item_knn(*knn)),
        (f"EASE, λ = {ease[0]}", test.ease(*ease)),
        ("`implicit` {}, {} factors, regularization {}, alpha {}, {} iterations".format(
            PACKAGES[2].split("==")[1], *als), test.implicit(*als)),
    ]


def evaluate(data):
    """What our evaluation prints of the same choices."""
    file, options = data.file()
    return json.loads(subprocess.run(
        [BINARY, "recommend", "evaluate", "--format", "json", "--k", str(K), *options, file],
        stdout=subprocess.PIPE, check=True).stdout)


def table(data, report, others, seconds):
    lines = [
        f"**{data.name}**: {data.description}. {len(data.rows):,} {'baskets' if data.are_baskets else 'users'}, "
        f"{report['items']:,} items, {report['interactions']:,} interactions, {report['tested']:,} choices. Ours was trained in "
        f"{report['training_seconds']:.1f} s, the others were tuned in {seconds:,.0f} s.", "",
        "| | HR@10 | NDCG@10 | MRR | coverage | novelty, bits |", "|---|---|---|---|---|---|",
    ]
    for ours in report["algorithms"]:
        name = "**Millrace, hybrid**" if ours["algorithm"] == "hybrid" else f"its part {ours['algorithm']} alone"
        lines.append(
            f"| {name} | {ours['hit_rate']:.4f} | {ours['ndcg']:.4f} | {ours['mrr']:.4f} | {ours['coverage']:.3f} "
            f"| {ours['novelty']:.2f} |")
    lines += [f"| {name} | {hits:.4f} | {gain:.4f} | | | |" for name, (gain, hits) in others]
    return "\n".join(lines)


def shortfalls(report, others):
    """What the best of the others has more of than our hybrid."""
    ours = next(row for row in report["algorithms"] if row["algorithm"] == "hybrid")
    best = {"ndcg": max(gain for _, (gain, _) in others), "hit_rate": max(hits for _, (_, hits) in others)}
    return [f"{name} {ours[name]:.4f} of {value:.4f}" for name, value in best.items() if ours[name] < round(value, 4)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=SETS)
    parser.add_argument("--write")
    options = parser.parse_args()
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    texts, missed = [f"{machine()}."], []
    for name in options.sets:
        data = SETS[name]()
        if data is None:
            texts.append(f"**{name}**: left out, since {RECBOLE} could not be fetched from PyPI.")
            continue
        report = evaluate(data)
        start = time.monotonic()
        others = tune(data)
        if report["tested"] != len(data.test().targets):
            sys.exit(f"{name}: {report['tested']} choices were tested by ours, {len(data.test().targets)} by the others")
        texts.append(table(data, report, others, time.monotonic() - start))
        print(texts[-1], flush=True)
        if name == "online-retail":
            missed = shortfalls(report, others)
    if options.write:
        write(ROOT / options.write, "\n\n".join(texts), INTRODUCTION, job="make bench-quality")
    if missed:
        sys.exit("The hybrid is behind the best of the others: " + ", ".join(missed))


if __name__ == "__main__":
    # Libraries of linear algebra would all use each core at once.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    enter_environment(WORK / "python-quality", PACKAGES)
    main()
