#!/usr/bin/env python3
"""Verifies signed webhooks with libraries of others.

Reads lines of JSON with `headers`, `body`, and `secret` (whsec_) or `public_key` (whpk_), and prints a word for each.
Shared secrets are verified by the library of Standard Webhooks, ed25519 keys by `cryptography`.
"""
import base64
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def verify_public(key, headers, body):
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.removeprefix("whpk_")))
    for signature in headers["webhook-signature"].split(" "):
        version, _, value = signature.partition(",")
        if version == "v1a":
            public.verify(base64.b64decode(value), content)
            return
    raise InvalidSignature


for line in sys.stdin:
    case = json.loads(line)
    try:
        if "secret" in case:
            Webhook(case["secret"]).verify(case["body"], case["headers"])
        else:
            verify_public(case["public_key"], case["headers"], case["body"])
        print("valid")
    except (WebhookVerificationError, InvalidSignature):
        print("invalid")
