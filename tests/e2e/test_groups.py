"""Saved groups, as an operator uses them: set, named in targets and filters, shown, deleted; and how their devices poll."""

import otter
import pytest
from test_bad_input import device_token, poll_body

pytestmark = pytest.mark.coverage


def set_group(world, name, target, *more, expect=0):
    return world.otter("group", "set", name, "--target", target, *more, expect=expect)


def names(world, expression):
    return [d["id"] for d in world.otter("device", "list", "--filter", expression, "--json").json["items"]]


@pytest.fixture
def fleet(world):
    folder = world.fleet(4)
    world.otter("device", "tag", "dev-1", "dev-2", "--add", "lab")
    return folder


def retry_after(world, fleet, name):
    status, headers, _ = world.server.request("POST", "/v1/device/poll", poll_body(name), token=device_token(fleet, name))
    assert status in (200, 204)
    return int(headers["retry-after"])


def test_a_group_stands_for_its_target_wherever_one_is_written(world, fleet):
    assert set_group(world, "lab", "tag == lab", "--json").json["target"] == "tag == lab"
    set_group(world, "quiet", 'group == lab and not seen == yes and id != "dev-2"')
    assert names(world, "group == lab") == ["dev-1", "dev-2"]
    assert names(world, "group in (quiet)") == ["dev-1"]
    assert world.otter("device", "hold", "--target", "group == quiet", "--reason", "x", "--yes").code == 0
    assert names(world, "held == yes") == ["dev-1"]
    world.rollout(world.publish("1.1.0"), target="group == lab")
    assert retry_after(world, fleet, "dev-2") >= 5
    assert names(world, "state == offered") == ["dev-2"]
    shown = world.otter("group", "show", "lab", "--json").json
    assert (shown["devices"], shown["used_by"]) == (2, {"groups": ["quiet"], "rollouts": [1]})
    assert [g["name"] for g in world.otter("group", "list", "--json").json["items"]] == ["lab", "quiet"]
    assert [g["name"] for g in world.otter("group", "list", "--filter", "id == q*", "--json").json["items"]] == ["quiet"]


def test_what_is_wrong_with_a_target_is_shown_at_its_place(world):
    for target, at, words in [
            ("tag == lab and last_seen < 7d", 27, "< 7d ago, or within 7d"),
            ("version < 1.*.3", 10, "no order"),
            ("not group == beta", 13, "there is no such group: group beta"),
            ("group == lab", 9, "cannot contain itself: group lab"),
            ("tag in (a, b", 12, ", or )")]:
        told = set_group(world, "lab", target, expect=1).err
        assert f"  {target}\n  {' ' * at}^" in told and words in told, told
    for args in (["lab", "--target", "all", "--poll", "60"], ["lab"], ["lab", "--target", "all", "--poll", "x"]):
        world.otter("group", "set", *args, expect=2)
    world.otter("group", "set", "lab", "--target", "all", "--poll", "4s", expect=1)
    world.otter("group", "set", "not a name", "--target", "all", expect=1)
    assert world.otter("group", "list", "--json").json["items"] == []


def test_a_group_goes_only_when_nothing_names_it(world, fleet):
    set_group(world, "lab", "tag == lab")
    set_group(world, "outer", "group == lab")
    rollout = world.rollout(world.publish("1.1.0"), target="group == outer", start=False)
    assert "is used by rollout 1" in world.otter("group", "delete", "lab", expect=1).err
    assert "is used by rollout 1" in world.otter("group", "delete", "outer", expect=1).err
    world.otter("rollout", "abort", rollout)
    assert "is used by group outer" in world.otter("group", "delete", "lab", expect=1).err
    world.otter("group", "delete", "outer")
    world.otter("group", "delete", "lab")
    assert "no group" in world.otter("group", "show", "lab", expect=1).err
    world.server.stop()
    world.server.start()
    assert world.status(rollout)["state"] == "aborted"


def test_the_devices_of_a_group_poll_at_its_interval(world, fleet):
    assert retry_after(world, fleet, "dev-1") < 60
    assert set_group(world, "lab", "tag == lab", "--poll", "1h", "--json").json["poll_interval"] == 3600
    set_group(world, "first", "id == dev-1", "--poll", "10m")
    assert 525 <= retry_after(world, fleet, "dev-1") <= 675
    assert 3150 <= retry_after(world, fleet, "dev-2") <= 4050
    assert retry_after(world, fleet, "dev-3") < 60
    world.otter("device", "tag", "dev-3", "--add", "lab")
    assert 3150 <= retry_after(world, fleet, "dev-3") <= 4050
    world.otter("group", "delete", "first")
    assert 3150 <= retry_after(world, fleet, "dev-1") <= 4050


def test_names_of_groups_are_completed(world):
    set_group(world, "lab", "all")
    set_group(world, "late", "all")
    env = {"OTTER_SERVER": world.server.url, "OTTER_TOKEN": world.server.token}
    told = otter.run([otter.OTTER, "__complete", "group", "show", "la"], env=env).out
    assert [line.split("\t")[0] for line in told.splitlines()[1:]] == ["lab", "late"]
