"""The straight road: sign, publish, poll, download, verify, boot, confirm."""

import pytest


@pytest.mark.quick
@pytest.mark.coverage
def test_a_fleet_goes_to_the_new_release_in_phases_and_each_device_confirms_it(world):
    base, fleet = world.image("1.0.0", "A"), world.fleet(20)
    release = world.publish("1.1.0")
    rollout = world.rollout(release, "--auto", phases="10,50,100")
    summary = world.emulate(fleet, base, "--expect", "1.1.0:confirmed").json
    assert summary["by_version"] == {"1.1.0": 20}
    status = world.status(rollout)
    assert status["state"] == "complete"
    assert status["counts"]["succeeded"] == 20
    assert [phase["state"] for phase in status["phases"]] == ["complete"] * 3
    for device in world.otter("device", "list", "--all", "--json").json["items"]:
        assert device["running"]["confirmed"] and device["running"]["version"] == "1.1.0"


def test_manual_phases_open_only_when_told(world):
    base, fleet = world.image("1.0.0", "A"), world.fleet(20)
    rollout = world.rollout(world.publish("1.1.0"), phases="25,100")
    first = world.status(rollout)["phases"][0]["devices"]
    assert 0 < first < 20
    summary = world.emulate(fleet, base, "--expect", "1.1.0:confirmed", "--expect-count", first).json
    assert summary["by_version"] == {"1.0.0": 20 - first, "1.1.0": first}
    world.otter("rollout", "advance", rollout)
    world.emulate(fleet, base, "--expect", "1.1.0:confirmed")
    assert world.status(rollout)["state"] == "complete"


def test_publishing_the_same_release_twice_is_a_no_op_and_another_under_its_sequence_is_refused(world):
    path, images = world.release("1.1.0")
    world.otter("release", "publish", path, *images)
    again = world.otter("release", "publish", path, *images)
    assert "already" in again.out + again.err
    other, other_images = world.release("1.2.0", sequence=world.sequence)
    refused = world.otter("release", "publish", other, *other_images, expect=1)
    assert "sequence-taken" in refused.err
    assert len(world.otter("release", "list", "--json").json["items"]) == 1


@pytest.mark.coverage
def test_an_image_that_hangs_is_reverted_by_the_devices_and_shown_as_reverted(world):
    base, fleet = world.image("1.0.0", "A"), world.fleet(5)
    rollout = world.rollout(world.publish("1.1.0", "--selftest", "hang"))
    world.emulate(fleet, base, "--expect-reason", "watchdog", "--expect", "1.0.0:confirmed")
    status = world.status(rollout)
    assert status["counts"]["reverted"] == 5
    assert status["reasons"] == {"watchdog": 5}


@pytest.mark.coverage
def test_an_image_whose_self_test_fails_is_reverted_with_that_reason(world):
    base, fleet = world.image("1.0.0", "A"), world.fleet(3)
    rollout = world.rollout(world.publish("1.1.0", "--selftest", "fail"))
    world.emulate(fleet, base, "--expect-reason", "self-test", "--expect", "1.0.0:confirmed")
    assert world.status(rollout)["counts"]["reverted"] == 3
    assert world.status(rollout)["reasons"] == {"self-test": 3}


def test_a_release_signed_by_a_foreign_key_is_refused_by_the_server(world):
    foreign = world.folder / "foreign.key"
    world.otter("key", "new", "--out", foreign)
    path, images = world.release("1.1.0", key=foreign)
    refused = world.otter("release", "publish", path, *images, expect=1)
    assert "unknown-key" in refused.err
    assert world.otter("release", "list", "--json").json["items"] == []
