"""otter rollout simulate: a synthetic fleet without a server, and the server's devices by a plan or a rollout's number."""

import json
import xml.etree.ElementTree

import otter
import pytest
from test_rollout_control import Device


def simulate(*args, expect=0, env=None):
    return otter.run([otter.OTTER, "rollout", "simulate", *args], expect=expect, env=env)


SYNTHETIC = ["--devices", "3000", "--phases", "5,25,100", "--auto", "--success", "50", "--start", "2026-11-23T20:00:00Z"]


def test_good_release_passes_and_a_fifth_bad_is_stopped_in_the_first_phase():
    told = json.loads(simulate(*SYNTHETIC, "--json").out)
    assert told["outcome"] == "complete" and told["updated"] == told["devices"] == 3000 and told["lost"] == 0
    assert sum(phase["granted"] for phase in told["phases"]) == 3000
    assert told["curve"][-1]["updated"] == 3000
    one, five, fifth = told["what_if"]
    assert (one["bad"], five["bad"], fifth["bad"]) == (1, 5, 20)
    assert one["outcome"] == "complete" and 10 < one["lost"] < 60
    assert fifth["outcome"] == "halted" and fifth["phase"] == 1
    assert fifth["lost"] < fifth["granted"] <= told["phases"][0]["devices"] and fifth["after"] < 7200


def test_same_seed_says_the_same():
    first, again, other = (simulate(*SYNTHETIC, "--bad", "3%", "--flaky", "2%:net-timeout", "--silent", "0.5%", "--sleepers", "10%",
                                    "--seed", seed, "--json").out for seed in ("7", "7", "8"))
    assert first == again and first != other


def test_people_and_programs_are_told(tmp_path):
    picture = tmp_path / "curve.svg"
    text = simulate(*SYNTHETIC, "--window", "22:00-05:00", "--tz", "Europe/Oslo", "--zones", "Europe/Oslo=1,Asia/Kathmandu=1",
                    "--max-active", "50", "--svg", str(picture)).out
    assert text.startswith("complete at 2026-11-") and "A bad release" in text and "####" in text
    drawn = xml.etree.ElementTree.parse(picture).getroot()
    kinds = [part.get("class") for part in drawn.iter()]
    assert drawn.tag.endswith("svg") and {"window", "phase", "updated", "lost", "granted"} <= set(kinds)
    assert kinds.count("phase") == 3
    assert simulate(*SYNTHETIC, "--format", "csv").out.startswith("at,updated,lost,")
    assert "#" not in simulate(*SYNTHETIC, "--what-if", "none", "--columns", "phase,timed out").out
    untouched = tmp_path / "none.svg"
    simulate(*SYNTHETIC, "--svg", str(untouched), "--dry-run")
    assert not untouched.exists()


@pytest.mark.parametrize("args, why", [
    (["--devices", "0"], "--devices 0: expected a number from 1"),
    (["--devices", "5", "--bad=-3%"], "--bad -3%: expected a percentage"),
    (["--devices", "5", "--bad", "101"], "--bad 101: expected a percentage"),
    (["--devices", "5", "--bad", "5%:nonsense"], "expected a percentage, or one and a reason"),
    (["--devices", "5", "--silent=-1"], "--silent -1: expected a percentage"),
    (["--devices", "5", "--poll", "1s"], "--poll 1s: expected 5s to 1d"),
    (["--devices", "5", "--for", "0s"], "--for 0s: expected a duration"),
    (["--devices", "5", "--what-if", "1,,2"], "--what-if 1,,2: expected up to 8 percentages"),
    (["--devices", "5", "--phases", "50,20,100"], "more than in the phases before"),
    (["--devices", "5", "--not-before", "100", "--not-after", "50"], "not_after: a time after not_before"),
    (["--devices", "5", "--on-failure", "rollback"], "needs the release to go back to"),
    (["--devices", "5", "--tz", "Mars/Base"], "there is no time zone \"Mars/Base\""),
    (["--devices", "5", "--zones", "Mars/Base"], "there is no time zone \"Mars/Base\""),
    (["--devices", "5", "--hardware", "a=0"], "expected names with their shares"),
    (["--devices", "5", "--target", "hardware == zz"], "selects none of the 5 devices"),
    (["--devices", "5", "--target", "tag =="], "at character 7"),
    (["--devices", "5", "--phases", "group:lab,100"], "groups are the server's"),
    (["--hardware", "b", "--release", "1.1.0", "--target", "all"], "--hardware is of a synthetic fleet"),
    (["7", "--devices", "5"], "--devices is for a rollout that is not made yet"),
    (["7", "--phases", "5,100"], "--phases is for a rollout that is not made yet"),
])
def test_what_contradicts_itself_is_refused_with_the_reason(args, why):
    done = otter.run([otter.OTTER, "rollout", "simulate", *args], expect=None)
    assert done.code in (1, 2) and why in done.err and done.out == ""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = otter.World(tmp_path_factory.mktemp("simulate")).start()
    world.publish("1.1.0")
    yield world, world.fleet(60)
    world.stop()


def test_servers_devices_are_simulated_by_options_and_by_number(world):
    world, _ = world
    plan = ["--release", "1.1.0", "--target", "id != dev-07", "--phases", "10,100", "--auto"]
    world.otter("device", "hold", "dev-09")
    by_options = world.otter("rollout", "simulate", *plan, "--away", "52w", "--json").json
    made = world.otter("rollout", "create", *plan, "--json").json["id"]
    by_number = world.otter("rollout", "simulate", str(made), "--away", "52w", "--json").json
    for told in (by_options, by_number):
        assert told["devices"] == 59 and told["outcome"] == "unfinished"
        assert told["away"] == told["outstanding"] > 0  # none has ever polled: nobody is there
    assert [phase["devices"] for phase in by_options["phases"]] == [phase["devices"] for phase in by_number["phases"]]
    assert world.otter("rollout", "status", str(made), "--json").json["state"] == "draft"


def test_groups_and_zones_of_the_server_count(world):
    world, _ = world
    world.otter("group", "set", "lab", "--target", "id in (dev-01, dev-02)")
    world.otter("device", "set", "dev-01", "tz=Asia/Kathmandu")
    told = world.otter("rollout", "simulate", "--release", "1.1.0", "--target", "id != dev-02", "--phases", "group:lab,100", "--auto",
                       "--json").json
    assert [phase["devices"] for phase in told["phases"]] == [1, 58]
    assert "lab2" in str(world.otter("rollout", "simulate", "--release", "1.1.0", "--target", "all", "--phases", "group:lab2,100",
                                     expect=1))


def test_who_polls_is_updated_and_who_does_not_is_waited_for(world):
    world, fleet = world
    for number in range(10, 60):
        assert Device(world, fleet, f"dev-{number}").poll() in (200, 204)
    plan = ["--release", "1.1.0", "--auto", "--json"]
    told = world.otter("rollout", "simulate", *plan, "--target", "id in (dev-1*, dev-2*, dev-3*, dev-4*, dev-5*)").json
    assert (told["outcome"], told["devices"], told["updated"], told["away"]) == ("complete", 50, 50, 0)
    told = world.otter("rollout", "simulate", *plan, "--target", "id in (dev-5*, dev-60)").json
    assert (told["outcome"], told["updated_at_last"], told["away"]) == ("unfinished", 10, 1)


def test_what_the_server_has_not_is_refused(world):
    world, _ = world
    assert "no published release" in str(world.otter("rollout", "simulate", "--release", "9.9.9", "--target", "all", expect=1))
    assert "selects no device" in str(world.otter("rollout", "simulate", "--release", "1.1.0", "--target", "id == none", expect=1))
    assert "not-found" in str(world.otter("rollout", "simulate", "999", expect=1))
