"""Whole fleets that nobody has registered: they come by a fleet key or by an operator's word, and are updated; tokens change
and end while a rollout is under way."""

import collections
import hashlib

import otter
import pytest
from emulated import Emulated
from hand import Hand, names, unpadded
from own_token import Device

DEVICES = 300
OPEN = ("offered", "downloading", "installed", "testing")


@pytest.fixture
def world(tmp_path):
    made = otter.World(tmp_path, ["--enrol", "ask,fleet-key", "--plain-devices"]).start()
    yield made
    made.stop()


def unregistered(world, count):
    """Factory data with secrets of which the server knows nothing."""
    folder = world.folder / "fleet"
    world.otter("device", "provision", "--count", count, "--product", otter.PRODUCT, "--hardware", otter.HARDWARE, "--root",
                world.root, "--image-key", world.pub("image"), "--url", world.server.url, "--no-register", "--out-dir", folder)
    world.otter("image-key", "add", world.pub("image"), "--product", otter.PRODUCT)
    return folder


def devices(world):
    return {item["id"]: item for item in world.otter("device", "list", "--all", "--json").json["items"]}


def requests(world):
    return {item["id"]: item for item in world.otter("device", "requests", "--all", "--json").json["items"]}


def acts(world):
    """How often the log has what was done, and to whom."""
    items = world.otter("audit", "list", "--all", "--json").json["items"]
    return collections.Counter((item["act"], item["subject"]) for item in items)


def states(world, rollout):
    return {state: n for state, n in world.status(rollout)["counts"].items() if n}


def test_hundreds_enrol_by_a_fleet_key_are_updated_and_never_enrol_again(world):
    """Their factory data has no fleet key: what is compiled into an application may bring it."""
    key = world.folder / "fleet.key"
    world.otter("fleet-key", "new", otter.PRODUCT, "--out", key)
    base, fleet = world.image("1.0.0", "A"), unregistered(world, DEVICES)
    way = ["--fleet-key", key, "--crypto", "openssl"]
    world.emulate(fleet, base, *way, "--until-idle")
    assert set(devices(world)) == set(names(fleet)) and requests(world) == {}
    assert key.read_text().strip() not in world.server.log.read_text()
    world.server.kill()
    world.server.start()
    [listed] = world.otter("fleet-key", "list", "--json").json["items"]
    world.otter("fleet-key", "remove", listed["id"])  # who asked again by it would be refused
    rollout = world.rollout(world.publish("1.1.0"))
    done = world.emulate(fleet, base, *way, "--expect", "1.1.0:confirmed").json
    assert done["by_version"] == {"1.1.0": DEVICES} and done["by_report"] == {"succeeded": DEVICES}
    assert done["boots"] == 2 * DEVICES and done["failures"] == {}
    done = world.emulate(fleet, base, *way, "--until-idle").json  # switched off and on again
    assert done["by_version"] == {"1.1.0": DEVICES} and done["failures"] == {}
    assert states(world, rollout) == {"succeeded": DEVICES}
    enrolled = {subject: n for (act, subject), n in acts(world).items() if act == "device-enrol"}
    assert enrolled == dict.fromkeys(names(fleet), 1) and requests(world) == {}


def test_who_was_accepted_gets_the_update_that_runs_already_and_who_was_not_gets_nothing(world):
    base, fleet = world.image("1.0.0", "A"), unregistered(world, 3)
    world.fleet(1, prefix="old-")  # a rollout for nobody is refused
    rollout = world.rollout(world.publish("1.1.0"))
    with Emulated(world, fleet, base, "--expect", "1.1.0:confirmed", "--expect-count", 2, speed=200) as emulated:
        otter.wait_for("all have asked", lambda: set(requests(world)) == set(names(fleet)), 60)
        assert set(devices(world)) == {"old-1"} and "succeeded" not in states(world, rollout)
        world.otter("device", "accept", *names(fleet)[:2])
        assert emulated.process.wait(300) == 0
    assert emulated.summary["by_version"] == {"1.0.0": 1, "1.1.0": 2}
    assert states(world, rollout)["succeeded"] == 2
    assert set(devices(world)) == {"old-1", *names(fleet)[:2]} and set(requests(world)) == {names(fleet)[2]}


def test_tokens_change_all_over_a_fleet_while_it_is_updated(world):
    count = 40
    base, fleet = world.image("1.0.0", "A"), world.fleet(count)
    rollout = world.rollout(world.publish("1.1.0"))
    with Emulated(world, fleet, base, "--fault", "slow=20000") as emulated:
        def in_the_midst():
            now = states(world, rollout)
            return sum(now.get(state, 0) for state in OPEN) > count / 2 and now
        otter.wait_for("most are at it", in_the_midst, 60)
        assert world.otter("device", "rotate", "--target", "all", "--yes", "--json").json["changed"] == count
        otter.wait_for("all are updated", lambda: states(world, rollout) == {"succeeded": count}, 120)
        otter.wait_for("all tokens are new", lambda: {acts(world)["device-token-rotated", name] for name in names(fleet)} == {1},
                       120)
    assert emulated.summary["by_version"] == {"1.1.0": count} and emulated.summary["failures"] == {}
    old = Hand(world, fleet, names(fleet)[0])
    assert old.poll(expect=401) is None
    world.server.kill()
    world.server.start()
    world.rollout(world.publish("1.2.0"))  # who was switched off and on again knows its token, and so does the server
    world.emulate(fleet, base, "--expect", "1.2.0:confirmed")


def test_a_token_that_is_revoked_within_an_attempt_ends_it_for_the_thief_and_its_owner_goes_on(world):
    release = world.publish("1.1.0")
    fleet = world.fleet(2)
    thief, other = (Hand(world, fleet, name) for name in names(fleet))
    rollout = world.rollout(release)
    attempt = thief.poll()["attempt"]
    assert attempt and other.poll()["attempt"]
    thief.report("downloading")
    world.otter("device", "revoke", thief.device, "--reason", "sold")
    thief.report("installed", expect=401)
    assert thief.poll(expect=403) is None
    status, _, _ = world.server.request("GET", f"/v1/blobs/{release}", token=thief.token)
    assert status == 401
    assert states(world, rollout) == {"downloading": 1, "offered": 1}
    owner = Device(world.server, thief.device)
    assert owner.poll()[0] == 403
    fingerprint = hashlib.sha256(unpadded(owner.secret).encode()).hexdigest()[:16]
    world.otter("device", "accept", thief.device, "--token", fingerprint)
    thief.token = unpadded(owner.secret)
    assert thief.poll()["attempt"] == attempt
    digest = hashlib.sha256(world.image("1.1.0", "B").read_bytes()).hexdigest()
    for hand in (thief, other):
        hand.succeed("1.1.0", digest)
    assert states(world, rollout) == {"succeeded": 2}
