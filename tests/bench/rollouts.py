"""What rollouts cost where the fleet is large and each device has an open attempt."""

import contextlib
import http.client
import shutil
import sqlite3
import statistics
import threading
import time

import fleet
import measures
import processes
import stand as stands

NEWCOMERS = 300
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
    """Seconds that each newcomer waited for its grant, while open attempts are looked through for what is due."""
    devices, took = [stands.Device(f"newcomer-{time.time_ns()}") for i in range(NEWCOMERS)], []
    stands.enroll(world, devices, "late")
    for device in devices:
        began = time.monotonic()
        status, text = stands.ask(world.server.port, device.poll())
        took.append(time.monotonic() - began)
        assert status == 200, text
        time.sleep(0.05)  # over three looks: one is due every five seconds
    return took


def prepare(folder, count):
    """A stopped server with so many devices, each with an open attempt; the one whose token is known; the rollout."""
    world, device = stands.new_world(folder), stands.Device("first")
    try:
        world.start()
        stands.enroll(world, [device])
        assert stands.ask(world.server.port, device.poll())[0] == 204
        rollout = world.rollout(world.publish("3.0.0"), *PACE)
        status, text = stands.ask(world.server.port, device.poll())
        assert status == 200, text
    finally:
        stands.end(world)
    database = world.server.data / "otter.db"
    with contextlib.closing(sqlite3.connect(database)) as db:
        db.execute("UPDATE attempts SET state = 'installed'")
        db.execute("UPDATE attempt_counts SET state = 'installed'")
        db.commit()
    stands.multiply_devices(database, count, **LABELS)
    stands.multiply_attempts(database, count)
    return world, device, rollout


def requests(world, rollout):
    """(what, seconds at the most, how it is asked: the seconds it took)"""
    reader = fleet.Reader(world.server)
    plan = {"release": world.server.json("GET", f"/api/v1/rollouts/{rollout}")["release"], "target": TARGET,
            "phases": [1, 10, 100]}

    def preview():
        began = time.monotonic()
        world.server.json("POST", "/api/v1/rollouts/preview", plan)
        return time.monotonic() - began

    def get(path):
        return lambda: reader.page(path)[0]
    return [("target over all: and, or, not, in, wildcards, tags, attributes (summary by state)", 1,
             get(f"/api/v1/fleet/summary?by=state&filter={fleet.quote(TARGET)}")),
            ("preview of a plan with that target", 2, preview),
            ("preview of the rollout that has an attempt of each", 2, get(f"/api/v1/rollouts/{rollout}/preview")),
            ("the rollout, with what devices wait for", 1, get(f"/api/v1/rollouts/{rollout}?waiting=1"))]


def asked(world, rollout):
    """(what, seconds at the most, seconds, CPU seconds): the slowest of 3 each."""
    rows, pid = [], world.server.process.pid
    for what, most, ask in requests(world, rollout):
        runs = []
        for _ in range(3):
            cpu = processes.cpu_ns(pid)
            seconds = ask()
            runs.append((seconds, (processes.cpu_ns(pid) - cpu) / 1e9))
        rows.append((what, most, *max(runs)))
    return rows


def beside(world, rollout, device):
    """What a device that polls without pause finds while all that is asked once."""
    with Polls(world.server.port, device) as polls:
        for _, _, ask in requests(world, rollout):
            ask()
    return polls


def row(count, what, seconds, how, most=None):
    value = f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"
    return measures.Row(f"{count:,} devices with an open attempt each: {what}", f"<= {most} s" if most else "", value,
                        seconds <= most if most else None, value, "", how)


def large(stand, plan):
    count, folder = max(plan.fleets), stand.folder / "rollouts"
    world, device, rollout = prepare(folder, count)
    took = statistics.median(measures.start_once(world, device, 200)[0] for _ in range(3))
    rows = [row(count, "start", took, "as `start`; the rollout has a pace, a deadline and a silence")]
    world.server.start(seconds=60)
    try:
        rows += [row(count, what, seconds, f"slowest of 3 requests, the whole reply; {cpu:.2f} s of CPU", most)
                 for what, most, seconds, cpu in asked(world, rollout)]
        polls = beside(world, rollout, device)
        waited = sorted(grants(world))
    finally:
        stands.end(world)
    rows.append(row(count, "a poll beside those", polls.worst, f"worst of {polls.count:,}, one after the other, signed"))
    rows.append(row(count, "a grant while they are looked through for what is due", waited[-1],
                    f"worst of {len(waited)} over 15 s; median {1000 * statistics.median(waited):.0f} ms"))
    shutil.rmtree(folder)
    return rows


MEASURES = {"rollouts": (large, "targets, previews and grants with 1,000,000 devices and as many open attempts")}
