"""Rollouts that an operator can trust, over 1,000 emulated devices: staged success, a bad release halted, a fleet that goes
back, a restart in mid-phase. Windows and changes of daylight saving: test_rollout_windows.py."""

import certificates
import otter
import pytest
from emulated import Emulated

FLEET = 1000
LOST = ("failed", "reverted", "timed-out")
OPEN = ("offered", "downloading", "downloaded", "installed", "testing")


@pytest.fixture
def secure(tmp_path):
    # A handshake each poll: devices that came back more often would keep both ends busy with nothing else.
    made = otter.World(tmp_path, ("--poll-interval", "30"), tls=certificates.tls_folder(tmp_path / "tls"))
    made.start()
    yield made
    made.stop()


def create(world, release, *options, start=True):
    made = world.otter("rollout", "create", "--release", release, "--target", "all", *options, "--json").json
    if start:
        world.otter("rollout", "start", made["id"])
    return made["id"]


def attempts(world, rollout):
    return world.otter("rollout", "attempts", rollout, "--all", "--json").json["items"]


def by_phase(world, rollout):
    phases = {}
    for attempt in attempts(world, rollout):
        phases.setdefault(attempt["phase"], []).append(attempt)
    return phases


def until(world, rollout, what, condition, seconds=300):
    """The rollout, when the condition holds of it."""
    def look():
        shown = world.status(rollout)
        return shown if condition(shown) else None
    return otter.wait_for(f"rollout {rollout}: {what}", look, seconds)


def in_state(state):
    return lambda rollout: rollout["state"] == state


def finished(rollout):
    return sum(rollout["counts"][state] for state in ("succeeded", *LOST))


def is_staged(world, rollout, soak):
    """No phase began before the one before it was through and had soaked; each device had one attempt."""
    phases = by_phase(world, rollout)
    for number in sorted(phases)[1:]:
        through = max(a["finished"] for a in phases[number - 1])
        assert min(a["created"] for a in phases[number]) >= through + soak
    devices = [a["device"] for each in phases.values() for a in each]
    assert len(devices) == len(set(devices))
    return {number: len(each) for number, each in phases.items()}


def most_at_a_time(world, rollout):
    """In whole seconds: an attempt that ended within the second of another's grant made room for it."""
    steps = sorted(step for a in attempts(world, rollout) for step in ((a["created"], 1), (a["finished"], -1)))
    most = active = 0
    for _, change in steps:
        active += change
        most = max(most, active)
    return most


@pytest.mark.long(40)
def test_a_thousand_devices_are_updated_in_stages_that_open_by_themselves(secure):
    world = secure
    base, fleet = world.image("1.0.0", "A"), world.fleet(FLEET)
    rollout = create(world, world.publish("1.1.0"), "--phases", "10dev,5,25,100", "--gate", "auto", "--soak", "1s",
                     "--max-active", "150", "--per-minute", "6000")
    with Emulated(world, fleet, base, "--crypto", "openssl") as emulated:
        done = until(world, rollout, "complete", in_state("complete"))
    assert emulated.summary["by_version"] == {"1.1.0": FLEET}
    assert done["counts"]["succeeded"] == FLEET == sum(done["counts"].values())
    assert is_staged(world, rollout, soak=1)[1] == 10
    assert most_at_a_time(world, rollout) <= 150
    kinds = [e["kind"] for e in world.otter("rollout", "events", rollout, "--all", "--json").json["items"]]
    assert kinds.count("phase-opened") == 4 and kinds.count("phase-complete") == 4 and kinds[-1] == "complete"


def test_a_release_that_is_bad_for_a_fifth_is_halted_before_the_third_phase(world):
    base, fleet = world.image("1.0.0", "A"), world.fleet(FLEET)
    rollout = create(world, world.publish("1.2.0"), "--phases", "1,10,50,100", "--gate", "auto", "--success", "50",
                     "--failure", "90,10,10,10", "--min-sample", "8,30,30,30", "--max-active", "40")  # chance halts no first phase
    with Emulated(world, fleet, base, "--bad", "1.2.0:fail=12,hang=8,seed=5") as emulated:
        until(world, rollout, "halted", in_state("halted"))
        halted = until(world, rollout, "no update under way", lambda r: sum(r["counts"][s] for s in OPEN) == 0)
        # What polls afterwards is told why, and gets nothing.
        enrolled = {d["id"] for d in world.otter("device", "list", "--all", "--json").json["items"]}
        waiting = min(enrolled - {a["device"] for a in attempts(world, rollout)})
        told = world.otter("rollout", "explain", "--device", waiting, "--json").json["rollouts"][0]
        assert told["rule"] in ("halted", "not-in-phase")
        given = len(attempts(world, rollout))
        polls = emulated_polls(world)
        otter.wait_for("each device has polled again", lambda: emulated_polls(world) > polls + FLEET, 120)
        assert len(attempts(world, rollout)) == given
    assert halted["phase"] == 2 and set(by_phase(world, rollout)) == {1, 2}
    assert "lost" in halted["state_reason"]
    lost, updated = sum(halted["counts"][s] for s in LOST), halted["counts"]["succeeded"]
    assert given == lost + updated < FLEET * 16 // 100  # a tenth of the cohorts, dealt by lot
    assert set(halted["reasons"]) <= {"self-test", "watchdog"} and sum(halted["reasons"].values()) == lost
    assert emulated.summary["by_version"] == {"1.0.0": FLEET - updated, "1.2.0": updated}
    shown = world.otter("rollout", "status", rollout).out
    assert "halted" in shown and f"otter rollout resume {rollout}" in shown
    resumed = world.otter("rollout", "resume", rollout).out
    assert "Acknowledged: the losses of phase 2 so far" in resumed
    assert world.status(rollout)["state"] == "running"


def emulated_polls(world):
    _, _, text = world.server.request("GET", "/metrics")
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.decode().splitlines() if line.startswith("otter_polls_total{"))


@pytest.mark.long(20)
def test_devices_that_fall_silent_after_their_reboot_halt_a_rollout_too(world):
    base, fleet = world.image("1.0.0", "A"), world.fleet(100)
    rollout = create(world, world.publish("1.2.0"), "--phases", "50,100", "--gate", "auto", "--failure", "5",
                     "--min-sample", "40", "--silence", "10s")
    with Emulated(world, fleet, base, "--bad", "1.2.0:silent=20,seed=1") as emulated:
        halted = until(world, rollout, "halted", in_state("halted"))
    assert halted["counts"]["timed-out"] >= 3 and halted["reasons"].get("silent") == halted["counts"]["timed-out"]
    assert emulated.summary["by_state"]["silent"] >= halted["counts"]["timed-out"]
    assert halted["phase"] == 1


@pytest.mark.long(10)
def test_a_fleet_goes_back_by_itself_to_the_release_that_was_named(world):
    base, fleet = world.image("1.0.0", "A"), world.fleet(FLEET)
    bad, back = world.publish("1.2.0"), world.publish("1.2.1")
    refused = world.otter("rollout", "create", "--release", back, "--target", "all", "--on-failure", "rollback",
                          "--rollback-release", bad, expect=1)
    assert "rollback_release" in refused.err and "--rollback-release said so" in refused.err
    rollout = create(world, bad, "--phases", "5,100", "--gate", "auto", "--success", "50", "--failure", "60,15",
                     "--min-sample", "10,100", "--on-failure", "rollback", "--rollback-release", back, "--max-active", "60")
    with Emulated(world, fleet, base, "--bad", "1.2.0:fail=25,seed=9"):
        left = until(world, rollout, "rolled back", in_state("rolled-back"))
        child = left["child"]
        until(world, rollout, "no update under way", lambda r: sum(r["counts"][s] for s in OPEN) == 0)
        until(world, child, "complete", in_state("complete"))
    shown = world.status(child)
    assert shown["parent"] == rollout and shown["version"] == "1.2.1"
    assert most_at_a_time(world, child) <= 60
    # Whoever ran it runs what was named; whoever never did was left in peace.
    runs = {d["id"]: d["running"]["version"] for d in world.otter("device", "list", "--all", "--json").json["items"]}
    had = {a["device"] for a in attempts(world, rollout) if a["state"] == "succeeded"}
    went = {a["device"] for a in attempts(world, child) if a["state"] == "succeeded"}
    assert had <= went and all(runs[device] == "1.2.1" for device in went)
    assert all(runs[device] == "1.0.0" for device in runs.keys() - went)
    assert 0 < len(had) < FLEET


@pytest.mark.long(25)
def test_a_server_killed_in_mid_phase_goes_on_where_it_was(world):
    base, fleet = world.image("1.0.0", "A"), world.fleet(FLEET)
    rollout = create(world, world.publish("1.1.0"), "--phases", "20,60,100", "--gate", "auto", "--max-active", "80")
    with Emulated(world, fleet, base, speed=10) as emulated:
        for kept in (100, 350, 700):  # in the first phase, the second, the third
            until(world, rollout, f"{kept} finished", lambda r, kept=kept: finished(r) >= kept)
            before = {a["id"]: a for a in attempts(world, rollout)}
            world.server.kill()
            world.server.start()
            after = {a["id"]: a for a in attempts(world, rollout)}
            assert before.keys() <= after.keys()
            assert all(after[n]["state"] == "succeeded" for n, a in before.items() if a["state"] == "succeeded")
        done = until(world, rollout, "complete", in_state("complete"))
    assert emulated.summary["by_version"] == {"1.1.0": FLEET}
    assert done["counts"]["succeeded"] == FLEET == sum(done["counts"].values())
    staged = is_staged(world, rollout, soak=0)
    assert sum(staged.values()) == FLEET
    for phase, share in {1: 200, 2: 400, 3: 400}.items():  # percentages are of cohorts, which devices are dealt to by lot
        assert abs(staged[phase] - share) < 100, staged
    assert most_at_a_time(world, rollout) <= 80
