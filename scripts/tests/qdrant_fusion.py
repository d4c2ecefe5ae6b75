#!/usr/bin/env python3
"""Fuses rankings with Qdrant's own client, first by their ranks and then by their scores.

Reads JSON objects with `rankings`, each a list of pairs of an id and a score, and `weights`. Prints two lines for each:
the best five scores by ranks, and by scores.
"""
import json
import sys

from qdrant_client.http import models
from qdrant_client.hybrid.fusion import distribution_based_score_fusion, reciprocal_rank_fusion


def points(rankings):
    return [[models.ScoredPoint(id=number, version=0, score=score) for number, score in ranking] for ranking in rankings]


for case in json.load(sys.stdin):
    for fused in (
        reciprocal_rank_fusion(points(case["rankings"]), limit=5, weights=case["weights"]),
        distribution_based_score_fusion(points(case["rankings"]), limit=5),
    ):
        print("scores", *(repr(point.score) for point in fused))
