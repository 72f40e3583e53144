"""Load on an otterd, and a ledger of all that it acknowledged: after a crash, a restart, a restore, the server is held
against the ledger. What was sent and not answered may have happened or not, but once."""

import hashlib
import http.client
import json
import os
import pathlib
import random
import subprocess
import threading
import time

import documents
import otter

CROWD = pathlib.Path(__file__).resolve().parent / "crowd.py"
STEPS = ["downloading", "downloaded", "installed", "testing"]  # after "offered", by reports
RANK = {name: at for at, name in enumerate(["offered", *STEPS, "succeeded"])}
LOST = (OSError, http.client.HTTPException)


class Lost(Exception):
    """No answer: the server went away."""


class Refused(Exception):
    """An answer that is no success; .status says which."""

    def __init__(self, status, body):
        super().__init__(f"{status} {body[:300]!r}")
        self.status = status


class Wire:
    """One connection after the other; a request is answered, refused or lost."""

    def __init__(self, server):
        self.server, self.connection = server, None

    def ask(self, method, path, body=None, *, token, kind="application/json", headers=()):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        sent = {"Authorization": "Bearer " + token, "Content-Type": kind, **dict(headers)}
        if isinstance(body, dict):
            body = json.dumps(body)
        try:
            self.connection.request(method, path, body, sent)
            reply = self.connection.getresponse()
            text = reply.read()
        except LOST as error:
            self.close()
            raise Lost(str(error)) from error
        if reply.status >= 300:
            raise Refused(reply.status, text)
        return reply.status, text

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


class Device:
    def __init__(self, name):
        self.name, self.secret = name, os.urandom(32)
        self.attempt = None
        self.rank = None      # of the state last acknowledged
        self.sent = None      # of the state last sent
        self.label = self.label_sent = 0
        self.tag = None       # of enrol()
        self.held = self.held_sent = False
        self.at_work = threading.Lock()

    @staticmethod
    def again(device):
        """The same, with nothing acknowledged."""
        made = Device(device.name)
        made.secret, made.sent, made.label_sent = device.secret, device.sent, device.label_sent
        return made

    def body(self):
        return {"id": self.name, "product": otter.PRODUCT, "hardware": otter.HARDWARE,
                "secret": documents.b64(self.secret)}


class Ledger:
    """What was acknowledged, and what is open: sent without an answer. All of it over all rounds."""

    def __init__(self):
        self.lock = threading.Lock()
        self.devices, self.maybe_devices = {}, {}
        self.rollouts, self.maybe_rollouts = {}, set()    # name -> id
        self.walks = {}                                   # name -> Walk
        self.releases, self.roots, self.blobs = set(), 1, {}
        self.keyed = []                                   # (key, body, id) of rollouts
        self.acknowledged = 0
        self.journal = []                                 # (when it was heard, kind, what, value)
        self.refused = {}                                 # status -> how often
        self.samples = {}                                 # status -> one of them

    def took(self, kind, what, value=None):
        self.acknowledged += 1
        self.journal.append((time.time(), kind, what, value))

    def as_of(self, when):
        """The ledger of what was acknowledged before; all that was sent later may have happened, too."""
        made = Ledger()
        made.maybe_devices = {name: Device.again(device) for name, device in {**self.devices, **self.maybe_devices}.items()}
        made.maybe_rollouts = set(self.rollouts) | self.maybe_rollouts
        for at, kind, what, value in self.journal:
            if at >= when:
                continue
            if kind == "device":
                made.devices[what] = made.maybe_devices.pop(what)
            elif kind == "rank":
                made.devices[what].attempt, made.devices[what].rank = value
            elif kind == "label":
                made.devices[what].label = value
            elif kind == "rollout":
                made.rollouts[what] = value
                made.maybe_rollouts.discard(what)
            elif kind == "release":
                made.releases.add(what)
            elif kind == "root":
                made.roots = max(made.roots, what)
            elif kind == "blob":
                made.blobs[what] = value
        return made


class Walk:
    """A rollout of nobody, and how far its operators have brought it."""

    WAY = ("draft", "phase 1", "phase 2", "aborted")
    VERBS = (None, "start", "advance", "abort")

    def __init__(self):
        self.id = self.at = self.sent = None

    @staticmethod
    def place(item):
        return Walk.WAY.index(f"phase {item['phase']}" if item["state"] == "running" else item["state"])


class Load:
    """Threads that work until stop(); each ends by itself when the server is gone. kinds: which work is done. keep_on:
    refusals are counted and borne. reconnect: a connection for each turn of work."""

    KINDS = ("devices", "devices", "devices", "labels", "rollouts", "uploads", "releases", "roots")
    OPERATORS = ("labels", "holds", "walks", "rollouts", "uploads", "releases", "roots")  # beside a Crowd

    def __init__(self, world, ledger, rollout, seed, kinds=KINDS, most_devices=30, keep_on=False,
                 reconnect=False):
        self.world, self.server, self.ledger, self.rollout = world, world.server, ledger, rollout
        self.release = json.loads((world.folder / "load.payload").read_text())
        self.token = self.server.token
        self.left, self.keep_on, self.seed, self.reconnect = most_devices, keep_on, seed, reconnect
        self.ended = threading.Event()
        self.failures = []
        self.threads = [threading.Thread(target=self.work, args=(kind, at)) for at, kind in enumerate(kinds)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(90)
            assert not thread.is_alive(), "a worker hangs"
        assert not self.failures, self.failures[:3]

    def work(self, kind, number):
        wire, chance = Wire(self.server), random.Random(f"{self.seed}/{number}")
        turn = getattr(self, "turn_" + kind)
        try:
            while not self.ended.is_set():
                try:
                    turn(wire, chance)
                    if self.reconnect:
                        wire.close()
                except Refused as refused:
                    with self.ledger.lock:
                        self.ledger.refused[refused.status] = self.ledger.refused.get(refused.status, 0) + 1
                        self.ledger.samples[refused.status] = f"{kind}: {refused}"
                    if not self.keep_on:
                        raise
                    time.sleep(0.02)  # a client backs off
        except Lost:
            pass
        except Exception as error:  # noqa: BLE001 - told by stop()
            self.failures.append(f"{kind}: {error!r}")
        finally:
            wire.close()

    # ---- one round of each kind of work

    def turn_devices(self, wire, chance):
        with self.ledger.lock:
            new = self.left > 0
            self.left -= new
            if new:
                device = Device(f"load-{len(self.ledger.devices)}-{os.urandom(4).hex()}")
                self.ledger.maybe_devices[device.name] = device
            else:
                device = chance.choice(list(self.ledger.devices.values()) or [None])
        if device is None or not device.at_work.acquire(blocking=False):
            return
        try:
            if new:
                wire.ask("POST", "/api/v1/devices", device.body(), token=self.token)
                with self.ledger.lock:
                    self.ledger.devices[device.name] = self.ledger.maybe_devices.pop(device.name)
                    self.ledger.took("device", device.name)
            self.update(wire, device)
        finally:
            device.at_work.release()

    def poll(self, wire, device, **running):
        image = {"version": "1.0.0", "sha256": "00" * 32, "slot": "A", "confirmed": True, **running}
        body = {"device": device.name, "product": otter.PRODUCT, "hardware": otter.HARDWARE, "running": image,
                "epoch": 1, "sequence": 0, "root": 1, "nonce": documents.b64(os.urandom(16)),
                "caps": {"ram": 0, "covers": 0}}
        _, text = wire.ask("POST", "/v1/device/poll", body, token=documents.b64(device.secret))
        return documents.payload_of(text) if text else {}

    def confirmed(self):
        image = next(i for i in self.release["images"] if i["slot"] == "B")
        return {"version": self.release["version"], "sha256": image["sha256"], "slot": "B", "confirmed": True}

    def update(self, wire, device):
        """What is left of its way; each acknowledged part of it goes into the ledger."""
        if device.sent == RANK["succeeded"]:
            self.succeed(wire, device)
            return
        if device.rank is None:
            device.sent = RANK["offered"]
        offer = self.poll(wire, device)
        if "attempt" not in offer:
            return
        if device.rank is None:
            device.attempt = offer["attempt"]
            self.reached(device, RANK["offered"])
        assert offer["attempt"] == device.attempt, f"{device.name}: {offer['attempt']} and {device.attempt}"
        for state in STEPS[device.rank:]:
            device.sent = RANK[state]
            self.report(wire, device, RANK[state], state)
            self.reached(device, RANK[state])
        self.succeed(wire, device)

    def succeed(self, wire, device):
        """A poll is answered on a full disk, too: the success is then counted at a later one, so nothing is lost."""
        device.sent = RANK["succeeded"]
        assert not self.poll(wire, device, **self.confirmed()).get("attempt")
        if not self.keep_on:
            self.reached(device, RANK["succeeded"])

    def reached(self, device, rank):
        device.rank = rank
        self.ledger.took("rank", device.name, (device.attempt, rank))

    def report(self, wire, device, step, state):
        running = {"version": "1.0.0", "sha256": "00" * 32, "slot": "A", "confirmed": True}
        wire.ask("POST", "/v1/device/report",
                 {"device": device.name, "attempt": device.attempt, "step": step, "state": state, "running": running},
                 token=documents.b64(device.secret))

    def turn_labels(self, wire, chance):
        with self.ledger.lock:
            known = list(self.ledger.devices.values())
        if not known:
            return
        device = chance.choice(known)
        device.label_sent += 1
        wire.ask("PATCH", f"/api/v1/devices/{device.name}", {"attributes": {"n": str(device.label_sent)}},
                 token=self.token)
        device.label = device.label_sent
        self.ledger.took("label", device.name, device.label)

    def turn_holds(self, wire, chance):
        with self.ledger.lock:
            known = [device for device in self.ledger.devices.values() if device.tag == "quiet"]
        device = chance.choice(known)
        device.held_sent = not device.held
        verb, reason = ("hold", {"reason": "why not"}) if device.held_sent else ("unhold", {})
        wire.ask("POST", f"/api/v1/devices/{verb}", {"ids": [device.name], **reason}, token=self.token)
        device.held = device.held_sent
        self.ledger.took("hold", device.name, device.held)

    def turn_walks(self, wire, _chance):
        """One more step of a rollout that is on its way, or a new one."""
        walks, last = self.ledger.walks, len(Walk.WAY) - 1
        name = next((name for name, walk in walks.items() if walk.at is not None and walk.at < last), None)
        if name is None:
            name = f"walk-{os.urandom(6).hex()}"
            walks[name] = Walk()
        walk = walks[name]
        walk.sent = 0 if walk.at is None else walk.at + 1
        if walk.sent == 0:
            body = {"release": self.world.load_release, "target": "tag == nobody", "phases": [50, 100], "name": name}
            walk.id = json.loads(wire.ask("POST", "/api/v1/rollouts", body, token=self.token)[1])["id"]
        else:
            wire.ask("POST", f"/api/v1/rollouts/{walk.id}/{Walk.VERBS[walk.sent]}", token=self.token)
        walk.at = walk.sent
        self.ledger.took("walk", name, walk.at)
        self.ended.wait(0.01)

    def turn_rollouts(self, wire, chance):
        name = f"load-{os.urandom(6).hex()}"
        body = {"release": self.world.load_release, "target": "all", "phases": [50, 100], "name": name,
                "priority": chance.randrange(10)}
        with self.ledger.lock:
            self.ledger.maybe_rollouts.add(name)
        _, text = wire.ask("POST", "/api/v1/rollouts", body, token=self.token, headers={"Idempotency-Key": name})
        with self.ledger.lock:
            self.ledger.maybe_rollouts.discard(name)
            self.ledger.rollouts[name] = json.loads(text)["id"]
            self.ledger.keyed = (self.ledger.keyed + [(name, body, self.ledger.rollouts[name])])[-20:]
            self.ledger.took("rollout", name, self.ledger.rollouts[name])
        self.ended.wait(0.01)  # else there are thousands of them

    def turn_uploads(self, wire, chance):
        data = os.urandom(chance.randrange(2000, 8000))
        digest = hashlib.sha256(data).hexdigest()
        wire.ask("POST", "/api/v1/uploads", {"sha256": digest, "size": len(data)}, token=self.token)
        half = len(data) // 2
        for at, part in ((0, data[:half]), (half, data[half:])):
            wire.ask("PATCH", f"/api/v1/uploads/{digest}", part, token=self.token,
                     kind="application/offset+octet-stream", headers={"Upload-Offset": str(at)})
        with self.ledger.lock:
            self.ledger.blobs[digest] = len(data)
            self.ledger.took("blob", digest, len(data))
        self.ended.wait(0.02)

    def turn_releases(self, wire, chance):
        payload = dict(self.release, sequence=chance.randrange(1000, 2**40))
        envelope = self.world.release_signer.envelope(payload)
        wire.ask("POST", "/api/v1/releases", envelope, token=self.token, kind="application/jose+json")
        with self.ledger.lock:
            self.ledger.releases.add(hashlib.sha256(envelope).hexdigest())
            self.ledger.took("release", hashlib.sha256(envelope).hexdigest())
        self.ended.wait(0.05)

    def turn_roots(self, wire, _chance):
        status, text = wire.ask("GET", "/api/v1/roots?limit=1000", token=self.token)
        newest = max(item["version"] for item in json.loads(text)["items"])
        payload = dict(self.world.root_payload, version=newest + 1)
        status, _ = wire.ask("POST", "/api/v1/roots", self.world.root_signer.envelope(payload), token=self.token,
                             kind="application/jose+json")
        assert status in (200, 201)
        with self.ledger.lock:
            self.ledger.roots = max(self.ledger.roots, newest + 1)
            self.ledger.took("root", newest + 1)
        self.ended.wait(0.3)


class Crowd:
    """`with Crowd(world, ledger, connections):` crowd.py with the ledger's devices of a tag, from its first wave on; ended by
    the server's end, or by leaving. Then the ledger has what the devices were told, .statuses how often what was, and .held_back
    how often one had to wait for others."""

    def __init__(self, world, ledger, connections, tag="crowd", keep_on=False):
        self.world, self.ledger, self.connections, self.keep_on = world, ledger, connections, keep_on
        self.members, self.statuses = [device for device in ledger.devices.values() if device.tag == tag], {}

    def __enter__(self):
        release = json.loads((self.world.folder / "load.payload").read_text())
        image = next(i for i in release["images"] if i["slot"] == "B")
        told = [{"version": release["version"], "sha256": image["sha256"], "slot": "B", "confirmed": True}]
        told += [[d.name, documents.b64(d.secret), d.attempt, d.rank, d.sent, d.tag == "quiet"] for d in self.members]
        self.process = subprocess.Popen(["/usr/bin/python3", "-B", CROWD, str(self.world.server.port),
                                         str(self.connections)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write("".join(json.dumps(line) + "\n" for line in told))
        self.process.stdin.close()
        assert self.process.stdout.readline() == "begun\n"
        return self

    def __exit__(self, kind, *_):
        if self.world.server.process.poll() is None:
            self.process.terminate()
        lines = [json.loads(line) for line in self.process.stdout]
        self.process.stdout.close()
        assert self.process.wait(60) == 0
        print("crowd:", lines[-1])  # shown where a test fails
        if kind is None:
            self.keep(lines)

    def keep(self, lines):
        *devices, (statuses, wrong, self.held_back) = lines
        assert not wrong, wrong
        self.statuses = {int(status): n for status, n in statuses.items()}
        for name, attempt, rank, sent in devices:
            device = self.ledger.devices[name]
            if rank == RANK["succeeded"] and self.keep_on:  # as in Load.succeed
                rank = RANK["testing"]
            self.ledger.acknowledged += (rank or 0) - (device.rank or 0) + (attempt != device.attempt)
            device.attempt, device.rank, device.sent = attempt, rank, sent


def enrol(server, ledger, count, tag):
    """So many more devices, acknowledged at once: "crowd"; "quiet", which no rollout selects; or "nobody", of Walk."""
    made = [Device(f"{tag}-{len(ledger.devices) + at}-{os.urandom(4).hex()}") for at in range(count)]
    answer = server.json("POST", "/api/v1/devices/import", {"items": [{**d.body(), "tags": [tag]} for d in made]})
    assert answer["created"] == count, answer
    for device in made:
        device.tag = tag
        ledger.devices[device.name] = device
        ledger.took("device", device.name)


def prepare(world, *options, target="all"):
    """A release, a running rollout for everybody, and signers: what Load works with. The rollout's id."""
    path, images = world.release("1.1.0", name="load")
    world.otter("release", "publish", path, *images)
    world.load_release = hashlib.sha256(path.read_bytes()).hexdigest()
    (world.folder / "load.payload").write_text(json.dumps(documents.payload_of(path.read_text())))
    world.root_payload = documents.payload_of(world.root.read_text())
    world.root_signer = documents.Signer(world.keys["root"])
    world.release_signer = documents.Signer(world.keys["release"])
    world.server.json("POST", "/api/v1/devices", Device("first").body(), expect=201)
    return world.rollout(world.load_release, "--name", "main", *options, target=target)


# ---- a server held against a ledger

def pages(server, path):
    """All items of a list."""
    wire, items, cursor = Wire(server), [], ""
    token = server.token
    while True:
        _, text = wire.ask("GET", f"{path}?limit=1000{cursor}", token=token)
        wire.close()  # judging a page may take longer than otterd keeps a connection on which nothing comes
        page = json.loads(text)
        items += page["items"]
        if not page["next"]:
            return items
        cursor = "&cursor=" + page["next"]


def check_devices(server, ledger):
    listed = {item["id"]: item for item in pages(server, "/api/v1/devices")}
    for name, device in list(ledger.maybe_devices.items()):
        if name in listed:
            ledger.devices[name] = device
        del ledger.maybe_devices[name]
    for name, device in ledger.devices.items():
        assert name in listed, f"device {name} was acknowledged and is lost"
        label = int(listed[name]["attributes"].get("n", "0"))
        assert device.label <= label <= device.label_sent, f"label of {name}: {label}, acknowledged {device.label}"
        device.label = device.label_sent = label
        held = listed[name]["held"] is not None
        assert held in (device.held, device.held_sent), f"{name} held: {held}, acknowledged {device.held}"
        device.held = device.held_sent = held
    assert set(listed) - {"first"} == set(ledger.devices), "devices that nobody made"


def check_attempts(server, ledger, rollout):
    by_device = {}
    items = pages(server, f"/api/v1/rollouts/{rollout}/attempts")
    for item in items:
        assert item["device"] not in by_device, f"{item['device']} has two attempts: something was counted twice"
        by_device[item["device"]] = item
    for name, device in ledger.devices.items():
        item = by_device.get(name)
        if device.rank is None and item is None:
            continue
        assert item, f"attempt {device.attempt} of {name} was acknowledged and is lost"
        assert device.attempt in (None, item["id"]), f"{name}: attempt {item['id']}, offered {device.attempt}"
        rank = RANK[item["state"]]
        assert (device.rank or 0) <= rank <= device.sent, f"{name} is {item['state']}: {device.rank}, {device.sent}"
        device.attempt, device.rank, device.sent = item["id"], rank, rank
    counts = server.json("GET", f"/api/v1/rollouts/{rollout}")["counts"]
    states = [item["state"] for item in items]
    for state, n in counts.items():
        if state in RANK:
            assert n == states.count(state), f"{n} counted as {state}, {states.count(state)} there"
    assert len({item["id"] for item in items}) == len(items)


def check_rollouts(server, ledger):
    items = [item for item in pages(server, "/api/v1/rollouts") if item["name"].startswith("load-")]
    names = [item["name"] for item in items]
    assert len(set(names)) == len(names), "a rollout was made twice"
    ids = {item["name"]: item["id"] for item in items}
    for name, number in ledger.rollouts.items():
        assert ids.get(name) == number, f"rollout {name} was acknowledged as {number}, is {ids.get(name)}"
    for name in set(names) - set(ledger.rollouts):
        assert name in ledger.maybe_rollouts
        ledger.rollouts[name] = ids[name]
    ledger.maybe_rollouts.clear()
    for key, body, number in ledger.keyed[-3:]:  # asked again: the first one's answer, and no second rollout
        _, text = Wire(server).ask("POST", "/api/v1/rollouts", body, token=server.token,
                                   headers={"Idempotency-Key": key})
        assert json.loads(text)["id"] == number


def check_walks(server, ledger):
    items = {item["name"]: item for item in pages(server, "/api/v1/rollouts") if item["name"].startswith("walk-")}
    for name, walk in list(ledger.walks.items()):
        if walk.at is None and name not in items:
            del ledger.walks[name]
            continue
        assert name in items, f"rollout {name} was acknowledged and is lost"
        at = Walk.place(items[name])
        assert (walk.at or 0) <= at <= walk.sent, f"{name} is at {Walk.WAY[at]}: acknowledged {walk.at}, sent {walk.sent}"
        walk.id, walk.at, walk.sent = items[name]["id"], at, at


def check_documents(server, ledger):
    releases = {item["id"] for item in pages(server, "/api/v1/releases")}
    assert ledger.releases <= releases, "a release was acknowledged and is lost"
    roots = [item["version"] for item in pages(server, "/api/v1/roots")]
    assert sorted(roots) == list(range(1, len(roots) + 1)) and len(roots) >= ledger.roots
    for digest, size in ledger.blobs.items():
        path = server.data / "blobs" / digest[:2] / digest
        assert path.exists() and path.stat().st_size == size, f"blob {digest} was acknowledged and is lost"


def check(server, ledger, rollout):
    """Nothing acknowledged is lost, nothing is there twice; the ledger then is what the server has."""
    check_devices(server, ledger)
    check_attempts(server, ledger, rollout)
    check_rollouts(server, ledger)
    check_walks(server, ledger)
    check_documents(server, ledger)


def check_files(data):
    """otterd --check-database: every page, reference, count, and each blob's digest its name."""
    return otter.run([otter.OTTERD, "--data", data, "--check-database"], expect=0, timeout=120).out
