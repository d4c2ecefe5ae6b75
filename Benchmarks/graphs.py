"""The graphs of the benchmarks: WordNet, and a generated one of any size. Each has nodes and edges as the API takes them."""

import gzip
import itertools
import json
import math
import random
import re

from common import DATA

NAME_LENGTH = 255


class Graph:
    """Nodes and edges, the edges by their nodes, and the words that are asked for."""

    def __init__(self, name, nodes, edges):
        self.name, self.nodes, self.edges = name, nodes, edges
        self.links = {node["uuid"]: set() for node in nodes}
        for edge in edges:
            self.links[edge["source_node_uuid"]].add(edge["target_node_uuid"])
            self.links[edge["target_node_uuid"]].add(edge["source_node_uuid"])

    def neighborhood(self, node, depth):
        """What is reached from a node over so many edges, without the node."""
        reached, level = {node}, {node}
        for _ in range(depth):
            level = set().union(*(self.links[other] for other in level)) - reached
            reached |= level
        return reached - {node}

    def queries(self, count, seed=5):
        """Distinct queries of two words each that stand in one node."""
        generator = random.Random(seed)
        found = {}
        while len(found) < count:
            node = generator.choice(self.nodes)
            words = sorted(set(re.findall(r"[a-z]{4,}", f"{node['name']} {node['summary']}".lower())))
            if len(words) > 1:
                found[" ".join(generator.sample(words, 2))] = node["uuid"]
        return list(found)


def wordnet():
    """WordNet (Princeton University, "About WordNet", 2010), as WN18RR has it: the sentence of an edge has the first words of
    its nodes."""
    nodes = []
    # `id<TAB>words, definition`, and `source<TAB>relation<TAB>target`.
    for line in gzip.open(DATA / "wordnet-nodes.tsv.gz", "rt"):
        id, text = line.rstrip("\n").split("\t", 1)
        name, _, summary = text.partition(", ")
        nodes.append({"uuid": id, "name": name[:NAME_LENGTH], "summary": summary[:10_000], "labels": ["Synset"]})
    names = {node["uuid"]: node["name"] for node in nodes}
    edges = []
    for number, line in enumerate(gzip.open(DATA / "wordnet-edges.tsv.gz", "rt")):
        source, relation, target = line.rstrip("\n").split("\t")
        relation = relation.strip("_").upper()
        fact = f"{names[source]} {relation.lower().replace('_', ' ')} {names[target]}"
        edges.append({
            "uuid": f"w{number}", "source_node_uuid": source, "target_node_uuid": target, "name": relation, "fact": fact})
    return Graph("WordNet", nodes, edges)


def generated(node_count, edge_count, seed=3):
    """A graph in which few nodes have many edges, with sentences of words as frequent as Zipf says."""
    generator = random.Random(seed)
    # Each number is another word of four syllables.
    vocabulary = [
        "".join("bcdfghklmnprstvw"[number >> 4 * place & 15] + "aeiou"[(number + place) % 5] for place in range(4))
        for number in range(20_000)]
    weights = list(itertools.accumulate(1 / (rank + 2) for rank in range(len(vocabulary))))

    def words(count):
        return " ".join(generator.choices(vocabulary, cum_weights=weights, k=count))

    nodes = [
        {"uuid": f"n{number:012d}", "name": words(2), "summary": words(8), "labels": [f"Kind{number % 7}"]}
        for number in range(node_count)]

    def node():
        return f"n{min(node_count - 1, int(node_count * generator.random() ** 2)):012d}"

    edges = [
        {"uuid": f"e{number}", "source_node_uuid": node(), "target_node_uuid": node(), "name": f"RELATION_{number % 20}",
         "fact": words(6)} for number in range(edge_count)]
    return Graph(f"{node_count:,} nodes and {edge_count:,} edges", nodes, edges)


def batches(graph, size):
    """The bodies of requests that write the graph: those of nodes, and those of edges."""
    def bodies(name, elements):
        return [json.dumps({name: elements[start : start + size]}).encode() for start in range(0, len(elements), size)]

    return bodies("nodes", graph.nodes), bodies("edges", graph.edges)
