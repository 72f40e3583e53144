"""kill -9 while a crowd polls, reports and is granted updates as fast as otterd answers, and operators work beside it: held
against a ledger of what was acknowledged. And that the crowd's changes share commits, all of them or none."""

import random
import time

import disk as disks
import ledger as books
import metrics
import otter
import pytest

UNDER_WAY = 24  # at most, of more devices that would
OPEN = ("offered", *books.STEPS)


def prepared(world, ledger):
    """A rollout for the crowd, of which one is there so far; its id."""
    for tag, count in (("crowd", 1), ("quiet", 400), ("nobody", 1)):
        books.enrol(world.server, ledger, count, tag)
    return books.prepare(world, "--max-active", UNDER_WAY, target="tag == crowd")


def under_way(server, rollout):
    counts = server.json("GET", f"/api/v1/rollouts/{rollout}")["counts"]
    return sum(counts.get(state, 0) for state in OPEN)


def granted(server, rollout):
    return sum(server.json("GET", f"/api/v1/rollouts/{rollout}")["counts"].values())


@pytest.mark.parametrize("kills", [6, pytest.param(100, marks=pytest.mark.full)])
def test_kill_9_amid_thousands_of_polls_loses_nothing_acknowledged_and_keeps_the_cap(world, kills):
    ledger, chance, polls, held_back = books.Ledger(), random.Random(11), 0, 0
    rollout = prepared(world, ledger)
    for number in range(kills):
        books.enrol(world.server, ledger, 120, "crowd")
        with books.Crowd(world, ledger, 16, "quiet") as quiet, books.Crowd(world, ledger, 32) as busy, \
                books.Load(world, ledger, rollout, seed=number, kinds=books.Load.OPERATORS):
            if number == 0:  # on a slow machine, too, one life is long enough for the cap
                otter.wait_for("the cap is reached", lambda: granted(world.server, rollout) > UNDER_WAY, 120)
            time.sleep(chance.uniform(0.05, 0.5))  # when the kill comes: no logic waits for it
            world.server.kill()
        books.check_files(world.server.data)
        world.server.start()
        books.check(world.server, ledger, rollout)
        assert under_way(world.server, rollout) <= UNDER_WAY
        held_back += busy.held_back
        assert set(quiet.statuses) == {204} and set(busy.statuses) <= {200, 204}, (quiet.statuses, busy.statuses)
        polls += quiet.statuses[204]
    # That there was a load, however slow the machine.
    assert polls > kills * 50 and held_back and not ledger.refused, (polls, held_back, ledger.refused, ledger.samples)
    assert sum(device.attempt is not None for device in ledger.devices.values()) > UNDER_WAY
    assert sum(walk.at > 0 for walk in ledger.walks.values()) and len(ledger.releases) and len(ledger.rollouts)


def test_changes_that_arrive_together_share_a_commit(world):
    ledger = books.Ledger()
    prepared(world, ledger)
    books.enrol(world.server, ledger, 300, "crowd")
    before, acknowledged = metrics.read(world.server), ledger.acknowledged
    with books.Crowd(world, ledger, 32) as crowd:
        enough = before.get("otter_commit_calls_sum") + 400
        otter.wait_for("changes", lambda: metrics.read(world.server).get("otter_commit_calls_sum") > enough, 60)
    after = metrics.read(world.server)
    commits = after.get("otter_commit_duration_seconds_count") - before.get("otter_commit_duration_seconds_count")
    changes = ledger.acknowledged - acknowledged
    assert crowd.statuses[200] and 0 < commits < changes, (commits, changes)


def refusals(server):
    """507 since its start."""
    return sum(n for labels, n in metrics.read(server).of("otter_http_requests_total").items() if ("status", "507") in labels)


def test_a_shared_commit_that_fails_acknowledges_none_of_its_changes(tmp_path):
    disk = disks.Disk(tmp_path / "disk", 24)
    world, ledger = otter.World(tmp_path), books.Ledger()
    disks.put_on(world.server, disk)
    try:
        world.start()
        rollout = prepared(world, ledger)
        for _ in range(2):
            books.enrol(world.server, ledger, 150, "crowd")
            with books.Crowd(world, ledger, 32, keep_on=True) as crowd:
                disk.fill()
                otter.wait_for("refusals", lambda: refusals(world.server) > 100, 60)
                world.server.kill()  # on the full disk
            assert crowd.statuses[507] and crowd.statuses[200], crowd.statuses
            disk.empty()
            world.server.start()
            books.check(world.server, ledger, rollout)
            assert under_way(world.server, rollout) <= UNDER_WAY
    finally:
        if world.server.process and world.server.process.poll() is None:
            world.server.stop()
        disk.close()
