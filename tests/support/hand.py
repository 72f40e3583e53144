"""A device that a test plays by hand: each poll and report is one request, so that counts are known exactly."""

import base64
import json
import os

import otter


def unpadded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Hand:
    def __init__(self, world, fleet, device):
        self.world, self.device = world, device
        rows = (line.split(",") for line in (fleet / "devices.csv").read_text().splitlines())
        self.token = next(row[3] for row in rows if row[0] == device)
        self.running = {"version": "1.0.0", "sha256": "00" * 32, "slot": "A", "confirmed": True}
        self.sequence = 0
        self.attempt, self.step = None, 0

    def poll(self, token=None, expect=None, **changes):
        """The payload of the signed offer; None: 204. Takes an attempt up."""
        body = {"device": self.device, "product": otter.PRODUCT, "hardware": otter.HARDWARE, "running": self.running,
                "epoch": 1, "sequence": self.sequence, "root": 1, "nonce": unpadded(os.urandom(16)),
                "caps": {"ram": 0, "covers": 0}, **changes}
        status, _, reply = self.world.server.request("POST", "/v1/device/poll", body, token=token or self.token)
        assert status in ((200, 204) if expect is None else (expect,)), (status, reply)
        if status != 200:
            return None
        payload = json.loads(reply)["payload"]
        offer = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        if offer.get("attempt") and offer["attempt"] != self.attempt:
            self.attempt, self.step = offer["attempt"], 0
        return offer

    def report(self, state, reason=None, step=None, expect=200):
        self.step = step or self.step + 1
        body = {"device": self.device, "attempt": self.attempt, "step": self.step, "state": state,
                "running": self.running, **({"reason": reason} if reason else {})}
        status, _, reply = self.world.server.request("POST", "/v1/device/report", body, token=self.token)
        assert status == expect, (status, reply)

    def fail(self, reason="image-digest", state="failed"):
        """Asks for an update and loses it."""
        assert self.poll()["attempt"]
        self.report(state, reason)

    def succeed(self, version, digest):
        """Asks for an update, and runs the image of the other slot from then on."""
        assert self.poll()["attempt"]
        self.report("installed")
        self.running = {"version": version, "sha256": digest, "slot": "B", "confirmed": True}
        self.poll()


def names(fleet):
    """The devices' ids, in their order, from the folder of their factory data."""
    return [row.split(",")[0] for row in (fleet / "devices.csv").read_text().splitlines()[1:]]


def hands(world, count, prefix="dev-"):
    fleet = world.fleet(count, prefix=prefix)
    return [Hand(world, fleet, name) for name in names(fleet)]
