"""Attacks with keys: of the attacker's own, stolen ones, and one that shall count for two. He answers devices in otterd's place
(tests/support/forger.py); what otterd itself would not publish, it is asked to."""

import json
import time

import documents
import forger
import otter
import pytest

ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551  # of P-256
MOST = 2**53 - 1
YEAR = 365 * 86400


class Owner(otter.World):
    """Of a release, two keys must sign."""

    def start(self):
        self.server.start()
        self.keys |= {name: self.folder / f"{name}.key" for name in ("release2", "release3", "intruder")}
        for key in self.keys.values():
            self.otter("key", "new", "--out", key)
        self.otter("root", "new", "--root-key", self.pub("root"), "--release-key", self.pub("release"), self.pub("release2"),
                   "--threshold-release", 2, "--offer-key", self.server.data / "offer.pub", "--out", self.root)
        self.otter("root", "sign", self.root, "--key", self.keys["root"])
        self.otter("root", "publish", self.root)
        return self

    def release(self, version, *options, second="release2", **kwargs):
        path, images = super().release(version, *options, **kwargs)
        self.otter("release", "sign", path, "--key", self.keys[second])
        return path, images


def with_scene(world):
    made = forger.Scene(world)
    yield made
    made.forger.close()


@pytest.fixture
def scene(world):
    for name in ("release2", "intruder"):
        world.keys[name] = world.folder / f"{name}.key"
        world.otter("key", "new", "--out", world.keys[name])
    world.keys["offer"] = world.server.data / "offer.key"
    yield from with_scene(world)


@pytest.fixture
def owned(tmp_path):
    world = Owner(tmp_path).start()
    yield from with_scene(world)
    world.stop()


def next_root(world, verb, *changes):
    """Root 2, signed and published."""
    out = world.folder / "root2.json"
    world.otter("root", verb, world.root, *changes, "--out", out)
    world.otter("root", "sign", out, "--key", world.keys["root"], "--from", world.root)
    world.otter("root", "publish", out)


def refused(world, path, body):
    """The code by which otterd refuses to publish it."""
    status, _, reply = world.server.request("POST", path, body, headers={"Content-Type": "application/json"})
    assert 400 <= status < 500, (status, reply)
    return json.loads(reply)["code"]


# --- arbitrary software

def own_root(world, *signers):
    """Root 2, in which every role is the intruder's."""
    told = documents.payload_of(world.root.read_bytes())
    made = documents.Signer(world.keys["intruder"])
    keys = {made.kid: made.spki}
    roles = {"root": {"keyids": [made.kid], "threshold": 1}, "release": {"keyids": [made.kid], "threshold": 1},
             "offer": told["roles"]["offer"]}
    keys[roles["offer"]["keyids"][0]] = told["keys"][roles["offer"]["keyids"][0]]
    return documents.signed({**told, "version": 2, "keys": keys, "roles": roles}, *(world.keys[name] for name in signers))


def renamed(scene, image):
    """The honest manifest, around other bytes."""
    told = documents.payload_of((scene.world.folder / "1.1.0.release.json").read_bytes())
    link = next(i["link"] for i in told["images"] if i["slot"] == "B")
    return scene.manifest("1.1.0", images=[{"slot": "B", "link": link, **forger.digest_of(image)}])


def test_no_code_runs_that_the_offline_keys_did_not_sign(scene):
    world, image = scene.world, scene.world.image("1.1.0", "B")
    scene.populate(8)
    good = image.read_bytes()
    bent = good[:0x400] + bytes([good[0x400] ^ 1]) + good[0x401:]
    own = world.image("1.1.0", "B", key=world.keys["intruder"], name="own").read_bytes()
    raw = world.firmware("1.1.0", otter.HARDWARE, "B").read_bytes()
    scene.forger.serve["/v1/roots/2"] = own_root(world, "intruder")
    scene.forger.hints = {"Otter-Root": "2"}
    scene.forger.serve["dev-8", "/v1/blobs/" + forger.digest_of(good)["sha256"]] = bent
    scene.attack([
        ("a manifest by his own key, which his own root names", scene.instead(scene.manifest("1.1.0", "intruder"), image),
         "unknown-key"),
        ("a manifest by the offer key", scene.instead(scene.manifest("1.1.0", "offer"), image), "unknown-key"),
        ("an offer by his own key",
         lambda _poll, offer: scene.forger.forge(offer, documents.Signer(world.keys["intruder"])), "unknown-key"),
        ("his image, and the release key", scene.instead(renamed(scene, own), own), "image-key-unknown"),
        ("an image bent, and the release key", scene.instead(renamed(scene, bent), bent), "image-hash"),
        ("an image without a signature, and the release key", scene.instead(renamed(scene, raw), raw), "image-magic"),
        ("an image bent under way", scene.as_it_is(), "image-digest"),
    ])
    assert all(scene.flash(device)["journal"]["root"] < 2 for device in scene.devices)
    for signers in (["intruder"], ["offer"], ["release", "intruder"]):
        assert refused(world, "/api/v1/roots", own_root(world, *signers)) == "unknown-key"
    scene.afterwards()


# --- stolen keys

def test_a_stolen_offer_key_offers_what_is_published_until_a_root_takes_it_out(scene):
    world = scene.world
    scene.populate(3)
    scene.forger.serve["/v1/roots/2"] = own_root(world, "offer")
    image = world.image("1.1.0", "B")
    scene.attack([("a manifest by the key", scene.instead(scene.manifest("1.1.0", "offer"), image), "unknown-key"),
                  ("a root by the key", lambda _poll, offer: scene.forger.forge(
                      offer, documents.Signer(world.keys["intruder"])), "unknown-key")])
    scene.afterwards()
    # What remains: he needs no rollout. dev-1 gets a release that otterd offers to nobody.
    second, images = world.release("1.2.0")
    world.otter("release", "publish", second, *images)
    members = scene.forger.hand_out(second, images[0], "A")
    now = int(time.time())

    def unasked(poll, _offer):
        if poll["running"]["version"] == "1.2.0":
            return None
        return scene.forger.signer.envelope({"type": "otter-offer", "device": "dev-1", "nonce": poll["nonce"], "issued": now,
                                             "deadline": now + 3600, "attempt": 7777, **members})
    scene.forger.offers["dev-1"] = unasked
    scene.forger.serve["dev-1", "/v1/device/report"] = b'{"continue":true}'  # otterd knows of no such attempt, and would stop it
    with scene.awake():
        otter.wait_for("the unasked update", lambda: scene.runs("dev-1") == "1.2.0", 60)
    assert {scene.runs(device) for device in scene.devices[1:]} == {"1.1.0"}
    take_out_offer_key(world)
    # The key is out: the like of it is refused by all, but for the one to whom the new key offers.
    world.rollout(world.publish("1.3.0"))
    fresh = documents.Signer(world.keys["offer"])
    base = world.image("1.1.0", "B")
    scene.forger.serve.clear()
    scene.attack([("the key that was taken out", scene.as_it_is(), "unknown-key")] * 2, "1.3.0", base,
                 right=lambda _poll, offer: scene.forger.forge(offer, fresh))
    scene.afterwards("1.3.0")


def take_out_offer_key(world):
    world.otter("key", "new", "--out", world.server.data / "offer.next.key")
    world.server.stop()
    world.server.start()
    next_root(world, "revoke", "--key", documents.Signer(world.keys["offer"]).kid, "--add",
              f"offer={world.server.data / 'offer.next.key.pub'}")


def perform(scene, rows):
    """rows: [(what it is, a manifest, the code)]: otterd refuses it, and so does a device, by the same name."""
    image = scene.world.image("1.1.0", "B")
    for what, envelope, code in rows:
        assert refused(scene.world, "/api/v1/releases", envelope) == code, what
    scene.attack([(what, scene.instead(envelope, image), code) for what, envelope, code in rows])
    scene.afterwards()


def published(scene):
    """The payload of the rollout's release, as it is signed."""
    return json.loads((scene.world.folder / "1.1.0.release.json").read_bytes())["payload"]


def test_one_stolen_release_key_is_below_the_threshold_and_goes_with_the_next_root(owned):
    world = owned.world
    owned.populate(4)
    body = published(owned)
    thief, other, stranger = (documents.Signer(world.keys[name]) for name in ("release", "release2", "intruder"))
    first = thief.signature(body)
    perform(owned, [("one of two", documents.sealed(body, [first]), "threshold-not-met"),
                    ("and a stranger's", documents.sealed(body, [first, stranger.signature(body)]), "threshold-not-met"),
                    ("and in the other's name", documents.sealed(body, [first, thief.signature(body, other.kid)]),
                     "bad-signature")])
    next_root(world, "revoke", "--key", world.pub("release"), "--add", f"release={world.pub('release3')}")
    path, images = world.release("1.2.0", sequence=1, create=("--epoch", "2"))
    assert "threshold-not-met" in world.otter("release", "publish", path, *images, expect=1).err
    world.rollout(world.publish("1.3.0", sequence=1, key=world.keys["release3"], create=("--epoch", "2")))
    owned.afterwards("1.3.0")


# --- one key that shall count for two

def mirrored(signature):
    """(r, n - s): as good a signature as (r, s), made without the key."""
    raw = documents.unb64(signature["signature"])
    s = ORDER - int.from_bytes(raw[32:], "big")
    return {**signature, "signature": documents.b64(raw[:32] + s.to_bytes(32, "big"))}


def respelled(kid):
    """The same 32 bytes: its last character has two bits that count for nothing."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return kid[:-1] + alphabet[alphabet.index(kid[-1]) ^ 1]


def doubled_roots(world):
    """Roots by the root key in which one release key is two."""
    told = documents.payload_of(world.root.read_bytes()) | {"version": 2}
    one = documents.Signer(world.keys["release"])
    release = {"keyids": [one.kid, one.kid], "threshold": 2}
    yield "one keyid twice", {**told, "roles": {**told["roles"], "release": release}}, "root-roles"
    other = documents.b64(bytes(32))
    release = {"keyids": [one.kid, other], "threshold": 2}
    yield "one key under two names", {**told, "keys": {**told["keys"], other: one.spki},
                                      "roles": {**told["roles"], "release": release}}, "root-keys"


def test_one_key_counts_once_however_its_signature_is_doubled(owned):
    world = owned.world
    owned.populate(6)
    for what, root, code in doubled_roots(world):
        assert refused(world, "/api/v1/roots", documents.signed(root, world.keys["root"])) == code, what
    root = documents.signed({**documents.payload_of(world.root.read_bytes()), "version": 2}, *[world.keys["root"]] * 2)
    assert refused(world, "/api/v1/roots", root) == "duplicate-signature"
    owned.forger.serve["/v1/roots/2"] = root
    body, one, other = published(owned), *(documents.Signer(world.keys[name]) for name in ("release", "release2"))
    first = one.signature(body)
    seconds = [("the same twice", first, "duplicate-signature"),
               ("another by the same key", one.signature(body), "duplicate-signature"),
               ("its mirror image", mirrored(first), "duplicate-signature"),
               ("under the other's name", one.signature(body, other.kid), "bad-signature"),
               ("its own name spelled otherwise", one.signature(body, respelled(one.kid)), "bad-header")]
    perform(owned, [(what, documents.sealed(body, [first, second]), code) for what, second, code in seconds])
    assert all(owned.flash(device)["journal"]["root"] < 2 for device in owned.devices)


# --- numbers and dates spent

def test_spent_numbers_and_dates_are_void_with_the_next_epoch(scene):
    """A stolen release key can spend the last sequence, and with the offer key every date until the root expires."""
    world = scene.world
    scene.populate(3)
    root, image = documents.payload_of(world.root.read_bytes()), world.image("1.1.0", "B")
    late = root["expires"] - 10
    last = {"sequence": MOST, "created": late + 5 * YEAR, "expires": late + 6 * YEAR}
    assert refused(world, "/api/v1/releases", scene.manifest("1.1.0", **last)) == "created-in-future"
    members = scene.forger.hand_out(scene.manifest("1.1.0", **last), image)

    def dated_ahead(_poll, offer):
        changes = members | {"deadline": late + 3600} if offer and "attempt" in offer else {}
        return offer and scene.forger.signer.envelope({**offer, "issued": late, **changes})
    beyond = [("an epoch beyond the root's", scene.instead(scene.manifest("1.1.0", epoch=MOST), image), "wrong-epoch"),
              ("the last number of an epoch to come", scene.instead(scene.manifest("1.1.0", epoch=2, sequence=MOST), image),
               "wrong-epoch")]
    scene.attack(beyond, right=dated_ahead)
    spent = scene.flash("dev-1")["journal"]
    assert (spent["confirmed"]["sequence"], spent["time_floor"]) == (MOST, late)
    scene.forger.honest()
    with scene.awake():
        otter.wait_for("the harm to be seen", lambda: scene.shown("dev-1")["last_refusal"] == "offer-time", 60)
    next_root(world, "revoke", "--key", world.pub("release"), "--add", f"release={world.pub('release2')}")
    world.rollout(world.publish("1.2.0", sequence=1, key=world.keys["release2"], create=("--epoch", "2")))
    scene.updated("1.2.0")
    healed = scene.flash("dev-1")["journal"]
    assert (healed["confirmed"]["epoch"], healed["confirmed"]["sequence"]) == (2, 1) and healed["time_floor"] < late
