"""How devices come, how their tokens change and end, and that none can act as another."""

import hashlib
import hmac
import json
import os
import subprocess

import otter
import pytest
from hand import unpadded
from own_token import Device, prove, secret_of

WAYS = ["--enrol", "ask,fleet-key", "--plain-devices"]


@pytest.fixture
def world(tmp_path):
    made = otter.World(tmp_path, WAYS).start()
    yield made
    made.stop()


def register(world, name, by="bearer"):
    device = Device(world.server, name, by=by)
    world.server.json("POST", "/api/v1/devices", {"id": name, "product": otter.PRODUCT, "hardware": otter.HARDWARE,
                                                  "secret": unpadded(device.secret)}, expect=201)
    return device


def fleet_key(world, product=otter.PRODUCT, name="fleet.key"):
    world.otter("fleet-key", "new", product, "--out", world.folder / name)
    return secret_of((world.folder / name).read_text())


def requests(world, device=None):
    items = world.otter("device", "requests", "--json").json["items"]
    return [item for item in items if device in (None, item["id"])]


def kinds(world, device):
    return [item["kind"] for item in world.otter("device", "timeline", device, "--all", "--json").json["items"]]


def restart(world):
    world.server.kill()
    world.server.start()


# ---- nobody acts as another device ----

def report(name):
    return {"device": name, "attempt": 111, "step": 1, "state": "downloading", "running": Device(None, name).body()["running"]}


def asks_of(device):
    """What a device asks of the server in its own name: (method, target, body)."""
    name = device.name
    return [("POST", "/v1/device/poll", device.body()), ("POST", "/v1/device/report", report(name)),
            ("PUT", f"/v1/device/attributes?device={name}", {"site": "oslo"}),
            ("POST", "/v1/device/token", device.own(os.urandom(32), os.urandom(32)))]


def test_no_credential_but_its_own_speaks_for_a_device(world):
    victim, other = register(world, "victim"), register(world, "other")
    revoked, retired, rotating = (register(world, name) for name in ("revoked", "retired", "rotating"))
    key = fleet_key(world)
    world.otter("device", "revoke", "revoked")
    world.otter("device", "retire", "retired", "--reason", "old")
    world.otter("device", "rotate", "rotating")
    second = os.urandom(32)
    assert rotating.offer(second)[0] == 204
    operator = world.server.token
    thieves = {
        "another device's token": {"secret": other.secret}, "another device's second token": {"secret": second},
        "another device's proof under this name": {"secret": other.secret, "by": "hmac"},
        "another device's proof under its own name": {"secret": other.secret, "by": "hmac", "named": "other"},
        "the fleet key as a token": {"secret": key}, "a proof by the fleet key": {"secret": key, "by": "hmac"},
        "a revoked device's token": {"secret": revoked.secret}, "a retired device's token": {"secret": retired.secret},
        "nobody's token": {"secret": os.urandom(32)}, "nobody's proof": {"secret": os.urandom(32), "by": "hmac"}}
    for what, how in thieves.items():
        for method, target, body in asks_of(victim):
            status, _ = victim.ask(method, target, body, **how)
            assert (status, victim.code) in ((401, "unknown-device"), (401, "unauthorized")), (what, target, status)
    for method, target, body in asks_of(victim):
        assert world.server.request(method, target, body, token=operator)[0] == 401, target
        assert world.server.request(method, target, body, token=None)[0] == 401, target
    assert victim.poll()[0] == 204
    shown = world.otter("device", "show", "victim", "--json").json
    assert shown["attributes"] == {} and shown["attempt"] is None


def test_who_is_out_of_service_reads_no_blob_and_the_others_do(world):
    release = world.publish("1.1.0")
    target = f"/v1/blobs/{release}"
    good, revoked, retired = (register(world, name) for name in ("good", "revoked", "retired"))
    world.otter("device", "revoke", "revoked")
    world.otter("device", "retire", "retired", "--reason", "old")
    for by in ("bearer", "hmac"):
        assert good.ask("GET", target, by=by)[0] == 200
        assert revoked.ask("GET", target, by=by)[0] == 401
        assert retired.ask("GET", target, by=by)[0] == 401
    assert good.ask("GET", target, by="hmac", named="retired")[0] == 401


# ---- ask, and be accepted ----

def test_a_device_that_is_not_known_waits_until_an_operator_accepts_it(world):
    device = Device(world.server, "new-1")
    status, headers = device.poll()
    assert (status, device.code) == (403, "device-pending") and 240 <= int(headers["retry-after"]) <= 360
    assert device.ask("POST", "/v1/device/report", report("new-1"))[0] == 401
    [item] = requests(world)
    assert (item["id"], item["device"], item["rivals"], item["by"]) == ("new-1", "none", 0, "token")
    assert item["address"] == "127.0.0.1" and item["product"] == otter.PRODUCT
    restart(world)
    assert requests(world) == [item]
    assert "1 would be accepted" in str(world.otter("device", "accept", "new-1", "--dry-run"))
    assert device.poll()[0] == 403
    world.otter("device", "accept", "new-1")
    assert device.poll()[0] == 204 and device.poll(by="hmac")[0] == 204 and requests(world) == []
    restart(world)
    assert device.poll()[0] == 204


def test_a_rejected_request_is_forgotten_until_it_comes_again(world):
    device = Device(world.server, "new-1")
    assert device.poll()[0] == 403
    world.otter("device", "reject", "new-1")
    assert requests(world) == []
    assert device.poll()[0] == 403 and len(requests(world)) == 1
    assert world.otter("device", "reject", "nobody", expect=1).err.startswith("otter device reject: nobody: not-found")


def test_an_id_that_two_tokens_ask_for_is_nobodys_until_an_operator_says_whose(world):
    first, second = Device(world.server, "disputed"), Device(world.server, "disputed")
    assert first.poll()[0] == 403 and second.poll()[0] == 403
    items = requests(world)
    assert [item["rivals"] for item in items] == [1, 1] and items[0]["fingerprint"] != items[1]["fingerprint"]
    assert "conflict" in world.otter("device", "accept", "disputed", expect=1).err
    assert first.poll()[0] == 403 and second.poll()[0] == 403
    late = [item for item in items if item["fingerprint"] != items[0]["fingerprint"]][0]
    world.otter("device", "accept", "disputed", "--token", late["fingerprint"])
    taken = [d.poll()[0] for d in (first, second)]
    assert sorted(taken) == [204, 401] and requests(world, "disputed")[0]["device"] == "exists"
    assert "already-exists" in world.otter("device", "accept", "disputed", expect=1).err
    assert [d.poll()[0] for d in (first, second)] == taken


def test_who_asks_for_an_id_that_exists_is_seen_and_gets_nothing(world):
    owner, thief = register(world, "taken"), Device(world.server, "taken")
    assert thief.poll()[0] == 401 and thief.code == "unknown-device"
    assert requests(world, "taken")[0]["device"] == "exists"
    assert "already-exists" in world.otter("device", "accept", "taken", expect=1).err
    assert owner.poll()[0] == 204 and thief.poll()[0] == 401


def test_requests_are_bounded_by_id_and_by_address(world):
    for _ in range(4):
        assert Device(world.server, "same").poll()[0] == 403
    device = Device(world.server, "same")
    assert device.poll()[0] == 503 and device.code == "too-busy"
    for n in range(246):
        assert Device(world.server, f"many-{n}").poll()[0] == 403
    assert Device(world.server, "one-more").poll()[0] == 503
    assert len(world.otter("device", "requests", "--all", "--json").json["items"]) == 250


def test_without_the_word_ask_nobody_is_kept(tmp_path):
    world = otter.World(tmp_path).start()
    device = Device(world.server, "new-1")
    assert device.poll()[0] == 401 and device.enrol(os.urandom(32))[0] == 401
    assert world.otter("device", "requests", "--json").json["items"] == []
    world.stop()


# ---- fleet keys ----

def test_a_fleet_key_brings_devices_in_and_each_has_a_token_of_its_own(world):
    key = fleet_key(world)
    one, two = Device(world.server, "one"), Device(world.server, "two")
    assert one.enrol(key)[1]["otter-taken"] == unpadded(hmac.digest(one.secret, f"otter-taken\n{one.name}".encode(), "sha256"))
    assert two.enrol(key)[0] == 204
    assert one.enrol(key)[0] == 204  # the reply was lost
    assert one.poll()[0] == 204 and two.poll(by="hmac")[0] == 204
    assert one.poll(secret=two.secret)[0] == 401 and one.poll(secret=key)[0] == 401
    restart(world)
    assert one.poll()[0] == 204 and one.poll(by="hmac")[0] == 204


def test_a_fleet_key_is_of_one_product_and_nothing_when_it_was_removed(world):
    key, other = fleet_key(world), fleet_key(world, "boiler", "boiler.key")
    device = Device(world.server, "one")
    assert device.enrol(os.urandom(32))[0] == 401 and device.enrol(other)[0] == 401
    assert device.enrol(key, product="boiler")[0] == 401
    assert Device(world.server, "two", product="boiler").enrol(other)[0] == 204
    listed = world.otter("fleet-key", "list", "--json").json["items"]
    assert [item["product"] for item in listed] == ["boiler", otter.PRODUCT]
    assert unpadded(key) not in world.server.log.read_text()
    world.otter("fleet-key", "remove", listed[1]["id"])
    assert device.enrol(key)[0] == 401
    assert world.otter("fleet-key", "remove", listed[1]["id"], expect=1).err


def test_a_product_has_each_fleet_key_once_and_eight_at_most(world):
    def add(n, expect):
        body = {"product": otter.PRODUCT, "secret": unpadded(bytes([n]) * 32)}
        return world.server.json("POST", "/api/v1/fleet-keys", body, expect=expect)
    for n in range(8):
        add(n, 201)
    assert add(3, 409)["code"] == "already-exists" and add(8, 409)["code"] == "conflict"


def test_an_enrolment_that_is_malformed_is_refused_by_name(world):
    key = fleet_key(world)
    device = Device(world.server, "one")
    good = device.own(device.secret, key)
    wrong = {"bad-json": b"{", "bad-value": json.dumps({**good, "nonce": "short"}).encode(),
             "missing-member": json.dumps({k: v for k, v in good.items() if k != "token"}).encode(),
             "duplicate-member": json.dumps(good).replace("{", '{"device": "two", ', 1).encode(),
             "body-too-large": json.dumps({**good, "more": "x" * 512}).encode()}
    for code, body in wrong.items():
        headers = {**prove(key, "one", "POST", "/v1/device/enrol", body), "Content-Type": "application/json"}
        status, _, reply = world.server.request("POST", "/v1/device/enrol", body, headers, token=None)
        assert (status, json.loads(reply)["code"]) == (413 if code == "body-too-large" else 400, code)
    assert world.otter("device", "list", "--json").json["items"] == []


def test_a_fleet_key_takes_no_id_over_and_an_operator_sees_who_tried(world):
    key = fleet_key(world)
    owner, thief = register(world, "owned"), Device(world.server, "owned")
    assert thief.enrol(key)[0] == 409 and thief.code == "already-exists"
    assert thief.poll()[0] == 401 and owner.poll()[0] == 204
    asked = requests(world, "owned")
    assert {(item["by"], item["device"]) for item in asked} == {("fleet-key", "exists")}
    world.otter("device", "revoke", "owned", "--reason", "its flash was erased")
    assert thief.enrol(key)[0] == 403 and thief.code == "device-pending"  # not by itself, either
    assert thief.poll()[0] == 403 and owner.poll()[0] == 403  # both ask, now
    token = asked[0]["fingerprint"]
    world.otter("device", "accept", "owned", "--token", token)
    assert thief.poll()[0] == 204 and owner.poll()[0] == 401


def test_a_factory_with_a_fleet_key_is_never_registered_by_it(world):
    fleet_key(world)
    folder = world.folder / "keyed"
    world.otter("device", "provision", "--count", "2", "--product", otter.PRODUCT, "--hardware", otter.HARDWARE, "--root",
                world.root, "--image-key", world.pub("image"), "--url", world.server.url, "--fleet-key",
                world.folder / "fleet.key", "--out-dir", folder)
    assert world.otter("device", "list", "--json").json["items"] == []
    assert "fleet key" in world.otter("device", "enroll", folder / "dev-1.factory.bin", expect=1).err
    assert unpadded(secret_of((world.folder / "fleet.key").read_text())) not in (folder / "devices.csv").read_text()


# ---- rotation ----

@pytest.mark.parametrize("by", ["bearer", "hmac"])
def test_both_tokens_are_good_until_the_new_one_was_used(world, by):
    device = register(world, "dev", by=by)
    old, new = device.secret, os.urandom(32)
    assert device.offer(new)[0] == 409  # nobody asked for it
    world.otter("device", "rotate", "dev")
    assert device.poll()[1].get("otter-rotate") == "1"
    taken = unpadded(hmac.digest(new, b"otter-taken\ndev", "sha256"))
    for _ in range(2):  # the first reply may have been lost
        status, headers = device.offer(new)
        assert (status, headers["otter-taken"]) == (204, taken)
    assert "otter-rotate" not in device.poll()[1]
    restart(world)
    assert device.poll()[0] == 204
    assert device.poll(secret=new)[0] == 204
    assert device.poll(secret=old)[0] in (401, 403) and device.poll(secret=new)[0] == 204
    assert device.offer(os.urandom(32), under=new)[0] == 409
    otter.wait_for("the new token is stored", lambda: "token-rotated" in kinds(world, "dev"))
    restart(world)
    assert device.poll(secret=old)[0] in (401, 403) and device.poll(secret=new)[0] == 204


def test_a_crash_between_use_and_store_costs_the_device_nothing(world):
    device = register(world, "dev")
    new = os.urandom(32)
    world.otter("device", "rotate", "dev")
    assert device.offer(new)[0] == 204 and device.poll(secret=new)[0] == 204
    restart(world)  # whatever was stored of it
    assert device.poll(secret=new)[0] == 204
    otter.wait_for("the new token is stored", lambda: "token-rotated" in kinds(world, "dev"))
    assert device.poll()[0] in (401, 403)


def test_a_blob_is_read_by_the_new_token_at_once(world):
    release = world.publish("1.1.0")
    device = register(world, "dev")
    new = os.urandom(32)
    world.otter("device", "rotate", "dev")
    assert device.offer(new)[0] == 204
    assert device.ask("GET", f"/v1/blobs/{release}", secret=new)[0] == 200
    assert device.ask("GET", f"/v1/blobs/{release}")[0] == 401
    otter.wait_for("the new token is stored", lambda: "token-rotated" in kinds(world, "dev"))
    assert device.ask("GET", f"/v1/blobs/{release}", secret=new)[0] == 200


def test_one_rotation_after_the_other(world):
    device = register(world, "dev")
    for _ in range(5):
        new = os.urandom(32)
        world.otter("device", "rotate", "dev")
        assert device.offer(new)[0] == 204
        device.secret = new
        assert device.poll()[0] == 204


# ---- revocation ----

@pytest.mark.parametrize("back", ["registered", "accepted"])
def test_a_revoked_token_is_nothing_at_once_and_the_device_comes_back_with_another(world, back):
    device = register(world, "dev")
    second = os.urandom(32)
    world.otter("device", "rotate", "dev")
    assert device.offer(second)[0] == 204
    world.otter("device", "revoke", "dev", "--reason", "stolen")
    for secret in (device.secret, second):
        assert device.poll(secret=secret)[0] == 403 and device.ask("POST", "/v1/device/report", report("dev"))[0] == 401
    assert world.otter("device", "show", "dev", "--json").json["revoked"]
    assert "conflict" in world.otter("device", "rotate", "dev", expect=1).err
    restart(world)
    assert device.poll()[0] == 403
    fresh = Device(world.server, "dev")
    if back == "accepted":
        assert fresh.poll()[0] == 403
        mine = hashlib.sha256(unpadded(fresh.secret).encode()).hexdigest()
        assert any(mine.startswith(item["fingerprint"]) for item in requests(world, "dev"))
        world.otter("device", "accept", "dev", "--token", mine[:16])
    else:
        body = {"id": "dev", "product": otter.PRODUCT, "hardware": otter.HARDWARE, "secret": unpadded(fresh.secret)}
        world.server.json("POST", "/api/v1/devices", body)
    assert fresh.poll()[0] == 204 and device.poll()[0] == 401 and fresh.poll(by="hmac")[0] == 204
    assert world.otter("device", "show", "dev", "--json").json["revoked"] is None
    assert [kind for kind in kinds(world, "dev") if kind.startswith("token-re")] == ["token-revoked", "token-returned"]
    restart(world)
    assert fresh.poll()[0] == 204


# ---- the firmware's updater ----

def provision(world, count):
    folder = world.folder / "fleet"
    world.otter("device", "provision", "--count", count, "--product", otter.PRODUCT, "--hardware", otter.HARDWARE, "--root",
                world.root, "--image-key", world.pub("image"), "--url", world.server.url, "--fleet-key",
                world.folder / "fleet.key", "--out-dir", folder)
    return folder


def own_tokens(world, count):
    kept = sorted((world.folder / "flash").glob("*.flash"))
    assert len(kept) == count
    told = [json.loads(subprocess.run([otter.EMU, "--inspect", flash, "--hardware", otter.HARDWARE, "--json"],
                                      stdout=subprocess.PIPE, check=True).stdout) for flash in kept]
    return sum(t["journal"]["has_token"] for t in told)


@pytest.mark.parametrize("auth", ["auto", "hmac"])
def test_a_fleet_enrols_itself_updates_and_rotates(world, auth):
    fleet_key(world)
    fleet = provision(world, 20)
    world.emulate(fleet, world.image("1.0.0", "A"), "--auth", auth, "--until-idle")
    world.rollout(world.publish("1.1.0"))
    world.emulate(fleet, world.image("1.0.0", "A"), "--auth", auth, "--expect", "1.1.0:confirmed")
    assert own_tokens(world, 20) == 20
    world.otter("device", "rotate", "--target", "all", "--yes")
    world.emulate(fleet, world.image("1.0.0", "A"), "--auth", auth, "--until-idle")

    def rotated():
        return all("token-rotated" in kinds(world, f"dev-{n:02}") for n in range(1, 21))
    otter.wait_for("all tokens are new", rotated)
    world.rollout(world.publish("1.2.0"))
    world.emulate(fleet, world.image("1.0.0", "A"), "--auth", auth, "--expect", "1.2.0:confirmed")
