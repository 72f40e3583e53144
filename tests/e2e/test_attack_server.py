"""Attacks by who has otterd's machine: its disk edited under it, keys and tokens included, or a backup of last month in its place.
What devices run is theirs to judge; what was done, the operator sees; with the honest disk back they are updated."""

import contextlib
import hashlib
import json
import shutil
import sqlite3

import attacker
import documents
import emulated
import otter
import pytest
from hand import unpadded
from test_lying_network import kinds

SPEED = 1000


def digest_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def blob(data, digest):
    return data / "blobs" / digest[:2] / digest


def edit(data, sql, *values):
    """By a program that is not otterd."""
    with contextlib.closing(sqlite3.connect(data / "otter.db", isolation_level=None)) as db:
        assert db.execute(sql, values).rowcount > 0, sql


def put(data, content):
    """A blob of his own, under its right name; the name."""
    digest = hashlib.sha256(content).hexdigest()
    blob(data, digest).parent.mkdir(mode=0o700, exist_ok=True)
    blob(data, digest).write_bytes(content)
    return digest


def check(data):
    return otter.run([otter.OTTERD, "--data", data, "--check-database"], expect=None, timeout=60)


# ---- the disk of a server that was taken over

class Taken:
    """A server with a fleet at 1.0.0, a rollout of 1.1.0 that has not begun, and a key and images of the attacker's own."""

    def __init__(self, world):
        self.world, self.data = world, world.server.data
        self.base, self.fleet = world.image("1.0.0", "A"), world.fleet(2)
        self.release = world.publish("1.1.0")
        self.rollout = world.rollout(self.release)
        self.image = world.image("1.1.0", "B")
        world.otter("key", "new", "--out", world.folder / "his.key")
        self.his_image = world.image("6.6.6", "B", key=world.folder / "his.key")
        self.his = documents.Signer(world.folder / "his.key")

    def manifest(self):
        return documents.payload_of((self.world.folder / "1.1.0.release.json").read_bytes())

    # Each edit is done to the data directory of a stopped otterd.

    def image_replaced(self):
        """Malware under the image's name."""
        blob(self.data, digest_of(self.image)).write_bytes(self.his_image.read_bytes()[:self.image.stat().st_size])

    def release_forged(self):
        """A release of his own, whole: manifest by his key, his image, all names and digests right."""
        image = put(self.data, self.his_image.read_bytes())
        told = self.manifest()
        told["images"] = [{**i, "sha256": image, "size": self.his_image.stat().st_size} if i["slot"] == "B" else i
                          for i in told["images"]]
        envelope = self.his.envelope(told)
        put(self.data, envelope)
        edit(self.data, "UPDATE releases SET id = ?, envelope = ?", hashlib.sha256(envelope).digest(), envelope)
        edit(self.data, "UPDATE release_images SET sha256 = ?, size = ? WHERE slot = 'B'", bytes.fromhex(image),
             self.his_image.stat().st_size)

    def manifest_edited(self):
        """Another version in the manifest, under its old signature and name."""
        envelope = json.loads((self.world.folder / "1.1.0.release.json").read_bytes())
        envelope["payload"] = documents.b64(json.dumps({**self.manifest(), "security_counter": 9}, separators=(",", ":")).encode())
        content = json.dumps(envelope, separators=(",", ":")).encode()
        edit(self.data, "UPDATE releases SET envelope = ?", content)
        blob(self.data, self.release).write_bytes(content)

    def root_replaced(self):
        """A second root, by his key alone: he is all roles."""
        spki = documents.payload_of(self.world.root.read_bytes())
        kid = self.his.kid
        pub = documents.Signer(self.world.folder / "his.key").key.public_key().public_bytes(
            documents.serialization.Encoding.DER, documents.serialization.PublicFormat.SubjectPublicKeyInfo)
        offer = spki["roles"]["offer"]["keyids"][0]
        root = {**spki, "version": 2, "keys": {kid: documents.b64(pub), offer: spki["keys"][offer]},
                "roles": {"root": {"keyids": [kid], "threshold": 1}, "release": {"keyids": [kid], "threshold": 1},
                          "offer": spki["roles"]["offer"]}}
        edit(self.data, "INSERT INTO roots VALUES (2, ?, 1)", self.his.envelope(root))
        self.release_forged()

    def offer_key_replaced(self):
        shutil.copy(self.world.folder / "his.key", self.data / "offer.key")
        (self.data / "offer.key").chmod(0o600)

    def tokens_replaced(self):
        """He is all devices now, as far as otterd knows."""
        edit(self.data, "UPDATE devices SET token_hash = ?", hashlib.sha256(b"his").digest())


# edit -> by which name otterd hears of it from the devices, and whether --check-database finds it. None: they do not get in, and
# are silent.
EDITS = {"image_replaced": ("image-digest", True), "release_forged": ("unknown-key", False),
         "manifest_edited": ("manifest-digest", True), "root_replaced": ("unknown-key", False),
         "offer_key_replaced": ("unknown-key", False), "tokens_replaced": (None, False)}


def listed(world):
    return world.otter("device", "list", "--all", "--json").json["items"]


def refused_polls(world):
    text = world.server.request("GET", "/metrics")[2].decode()
    return sum(float(line.split()[-1]) for line in text.splitlines()
               if line.startswith("otter_http_requests_total{") and '"401"' in line and "poll" in line)


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_disk_brings_no_device_to_run_anything_else(tmp_path, name):
    world = otter.World(tmp_path, ("--poll-interval", "600")).start()
    try:
        taken, (told, found) = Taken(world), EDITS[name]
        world.server.stop()
        data, honest = world.server.data, tmp_path / "honest"
        shutil.copytree(data, honest)
        assert check(data).code == 0
        getattr(taken, name)()
        assert (check(data).code != 0) == found
        world.server.start()
        with emulated.Emulated(world, taken.fleet, taken.base, speed=SPEED) as devices:
            if told:
                otter.wait_for(told, lambda: all(told in (d["reason"], d["last_refusal"]) for d in listed(world)), 60)
            else:
                otter.wait_for("they ask, and are silent to the operator", lambda: refused_polls(world) >= 2, 60)
                assert all(d["state"] == "never-seen" for d in listed(world))
        assert devices.summary["by_version"] == {"1.0.0": 2} and devices.summary["boots"] == 2, devices.summary
        # The control: the disk as it was.
        world.server.stop()
        shutil.rmtree(data)
        shutil.copytree(honest, data)
        world.server.start()
        summary = world.emulate(taken.fleet, taken.base, "--expect", "1.1.0:confirmed", "--speed", SPEED).json
        assert summary["by_version"] == {"1.1.0": 2}
    finally:
        world.server.kill()


def test_an_operator_who_was_written_into_the_database_publishes_nothing_and_is_seen(world):
    """He may do what an admin may; none of the keys that releases are signed with is on the server."""
    base, fleet = world.image("1.0.0", "A"), world.fleet(1)
    data, token = world.server.data, unpadded(b"t" * 32)
    world.server.stop()
    edit(data, "INSERT INTO operators VALUES ('eve', 1, 0)")
    edit(data, "INSERT INTO operator_grants (operator, role, product) VALUES ('eve', 'admin', '*')")
    edit(data, "INSERT INTO operator_tokens (operator, label, hash, parent, created, expires, used) VALUES ('eve', '', ?, 0, 1, 0, 0)",
         hashlib.sha256(token.encode()).digest())
    world.server.start()
    assert world.server.request("GET", "/api/v1/devices", token=token)[0] == 200  # the control: he is in
    world.otter("key", "new", "--out", world.folder / "his.key")
    path, images = world.release("6.6.6", key=world.folder / "his.key")
    env = {"OTTER_SERVER": world.server.url, "OTTER_TOKEN": token}
    done = otter.run([otter.OTTER, "release", "publish", path, *images], expect=1, env=env)
    assert "unknown-key" in done.err, str(done)
    otter.run([otter.OTTER, "server", "freeze", "--reason", "because"], env=env)
    assert "eve" in world.otter("operator", "list").out
    acts = [(e["who"], e["act"]) for e in world.otter("audit", "list", "--all", "--json").json["items"]]
    assert ("eve", "operator-add") not in acts and any(who == "eve" for who, _ in acts), acts  # added by nobody, and at work
    world.otter("operator", "remove", "eve")
    assert world.server.request("GET", "/api/v1/devices", token=token)[0] == 401
    world.otter("server", "unfreeze")
    world.rollout(world.publish("1.1.0"))
    world.emulate(fleet, base, "--expect", "1.1.0:confirmed", "--speed", SPEED)


# ---- between check and use, on the server

def test_an_image_changed_in_the_middle_of_its_download_is_refused_as_a_whole(world):
    """The second half is served from another file of the same length."""
    base, fleet = world.image("1.0.0", "A"), world.fleet(1)
    release = world.publish("1.1.0")
    rollout, image = world.rollout(release), world.image("1.1.0", "B")
    path, good = blob(world.server.data, digest_of(image)), image.read_bytes()

    async def swap(attacker, writer, head, body):
        """Half of it; then the file is another one, and otterd answers for itself."""
        writer.write(head + b"\r\n\r\n" + body[:len(body) // 2])
        fresh = path.with_suffix(".new")
        fresh.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        fresh.rename(path)
        attacker.deeds = {}
    with attacker.Attacker(world.server.port, {"image": swap}, kind=kinds(release)) as wire:
        with emulated.Emulated(world, fleet, base, "--server", wire.url, speed=SPEED) as devices:
            otter.wait_for("the operator sees it", lambda: world.status(rollout)["reasons"] == {"image-digest": 1}, 60)
        assert devices.summary["by_version"] == {"1.0.0": 1} and wire.done["image"] == 1
    path.write_bytes(good)
    world.otter("device", "retry", "dev-1")
    world.emulate(fleet, base, "--expect", "1.1.0:confirmed", "--speed", SPEED)


def upload(server, content):
    digest = hashlib.sha256(content).hexdigest()
    made = server.json("POST", "/api/v1/uploads", {"sha256": digest, "size": len(content)}, expect=201)
    status, _, text = server.request("PATCH", f"/api/v1/uploads/{made['id']}", content, {
        "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"})
    assert status == 204, text
    return blob(server.data, digest)


def test_an_image_changed_between_upload_and_publishing_reaches_no_device(world):
    base, fleet = world.image("1.0.0", "A"), world.fleet(1)
    path, images = world.release("1.1.0")
    files = [upload(world.server, image.read_bytes()) for image in images]
    for image, file in zip(images, files):
        file.write_bytes(image.read_bytes()[:-1] + bytes([image.read_bytes()[-1] ^ 1]))
    done = world.otter("release", "publish", path, *images, expect=1)
    assert "image-reread" in done.err, str(done)
    for image, file in zip(images, files):
        file.write_bytes(image.read_bytes())
    world.otter("release", "publish", path, *images)
    world.rollout(digest_of(path))
    world.emulate(fleet, base, "--expect", "1.1.0:confirmed", "--speed", SPEED)


# ---- a backup of last month

def test_devices_do_not_go_back_with_an_old_backup_and_the_operator_sees_it(tmp_path):
    """Root, release, rollout and a device's token of after the backup are unknown to what comes back."""
    world = otter.World(tmp_path, ["--enrol", "ask"]).start()
    try:
        base, fleet, head = world.image("1.0.0", "A"), world.fleet(2), tmp_path / "head.json"
        old = world.publish("1.1.0")
        world.rollout(old)
        world.emulate(fleet, base, "--expect", "1.1.0:confirmed", "--speed", SPEED)
        world.server.json("POST", "/api/v1/server/backup", {"dir": str(tmp_path / "backup")})
        world.otter("device", "rotate", "dev-2")
        world.rollout(world.publish("1.2.0"))
        world.emulate(fleet, base, "--expect", "1.2.0:confirmed", "--speed", SPEED)
        world.emulate(fleet, base, "--until-idle", "--speed", SPEED)
        world.otter("audit", "head", "--save", head)
        world.server.stop()
        otter.run([otter.OTTERD, "--restore", tmp_path / "backup", "--data", tmp_path / "new"], timeout=60)
        port, world.server = world.server.port, otter.Server(tmp_path / "new", "--enrol", "ask")
        world.server.port = port
        world.server.start()
        again = world.rollout(old)  # what an operator may think they need
        with emulated.Emulated(world, fleet, base, speed=SPEED) as devices:
            otter.wait_for("who is still known is seen", lambda: (listed(world)[0]["running"] or {}).get("version") == "1.2.0", 60)
            asks = otter.wait_for("who is not asks", lambda: world.otter("device", "requests", "--json").json["items"], 60)
        assert devices.summary["by_version"] == {"1.2.0": 2} and devices.summary["boots"] == 2
        assert [(ask["id"], ask["device"]) for ask in asks] == [("dev-2", "exists")]
        assert world.status(again)["counts"]["succeeded"] == 0
        # The log says what was done, and a head that was kept shows what is not there any more.
        assert "restore" in [e["act"] for e in world.otter("audit", "list", "--all", "--json").json["items"]]
        world.otter("audit", "export", "--out", tmp_path / "log")
        assert otter.run([otter.OTTER, "audit", "verify", tmp_path / "log", "--head", head], expect=None).code != 0
        assert otter.run([otter.OTTER, "audit", "verify", tmp_path / "log"], expect=None).code == 0
        # Who lost its token comes back by an operator's word; the release of after the backup is published once more.
        world.otter("device", "revoke", "dev-2", "--reason", "its token is of after the backup")
        world.otter("device", "accept", "dev-2", "--token", asks[0]["fingerprint"])
        world.otter("release", "publish", world.folder / "1.2.0.release.json", world.image("1.2.0", "A"), world.image("1.2.0", "B"))
        world.rollout(world.publish("1.3.0"))
        summary = world.emulate(fleet, base, "--expect", "1.3.0:confirmed", "--speed", SPEED).json
        assert summary["by_version"] == {"1.3.0": 2}
    finally:
        world.server.kill()
