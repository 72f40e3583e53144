#!/usr/bin/python3
"""Devices that talk as fast as a server answers: a wave of requests over all connections, their answers, the next wave.

crowd.py PORT CONNECTIONS: standard input has a line of JSON for each device, [name, secret, attempt, rank, sent, quiet].
Quiet ones poll over and over and are offered nothing. The others go the whole way of an update, by reports, as ledger.py's
do; requests of a wave arrive together, so that a server may commit many of them in one. "begun" is said after the first
wave. It ends when the server is gone, or with SIGTERM, and then says for each device what became of it: [name, attempt,
rank acknowledged, rank sent], and at last {status: how often}, what was wrong, and how often a device had to wait for others.
"""

import collections
import json
import random
import signal
import socket
import sys

import documents

PRODUCT, HARDWARE = "pump", "nucleo-f429zi"  # otter.py's; without its programs
OFFERED, STEPS, SUCCEEDED = 0, ["downloading", "downloaded", "installed", "testing"], 5
OLD = {"version": "1.0.0", "sha256": "00" * 32, "slot": "A", "confirmed": True}


class Gone(Exception):
    """The server is not there any more."""


class Device:
    def __init__(self, name, secret, attempt, rank, sent, quiet):
        self.name, self.secret, self.attempt, self.rank, self.sent, self.quiet = name, secret, attempt, rank, sent, quiet
        self.met = False  # in this life of the server
        self.quiet_poll = self.poll(OLD)

    def request(self, path, body):
        text = json.dumps(body).encode()
        return (f"POST /v1/device/{path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer "
                f"{self.secret}\r\nContent-Length: {len(text)}\r\n\r\n").encode() + text

    def poll(self, running):
        return self.request("poll", {
            "device": self.name, "product": PRODUCT, "hardware": HARDWARE, "running": running, "epoch": 1, "sequence": 0,
            "root": 1, "nonce": "AAAAAAAAAAAAAAAAAAAAAA", "caps": {"ram": 0, "covers": 0}})

    def next(self, new):
        """What it says now; what it then may have become is noted before."""
        if self.quiet:
            return self.quiet_poll
        if self.sent == SUCCEEDED or self.met and self.rank == len(STEPS):
            self.sent = SUCCEEDED
            return self.poll(new)
        if not self.met:
            self.sent = max(OFFERED, self.sent or OFFERED)
            return self.quiet_poll
        self.sent = self.rank + 1
        return self.request("report", {"device": self.name, "attempt": self.attempt, "step": self.sent,
                                       "state": STEPS[self.rank], "running": OLD})

    def heard(self, status, body):
        """Does it go on? What is wrong with the answer is raised."""
        assert status == 204 or status == 200 and not self.quiet, f"{self.name}: {status} {body!r}"
        if self.quiet:
            return False
        if self.met and self.sent != SUCCEEDED:  # a report
            self.rank = self.sent
            return True
        offer = documents.payload_of(body) if body else {}
        if self.sent != SUCCEEDED:
            return self.was_offered(offer)
        assert "attempt" not in offer, f"{self.name} succeeded and is offered {offer}"
        self.rank = SUCCEEDED
        return False

    def was_offered(self, offer):
        if "attempt" not in offer:
            assert self.attempt is None, f"{self.name}: its attempt {self.attempt} is not offered any more"
            return False  # the rollout has enough under way
        assert self.attempt in (None, offer["attempt"]), f"{self.name}: {offer['attempt']}, and {self.attempt} before"
        self.attempt, self.met = offer["attempt"], True
        self.rank = max(OFFERED, self.rank or OFFERED)
        return True


class Talker:
    """One connection, and the device that has it now."""

    def __init__(self, port, rest):
        self.rest = rest  # waves until its first: not all are to be at the same state of an update
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.device, self.left = None, b""

    def answer(self):
        """(status, body)"""
        got = self.left
        while True:
            head, end, body = got.partition(b"\r\n\r\n")
            if end:
                at = head.lower().find(b"content-length:")
                length = int(head[at + 15:].split(b"\r\n", 1)[0]) if at >= 0 else 0
                if len(body) >= length:
                    self.left = body[length:]
                    return int(head[9:12]), body[:length]
            piece = self.socket.recv(65536)
            if not piece:
                raise Gone
            got += piece


class Crowd:
    def __init__(self, devices, port, connections, new):
        self.quiet = [d for d in devices if d.quiet]
        # Those that have an attempt come first: the others may have to wait for them.
        self.waiting = collections.deque(sorted((d for d in devices if not d.quiet and d.rank != SUCCEEDED),
                                                key=lambda d: d.attempt is None))
        self.new, self.chance, self.statuses, self.wrong = new, random.Random(port), collections.Counter(), []
        self.held_back = 0
        self.talkers = [Talker(port, at % SUCCEEDED) for at in range(connections)]

    def give(self, talker):
        if talker.device is None:
            talker.device = self.waiting.popleft() if self.waiting else self.chance.choice(self.quiet) if self.quiet else None

    def wave(self):
        awake = [talker for talker in self.talkers if not talker.rest]
        for talker in self.talkers:
            talker.rest = max(0, talker.rest - 1)
        for talker in awake:
            self.give(talker)
        busy = [talker for talker in awake if talker.device]
        for talker in busy:
            talker.socket.sendall(talker.device.next(self.new))
        for talker in busy:
            status, body = talker.answer()
            self.statuses[status] += 1
            device = talker.device
            if status in (503, 507):  # not now: the same once more
                continue
            if not device.heard(status, body):
                talker.device = None
                if not device.quiet and device.rank != SUCCEEDED:
                    self.held_back += 1
                    self.waiting.append(device)
        return bool(busy)

    def run(self):
        begun = False
        try:
            while self.wave():
                if not begun:
                    print("begun", flush=True)
                begun = True
        except (Gone, OSError):
            pass
        except AssertionError as error:
            self.wrong.append(str(error))


class Ended(OSError):
    """By SIGTERM."""


def end(*_):
    raise Ended


def main():
    signal.signal(signal.SIGTERM, end)
    new, *devices = [json.loads(line) for line in sys.stdin]
    devices = [Device(*device) for device in devices]
    try:
        crowd = Crowd(devices, int(sys.argv[1]), int(sys.argv[2]), new)
    except OSError as error:
        sys.exit(f"no connection: {error}")
    crowd.run()
    for device in devices:
        print(json.dumps([device.name, device.attempt, device.rank, device.sent]))
    print(json.dumps([crowd.statuses, crowd.wrong, crowd.held_back]))


if __name__ == "__main__":
    main()
