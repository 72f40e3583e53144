"""Events: each kind runs the program of [events] exec once, with JSON on standard input, and never holds up a poll."""

import json
import os
import signal
import time

import metrics
import otter
import pytest
from hand import hands

KEEP = """#!/bin/sh
# One file an event: its name from the argument, the JSON from standard input.
cat > "{folder}/$1.$$.part"
mv "{folder}/$1.$$.part" "{folder}/$1.$$.json"
"""


class Told:
    """The program of events.exec, and what it was told."""

    def __init__(self, folder, script=KEEP):
        self.folder = folder / "told"
        self.folder.mkdir()
        self.program = folder / "on-event"
        self.program.write_text(script.format(folder=self.folder))
        self.program.chmod(0o755)

    def events(self, kind="*"):
        found = [json.loads(path.read_text()) for path in self.folder.glob(f"{kind}.*.json")]
        return sorted(found, key=lambda event: event["time"])

    def one(self, kind):
        """The one event of a kind, once it is there."""
        otter.wait_for(f"{kind} told", lambda: self.events(kind))
        found, = self.events(kind)
        assert found["event"] == kind and found["server"] == os.uname().nodename
        assert abs(found["time"] - time.time()) < 120 and found["detail"]
        return found


def make_world(tmp_path, told, *more):
    config = tmp_path / "otterd.conf"
    config.write_text("\n".join([f"[events]\nexec = {told.program}\nburst = 3\nburst_window = 600", *more, ""]))
    return otter.World(tmp_path, ["--config", config]).start()


@pytest.fixture
def told(tmp_path):
    return Told(tmp_path)


@pytest.fixture
def world(tmp_path, told):
    made = make_world(tmp_path, told)
    yield made
    made.stop()


def settle(world, count, **labels):
    """Waits until so many programs have ended (by label: as they should)."""
    otter.wait_for("programs ended", lambda: metrics.read(world.server).get(
        "otter_event_programs_total", **{"result": "succeeded", **labels}) >= count)


def digests(world, release):
    shown = world.otter("release", "show", release, "--json").json
    return {image["slot"]: image["sha256"] for image in shown["images"]}


@pytest.mark.quick
def test_a_gate_is_told_once_also_over_a_restart_and_then_the_end(world, told):
    devices = hands(world, 6)
    release = world.publish("1.1.0")
    rollout = world.rollout(release, "--name", "spring", phases="50,100")
    image = digests(world, release)["B"]
    first = [device for device in devices if device.poll()]
    assert first  # perhaps all of them, if the rollout's seed has it so
    for device in first:
        device.succeed("1.1.0", image)
    event = told.one("gate-waiting")
    assert {key: event[key] for key in ("rollout", "name", "phase", "phases", "counts")} == {
        "rollout": rollout, "name": "spring", "phase": 1, "phases": 2, "counts": {"succeeded": len(first)}}
    assert f"otter rollout advance {rollout}" in event["detail"]

    settle(world, 1)
    world.server.stop()
    world.server.start()
    world.otter("rollout", "advance", rollout)
    for device in devices:
        if device not in first:
            device.succeed("1.1.0", image)
    event = told.one("rollout-complete")
    assert event["counts"] == {"succeeded": 6} and event["rollout"] == rollout
    assert len(told.events()) == 2  # the gate was not told again
    now = metrics.read(world.server)
    assert now.get("otter_events_total", event="rollout-complete") == 1
    assert now.get("otter_events_total", event="gate-waiting") == 0


def test_an_automatic_rollout_that_lost_a_device_is_told_as_halted(world, told):
    devices = hands(world, 6)
    release = world.publish("1.1.0")
    rollout = world.rollout(release, "--auto", phases="50,100")
    first = [device for device in devices if device.poll()]
    first[0].fail("image-digest")
    for device in first[1:]:
        device.succeed("1.1.0", digests(world, release)["B"])
    event = told.one("rollout-halted")
    assert event["rollout"] == rollout and event["phase"] == 1 and event["phases"] == 2
    assert event["counts"] == {"failed": 1, **({"succeeded": len(first) - 1} if len(first) > 1 else {})}
    assert event["reasons"] == {"image-digest": 1}
    assert told.events("gate-waiting") == []


def test_an_abort_is_told_but_not_of_a_draft_and_not_when_dry(world, told):
    hands(world, 1)
    release = world.publish("1.1.0")
    draft = world.rollout(release, start=False)
    world.otter("rollout", "abort", draft)
    running = world.rollout(release)
    dry = world.server.json("POST", f"/api/v1/rollouts/{running}/abort?dry_run=1")
    assert dry["state"] == "aborted"
    world.otter("rollout", "abort", running)
    event = told.one("rollout-halted")
    assert event["rollout"] == running and "aborted by an operator" in event["detail"]
    withdrawn = world.rollout(release)
    world.otter("release", "withdraw", release, "--reason", "bad", "--abort-rollouts")
    otter.wait_for("told", lambda: len(told.events("rollout-halted")) == 2)
    event, = [event for event in told.events("rollout-halted") if event["rollout"] == withdrawn]
    assert "withdrawn" in event["detail"]


def test_a_burst_of_failures_is_told_once_a_window(world, told):
    devices = hands(world, 8)
    world.rollout(world.publish("1.1.0"))
    for device, state in zip(devices[:2], ("failed", "reverted")):
        device.fail("self-test", state)
    world.server.json("GET", "/api/v1/status")
    assert told.events("failure-burst") == []
    for device in devices[2:7]:
        device.fail("flash-error")
    event = told.one("failure-burst")
    assert "3 updates" in event["detail"] and "dev-3" in event["detail"] and "flash-error" in event["detail"]
    assert metrics.read(world.server).get("otter_events_total", event="failure-burst") == 1


def test_freeze_and_unfreeze_are_told_when_they_change_something(world, told):
    world.otter("server", "freeze", "--reason", "a bad day")
    assert told.one("frozen")["detail"] == "a bad day"
    world.otter("server", "freeze", "--reason", "a worse day")
    world.otter("server", "unfreeze")
    assert told.one("unfrozen")["detail"] == "over: a worse day"
    world.otter("server", "unfreeze")
    settle(world, 2)
    assert metrics.read(world.server).get("otter_events_total", event="frozen") == 1
    assert metrics.read(world.server).get("otter_events_total", event="unfrozen") == 1


def test_a_low_disk_is_told_at_the_start(tmp_path, told):
    world = make_world(tmp_path, told, "[store]\ndisk_low = 1048575GiB")
    try:
        assert "MiB are free" in told.one("disk-low")["detail"]
        settle(world, 1)
        assert metrics.read(world.server).get("otter_events_total", event="disk-low") == 1
    finally:
        world.stop()


LOOK = """#!/bin/sh
{{
    echo "argc $#"
    env | sort
    pwd
    for fd in /proc/$$/fd/*; do echo "fd ${{fd##*/}} $(readlink "$fd")"; done
    test "$(ps -o pgid= -p $$ | tr -d ' ')" = $$ && echo own group
}} > "{folder}/look.part"
mv "{folder}/look.part" "{folder}/look"
"""


def test_the_program_has_a_bare_environment_and_no_descriptor_of_otterd(tmp_path):
    told = Told(tmp_path, LOOK)
    world = make_world(tmp_path, told)
    try:
        world.otter("server", "freeze", "--reason", "look")
        seen = otter.wait_for("the look", lambda: (told.folder / "look").exists() and (told.folder / "look").read_text())
    finally:
        world.stop()
    lines = seen.splitlines()
    assert "argc 1" in lines and "/" in lines and "own group" in lines
    names = {line.split("=")[0] for line in lines if "=" in line}
    assert names <= {"PATH", "LANG", "PWD", "SHLVL", "_", "OLDPWD"}, names
    open_files = {line.split()[1]: line.split()[-1] for line in lines if line.startswith("fd ")}
    assert "otter-event" in " ".join(line for line in lines if line.startswith("fd 0 "))
    assert not [target for target in open_files.values() if f"{world.server.data}/" in target or "socket:" in target]


SIGNALS = """#!/usr/bin/python3 -I
import os, pathlib
part = pathlib.Path("{folder}/status.part")
part.write_text(pathlib.Path("/proc/self/status").read_text())
part.rename("{folder}/status")
"""


def test_the_program_begins_with_no_signal_blocked_or_ignored(tmp_path):
    """Not a shell, which sets them right by itself."""
    told = Told(tmp_path, SIGNALS)
    world = make_world(tmp_path, told)
    try:
        world.otter("server", "freeze", "--reason", "look")
        otter.wait_for("the look", (told.folder / "status").exists)
        fields = dict(line.split(":\t", 1) for line in (told.folder / "status").read_text().splitlines())
    finally:
        world.stop()
    pythons = {signal.SIGPIPE, signal.SIGXFSZ, 32, 33}  # ignored by Python; the last two are the C library's own
    ignored = {number for number in range(1, 65) if int(fields["SigIgn"], 16) >> (number - 1) & 1}
    assert int(fields["SigBlk"], 16) == 0 and ignored <= pythons


SLOW = """#!/bin/sh
trap 'echo ended > "{folder}/ended"; exit 0' TERM
sleep 1000 &
echo $! > "{folder}/sleeper"
echo $$ > "{folder}/pid.part"
mv "{folder}/pid.part" "{folder}/pid"
wait
"""


def test_a_stop_ends_a_program_that_runs_and_leaves_nothing_behind(tmp_path):
    told = Told(tmp_path, SLOW)
    world = make_world(tmp_path, told)
    device, = hands(world, 1)
    world.otter("server", "freeze", "--reason", "slow")
    pid = int(otter.wait_for("the program", lambda: (told.folder / "pid").exists() and (told.folder / "pid").read_text()))
    for _ in range(20):
        device.poll()  # polls and commits go on beside it
    world.otter("server", "unfreeze")
    world.server.stop()
    assert (told.folder / "ended").exists()
    for gone in pid, int((told.folder / "sleeper").read_text()):
        otter.wait_for("end", lambda gone=gone: not is_running(gone))
    assert "overdue=yes" in world.server.log.read_text()


ASTRAY = """#!/usr/bin/env python3
import os, pathlib, time
os.setpgid(0, os.getpgid(os.getppid()))  # otterd's own process group
part = pathlib.Path("{folder}/pid.part")
part.write_text(str(os.getpid()))
part.rename("{folder}/pid")
time.sleep(1000)
"""


def test_a_program_that_leaves_its_process_group_does_not_outlive_a_stop(tmp_path):
    told = Told(tmp_path, ASTRAY)
    world = make_world(tmp_path, told)
    world.otter("server", "freeze", "--reason", "astray")
    pid = int(otter.wait_for("the program", lambda: (told.folder / "pid").exists() and (told.folder / "pid").read_text()))
    try:
        world.server.stop()
        assert not is_running(pid)
    finally:
        if is_running(pid):
            os.kill(pid, signal.SIGKILL)


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_program_that_fails_is_logged_and_counted_and_none_stays_a_zombie(tmp_path):
    told = Told(tmp_path, "#!/bin/sh\nexit 7\n")
    world = make_world(tmp_path, told)
    try:
        world.otter("server", "freeze", "--reason", "fails")
        settle(world, 1, result="failed")
        told.program.write_text("#!/nowhere/interpreter\n")
        world.otter("server", "unfreeze")
        settle(world, 1, result="not-started")
        log = world.server.log.read_text()
        assert "event=event-program told=frozen" in log and "exit=7" in log
        assert "told=unfrozen" in log and "not_started=" in log
        children = f"/proc/{world.server.process.pid}/task/{world.server.process.pid}/children"
        assert open(children, encoding="ascii").read() == ""
    finally:
        world.stop()


def test_a_crowd_of_events_is_bounded(tmp_path):
    """Each program blocks until the test lets it go: some run, some wait, the others are dropped and counted."""
    told = Told(tmp_path, "#!/bin/sh\nread line < \"{folder}/gate\"\n")
    os.mkfifo(told.folder / "gate")
    world = make_world(tmp_path, told)
    gate = os.open(told.folder / "gate", os.O_RDWR)
    try:
        for _ in range(50):
            world.server.json("POST", "/api/v1/server/freeze", {"reason": "x"})
            world.server.json("POST", "/api/v1/server/unfreeze", {})
        assert metrics.read(world.server).get("otter_event_programs_total", result="dropped") == 100 - 4 - 64
        os.write(gate, b"go\n" * 100)
        settle(world, 68)
    finally:
        os.close(gate)
        world.stop()


@pytest.mark.parametrize("where,why", [(os.path.relpath, "absolute path"), (lambda _: "/nowhere", "cannot be run")])
def test_a_program_that_cannot_run_stops_the_start(tmp_path, told, where, why):
    config, program = tmp_path / "otterd.conf", where(told.program)
    config.write_text(f"[events]\nexec = {program}\n")
    server = otter.Server(tmp_path / "data", "--config", config).start(expect_exit=2)
    assert why in server.log.read_text()


def test_a_kill_of_otterd_leaves_what_was_told_told(world, told):
    """kill -9 between an event and the next start: it is not told again."""
    device, = hands(world, 1)
    rollout = world.rollout(world.publish("1.1.0"))
    device.fail()
    told.one("rollout-complete")
    world.server.process.send_signal(signal.SIGKILL)
    world.server.process.wait(20)
    world.server.start()
    assert world.status(rollout)["state"] == "complete"
    assert metrics.read(world.server).get("otter_events_total", event="rollout-complete") == 0
    assert len(told.events()) == 1
