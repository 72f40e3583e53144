"""Maintenance windows over 1,000 emulated devices when the clocks of their zone are put forward and back: the machine's clock
is faketime's, and otterd and `otter` live by it."""

import datetime

import hand
import otter
import pytest
from emulated import Emulated
from test_clock import Clock
from test_rollouts_thousand import FLEET, attempts, create

UTC = datetime.timezone.utc


def at(text):
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def iso(seconds):
    return datetime.datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class FakedWorld(otter.World):
    """`otter` runs by the same clock as otterd, so that what it signs and issues is of that day."""

    def __init__(self, folder, clock):
        super().__init__(folder)
        self.clock = clock
        self.server.command = ["env", *(f"{k}={v}" for k, v in clock.env.items()), *self.server.command]

    def otter(self, *args, expect=0, timeout=120):
        env = {**self.clock.env, "OTTER_SERVER": self.server.url, "OTTER_TOKEN": self.server.token}
        return otter.run([otter.OTTER, *args], expect=expect, env=env, timeout=timeout)


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path)


@pytest.fixture
def world(tmp_path, clock):
    made = FakedWorld(tmp_path, clock)
    yield made
    made.stop()


def set_to(clock, text):
    clock.set(round(at(text) - clock.now() + clock.offset))


# Europe/Berlin, Sundays 01:30 to 02:30 by the clock on the wall. In spring 02:30 does not come, and the window ends where it
# would have come; in autumn it comes twice, and the first one ends the window.
CHANGES = {
    "spring": {"day": "2027-03-20T12:00:00", "opens": "2027-03-28T00:30:00", "closes": "2027-03-28T01:30:00",
               "closed": ("2027-03-28T00:29:00", "2027-03-28T01:31:00"), "again": "2027-04-03T23:30:00"},
    "autumn": {"day": "2027-10-20T12:00:00", "opens": "2027-10-30T23:30:00", "closes": "2027-10-31T00:30:00",
               "closed": ("2027-10-30T23:29:00", "2027-10-31T01:10:00"), "again": "2027-11-07T00:30:00"},
}


def told(world, device):
    """What explain says of a device that waits."""
    return world.otter("rollout", "explain", "--device", device, "--json").json["rollouts"][0]


def polls(world):
    _, _, text = world.server.request("GET", "/metrics")
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.decode().splitlines() if line.startswith("otter_polls_total{"))


def all_polled(world):
    """Each device has asked since: devices that are outside a window come back in their interval."""
    before = polls(world)
    otter.wait_for("each device has polled", lambda: polls(world) > before + 2 * FLEET, 240)


@pytest.mark.long(25)
@pytest.mark.parametrize("change", CHANGES)
def test_a_window_closes_where_the_clocks_on_the_wall_say_so(world, clock, change):
    day = CHANGES[change]
    set_to(clock, day["day"])
    world.start()
    base, fleet = world.image("1.0.0", "A"), world.fleet(FLEET)
    names = hand.names(fleet)
    rollout = create(world, world.publish("1.1.0"), "--window", "sun 01:30-02:30", "--tz", "Europe/Berlin", "--per-minute", "600")
    opens, closes = at(day["opens"]), at(day["closes"])
    waiting = told(world, names[0])
    assert waiting["rule"] == "outside-window"
    with Emulated(world, fleet, base):
        set_to(clock, day["closed"][0])  # a minute before it opens
        all_polled(world)
        assert attempts(world, rollout) == []
        assert told(world, names[0])["next_change_at"] == opens
        set_to(clock, iso(closes - 10).rstrip("Z"))
        otter.wait_for("it has closed", lambda: clock.now() > closes + 2, 60)
        given = {a["device"] for a in attempts(world, rollout)}
        assert 0 < len(given) < FLEET
        all_polled(world)
        set_to(clock, day["closed"][1])
        all_polled(world)
        assert {a["device"] for a in attempts(world, rollout)} == given
        # What was granted goes on behind the window's end.
        otter.wait_for("what was granted is done", lambda: world.status(rollout)["counts"]["succeeded"] == len(given), 120)
        left = sorted(set(names) - given)[0]
        waiting = told(world, left)
    assert all(opens <= a["created"] < closes for a in attempts(world, rollout))
    assert waiting["rule"] == "outside-window" and waiting["next_change_at"] == at(day["again"])
