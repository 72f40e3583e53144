"""`otter rollout wait`, as CI calls it: what ends it, what does not, and its exit statuses."""

import os
import subprocess
import threading

import otter
import pytest
from test_rollout_control import Device, attempts


@pytest.fixture
def fleet(world):
    return world.fleet(2)


class Waiting:
    """A `rollout wait` that runs while the test goes on; its lines as they come."""

    def __init__(self, world, rollout, until, timeout="60s"):
        env = {**os.environ, "OTTER_SERVER": world.server.url, "OTTER_TOKEN": world.server.token}
        self.process = subprocess.Popen(
            [otter.OTTER, "rollout", "wait", str(rollout), "--until", until, "--timeout", timeout],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        self.lines = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def saw(self, text):
        otter.wait_for(f"a line with {text!r} among {self.lines}", lambda: any(text in line for line in self.lines), 60)
        assert self.process.poll() is None

    def end(self):
        """(exit status, what it wrote to standard error)"""
        try:
            status = self.process.wait(90)
        finally:
            self.process.kill()
            self.reader.join()
        with self.process.stderr as err:
            return status, err.read()


def finish(world, fleet, names):
    """The devices take the update as far as their words go."""
    for name in names:
        device = Device(world, fleet, name)
        assert device.poll() == 200
        attempt = attempts(world, 1)[name]["id"]
        assert device.report(attempt, "installed") is True
        assert device.confirm(world.image("1.1.0", "B")) == 204


def test_it_ends_with_the_rollout_and_outlives_a_restart_of_the_server(world, fleet):
    rollout = world.rollout(world.publish("1.1.0"), start=False)
    waiting = Waiting(world, rollout, "complete")
    waiting.saw("not started: otter rollout start 1")
    world.otter("rollout", "start", rollout)
    waiting.saw("running phase 1/1: 0 of 2 finished")
    world.server.stop()
    waiting.saw("asking again")
    world.server.start()
    world.otter("rollout", "pause", rollout)
    waiting.saw("paused: otter rollout resume 1")
    world.otter("rollout", "resume", rollout)
    world.otter("server", "freeze", "--reason", "a look first")
    waiting.saw("FROZEN (a look first)")
    world.otter("server", "unfreeze")
    finish(world, fleet, ["dev-1", "dev-2"])
    assert waiting.end() == (0, "")
    assert "complete phase 1/1: 2 of 2 finished; 2 succeeded" in waiting.lines[-1]


def test_a_phase_is_reached_when_its_devices_have_finished(world, fleet):
    rollout = world.rollout(world.publish("1.1.0"), phases="1,100")
    first, all_of_it = Waiting(world, rollout, "phase=1"), Waiting(world, rollout, "phase=2")
    first.saw("running phase 1/2")
    inside = next(n for n in ("dev-1", "dev-2") if Device(world, fleet, n).poll() == 200)
    finish(world, fleet, [inside])
    assert first.end() == (0, "")
    all_of_it.saw("otter rollout advance 1")
    world.otter("rollout", "advance", rollout)
    finish(world, fleet, [n for n in ("dev-1", "dev-2") if n != inside])
    assert all_of_it.end() == (0, "")
    done = world.otter("rollout", "wait", rollout, "--until", "phase=1", "--json")
    assert done.json["state"] == "complete"


def test_what_can_no_longer_be_reached_is_status_1(world, fleet):
    rollout = world.rollout(world.publish("1.1.0"))
    waiting = Waiting(world, rollout, "complete")
    waiting.saw("running phase 1/1")
    world.otter("rollout", "abort", rollout)
    status, err = waiting.end()
    assert status == 1 and "the rollout is aborted" in err
    assert "no phase 2" in world.otter("rollout", "wait", rollout, "--until", "phase=2", expect=1).err
    assert "not-found" in world.otter("rollout", "wait", "99", "--until", "complete", expect=1).err


def test_time_that_runs_out_is_6_and_a_server_that_is_away_3(world, fleet):
    rollout = world.rollout(world.publish("1.1.0"))
    assert "not in time" in world.otter("rollout", "wait", rollout, "--until", "complete", "--timeout", "1s", expect=6).err
    world.server.stop()
    away = world.otter("rollout", "wait", rollout, "--until", "complete", "--timeout", "1s", expect=3)
    assert "cannot be reached" in away.err and "asking again" in away.out
    world.server.start()
    env = {"OTTER_SERVER": world.server.url, "OTTER_TOKEN": "wrong"}
    otter.run([otter.OTTER, "rollout", "wait", rollout, "--until", "complete"], expect=4, env=env)


def test_a_server_that_says_nothing_does_not_hold_it_beyond_its_time(world, fleet):
    rollout = world.rollout(world.publish("1.1.0"))
    os.kill(world.server.process.pid, 19)  # SIGSTOP
    try:
        world.otter("rollout", "wait", rollout, "--until", "complete", "--timeout", "2s", expect=3, timeout=25)
    finally:
        os.kill(world.server.process.pid, 18)
