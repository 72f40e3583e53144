"""Devices that only talk: registered over the API by the thousand, polling and reporting one request at a time."""

import base64
import hashlib
import json

import otter

NONCE = "AAAAAAAAAAAAAAAAAAAAAA"
RUNNING = {"version": "1.0.0", "sha256": "00" * 32, "slot": "A", "confirmed": True}


def secret(name):
    return base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).rstrip(b"=").decode()


def item(name, **more):
    return {"id": name, "product": otter.PRODUCT, "hardware": otter.HARDWARE, "secret": secret(name), **more}


class Device:
    """One device's words; no flash."""

    def __init__(self, server, name, register=True, **more):
        self.server, self.name, self.step, self.running = server, name, 0, dict(RUNNING)
        if register:
            answer = server.json("POST", "/api/v1/devices/import", {"items": [item(name, **more)]})
            assert answer["errors"] == [], answer

    def body(self, **changes):
        return {"device": self.name, "product": otter.PRODUCT, "hardware": otter.HARDWARE, "running": self.running,
                "epoch": 1, "sequence": 0, "root": 1, "nonce": NONCE, "caps": {"ram": 0, "covers": 0}, **changes}

    def poll(self, **changes):
        """The offer's payload; None for 204 and for 'nothing for you'. Fails on any other status."""
        status, _, text = self.server.request("POST", "/v1/device/poll", self.body(**changes),
                                              token=secret(self.name))
        assert status in (200, 204), f"{self.name}: {status} {text!r}"
        if status == 204:
            return None
        payload = json.loads(text)["payload"]
        offer = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return offer if "attempt" in offer else None

    def poll_status(self, **changes):
        return self.server.request("POST", "/v1/device/poll", self.body(**changes), token=secret(self.name))[0]

    def report(self, attempt, state, status=200, **more):
        self.step += 1
        got, _, body = self.server.request(
            "POST", "/v1/device/report", {"device": self.name, "attempt": attempt, "step": self.step, "state": state,
                                          "running": self.running, **more}, token=secret(self.name))
        assert got == status, f"{self.name}: {got} {body!r}"
        return json.loads(body).get("continue")

    def confirm(self, offer, version="1.1.0"):
        """Runs what was offered, and says so."""
        self.running = {"version": version, "sha256": offer["image"]["sha256"], "slot": offer["image"]["slot"],
                        "confirmed": True}
        return self.poll(sequence=1)

    def show(self):
        return self.server.json("GET", f"/api/v1/devices/{self.name}")

    def decisions(self):
        return {d["rollout"]: d["answer"] for d in self.show()["decisions"]}


def change(server, verb, names=None, target=None, expect=200, query="", **more):
    which = {"target": target} if names is None else {"ids": [getattr(n, "name", n) for n in names]}
    return server.json("POST", f"/api/v1/devices/{verb}{query}", {**which, **more}, expect=expect)


def pages(server, path, **query):
    """All items of a list, page by page."""
    items, cursor = [], None
    for _ in range(10000):
        parts = {**query, **({"cursor": cursor} if cursor else {})}
        text = "&".join(f"{k}={quote(str(v))}" for k, v in parts.items())
        page = server.json("GET", path + ("?" + text if text else ""))
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items
    raise AssertionError(f"{path}: its pages do not end")


def quote(text):
    return "".join(c if c.isalnum() or c in "-_.~" else f"%{ord(c):02X}" for c in text)
