"""wrk against one server, and the comparison of two: alternating, the median of the ratios."""

import dataclasses
import json
import pathlib
import statistics
import subprocess

import processes

SCRIPT = pathlib.Path(__file__).resolve().parent / "requests.lua"
THREADS = 2


@dataclasses.dataclass
class Sample:
    requests: int
    seconds: float
    bytes: int
    cpu_ns: int  # of the server

    @property
    def rate(self):
        return self.requests / self.seconds

    @property
    def cpu_us(self):
        return self.cpu_ns / 1000 / self.requests


@dataclasses.dataclass
class Compared:
    rate_ratio: float
    cpu_ratio: float
    otterd: Sample  # the median one by rate
    nginx: Sample


class LoadError(Exception):
    """wrk saw errors, or answers that were not meant: the figures would say nothing."""


def wrk(server, requests, *, connections, seconds):
    """One run over the requests of a file. `server` has url and pid."""
    before = processes.cpu_ns(server.pid)
    done = subprocess.run(["wrk", f"-t{THREADS}", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", SCRIPT,
                           server.url, "--", requests], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=seconds + 60, check=False)
    spent = processes.cpu_ns(server.pid) - before
    lines = [line for line in done.stdout.splitlines() if line.startswith("result ")]
    if done.returncode != 0 or not lines:
        raise LoadError(f"wrk: exit {done.returncode}\n{done.stdout[-2000:]}")
    result = json.loads(lines[-1].removeprefix("result "))
    if not result["requests"] or result["bad_status"] or result["errors"]:
        raise LoadError(f"{server.url}: {lines[-1]}")
    return Sample(result["requests"], result["us"] / 1e6, result["bytes"], spent)


def median_sample(samples):
    return sorted(samples, key=lambda s: s.rate)[len(samples) // 2]


def compare(otterd, nginx, requests, *, connections, seconds, rounds):
    """A B A B. A short run first warms both."""
    wrk(otterd, requests, connections=connections, seconds=1)
    wrk(nginx, requests, connections=connections, seconds=1)
    pairs = []
    for _ in range(rounds):
        a = wrk(otterd, requests, connections=connections, seconds=seconds)
        b = wrk(nginx, requests, connections=connections, seconds=seconds)
        pairs.append((a, b))
    return Compared(statistics.median(a.rate / b.rate for a, b in pairs),
                    statistics.median(a.cpu_us / b.cpu_us for a, b in pairs),
                    median_sample([a for a, _ in pairs]), median_sample([b for _, b in pairs]))
