"""wrk against servers that take turns: A B A B, one run of each a round."""

import dataclasses
import json
import pathlib
import subprocess
import time

import processes

SCRIPT = pathlib.Path(__file__).resolve().parent / "requests.lua"
THREADS = 2
AFTER = 1.2  # seconds in which a server does what the last requests left to be done: otterd sweeps once a second

RUN = 0.15   # seconds that a run of wrk takes beyond its own: its start, its connections, its end


@dataclasses.dataclass
class Sample:
    requests: int
    seconds: float
    bytes: int
    p99_us: int
    cpu_ns: int = 0  # of the server

    @property
    def rate(self):
        return self.requests / self.seconds

    @property
    def cpu_us(self):
        return self.cpu_ns / 1000 / self.requests


class LoadError(Exception):
    """Errors were seen, or answers that were not meant: the figures would say nothing."""


def wrk(server, requests, *, connections, seconds, first_step=0, length=0):
    """One run over the requests of a file; of many, all are so long. `server` has url and pid."""
    done = subprocess.run(["wrk", f"-t{THREADS}", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", SCRIPT,
                           server.url, "--", requests, str(first_step), str(length)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds + 60, check=False)
    return sample_of(done, server.url)


def sample_of(done, url):
    """What a client said in its last line, if all went as it was meant."""
    lines = [line for line in done.stdout.splitlines() if line.startswith("result ")]
    if done.returncode != 0 or not lines:
        raise LoadError(f"{url}: exit {done.returncode}\n{done.stdout[-2000:]}")
    result = json.loads(lines[-1].removeprefix("result "))
    if not result["requests"] or result["bad_status"] or result["errors"]:
        raise LoadError(f"{url}: {lines[-1]}")
    return Sample(result["requests"], result["us"] / 1e6, result["bytes"], result["p99_us"])


def in_turn(runs, rounds):
    """[[sample of each round] of each]: `runs` are (pid, run), where run(round) makes a sample; first, all warm up.

    CPU is counted from the start of a server's run to the start of its next one: what it does behind its replies, while
    another one has its turn, is of those requests too.
    """
    for _, run in runs:
        run(0)
    samples, marks = [[] for _ in runs], [[] for _ in runs]
    for number in range(1, rounds + 1):
        for i, (pid, run) in enumerate(runs):
            marks[i].append(processes.cpu_ns(pid))
            samples[i].append(run(number))
    time.sleep(AFTER)
    for i, (pid, _) in enumerate(runs):
        marks[i].append(processes.cpu_ns(pid))
        for number, sample in enumerate(samples[i]):
            sample.cpu_ns = marks[i][number + 1] - marks[i][number]
    return samples


def interleave(servers, requests, plan, *, connections, steps=None):
    """in_turn() of wrk with the same requests against each. steps(round): the first number for reports, which rise."""
    def run_of(server):
        return lambda number: wrk(server, requests, connections=connections, seconds=plan.seconds,
                                  first_step=steps(number) if steps else 0)
    return in_turn([(server.pid, run_of(server)) for server in servers], plan.rounds)


def turns(plan, cells, servers):
    """Seconds that so many in_turn() of so many servers should take."""
    return cells * (servers * (plan.rounds + 1) * (plan.seconds + RUN) + AFTER)
