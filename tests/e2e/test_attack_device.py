"""Attacks on a device's flash, on its word and on its name. The attacker has what the row of docs/security.md says: otterd's offer
key, the flash between two boots, another device's credentials, or the id of a device that has not come yet."""

import json
import os

import emulated
import forger
import otter
import own_token
import pytest
from hand import hands, unpadded

SECTOR = 128 * 1024  # of the slot; the images here lie in one


def attempts(world, device):
    return world.server.json("GET", f"/api/v1/devices/{device}/attempts")["items"]


def shown(world, device):
    return world.otter("device", "show", device, "--json").json


# ---- flash wear

def polled_days(log):
    """How many days the devices have been up, by their clocks; boots count from 0."""
    up = 0
    for line in log.read_text().splitlines() if log.exists() else []:
        if line.endswith("}"):
            up = max(up, json.loads(line)["uptime_ms"])
    return up / 86_400_000


def test_hopeless_offers_for_ever_cost_a_bounded_number_of_erases(world):
    """By who has otterd and its offer key: the manifest is good, the image never right, each poll brings another attempt. What
    weeks come to, and resets between, is in unit:client-refusals."""
    scene = forger.Scene(world)
    try:
        scene.populate(2)
        image, numbers = world.image("1.1.0", "B").read_bytes(), iter(range(1_000_000, 2_000_000))
        path = "/v1/blobs/" + forger.digest_of(image)["sha256"]

        def another(_poll, offer):
            return scene.forger.forge(offer, attempt=next(numbers))
        assert len(image) < SECTOR
        scene.forger.offers = {device: another for device in scene.devices}
        scene.forger.serve = {(device, path): image[:-1] + b"?" for device in scene.devices}
        log = world.folder / "events"
        with emulated.Emulated(world, scene.fleet, scene.base, "--server", scene.forger.url, "--log", log,
                               speed=20_000) as devices:
            otter.wait_for("a day and a half", lambda: polled_days(log) > 1.5, 120)
        days = polled_days(log) + 1
        assert devices.summary["by_version"] == {"1.0.0": 2}
        # At 13 losses the wait has come to half a day and more; each attempt is one pass, and journals turn now and then.
        most = 2 * (13 + 2 * days) + 10
        assert 2 <= devices.summary["flash_erases"] <= most, (devices.summary["flash_erases"], most)
        for device in scene.devices:
            assert attempts(world, device)[0]["state"] == "offered"  # which the operator sees not move
        scene.afterwards()
    finally:
        scene.forger.close()


def test_a_failing_release_that_is_offered_again_and_again_is_written_once(world):
    """By an operator who has lost his mind, or his token: three times a day `retry`, and a second rollout of the same."""
    base, fleet = world.image("1.0.0", "A"), world.fleet(1)
    rollout = world.rollout(world.publish("1.1.0"))
    erases = []

    def offered(reason, *options):
        summary = world.emulate(fleet, base, "--bad", "1.1.0:fail=100", "--expect-reason", reason, "--speed", 1000, *options).json
        erases.append(summary["flash_erases"])
        assert summary["by_version"] == {"1.0.0": 1}
    offered("self-test")
    for _ in range(3):
        world.otter("device", "retry", "dev-1")
        offered("rejected-before")
    assert erases[0] >= 1 and sum(erases[1:]) == 0, erases
    assert world.status(rollout)["reasons"] == {"rejected-before": 1}
    world.rollout(world.publish("1.2.0"))
    world.emulate(fleet, base, "--bad", "1.1.0:fail=100", "--expect", "1.2.0:confirmed", "--speed", 1000)


# ---- between check and use

def flip(path, at):
    """A bit in the flash file of a device that is off (each byte stands there inverted)."""
    with open(path, "r+b") as flash:
        flash.seek(at)
        byte = flash.read(1)[0]
        flash.seek(at)
        flash.write(bytes([byte ^ 0x10]))


SLOT_A, SLOT_B = 128 * 1024, 1152 * 1024  # offsets in the flash (device-fw/port/maps.c)


def test_an_image_changed_between_its_check_and_its_boot_does_not_boot(world):
    """Somebody with his hands on the flash: what was checked when it came is checked again before each jump."""
    base, fleet = world.image("1.0.0", "A"), world.fleet(1)
    rollout, flash = world.rollout(world.publish("1.1.0")), world.folder / "flash/dev-1.flash"
    with emulated.Emulated(world, fleet, base, "--bad", "1.1.0:silent=100", speed=1000):
        otter.wait_for("it is checked", lambda: world.status(rollout)["counts"]["installed"] == 1, 60)
    flip(flash, SLOT_B + 4096)
    summary = world.emulate(fleet, base, "--expect", "1.0.0:confirmed", "--expect-reason", "trial-image", "--speed", 1000).json
    assert summary["by_version"] == {"1.0.0": 1}
    otter.wait_for("the operator sees it", lambda: world.status(rollout)["reasons"] == {"trial-image": 1})
    # The confirmed one, too: the device falls back to what is left, here nothing. It runs nothing, and erases nothing.
    good = flash.read_bytes()
    flip(flash, SLOT_A + 4096)
    summary = world.emulate(fleet, base, "--expect", "1.0.0:confirmed", "--timeout", 3, expect=1).json
    assert summary["by_state"] == {"nothing-bootable": 1} and summary["flash_erases"] == 0
    flash.write_bytes(good)
    world.rollout(world.publish("1.2.0"))
    world.emulate(fleet, base, "--expect", "1.2.0:confirmed", "--speed", 1000)


# ---- reports

def test_a_report_moves_the_devices_own_attempt_forward_and_nothing_else(world):
    """The attacker is a device: he has its token, and says what he likes."""
    thief, victim, third = hands(world, 3)
    rollout = world.rollout(world.publish("1.1.0"))
    thief.poll(), victim.poll(), third.poll()
    mine, his = thief.attempt, victim.attempt

    def counts():
        return {state: n for state, n in world.status(rollout)["counts"].items() if n}

    def say(attempt, state, step, status, token=thief.token, device="dev-1"):
        body = {"device": device, "attempt": attempt, "step": step, "state": state, "running": thief.running}
        got, _, text = world.server.request("POST", "/v1/device/report", body, token=token)
        assert got == status, (attempt, state, step, got, text)
    assert counts() == {"offered": 3}
    for state in ("succeeded", "timed-out", "cancelled", "offered"):  # these are the server's to say
        say(mine, state, 1, 409)
    for state in ("downloading", "failed", "testing"):  # another device's attempt; one that is nobody's; in his name
        say(his, state, 1, 404)
        say(his + 1000, state, 1, 404)
        say(his, state, 1, 401, device="dev-2")
        say(mine, state, 1, 401, token=victim.token)
    assert counts() == {"offered": 3}
    say(mine, "testing", 7, 200)  # steps left out: what he says of himself is his own
    for state, step in (("downloading", 7), ("failed", 7), ("downloading", 3), ("failed", 1)):  # repeated, or from before
        say(mine, state, step, 200)
    assert counts() == {"offered": 2, "testing": 1}
    say(mine, "downloading", 8, 409)  # back
    assert counts() == {"offered": 2, "testing": 1}
    say(mine, "failed", 9, 200)
    for state in ("downloading", "testing", "installed"):  # after its end
        say(mine, state, 10, 410)
    assert counts() == {"failed": 1, "offered": 2}
    # That it runs the release it says in its polls; there, too, of itself alone.
    image = otter.hashlib.sha256(world.image("1.1.0", "B").read_bytes()).hexdigest()
    victim.running = {"version": "1.1.0", "sha256": image, "slot": "B", "confirmed": True}
    victim.poll(token=thief.token, expect=401)
    victim.running = {"version": "1.1.0", "sha256": "11" * 32, "slot": "B", "confirmed": True}  # the version without the image
    victim.poll()
    assert counts() == {"failed": 1, "offered": 2}
    # The control: who does run it, has succeeded.
    third.succeed("1.1.0", image)
    assert counts() == {"failed": 1, "offered": 1, "succeeded": 1}


def test_a_recorded_report_on_plain_http_counts_once(tmp_path):
    world = otter.World(tmp_path, ["--plain-devices"]).start()
    try:
        fleet = world.fleet(2)
        rows = [line.split(",") for line in (fleet / "devices.csv").read_text().splitlines()[1:]]
        rollout = world.rollout(world.publish("1.1.0"))
        one, two = (own_token.Device(world.server, row[0], own_token.secret_of(row[3]), by="hmac") for row in rows)
        assert one.poll()[0] == two.poll()[0] == 200
        first, second = attempts(world, one.name)[0]["id"], attempts(world, two.name)[0]["id"]
        report = {"device": one.name, "attempt": first, "step": 1, "state": "downloading", "running": own_token.RUNNING}
        body = json.dumps(report).encode()
        proof = own_token.prove(one.secret, one.name, "POST", "/v1/device/report", body)

        def send(sent, headers):
            return world.server.request("POST", "/v1/device/report", sent, {**headers, "Content-Type": "application/json"},
                                        token=None)[0]
        assert send(body, proof) == 200 and send(body, proof) == 401
        assert send(body.replace(b"downloading", b"failed"), proof) == 401
        # Once more after a restart, which forgets nonces: it is the same step, and counts no second time.
        world.server.stop()
        world.server.start()
        assert send(body, proof) == 200
        assert send(body.replace(str(first).encode(), str(second).encode()), proof) == 401
        counts = world.status(rollout)["counts"]
        assert (counts["downloading"], counts["offered"], counts["failed"]) == (1, 1, 0)
        world.emulate(fleet, world.image("1.0.0", "A"), "--auth", "hmac", "--expect", "1.1.0:confirmed", "--speed", 1000)
    finally:
        world.stop()


# ---- ids of devices that have not come yet

def provisioned(world, *options):
    """One real device, dev-1, that otterd does not know."""
    folder = world.folder / "fleet"
    world.otter("device", "provision", "--count", 1, "--product", otter.PRODUCT, "--hardware", otter.HARDWARE, "--root", world.root,
                "--image-key", world.pub("image"), "--url", world.server.url, "--out-dir", folder, "--no-register", *options)
    return folder


def requests(world):
    return world.otter("device", "requests", "--json").json["items"]


def fingerprint(secret):
    return otter.hashlib.sha256(unpadded(secret).encode()).hexdigest()[:16]


def squatted(tmp_path, squat, *options):
    """The squatter was first; then the real device comes, and cannot get in. Returns (world, fleet, squatter)."""
    world = otter.World(tmp_path, ["--enrol", "ask,fleet-key"]).start()
    squatter = own_token.Device(world.server, "dev-1")
    squat(world, squatter)
    fleet = provisioned(world, *(option() if callable(option) else option for option in options))
    return world, fleet, squatter


def test_who_asks_for_an_id_before_its_device_is_seen_beside_it_and_is_not_taken(tmp_path):
    world, fleet, squatter = squatted(tmp_path, lambda _, thief: thief.poll())
    try:
        base = world.image("1.0.0", "A")
        with emulated.Emulated(world, fleet, base, speed=1000):
            otter.wait_for("both ask", lambda: len(requests(world)) == 2)
            assert {item["rivals"] for item in requests(world)} == {1}
            assert "conflict" in world.otter("device", "accept", "dev-1", expect=1).err
            assert squatter.poll()[0] == 403
            # Which one is the device's, the factory's list says.
            secret = own_token.secret_of((fleet / "devices.csv").read_text().splitlines()[1].split(",")[3])
            world.otter("device", "accept", "dev-1", "--token", fingerprint(secret))
            world.rollout(world.publish("1.1.0"))
            otter.wait_for("the device is updated", lambda: (shown(world, "dev-1")["running"] or {}).get("version") == "1.1.0", 60)
        assert squatter.poll()[0] == 401 and squatter.ask("PUT", "/v1/device/attributes?device=dev-1", {"site": "his"})[0] == 401
    finally:
        world.stop()


def test_who_holds_the_fleet_key_and_takes_an_id_first_is_put_out_again(tmp_path):
    key = tmp_path / "fleet.key"

    def squat(world, thief):
        world.otter("fleet-key", "new", otter.PRODUCT, "--out", key)
        assert thief.enrol(own_token.secret_of(key.read_text()))[0] == 204 and thief.poll()[0] == 204
    world, fleet, squatter = squatted(tmp_path, squat, "--fleet-key", key)
    try:
        base = world.image("1.0.0", "A")
        with emulated.Emulated(world, fleet, base, speed=1000):
            # It does not get in: that is what the operator sees.
            seen = otter.wait_for("the device asks", lambda: [r for r in requests(world) if r["device"] == "exists"])
            assert {request["by"] for request in seen} <= {"fleet-key", "token"}
            assert squatter.poll()[0] == 204 and squatter.enrol(own_token.secret_of(key.read_text()), new=os.urandom(32))[0] == 409
            world.otter("device", "revoke", "dev-1", "--reason", "somebody else's token")
            assert squatter.poll()[0] == 403
            world.otter("device", "accept", "dev-1", "--token", seen[0]["fingerprint"])
            world.rollout(world.publish("1.1.0"))
            otter.wait_for("the device is updated", lambda: (shown(world, "dev-1")["running"] or {}).get("version") == "1.1.0", 60)
        assert squatter.poll()[0] == 401
    finally:
        world.stop()


@pytest.mark.parametrize("first", ["squatter", "device"])
def test_by_registration_an_id_is_whoever_the_operator_named(world, first):
    """Only operators register; what they registered nobody replaces, whoever comes first."""
    fleet, thief = world.fleet(1), own_token.Device(world.server, "dev-1")
    world.rollout(world.publish("1.1.0"))
    base = world.image("1.0.0", "A")
    if first == "device":
        world.emulate(fleet, base, "--expect", "1.1.0:confirmed", "--speed", 1000)
    assert thief.poll()[0] == 401 and thief.code == "unknown-device"
    body = {"id": "dev-1", "product": otter.PRODUCT, "hardware": otter.HARDWARE, "secret": unpadded(thief.secret)}
    assert world.server.request("POST", "/api/v1/devices", body)[0] == 409
    assert world.server.request("POST", "/api/v1/devices", {**body, "id": "dev-2"}, token=unpadded(thief.secret))[0] == 401
    world.emulate(fleet, base, "--expect", "1.1.0:confirmed", "--speed", 1000)
    assert thief.poll()[0] == 401
