#!/usr/bin/env python3
"""Says which payloads fit which filters, by the in-memory mode of Qdrant's own client.

Reads one JSON object with `payloads` and `filters`, and prints a line for each filter: a 1 or 0 for each payload. The
payload at place n belongs to the point with the number n, which has a vector `image`.
"""
import json
import sys

from qdrant_client.http import models
from qdrant_client.local.payload_filters import check_filter

cases = json.load(sys.stdin)
for text in cases["filters"]:
    wanted = models.Filter.model_validate(text)
    print("".join(
        "1" if check_filter(wanted, payload, number, {"image": True}) else "0"
        for number, payload in enumerate(cases["payloads"])))
