"""The freeze: no grant of any rollout, at once, also for polls that race it, also over restarts."""

import threading

import fleet
import otter
from fleet import Device


def freeze(server, reason="a bad feeling", **kwargs):
    return server.json("POST", "/api/v1/server/freeze", {"reason": reason}, **kwargs)["frozen"]


def unfreeze(server):
    return server.json("POST", "/api/v1/server/unfreeze", {})["frozen"]


def test_a_freeze_stops_every_grant_is_shown_everywhere_and_outlasts_a_restart(world):
    server = world.server
    open_one, waits = Device(server, "open"), Device(server, "waits")
    rollout = world.rollout(world.publish("1.1.0"))
    offer = open_one.poll()
    assert server.json("GET", "/api/v1/status")["frozen"] is None
    frozen = freeze(server)
    assert frozen["reason"] == "a bad feeling" and frozen["since"] > 0
    assert waits.poll() is None and waits.decisions() == {rollout: "frozen"}
    assert open_one.poll()["attempt"] == offer["attempt"]  # what was granted goes on
    for path in ("/api/v1/status", f"/api/v1/rollouts/{rollout}", "/api/v1/devices/waits", "/api/v1/fleet/summary"):
        assert server.json("GET", path)["frozen"] == frozen, path
    assert server.json("GET", "/api/v1/rollouts")["items"][0]["frozen"] == frozen
    again = freeze(server, "still")
    assert again == {"reason": "still", "since": frozen["since"]}
    server.stop()
    server.start()
    assert server.json("GET", "/api/v1/status")["frozen"] == again
    assert waits.poll() is None
    new = world.rollout(world.publish("1.2.0"))  # rollouts may be made and started, they grant nothing
    assert waits.poll() is None and waits.decisions()[new] == "frozen"
    open_one.confirm(offer)
    assert unfreeze(server) is None and unfreeze(server) is None
    assert waits.poll()["manifest"]


def test_a_freeze_needs_a_reason_and_a_dry_run_of_it_freezes_nothing(world):
    server = world.server
    for body, code in [({}, "missing-member"), ({"reason": ""}, "bad-value"), ({"reason": "x" * 257}, "bad-value"),
                       ({"reason": "two\nlines"}, "bad-value"), ({"reason": "x", "more": 1}, "unknown-member"),
                       ({"reason": 7}, "bad-value")]:
        assert server.json("POST", "/api/v1/server/freeze", body, expect=400)["code"] == code, body
    assert server.json("POST", "/api/v1/server/freeze?dry_run=1", {"reason": "x"})["frozen"]["reason"] == "x"
    assert server.json("GET", "/api/v1/status")["frozen"] is None
    assert server.json("POST", "/api/v1/server/unfreeze", {"reason": "x"}, expect=400)["code"] == "unknown-member"
    assert server.request("POST", "/api/v1/server/freeze", {"reason": "x"}, token="wrong")[0] == 401


def polls_until(stop, devices, granted):
    for device in devices:
        if stop.is_set():
            return
        if device.poll():
            granted.append(device.name)


def test_after_the_answer_of_a_freeze_no_poll_that_races_it_is_granted_anything(world):
    """Six threads poll 600 devices; the freeze comes in between. What was granted by the time of its answer is all."""
    server = world.server
    names = [f"d{n:03}" for n in range(600)]
    server.json("POST", "/api/v1/devices/import", {"items": [fleet.item(name) for name in names]})
    devices = [Device(server, name, register=False) for name in names]
    rollout = world.rollout(world.publish("1.1.0"))
    granted, stop = [], threading.Event()
    threads = [threading.Thread(target=polls_until, args=(stop, devices[n::6], granted)) for n in range(6)]
    for thread in threads:
        thread.start()
    otter.wait_for("grants are being made", lambda: len(granted) > 30)
    freeze(server)
    counted = server.json("GET", f"/api/v1/rollouts/{rollout}")["counts"]["offered"]
    assert counted < 600, "the freeze came too late to race anything"
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    assert len(granted) <= counted
    assert server.json("GET", f"/api/v1/rollouts/{rollout}")["counts"]["offered"] == counted
    assert not any(device.poll() for device in devices if device.name not in granted)
    unfreeze(server)
    left = next(d for d in devices if d.name not in granted)
    assert left.poll()
    assert server.json("GET", f"/api/v1/rollouts/{rollout}")["counts"]["offered"] == counted + 1
