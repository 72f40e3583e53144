"""Requests written out, on connections of their own, and a writer of otterd that somebody else holds up."""

import json
import socket
import sqlite3

import documents
import ledger as books
import metrics
import otter


def connect(server, source="127.0.0.1", receive=None):
    s = socket.socket()
    s.settimeout(60)
    if receive:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    s.bind((source, 0))
    s.connect(("127.0.0.1", server.port))
    return s


def status_of(connection):
    """(status, headers) of the next answer; its body stays where it is."""
    got = b""
    while not got.endswith(b"\r\n\r\n"):
        piece = connection.recv(1)
        if not piece:
            return 0, {}
        got += piece
    lines = got.decode().split("\r\n")
    return int(lines[0].split(" ")[1]), {name.lower(): value for name, value in
                                         (line.split(": ", 1) for line in lines[1:] if line)}


class Part:
    """A device whose requests are written out."""

    def __init__(self, name):
        self.name, self.device = name, books.Device(name)
        self.attempt = None

    def request(self, method, path, body, close=False):
        text = json.dumps(body)
        return (f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {documents.b64(self.device.secret)}\r\n"
                f"{'Connection: close' + chr(13) + chr(10) if close else ''}Content-Length: {len(text)}\r\n\r\n{text}")

    def poll(self, **more):
        close = more.pop("close", False)
        return self.request("POST", "/v1/device/poll", {
            "device": self.name, "product": otter.PRODUCT, "hardware": otter.HARDWARE,
            "running": {"version": "1.0.0", "sha256": "00" * 32, "slot": "A", "confirmed": True}, "epoch": 1, "sequence": 0,
            "root": 1, "nonce": documents.b64(bytes(16)), "caps": {"ram": 0, "covers": 0}, **more}, close)

    def report(self):
        return self.request("POST", "/v1/device/report", {
            "device": self.name, "attempt": self.attempt, "step": 1, "state": "downloading",
            "running": {"version": "1.0.0", "sha256": "00" * 32, "slot": "A", "confirmed": True}})


def register(server, parts):
    for at in range(0, len(parts), 1000):
        made = server.json("POST", "/api/v1/devices/batch", {"items": [p.device.body() for p in parts[at:at + 1000]]})
        assert not made["errors"], made["errors"][:3]


class Held:
    """Somebody else writes to the database: what needs the writer waits, until the writer gives it up after five seconds."""

    def __init__(self, world):
        self.world, self.connections = world, []
        self.lock = sqlite3.connect(world.server.data / "otter.db", isolation_level=None)

    def __enter__(self):
        self.lock.execute("BEGIN IMMEDIATE")
        return self

    def __exit__(self, *_):
        self.release()
        self.lock.close()
        for c in self.connections:
            c.close()

    def release(self):
        if self.lock.in_transaction:
            self.lock.execute("ROLLBACK")

    def ask(self, text):
        c = connect(self.world.server)
        self.connections.append(c)
        c.sendall(text.encode())
        return c

    def waiting(self, n):
        """So many calls wait for the writer."""
        def look():
            return metrics.read(self.world.server).get("otter_queue_calls", thread="writer") == n
        try:
            otter.wait_for(f"{n} calls wait", look, 4)
        except AssertionError:
            return False
        return True


def operators_change(server, name):
    text = json.dumps(books.Device(name).body())
    return (f"POST /api/v1/devices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}")
