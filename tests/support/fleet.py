"""Devices that only talk: registered over the API by the thousand, polling and reporting one request at a time."""

import base64
import concurrent.futures
import hashlib
import http.client
import json
import time

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


# --- by the thousand

TAGS = ("lab", "north", "south", "canary", "leased")


def big_item(n):
    """A device of a fleet that has tags, sites and a rare bird in it."""
    more = {"tags": sorted({TAGS[n % 5], *(["rare"] if n % 997 == 0 else [])})}
    if n % 3 == 0:
        more["attributes"] = {"site": f"site-{n % 40}"}
    return item(f"unit-{n:06}", **more)


def import_many(server, count):
    for start in range(0, count, 1000):
        answer = server.json("POST", "/api/v1/devices/import",
                             {"items": [big_item(n) for n in range(start, min(count, start + 1000))]})
        assert answer["errors"] == []


def _poll_many(server, numbers):
    """Each is granted an attempt; each tenth fails it. Over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)

    def post(path, name, body):
        connection.request("POST", path, json.dumps(body), {"Authorization": "Bearer " + secret(name),
                                                            "Content-Type": "application/json"})
        reply = connection.getresponse()
        return reply.status, reply.read()
    for n in numbers:
        device = Device(server, f"unit-{n:06}", register=False)
        version = {"version": f"0.{n % 9}.0", "sha256": f"{n % 9:02x}" * 32, "slot": "A", "confirmed": True}
        device.running = version
        status, text = post("/v1/device/poll", device.name, device.body())
        assert status == 200, text
        if n % 10 == 0:
            payload = json.loads(text)["payload"]
            attempt = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["attempt"]
            reason = "self-test" if n % 100 else "watchdog"
            status, text = post("/v1/device/report", device.name,
                                {"device": device.name, "attempt": attempt, "step": 1, "state": "failed",
                                 "reason": reason, "running": version})
            assert status == 200, text
    connection.close()


def poll_many(server, count, threads=8):
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(_poll_many, server, range(n, count, threads)) for n in range(threads)]:
            done.result()


def list_requests(rollout, release, device):
    """Every kind of list, with each sort and typical filters: (what, path)."""
    filters = ("tag == rare", "tag == lab and attr.site == site-7", "state == failed", "reason == watchdog",
               "version < 0.3.0", "id == unit-0099*", "held == yes", "state == retired", "product == nothing")
    requests = [("devices, first page", "/api/v1/devices?limit=1000"),
                ("devices, from the middle", "/api/v1/devices?limit=1000&cursor=25000")]
    requests += [(f"devices, {f}", f"/api/v1/devices?limit=1000&filter={quote(f)}") for f in filters]
    requests += [(f"devices by {s}", f"/api/v1/devices?limit=1000&sort={s}")
                 for s in ("id", "-id", "product", "hardware", "state", "version", "first_seen", "-last_seen")]
    requests += [("devices by -last_seen, tag == lab", f"/api/v1/devices?limit=1000&sort=-last_seen&filter={quote('tag == lab')}")]
    attempts = f"/api/v1/rollouts/{rollout}/attempts?limit=1000"
    requests += [("attempts, first page", attempts)]
    requests += [(f"attempts, {f}", f"{attempts}&filter={quote(f)}")
                 for f in ("state == failed", "reason == watchdog", "tag == rare", "state == reverted")]
    requests += [(f"attempts by {s}", f"{attempts}&sort={s}")
                 for s in ("-id", "device", "state", "reason", "-updated", "finished")]
    requests += [("rollouts", "/api/v1/rollouts?limit=1000"), ("rollouts by -created", "/api/v1/rollouts?sort=-created"),
                 ("releases", "/api/v1/releases?limit=1000"), ("releases by -sequence", "/api/v1/releases?sort=-sequence"),
                 ("release's deps", f"/api/v1/releases/{release}/deps"),
                 ("timeline", f"/api/v1/devices/{device}/timeline"),
                 ("summary by version", "/api/v1/fleet/summary"),
                 ("summary by version, hardware, tag", "/api/v1/fleet/summary?by=version,hardware,tag"),
                 ("summary by state of a tag", f"/api/v1/fleet/summary?by=state&filter={quote('tag == lab')}")]
    return requests


class Reader:
    """An operator's connection that measures; replies are looked at no further than they must be."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        self.headers = {"Authorization": "Bearer " + server.token}

    def page(self, path):
        """(seconds, body)"""
        began = time.monotonic()
        self.connection.request("GET", path, headers=self.headers)
        reply = self.connection.getresponse()
        text = reply.read()
        seconds = time.monotonic() - began
        assert reply.status == 200, text
        return seconds, json.loads(text)

    def walk(self, path):
        """Seconds of each page of a list, from the first to the last, and all items."""
        seconds, items, cursor = [], [], None
        while True:
            took, page = self.page(path + (f"&cursor={quote(cursor)}" if cursor else ""))
            seconds.append(took)
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return seconds, items
