"""Devices as wrk plays them: whole requests, as the device's client writes them."""

import base64
import contextlib
import hashlib
import http.client
import json

import otter

STEP = "@" * 10  # where requests.lua puts a report's number


def secret_of(name):
    """The same in each run and in each server, so that one file of requests fits them all; known by its name, so that a
    database can be filled with a million of them."""
    return base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode().rstrip("=")


def request(method, path, secret, body=None, headers=()):
    lines = [f"{method} {path} HTTP/1.1", "Host: otter.test", f"Authorization: Bearer {secret}", *headers]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + (body or "")).encode()


class Device:
    def __init__(self, name):
        self.id = name
        self.secret = secret_of(name)
        self.nonce = base64.urlsafe_b64encode(hashlib.md5(name.encode()).digest()).decode().rstrip("=")
        self.running = {"version": "2.0.0", "sha256": hashlib.sha256(b"2.0.0").hexdigest(), "slot": "A", "confirmed": True}

    def poll(self, *, fresh=False, close=False):
        body = {"device": self.id, "product": otter.PRODUCT, "hardware": otter.HARDWARE, "running": self.running,
                "epoch": 1, "sequence": 0, "root": 1, "nonce": self.nonce, "caps": {"ram": 0, "covers": 0}}
        if fresh:
            body["fresh"] = 1
        return request("POST", "/v1/device/poll", self.secret, json.dumps(body, separators=(",", ":")),
                       ["Connection: close"] if close else [])

    def report(self, attempt):
        """That it goes on downloading; its number is put in when it is sent."""
        body = {"device": self.id, "attempt": attempt, "step": 0, "state": "downloading", "bytes": 4096,
                "running": self.running}
        text = json.dumps(body, separators=(",", ":")).replace('"step":0', f'"step":{STEP}')
        return request("POST", "/v1/device/report", self.secret, text)


def ask(port, text):
    """(status, body) of one raw request, for checks outside the measured time."""
    head, _, body = text.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    method, path, _ = lines[0].split(" ")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with contextlib.closing(connection):
        connection.request(method, path, body=body or None, headers=dict(line.split(": ", 1) for line in lines[1:]))
        reply = connection.getresponse()
        return reply.status, reply.read()


def expect(port, text, status, size=None):
    """The request gets this status: else the figures would be about something else. The reply's body."""
    got, body = ask(port, text)
    assert got == status and (size is None or len(body) == size), f"{got}, {len(body)} bytes: {body[:200]!r}"
    return body


def attempt_of(body):
    """The attempt that an offer is of."""
    payload = json.loads(body)["payload"]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["attempt"]
