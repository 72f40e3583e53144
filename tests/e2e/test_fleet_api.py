"""What operators do to a fleet: labels in bulk, hold, pin, retry, retire, import, timeline, summary, lists."""

import fleet
import otter
import pytest
from fleet import Device, change, pages


def imported(server, items, expect=200):
    return server.json("POST", "/api/v1/devices/import", {"items": items}, expect=expect)


def state_of(world, rollout):
    return world.server.json("GET", f"/api/v1/rollouts/{rollout}")["state"]


def test_import_enrols_labels_and_says_what_is_wrong_with_each_item(world):
    server = world.server
    first = imported(server, [fleet.item("a", tags=["lab"], attributes={"site": "oslo"}), fleet.item("b")])
    assert first == {"created": 2, "updated": 0, "unchanged": 0, "errors": []}
    again = imported(server, [
        {"id": "a", "tags": ["field"]},                      # replaces the tags, leaves the attributes
        {"id": "b"},                                         # nothing to do
        {"id": "c"},                                         # unknown, without a secret
        {"id": "b", "hardware": "other-board"},              # another device
        {"id": "b", "secret": fleet.secret("somebody")},     # not its secret
        {"id": "b", "tags": ["bad tag"]},
        {"id": "b", "colour": "red"}])
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 1, 1)
    assert [(e["index"], e["id"], e["code"]) for e in again["errors"]] == [
        (2, "c", "missing-member"), (3, "b", "already-exists"), (4, "b", "already-exists"), (5, "b", "bad-value"),
        (6, "", "unknown-member")]
    a = server.json("GET", "/api/v1/devices/a")
    assert a["tags"] == ["field"] and a["operator_attributes"] == {"site": "oslo"}
    imported(server, [{"id": "a", "attributes": {}}])
    assert server.json("GET", "/api/v1/devices/a")["operator_attributes"] == {}
    assert Device(server, "b", register=False).poll_status() == 204  # the secret is its token


def test_labels_are_set_by_ids_or_target_in_one_transaction(world):
    server = world.server
    devices = [Device(server, f"d{n}", tags=["old"] if n < 2 else []) for n in range(4)]
    done = change(server, "label", devices[:2] + ["nobody"], add_tags=["lab"], remove_tags=["old"],
                  attributes={"site": "oslo"})
    assert (done["matched"], done["changed"]) == (2, 2)
    assert [(e["id"], e["code"]) for e in done["errors"]] == [("nobody", "not-found")]
    assert change(server, "label", target="tag == lab", add_tags=["lab"]) == {"matched": 2, "changed": 0, "errors": []}
    shown = devices[0].show()
    assert shown["tags"] == ["lab"] and shown["attributes"] == {"site": "oslo"}
    change(server, "label", target="tag == lab", attributes={"site": None}, add_tags=["x", "y"])
    assert devices[1].show()["operator_attributes"] == {} and devices[1].show()["tags"] == ["lab", "x", "y"]
    trial = change(server, "label", target="all", add_tags=["never"], query="?dry_run=1")
    assert trial["changed"] == 4 and devices[3].show()["tags"] == []
    for bad, code in [({"ids": ["d0"], "target": "all", "add_tags": ["x"]}, "bad-value"),
                      ({"add_tags": ["x"]}, "missing-member"), ({"ids": ["d0"]}, "missing-member"),
                      ({"ids": ["d0"], "add_tags": ["no good"]}, "bad-value"),
                      ({"ids": ["d 0"], "add_tags": ["x"]}, "bad-value"),
                      ({"ids": ["d0"], "add_tags": ["x"], "more": 1}, "unknown-member"),
                      ({"target": "tag ==", "add_tags": ["x"]}, "bad-target")]:
        assert server.json("POST", "/api/v1/devices/label", bad, expect=400)["code"] == code
    key = {"Idempotency-Key": "label-1"}
    body = {"ids": ["d3"], "add_tags": ["once"]}
    first = server.json("POST", "/api/v1/devices/label", body, headers=key)
    assert first["changed"] == 1 and server.json("POST", "/api/v1/devices/label", body, headers=key) == first
    other = server.json("POST", "/api/v1/devices/label", {**body, "ids": ["d2"]}, headers=key, expect=409)
    assert other["code"] == "idempotency-key-reused"


def test_a_held_device_is_granted_nothing_goes_on_with_what_it_has_and_no_phase_waits_for_it(world):
    server = world.server
    running, held, plain = (Device(server, name) for name in ("running", "held", "plain"))
    rollout = world.rollout(world.publish("1.1.0"), "--auto", phases="100")
    offer = running.poll()
    assert offer
    assert change(server, "hold", [running, held], reason="on the bench")["changed"] == 2
    assert held.poll() is None and held.decisions() == {rollout: "held"}
    assert held.show()["held"]["reason"] == "on the bench"
    assert running.poll()["attempt"] == offer["attempt"]  # the open attempt goes on
    assert running.report(offer["attempt"], "installed") is True
    running.confirm(offer)
    plain.confirm(plain.poll())
    otter.wait_for("complete without the held one", lambda: state_of(world, rollout) == "complete")
    second = world.rollout(world.publish("1.2.0"))
    assert held.poll() is None
    assert change(server, "unhold", target="held == yes")["changed"] == 2
    assert held.show()["held"] is None and held.poll()["attempt"] > offer["attempt"]
    assert change(server, "unhold", [held])["changed"] == 0
    assert state_of(world, second) == "running"


def test_marks_outlast_a_restart(world):
    server = world.server
    names = held, pinned, retired = [Device(server, name) for name in ("held", "pinned", "retired")]
    release = world.publish("1.1.0")
    change(server, "hold", [held], reason="bench")
    change(server, "pin", [pinned], release=release)
    change(server, "retire", [retired], reason="scrapped")
    before = [d.show() for d in names]
    server.stop()
    server.start()
    assert [d.show() for d in names] == before
    rollout = world.rollout(release)
    assert held.poll() is None and retired.poll_status() == 401 and pinned.poll()
    assert held.decisions() == {rollout: "held"}
    assert server.json("GET", "/api/v1/status")["devices"] == 2


def test_a_pinned_device_is_offered_its_release_alone(world):
    server = world.server
    old, new = world.publish("1.1.0"), world.publish("1.2.0")
    pinned, free = Device(server, "pinned"), Device(server, "free")
    assert change(server, "pin", [pinned], release=old)["changed"] == 1
    newest = world.rollout(new)
    assert pinned.poll() is None and pinned.decisions() == {newest: "pinned"}
    free.confirm(free.poll(), "1.2.0")
    otter.wait_for("no phase waits for it", lambda: state_of(world, newest) == "complete")
    wanted = world.rollout(old)
    assert pinned.decisions() == {wanted: "ok"} and pinned.poll()["manifest"]["sha256"] == old
    assert pinned.show()["pinned"]["release"] == old
    assert [d["id"] for d in pages(server, "/api/v1/devices", filter="pinned == yes")] == ["pinned"]
    assert change(server, "unpin", [pinned])["changed"] == 1 and pinned.show()["pinned"] is None
    assert change(server, "pin", [free], release="0" * 64, expect=404)["code"] == "not-found"


def test_retry_grants_a_failed_attempt_once_more_and_the_device_counts_once(world):
    server = world.server
    device, fine = Device(server, "device"), Device(server, "fine")
    rollout = world.rollout(world.publish("1.1.0"), phases="100")
    offer = device.poll()
    assert change(server, "retry", [device])["errors"][0]["code"] == "conflict"  # it is open
    assert change(server, "retry", [fine])["errors"][0]["code"] == "conflict"    # it has none
    device.report(offer["attempt"], "failed", reason="self-test")
    assert device.poll() is None and device.decisions() == {rollout: "attempt-over"}
    assert change(server, "retry", [device], rollout=rollout)["changed"] == 1
    assert change(server, "retry", [device])["changed"] == 0
    assert change(server, "retry", [device], rollout=999, expect=404)["code"] == "not-found"
    server.stop()
    server.start()  # the word is kept
    assert device.decisions() == {rollout: "ok"}
    device.step = 0
    again = device.poll()
    assert again["attempt"] > offer["attempt"]
    status = server.json("GET", f"/api/v1/rollouts/{rollout}")
    assert status["counts"]["failed"] == 0 and status["counts"]["offered"] == 1 and status["devices"] == 2
    fine.confirm(fine.poll())
    assert state_of(world, rollout) == "running"  # the retried one is waited for
    device.confirm(again)
    otter.wait_for("complete", lambda: state_of(world, rollout) == "complete")
    assert change(server, "retry", [device])["errors"][0]["code"] == "conflict"  # it succeeded
    states = [a["state"] for a in server.json("GET", "/api/v1/devices/device/attempts")["items"]]
    assert states == ["failed", "succeeded"]


def test_retry_makes_a_complete_rollout_run_again_but_no_aborted_one(world):
    server = world.server
    device, other = Device(server, "device"), Device(server, "other")
    rollout = world.rollout(world.publish("1.1.0"))
    other.confirm(other.poll())
    device.report(device.poll()["attempt"], "failed", reason="self-test")
    otter.wait_for("complete", lambda: state_of(world, rollout) == "complete")
    assert change(server, "retry", target="state == failed")["changed"] == 1
    status = server.json("GET", f"/api/v1/rollouts/{rollout}")
    assert status["state"] == "running" and status["phases"][0]["state"] == "open" and status["finished"] is None
    device.confirm(device.poll())
    otter.wait_for("complete again", lambda: state_of(world, rollout) == "complete")
    second = world.rollout(world.publish("1.2.0"))
    device.step = 0
    device.report(device.poll(sequence=1)["attempt"], "failed", reason="self-test")
    world.otter("rollout", "abort", second)
    assert change(server, "retry", [device])["errors"][0]["code"] == "conflict"


def test_a_retired_device_is_a_stranger_everywhere_until_it_is_reinstated(world):
    server = world.server
    gone, stays = Device(server, "gone", tags=["lab"]), Device(server, "stays", tags=["lab"])
    rollout = world.rollout(world.publish("1.1.0"))
    offer = gone.poll()
    blob = "/v1/blobs/" + offer["image"]["sha256"]
    assert server.request("HEAD", blob, token=fleet.secret("gone"))[0] == 200
    assert change(server, "retire", [gone], expect=400)["code"] == "missing-member"
    assert change(server, "retire", [gone], reason="scrapped")["changed"] == 1
    assert gone.poll_status() == 401
    gone.report(offer["attempt"], "downloading", status=401)
    assert server.request("HEAD", blob, token=fleet.secret("gone"))[0] == 401
    assert server.request("PUT", "/v1/device/attributes", {"a": "b"}, token=fleet.secret("gone"),
                          headers={"Otter-Device": "gone"})[0] == 401
    shown = gone.show()
    assert shown["state"] == "retired" and shown["retired"]["reason"] == "scrapped"
    assert (shown["attempt"]["state"], shown["attempt"]["reason"]) == ("cancelled", "device-retired")
    assert shown["decisions"] == [{"rollout": rollout, "answer": "device-retired"}]
    assert [d["id"] for d in pages(server, "/api/v1/devices")] == ["stays"]
    assert [d["id"] for d in pages(server, "/api/v1/devices", filter="tag == lab", sort="-id")] == ["stays"]
    assert [d["id"] for d in pages(server, "/api/v1/devices", filter="state == retired")] == ["gone"]
    assert change(server, "label", target="tag == lab", add_tags=["x"])["matched"] == 1
    assert [e["code"] for e in change(server, "hold", [gone])["errors"]] == ["device-retired"]
    assert server.json("GET", "/api/v1/status")["devices"] == 1
    stays.confirm(stays.poll())
    otter.wait_for("the phase does not wait for it", lambda: state_of(world, rollout) == "complete")
    world.otter("rollout", "create", "--release", world.publish("1.2.0"), "--target", "id == gone", "--phases", "100",
                expect=1)  # nobody is selected
    assert change(server, "reinstate", target="state == retired")["changed"] == 1
    assert gone.poll_status() == 204 and gone.show()["state"] == "cancelled" and gone.show()["retired"] is None
    assert server.json("GET", "/api/v1/status")["devices"] == 2


def test_a_device_that_polls_as_other_hardware_is_not_waited_for(world):
    server = world.server
    wrong, fine = Device(server, "wrong"), Device(server, "fine")
    rollout = world.rollout(world.publish("1.1.0"))
    assert wrong.poll(hardware="other-board") is None
    assert wrong.show()["polls_as"] == {"product": otter.PRODUCT, "hardware": "other-board"}
    assert wrong.decisions() == {rollout: "wrong-hardware"}
    fine.confirm(fine.poll())
    otter.wait_for("complete", lambda: state_of(world, rollout) == "complete")
    assert wrong.poll() is None and wrong.show()["polls_as"] is None


def test_a_device_that_polls_as_what_it_is_again_is_offered_what_it_was_not(world):
    device = Device(world.server, "device")
    world.rollout(world.publish("1.1.0"))
    assert device.poll(hardware="other-board") is None
    assert device.poll(hardware="other-board") is None  # nothing has changed since
    assert device.poll()["attempt"]


def test_the_timeline_has_all_that_happened_in_order_and_pages_end_anywhere(world):
    server = world.server
    device = Device(server, "device")
    release = world.publish("1.1.0")
    rollout = world.rollout(release)
    offer = device.poll()
    device.report(offer["attempt"], "failed", reason="self-test", detail="pump does not turn")
    change(server, "label", [device], add_tags=["lab"], attributes={"site": "oslo"},
           remove_tags=["\x1b[2J"])  # no name of a tag: not repeated to a terminal
    change(server, "hold", [device], reason="why?")
    change(server, "unhold", [device])
    change(server, "pin", [device], release=release)
    change(server, "unpin", [device])
    change(server, "retry", [device])
    change(server, "retire", [device], reason="scrapped")
    change(server, "reinstate", [device])
    path = "/api/v1/devices/device/timeline"
    all_at_once = pages(server, path)
    times = [i["at"] for i in all_at_once]
    assert times == sorted(times)
    assert sorted((i["kind"], i["detail"]) for i in all_at_once) == sorted([
        ("enrolled", ""), ("first-seen", ""), ("attempt", ""), ("attempt", "pump does not turn"),
        ("labelled", "+lab site=oslo"), ("held", "why?"), ("unheld", ""), ("pinned", release), ("unpinned", ""),
        ("retry", f"attempt {offer['attempt']} of rollout {rollout}"), ("retired", "scrapped"), ("reinstated", "")])
    failed = next(i for i in all_at_once if i.get("state") == "failed")
    assert (failed["attempt"], failed["rollout"], failed["release"], failed["reason"], failed["step"]) == (
        offer["attempt"], rollout, release, "self-test", 1)
    assert pages(server, path, limit=1) == all_at_once and pages(server, path, limit=5) == all_at_once
    first = server.json("GET", path + "?limit=4")
    change(server, "hold", [device], reason="later")  # comes behind what the cursor stands at
    rest = pages(server, path, cursor=first["next"])
    assert first["items"] + rest == pages(server, path) and rest[-1]["kind"] == "held"
    assert server.json("GET", path + "?cursor=x", expect=400)["code"] == "bad-value"
    assert server.json("GET", path + "?filter=all", expect=400)["code"] == "bad-value"
    assert server.json("GET", "/api/v1/devices/nobody/timeline", expect=404)["code"] == "not-found"


def test_the_summary_counts_versions_states_ages_and_digests_that_nobody_published(world):
    server = world.server
    release = world.publish("1.1.0")
    devices = [Device(server, f"d{n}", tags=["lab", "north"] if n == 0 else ["lab"] if n == 1 else [])
               for n in range(5)]
    world.rollout(release)
    offer = devices[0].poll()
    devices[0].confirm(offer)
    devices[1].poll()
    devices[2].poll_status(running={"version": "0.9.0", "sha256": "ab" * 32, "slot": "A", "confirmed": True})
    change(server, "retire", [devices[4]], reason="gone")
    summary = server.json("GET", "/api/v1/fleet/summary")
    assert summary["by"] == ["version"] and summary["devices"] == 4 and summary["retired"] == 1
    assert {g["key"][0]: g["devices"] for g in summary["groups"]} == {"1.1.0": 1, "1.0.0": 1, "0.9.0": 1, None: 1}
    assert summary["states"] == {"succeeded": 1, "offered": 2, "never-seen": 1}
    assert summary["ages"] == {"hour": 3, "day": 0, "week": 0, "month": 0, "older": 0, "never": 1}
    assert {(u["sha256"], u["version"], u["devices"]) for u in summary["unknown_digests"]} == {
        ("00" * 32, "1.0.0", 1), ("ab" * 32, "0.9.0", 1)}
    tags = server.json("GET", "/api/v1/fleet/summary?by=tag,state")
    assert {tuple(g["key"]): g["devices"] for g in tags["groups"]} == {
        ("lab", "succeeded"): 1, ("north", "succeeded"): 1, ("lab", "offered"): 1, (None, "offered"): 1,
        (None, "never-seen"): 1}
    one = server.json("GET", "/api/v1/fleet/summary?by=product,hardware,version&filter=tag%20%3D%3D%20north")
    assert [(g["key"], g["devices"]) for g in one["groups"]] == [([otter.PRODUCT, otter.HARDWARE, "1.1.0"], 1)]
    assert server.json("GET", "/api/v1/fleet/summary?filter=state%20%3D%3D%20retired")["devices"] == 1
    for bad in ("by=colour", "by=version,", "by=version,tag,state,product", "sort=id"):
        assert server.json("GET", "/api/v1/fleet/summary?" + bad, expect=400)["code"] in ("bad-value", "unknown-member")


def test_lists_page_without_gap_or_repetition_while_devices_are_added(world):
    server = world.server
    imported(server, [fleet.item(f"m{n:03}", tags=["even"] if n % 2 == 0 else []) for n in range(0, 60, 2)])
    for query in ({}, {"sort": "id"}, {"sort": "-id"}, {"sort": "state"}, {"sort": "-last_seen"},
                  {"sort": "version", "filter": "tag == even"}):
        seen, cursor, extra = [], None, 0
        while True:
            text = "&".join(f"{k}={fleet.quote(v)}" for k, v in {**query, **({"cursor": cursor} if cursor else {})}.items())
            page = server.json("GET", f"/api/v1/devices?limit=7&{text}")
            seen += [d["id"] for d in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
            extra += 1  # one that sorts to the front, one that sorts to the end
            tag = query.get("sort", "own").replace("-", "x") + ("f" if "filter" in query else "")
            imported(server, [fleet.item(f"a-{tag}{extra}"), fleet.item(f"z-{tag}{extra}")])
        old = [s for s in seen if s.startswith("m")]
        assert sorted(old) == [f"m{n:03}" for n in range(0, 60, 2)], query
        assert len(seen) == len(set(seen)), query
    assert server.json("GET", "/api/v1/devices?sort=id&cursor=AAAA", expect=400)["code"] == "bad-value"
    assert server.json("GET", "/api/v1/devices?sort=colour", expect=400)["code"] == "bad-value"


def test_attempts_are_filtered_and_sorted(world):
    server = world.server
    devices = [Device(server, f"d{n}", tags=["lab"] if n < 3 else []) for n in range(6)]
    rollout = world.rollout(world.publish("1.1.0"))
    for n, device in enumerate(devices):
        offer = device.poll()
        if n % 2:
            device.report(offer["attempt"], "failed", reason="self-test" if n == 1 else "watchdog")
    path = f"/api/v1/rollouts/{rollout}/attempts"

    def listed(**query):
        return [a["device"] for a in pages(server, path, limit=2, **query)]
    assert listed(filter="state == failed") == ["d1", "d3", "d5"]
    assert listed(filter="reason == watchdog") == ["d3", "d5"]
    assert listed(filter="reason != watchdog and tag == lab") == ["d0", "d1", "d2"]
    assert listed(sort="-device") == ["d5", "d4", "d3", "d2", "d1", "d0"]
    assert listed(sort="state", filter="tag == lab") == ["d1", "d0", "d2"]
    assert listed(sort="-reason")[0:3] == ["d5", "d3", "d1"]
    assert server.json("GET", path + "?sort=colour", expect=400)["code"] == "bad-value"
    own = server.json("GET", "/api/v1/devices/d1/attempts?filter=state%20%3D%3D%20failed&sort=-id")["items"]
    assert [e["state"] for e in own[0]["events"]] == ["offered", "failed"]


def test_releases_and_rollouts_are_sorted_with_cursors_that_stay(world):
    server = world.server
    Device(server, "d")
    releases = [world.publish(f"1.{n}.0") for n in (1, 2, 3)]
    assert [r["id"] for r in pages(server, "/api/v1/releases", limit=1, sort="-sequence")] == releases[::-1]
    first = [world.rollout(r, f"--priority={p}", start=False) for r, p in zip(releases, (5, -1, 5))]
    page = server.json("GET", "/api/v1/rollouts?sort=priority&limit=1")
    assert [r["id"] for r in page["items"]] == [first[1]]
    world.rollout(releases[0], "--priority=-7", start=False)  # sorts before the cursor
    assert [r["id"] for r in pages(server, "/api/v1/rollouts", sort="priority", cursor=page["next"])] == [first[0], first[2]]


@pytest.mark.parametrize("verb", ["label", "hold", "pin", "retire"])
def test_changes_that_are_not_json_or_not_an_operators_are_refused(world, verb):
    server = world.server
    assert server.json("POST", f"/api/v1/devices/{verb}", "{", expect=400,
                       headers={"Content-Type": "application/json"})["code"] == "bad-json"
    assert server.request("POST", f"/api/v1/devices/{verb}", {"ids": []}, token="wrong")[0] == 401
    assert server.json("POST", f"/api/v1/devices/{verb}", {"ids": [], "reason": "a\nb"}, expect=400)["code"] in (
        "unknown-member", "missing-member", "bad-value")
