"""Whom a rollout would reach and by when: otter rollout preview against a real otterd."""

import csv
import io

import hand
import pytest

DEVICES = 12


@pytest.fixture
def fleet(world):
    devices = hand.hands(world, DEVICES)
    world.release_id = world.publish("1.1.0")
    world.otter("device", "hold", "dev-01", "dev-02")
    world.otter("device", "retire", "dev-03", "--reason", "old")
    devices[3].running["confirmed"] = False
    devices[3].poll()
    return devices


def refused(preview):
    return {row["rule"]: row["devices"] for row in preview["refused"]}


def test_a_plan_is_told_by_phase_and_by_rule_before_it_is_made(world, fleet):
    words = ("rollout", "preview", "--release", "1.1.0", "--target", "id != dev-05", "--phases", "2dev,100")
    told = world.otter(*words, "--json").json
    first, rest = (phase["devices"] for phase in told["phases"])
    assert first <= 2 and first + rest == told["devices"] == DEVICES - 4  # one of the two may be held
    assert refused(told) == {"held": 2, "device-on-trial": 1}
    size = world.image("1.1.0", "B").stat().st_size
    assert told["bytes"] == told["devices"] * size and told["state"] == "draft"
    text = world.otter(*words).out
    assert "held" in text and "dev-01, dev-02" in text and "at the earliest" in text, text
    rows = list(csv.DictReader(io.StringIO(world.otter(*words, "--format", "csv").out)))
    assert sum(int(row["devices"]) for row in rows) == DEVICES - 4
    assert world.otter("rollout", "list", "--json").json["items"] == []


def test_a_rollout_is_told_of_by_its_number_as_it_goes_on(world, fleet):
    rollout = world.rollout(world.release_id, phases="100")
    assert fleet[4].poll()["attempt"]
    told = world.otter("rollout", "preview", rollout, "--json").json
    assert told["phases"][0]["granted"] == 1
    assert told["phases"][0]["devices"] == told["devices"] == DEVICES - 3
    assert told["earliest_end"] >= told["at"] + told["attempt_seconds"]
    world.otter("rollout", "abort", rollout)
    assert "nothing more is granted" in world.otter("rollout", "preview", rollout).out


@pytest.mark.parametrize("options, seconds, words", [
    (["--max-active", "2"], 270, "bound by --max-active"),
    (["--per-minute", "1"], 8 * 60 + 60, "bound by --per-minute"),
    (["--per-minute", "1", "--not-after", "+2m"], None, "cannot end"),
    (["--soak", "1h", "--phases", "1dev,100"], 3600 + 2 * 60, "open its gates"),
], ids=lambda value: str(value))
def test_the_earliest_end_follows_from_the_plan(world, fleet, options, seconds, words):
    now = world.otter("rollout", "preview", "--release", "1.1.0", "--target", "all", "--json").json["at"]
    options = [str(now + 120) if option == "+2m" else option for option in options]
    command = ("rollout", "preview", "--release", "1.1.0", "--target", "id != dev-01 and id != dev-02", *options)
    told = world.otter(*command, "--json").json
    assert (told["earliest_end"] - told["at"] if seconds else told["earliest_end"]) == seconds, told
    assert words in world.otter(*command).out


@pytest.mark.parametrize("args, code, words", [
    (["7"], 1, "no rollout 7"),
    (["7", "--max-active", "3"], 2, "--max-active is for a rollout that is not made yet"),
    (["--target", "all"], 2, "--release is missing"),
    (["--release", "1.1.0", "--target", "id == nobody"], None, "no device"),
    (["--release", "1.1.0", "--target", "tag =="], None, "^"),
    (["--release", "1.1.0", "--target", "all", "--tz", "Nowhere/Atlantis"], None, "--tz said so"),
], ids=lambda value: str(value))
def test_what_cannot_be_told_is_refused_as_a_creation_is(world, fleet, args, code, words):
    result = world.otter("rollout", "preview", *args, expect=None)
    assert result.code != 0 and words in result.err, result
    assert code in (None, result.code), result
