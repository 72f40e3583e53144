"""Attacks by documents that are genuine, but not for this device, this moment or this place. The attacker has otterd's
offer key (tests/support/forger.py): what he cannot do with it, nobody on the way can. Manifests that differ from what was
published are by the release key: what devices refuse even then, they refuse from anybody."""

import json
import time

import documents
import forger
import otter
import pytest

OTHER_HARDWARE = "mps2-an386"


@pytest.fixture
def scene(world):
    made = forger.Scene(world)
    yield made
    made.forger.close()


def describe(path, slot):
    """An image as a manifest names it."""
    return {"slot": slot, **forger.digest_of(path.read_bytes())}


def test_what_is_for_another_device_or_product_is_refused(scene):
    scene.populate(4)
    image = scene.world.image("1.1.0", "B")
    scene.attack([
        ("made out to another device", scene.as_it_is(device="dev-1"), "offer-device"),
        ("to one whose name begins alike", scene.as_it_is(device="dev-30"), "offer-device"),
        ("a release of another product", scene.instead(scene.manifest("1.1.0", product="valve"), image), "wrong-product"),
    ])
    scene.afterwards()


def test_what_is_for_other_hardware_is_refused(scene):
    scene.populate(5)
    world, image = scene.world, scene.world.image("1.1.0", "B")
    foreign = world.image("1.1.0", "B", hardware=OTHER_HARDWARE, name="foreign")
    link = next(i["link"] for i in documents.payload_of((world.folder / "1.1.0.release.json").read_bytes())["images"]
                if i["slot"] == "B")

    def of_foreign(**members):
        return scene.manifest("1.1.0", images=[{**describe(foreign, "B"), **members}])
    scene.attack([
        ("a release for another board", scene.instead(scene.manifest("1.1.0", hardware=[OTHER_HARDWARE]), image),
         "wrong-hardware"),
        ("for one whose name begins alike", scene.instead(scene.manifest("1.1.0", hardware=[otter.HARDWARE + "2"]), image),
         "wrong-hardware"),
        ("another board's image, linked as it is", scene.instead(of_foreign(link=link + 0x20000), foreign), "wrong-link"),
        ("another board's image, with this board's link", scene.instead(of_foreign(link=link), foreign), "image-link"),
    ])
    scene.afterwards()


def test_what_is_for_another_slot_is_refused(scene):
    scene.populate(6)
    first, second = (scene.world.image("1.1.0", slot) for slot in "AB")
    honest = (scene.world.folder / "1.1.0.release.json").read_bytes()
    link = {i["slot"]: i["link"] for i in documents.payload_of(honest)["images"]}
    renamed = [scene.manifest("1.1.0", images=[{**describe(first, slot), "link": link[of]}])
               for slot, of in (("B", "A"), ("B", "B"), ("any", "A"))]
    scene.attack([
        ("the image of the running slot", scene.instead(honest, first, "A"), "slot-running"),
        ("the image of the running slot as the other's", scene.instead(honest, first, "B"), "image-mismatch"),
        ("likewise in the manifest", scene.instead(renamed[0], first), "wrong-link"),
        ("likewise, with the other's link", scene.instead(renamed[1], first), "image-link"),
        ("for any slot", scene.instead(renamed[2], first, "any"), "slot-unsupported"),
    ])
    scene.afterwards()


def test_an_offer_that_answers_another_poll_is_refused(scene):
    scene.populate(4)
    of = scene.forger

    def recorded(_poll, _offer):
        """The first one never arrives; it is what each later poll gets."""
        return of.replies["dev-2"][0] if len(of.replies["dev-2"]) > 1 else (503, b"")

    def newest(_poll, _offer):
        """Always that of the poll before."""
        return of.replies["dev-3"][-2] if len(of.replies["dev-3"]) > 1 else (503, b"")

    def one_bit(poll, offer):
        nonce = documents.unb64(poll["nonce"])
        return of.forge(offer, nonce=documents.b64(nonce[:-1] + bytes([nonce[-1] ^ 1])))
    scene.attack([
        ("recorded, and sent again", recorded, "offer-nonce"),
        ("the one before", newest, "offer-nonce"),
        ("a nonce that differs by a bit", one_bit, "offer-nonce"),
    ])
    scene.afterwards()
    # Nor does it do any harm to who is up to date.
    before = scene.flash("dev-2")
    of.offers["dev-2"] = recorded
    with scene.awake():
        otter.wait_for("the refusal", lambda: scene.shown("dev-2")["last_refusal"] == "offer-nonce", 60)
    assert scene.flash("dev-2")["journal"]["confirmed"] == before["journal"]["confirmed"]


def test_another_devices_offer_is_refused_even_if_otterd_made_it_for_this_nonce(scene):
    scene.populate(3)
    own = scene.world.fleet(1, prefix="own-")  # a device that the attacker has bought
    scene.forger.knows(own)

    def of_then(poll, _offer):
        return scene.forger.poll_as("own-1", {**poll, "nonce": documents.b64(bytes(16))})

    def of_now(poll, _offer):
        made = scene.forger.poll_as("own-1", poll)
        told = documents.payload_of(made)
        assert told["device"] == "own-1" and told["nonce"] == poll["nonce"] and told["attempt"]
        return made
    scene.attack([("what otterd answered another", of_then, "offer-device"),
                                   ("what it answered another to this nonce", of_now, "offer-device")])
    scene.afterwards()


def test_no_older_release_is_installed_however_well_it_is_signed(scene):
    world = scene.world
    old, old_images = world.release("1.1.0")
    world.otter("release", "publish", old, *old_images)
    scene.populate(6, "1.2.0", "--security-counter", "3")
    scene.afterwards("1.2.0")
    same = world.folder / "1.2.0.release.json"
    world.rollout(world.publish("1.3.0", "--security-counter", "3"))
    newest = {name: world.image(name, "A") for name in ("1.2.0", "1.3.0")}
    link = next(i["link"] for i in documents.payload_of(old.read_bytes())["images"] if i["slot"] == "A")
    disguised = {"images": [{**describe(old_images[0], "A"), "link": link}], "sequence": 9}
    scene.attack([
        ("what was published before", scene.instead(old, old_images[0], "A"), "sequence-not-above"),
        ("the running one once more", scene.instead(same, newest["1.2.0"], "A"), "sequence-not-above"),
        ("a lower counter under a new number", scene.instead(scene.manifest("1.1.0", **disguised), old_images[0], "A"),
         "counter-below"),
        ("the older image in the newest manifest", scene.instead(scene.manifest("1.3.0", **disguised), old_images[0], "A"),
         "image-version"),
        ("likewise, with its version", scene.instead(scene.manifest("1.3.0", version="1.1.0", **disguised), old_images[0], "A"),
         "image-counter"),
    ], "1.3.0", base=world.image("1.2.0", "B"))
    scene.afterwards("1.3.0")


SIZED = {True: "image-digest", False: "image-length"}  # signatures in DER are of 70 to 72 bytes


def test_parts_of_several_releases_make_no_update(scene):
    world, serve = scene.world, scene.forger.serve
    other, other_images = world.release("1.2.0", sequence=2)
    world.otter("release", "publish", other, *other_images)
    scene.populate(6, sequence=1)
    good, image = (world.folder / "1.1.0.release.json").read_bytes(), world.image("1.1.0", "B")
    crossed = json.loads(other.read_bytes()) | {"signatures": json.loads(good)["signatures"]}
    crossed = json.dumps(crossed, separators=(",", ":")).encode()
    renamed, sizes = scene.manifest("1.2.0", version="1.1.0"), [path.stat().st_size for path in (image, other_images[1])]
    rows = [
        ("one's manifest, the other's image", scene.as_it_is(image={**describe(other_images[1], "B")}), "image-mismatch"),
        ("one's signatures, the other's payload", scene.instead(crossed, other_images[1]), "bad-signature"),
        ("the other's image by one's version", scene.instead(renamed, other_images[1]), "image-version"),
        ("the other's manifest in the place of one's", scene.as_it_is(), "manifest-digest"),
        ("the other's image in the place of one's", scene.as_it_is(), SIZED[sizes[0] == sizes[1]]),
    ]
    serve["dev-5", "/v1/blobs/" + forger.digest_of(good)["sha256"]] = other.read_bytes()
    serve["dev-6", "/v1/blobs/" + describe(image, "B")["sha256"]] = other_images[1].read_bytes()
    scene.attack(rows)
    scene.afterwards()


def test_what_has_expired_is_refused_and_an_offer_cannot_be_dated_back(scene):
    scene.populate(5)
    now, image = int(time.time()), scene.world.image("1.1.0", "B")
    stale = scene.manifest("1.1.0", created=now - 2000, expires=now - 1000)
    root = documents.payload_of(scene.world.root.read_bytes())
    past = scene.forger.hand_out(stale, image)

    def dated(issued, **members):
        return lambda _poll, offer: scene.forger.forge(offer, issued=issued, deadline=issued + 3600, **members)
    scene.attack([
        ("a manifest that has expired", scene.instead(stale, image), "manifest-expired"),
        ("the same, dated back to when it had not", dated(now - 1500, **past), "offer-time"),
        ("an offer from before the root", dated(root["created"] - 1), "offer-time"),
        ("an offer from after the root", dated(root["expires"]), "root-expired"),
    ])
    scene.afterwards()


FAST = 100_000  # a week is six seconds


def test_who_keeps_answers_back_is_seen_after_a_week_and_updates_go_on_behind_him(scene):
    """Silence cannot be prevented. dev-1's polls get through, and `nothing for you` comes back, unsigned; of dev-2 nothing
    is heard at all."""
    scene.populate(2)
    scene.forger.offers["dev-1"] = lambda _poll, _offer: (204, b"")
    scene.forger.mute.add("dev-2")
    scene.forger.hints = {"Retry-After": "86400"}
    with scene.awake("--speed", str(FAST)):
        shown = otter.wait_for("the device to be stale", lambda: (d := scene.shown("dev-1"))["stale"] and d, 60)
    assert shown["state"] == "offered" and shown["running"]["version"] == "1.0.0"
    assert not scene.shown("dev-2")["last_seen"] and scene.shown("dev-2")["state"] == "never-seen"
    for device in scene.devices:
        scene.untouched(device, scene.base)
    scene.afterwards()
    assert not scene.shown("dev-1")["stale"]
