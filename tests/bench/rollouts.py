"""What rollouts cost where the fleet is large and each device has an open attempt."""

import http.client
import shutil
import statistics
import threading
import time

import devices
import fleet as talk  # tests/support
import fleets
import processes
import stand as stands
from figures import at_most
from rows import Row

NEWCOMERS = 300
RUNS = 3
PACE = ("--deadline", "30d", "--silence", "30d", "--per-minute", "100000", "--bandwidth", "1000MB/s")
LABELS = {"tags": "CAST(CASE i % 5 WHEN 0 THEN 'canary' WHEN 1 THEN 'lab' ELSE 'north' END || x'00'"
                  " || CASE WHEN i % 997 = 0 THEN 'rare' || x'00' ELSE '' END || x'00' AS BLOB)",
          "operator_attrs": "CAST('line' || x'00' || printf('line-%d', i % 7) || x'00' || 'site' || x'00'"
                            " || printf('site-%d', i % 40) || x'0000' AS BLOB)"}
TARGET = ('product == pump and (tag == rare or tag == lab or attr.site == site-1*) and not (attr.line == line-3 or'
          ' tag in (leased, south)) and id == many-*7 and version >= 0.9.0 and last_seen within 90d')


class Polls:
    """One device that polls without pause, over one connection, while the rest is asked."""

    def __init__(self, port, device):
        self.worst, self.count, self.over = 0, 0, threading.Event()
        self.text, self.connection = device.poll(), http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.thread = threading.Thread(target=self.run)

    def run(self):
        head, _, body = self.text.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        while not self.over.is_set():
            began = time.monotonic()
            self.connection.request("POST", "/v1/device/poll", body, headers)
            self.connection.getresponse().read()
            self.worst, self.count = max(self.worst, time.monotonic() - began), self.count + 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        self.connection.close()


def grants(world):
    """Seconds that each newcomer waited for its grant, while open attempts are looked through for what is due, and it is
    asked who is out."""
    newcomers, took = [devices.Device(f"newcomer-{i:03d}") for i in range(NEWCOMERS)], []
    stands.enroll(world, {"late": newcomers})
    for device in newcomers:
        began = time.monotonic()
        devices.expect(world.server.port, device.poll(), 200)
        took.append(time.monotonic() - began)
        time.sleep(0.05)  # over three looks: one is due every five seconds
    return took


def prepare(folder, count):
    """A stopped server with so many devices, each with an open attempt; the one whose token is known; the rollout."""
    world, device = fleets.one_device(folder), devices.Device(fleets.FIRST)
    world.server.start(seconds=60)
    try:
        rollout = world.rollout(world.publish("3.0.0"), *PACE)
        devices.expect(world.server.port, device.poll(), 200)
    finally:
        stands.end(world)
    database = world.server.data / "otter.db"
    fleets.multiply_devices(database, count, **LABELS)
    fleets.multiply_attempts(database, count)
    return world, device, rollout


def requests(world, rollout):
    """(what, seconds at the most, how it is asked: the seconds it took)"""
    reader = talk.Reader(world.server)
    plan = {"release": world.server.json("GET", f"/api/v1/rollouts/{rollout}")["release"], "target": TARGET,
            "phases": [1, 10, 100]}

    def preview():
        began = time.monotonic()
        world.server.json("POST", "/api/v1/rollouts/preview", plan)
        return time.monotonic() - began

    def get(path):
        return lambda: reader.page(path)[0]
    return [("target over all: and, or, not, in, wildcards, tags, attributes (summary by state)", 1,
             get(f"/api/v1/fleet/summary?by=state&filter={talk.quote(TARGET)}")),
            ("preview of a plan with that target", 2, preview),
            ("preview of the rollout that has an attempt of each", 2, get(f"/api/v1/rollouts/{rollout}/preview")),
            ("the rollout, with what devices wait for", 1, get(f"/api/v1/rollouts/{rollout}?waiting=1"))]


def asked(world, rollout):
    """(what, seconds at the most, seconds of each, the most CPU seconds): 3 runs each."""
    rows, pid = [], world.server.process.pid
    for what, most, ask in requests(world, rollout):
        runs = []
        for _ in range(RUNS):
            cpu = processes.cpu_ns(pid)
            seconds = ask()
            runs.append((seconds, (processes.cpu_ns(pid) - cpu) / 1e9))
        rows.append((what, most, [seconds for seconds, _ in runs], max(cpu for _, cpu in runs)))
    return rows


def beside(world, rollout, device):
    """What a device that polls without pause finds while all that is asked once."""
    with Polls(world.server.port, device) as polls:
        for _, _, ask in requests(world, rollout):
            ask()
    return polls


def row(count, what, unit, values, how, target=None):
    return Row(f"{count:,} devices with an open attempt each: {what}", unit, values, target, how=how,
               place={"row": "rollouts", "devices": count, "of": what})


def rows_of(world, device, rollout, count):
    rows = [row(count, what, "s", took, f"the whole reply, {RUNS} requests; at most {cpu:.2f} s of CPU", at_most(most))
            for what, most, took, cpu in asked(world, rollout)]
    polls, waited = beside(world, rollout, device), sorted(grants(world))
    return rows + [
        row(count, "a poll beside those", "ms", [1000 * polls.worst],
            f"worst of {polls.count:,}, one after the other, signed"),
        row(count, "a grant while it is asked who is out and what is due", "ms", [1000 * waited[-1]],
            f"worst of {len(waited)} over {0.05 * len(waited):.0f} s; median {1000 * statistics.median(waited):.0f} ms")]


def large(stand, plan):
    count, folder = max(plan.fleets), stand.folder / "rollouts"
    world, device, rollout = prepare(folder, count)
    starts = [fleets.start_once(world, 200)[0] for _ in range(RUNS)]
    rows = [row(count, "start", "s", starts, "as `start`; the rollout has a pace, a deadline and a silence")]
    world.server.start(seconds=60)
    try:
        rows += rows_of(world, device, rollout, count)
    finally:
        stands.end(world)
    shutil.rmtree(folder)
    return rows


def estimate(plan):
    """Seconds: rows are made of devices and of attempts, the server is started four times and asked."""
    return 25 + 0.05 * NEWCOMERS + max(plan.fleets) / 15_000
