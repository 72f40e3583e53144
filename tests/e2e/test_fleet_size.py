"""50,000 devices with an attempt each: lists page through all of them, quickly."""

import fleet
import pytest

DEVICES = 50000
GENEROUS = 15.0  # tests/bench/lists.py measures against one second; here a loaded machine and sanitizers are at work


@pytest.mark.full
def test_lists_of_a_large_fleet_are_whole_and_answer_in_time(world):
    server = world.server
    fleet.import_many(server, DEVICES)
    release = world.publish("1.1.0")
    rollout = world.rollout(release)
    fleet.poll_many(server, DEVICES)
    reader = fleet.Reader(server)
    for what, path in fleet.list_requests(rollout, release, "unit-000010"):
        assert reader.page(path)[0] < GENEROUS, what
    names = {f"unit-{n:06}" for n in range(DEVICES)}
    for sort in ("", "&sort=-last_seen"):
        _, items = reader.walk("/api/v1/devices?limit=1000" + sort)
        assert len(items) == DEVICES and {d["id"] for d in items} == names
    for query in ("", "&sort=device"):
        _, items = reader.walk(f"/api/v1/rollouts/{rollout}/attempts?limit=1000" + query)
        assert len(items) == DEVICES and {a["device"] for a in items} == names
    failed = [n for n in names if int(n[5:]) % 10 == 0]
    _, items = reader.walk(f"/api/v1/rollouts/{rollout}/attempts?limit=1000&filter=" + fleet.quote("state == failed"))
    assert {a["device"] for a in items} == set(failed)
    summary = reader.page("/api/v1/fleet/summary?by=version")[1]
    assert summary["devices"] == DEVICES and summary["states"] == {"failed": len(failed), "offered": DEVICES - len(failed)}
