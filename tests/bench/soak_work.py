"""What a server is given to do while it soaks: a fleet that is updated and goes back, operators, and the house's keeping. Each
kind is a function that is called again and again; how often each was done is counted."""

import collections
import contextlib
import http.client
import itertools
import random
import shutil
import signal
import threading
import time

import fleet
import otter
from emulated import Emulated

DEVICES = 12         # emulated ones
TALKERS = 40         # devices that only poll
BAD = 30             # percent of the devices on which a release fails its self-test: they go back
UPDATE_WITHIN = 240  # seconds, on a busy machine
TALK = (OSError, http.client.HTTPException)


class Wire:
    """A connection that is kept, as an operator's program or a device would."""

    def __init__(self, server):
        self.server, self.connection = server, None

    def ask(self, method, path, body=None, *, token=None, headers=(), expect=(200, 204)):
        sent = {"Authorization": "Bearer " + (token or self.server.token), "Content-Type": "application/json", **dict(headers)}
        for last in (False, True):  # a kept connection may have been closed meanwhile
            fresh = self.connection is None
            if fresh:
                self.connection = self.server.connection()
            try:
                self.connection.request(method, path, body, sent)
                reply = self.connection.getresponse()
                text = reply.read()
                break
            except TALK:
                self.connection.close()
                self.connection = None
                if fresh or last:
                    raise
        assert reply.status in expect, f"{method} {path}: {reply.status} {text[:200]!r}"
        return text


class Work:
    """`with Work(world, seed) as work:` threads at it until leaving. .done: kind -> how often; .failures."""

    PACES = {"update": 0, "operate": 0.2, "label": 0.2, "enrol": 1.0, "download": 0.1, "poll": 0.01, "keep": 2.0}
    KINDS = ("updates", "rollbacks", "lists", "labels", "groups", "holds", "enrolments", "retirements", "downloads", "polls",
             "reloads", "backups", "collections")

    def __init__(self, world, seed):
        self.world, self.server, self.chance = world, world.server, random.Random(seed)
        self.ended, self.lock = threading.Event(), threading.Lock()
        self.done, self.failures = collections.Counter(), []
        self.release = self.rollout = self.blob = None
        self.numbers, self.versions = itertools.count(1), itertools.count(1)
        self.talkers = [fleet.Device(self.server, f"talker-{n}") for n in range(TALKERS)]
        fleet.change(self.server, "label", self.talkers, add_tags=["talker"])
        self.base, self.fleet = world.image("1.0.0", "A"), world.fleet(DEVICES)
        self.threads = [threading.Thread(target=self.turns, args=(kind, pace)) for kind, pace in self.PACES.items()]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join(UPDATE_WITHIN + 60)

    def count(self, kind, n=1):
        with self.lock:
            self.done[kind] += n

    def turns(self, kind, pace):
        wire = Wire(self.server)
        try:
            while not self.ended.is_set():
                getattr(self, "turn_" + kind)(wire)
                self.ended.wait(pace)
        except Exception as error:  # noqa: BLE001 - judged in the end
            self.failures.append(f"{kind}: {error!r}")

    # --- the fleet

    def publish(self):
        number = next(self.versions)
        version = f"1.{number // 1000}.{number % 1000}"
        self.release = self.world.publish(version)
        shown = self.server.json("GET", f"/api/v1/releases/{self.release}")
        self.blob = shown["images"][0]["sha256"]
        return version

    def turn_update(self, _wire):
        """A release, bad for some; all devices take it or go back."""
        version = self.publish()
        self.rollout = self.world.rollout(self.release, target="id == dev-*")
        options = ("--bad", f"{version}:fail={BAD},seed={self.chance.randrange(1000)}")
        with Emulated(self.world, self.fleet, self.base, *options, speed=50):
            end = time.monotonic() + UPDATE_WITHIN
            while not self.ended.is_set() and not self.is_over() and time.monotonic() < end:
                self.ended.wait(0.5)
        counts = self.counts()
        self.count("updates", counts.get("succeeded", 0))
        self.count("rollbacks", counts.get("reverted", 0) + counts.get("failed", 0))
        status = self.server.request("POST", f"/api/v1/rollouts/{self.rollout}/abort")[0]
        assert status in (200, 409), status  # it is complete, if all have taken it or gone back

    def counts(self):
        return self.server.json("GET", f"/api/v1/rollouts/{self.rollout}")["counts"]

    def is_over(self):
        counts = self.counts()
        return sum(counts.get(state, 0) for state in ("succeeded", "reverted", "failed")) == DEVICES

    # --- operators and other devices

    def turn_operate(self, wire):
        if self.rollout is None:
            return
        for _, path in fleet.list_requests(self.rollout, self.release, "dev-01"):
            wire.ask("GET", path)
            self.count("lists")
        wire.ask("GET", "/metrics")

    def turn_label(self, _wire):
        some = self.chance.sample(self.talkers, 10)
        fleet.change(self.server, "label", some, add_tags=["lab"], attributes={"n": str(self.chance.randrange(10**6))})
        self.count("labels")
        fleet.change(self.server, "hold", some, reason="soaking")
        fleet.change(self.server, "unhold", some)
        fleet.change(self.server, "label", target="tag == lab", remove_tags=["lab"])
        self.count("holds")
        self.server.json("PUT", "/api/v1/groups/soaking", {"target": f"tag == lab or id == talker-{self.chance.randrange(9)}"},
                         expect=200 if self.done["groups"] else 201)
        self.count("groups")

    def turn_enrol(self, _wire):
        device = fleet.Device(self.server, f"new-{next(self.numbers)}-{self.chance.randrange(10**9)}")
        device.poll()
        self.count("enrolments")
        fleet.change(self.server, "retire", [device], reason="through")
        self.count("retirements")

    def turn_download(self, wire):
        """Whole and in parts, over a kept connection and over a new one."""
        if self.blob is None:
            return
        wire.ask("GET", f"/v1/blobs/{self.blob}")
        wire.ask("GET", f"/v1/blobs/{self.blob}", headers={"Range": "bytes=100-4195"}, expect=(206,))
        with contextlib.closing(self.server.connection()) as connection:
            connection.request("GET", f"/v1/blobs/{self.blob}", headers={"Authorization": "Bearer " + self.server.token})
            assert connection.getresponse().read()
        self.count("downloads", 3)

    def turn_poll(self, wire):
        device = self.chance.choice(self.talkers)
        poll(wire, device)
        self.count("polls")

    # --- the house

    def turn_keep(self, _wire):
        self.server.process.send_signal(signal.SIGHUP)
        self.count("reloads")
        folder = self.world.folder / "backup"
        self.server.json("POST", "/api/v1/server/backup", {"dir": str(folder)})
        shutil.rmtree(folder)
        self.count("backups")
        self.server.json("POST", "/api/v1/server/gc", {"keep": 3})
        self.count("collections")


def poll(wire, device):
    wire.ask("POST", "/v1/device/poll", fleet.json.dumps(device.body()), token=fleet.secret(device.name))
