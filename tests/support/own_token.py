"""A device that enrols and rotates by docs/protocol.md, Tokens of their own, written a second time from its text."""

import base64
import hashlib
import hmac
import json
import os

import otter
from hand import unpadded

RUNNING = {"version": "1.0.0", "sha256": "00" * 32, "slot": "A", "confirmed": True}


def secret_of(text):
    return base64.urlsafe_b64decode(text.strip() + "=")


def masked(secret, under, device, nonce):
    mask = hmac.new(under, f"otter-token\n{device}\n{nonce}".encode(), hashlib.sha256).digest()
    return unpadded(bytes(a ^ b for a, b in zip(secret, mask)))


def prove(secret, device, method, target, body=b"", nonce=None):
    nonce = nonce or unpadded(os.urandom(16))
    text = "\n".join([method, target, nonce, hashlib.sha256(body).hexdigest()]).encode()
    return {"Authorization": f"Otter-HMAC {device}:{nonce}:{unpadded(hmac.new(secret, text, hashlib.sha256).digest())}"}


class Device:
    """Answers are (status, headers). secret: what it proves itself with; by: "bearer" or "hmac"."""

    def __init__(self, server, name, secret=None, by="bearer", product=otter.PRODUCT):
        self.server, self.name, self.by, self.product = server, name, by, product
        self.secret = secret or os.urandom(32)

    def ask(self, method, target, body=None, secret=None, by=None, named=None):
        sent = b"" if body is None else json.dumps(body).encode()
        secret, by = secret or self.secret, by or self.by
        headers = prove(secret, named or self.name, method, target, sent) if by == "hmac" else \
            {"Authorization": f"Bearer {unpadded(secret)}"}
        status, got, reply = self.server.request(method, target, sent or None, {**headers, "Content-Type": "application/json"},
                                                 token=None)
        self.code = json.loads(reply)["code"] if status >= 400 and reply else None
        return status, got

    def body(self, name=None):
        return {"device": name or self.name, "product": self.product, "hardware": otter.HARDWARE, "running": RUNNING,
                "epoch": 1, "sequence": 0, "root": 1, "nonce": unpadded(os.urandom(16)), "caps": {"ram": 0, "covers": 0}}

    def poll(self, **how):
        return self.ask("POST", "/v1/device/poll", self.body(), **how)

    def own(self, new, under, name=None, product=None):
        nonce = unpadded(os.urandom(16))
        return {"device": name or self.name, "product": product or self.product, "hardware": otter.HARDWARE, "nonce": nonce,
                "token": masked(new, under, name or self.name, nonce)}

    def enrol(self, key, new=None, product=None):
        """At the first boot: by a fleet key, with a token of its own."""
        return self.ask("POST", "/v1/device/enrol", self.own(new or self.secret, key, product=product), secret=key, by="hmac")

    def offer(self, new, under=None):
        under = under or self.secret
        return self.ask("POST", "/v1/device/token", self.own(new, under), secret=under)
