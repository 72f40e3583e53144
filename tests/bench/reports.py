"""Reports of devices that download: each new, each durable before its reply."""

import itertools
import os
import time

import devices
import load
from rows import Row, compared, kilo

# Numbers of steps have ten digits and rise from run to run; a run is far from making a million.
FIRST_STEP, STEPS_A_RUN = 1_000_000_000, 1_000_000


def syncs_per_second(folder):
    """fdatasync() after 4 KiB at the end of a file, on the disk that the database is on."""
    done, began = 0, time.monotonic()
    with open(folder / "syncs", "wb", buffering=0) as file:
        while time.monotonic() - began < 0.5:
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            done += 1
    return done / (time.monotonic() - began)


def report(stand, plan):
    server, rows, numbers = stand.otterd(1), [], itertools.count(1)
    texts = [d.report(a) for d, a in zip(stand.chosen, stand.attempts[1])]
    requests = stand.requests("report", texts)
    devices.expect(server.port, texts[0].replace(devices.STEP.encode(), b"%d" % FIRST_STEP), 200)
    for connections in plan.connections:
        ours, theirs = load.interleave([server, stand.nginx], requests, plan, connections=connections,
                                       steps=lambda _: FIRST_STEP + next(numbers) * STEPS_A_RUN)
        syncs = syncs_per_second(stand.folder)
        told = f"report, keep-alive, {connections:,} connections"
        place = {"row": "report", "connections": connections}
        rows += compared(ours, theirs, told, f"wrk -t2 -c{connections}; this disk: {kilo(syncs)} fdatasync of 4 KiB", place=place)
        rows.append(Row(f"{told}: 99 % are durable and answered within", "ms", [s.p99_us / 1000 for s in ours], None,
                        place={**place, "of": "p99"}))
    return rows
