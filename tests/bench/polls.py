"""Polls: answered 204, answered by the signed empty offer, answered by the offer of an open attempt; and counts of
connections at which a loop might stall."""

import re
import statistics
import subprocess

import devices
import load
from figures import at_least, at_most
from rows import Row, compared, kilo

MODES = {False: "keep-alive", True: "a connection each"}
# Multiples of 128 and beside them: where libmicrohttpd's own loop sleeps with requests pending.
STALL_COUNTS = (127, 128, 129, 256, 512, 1024)


def cells(stand, plan, name, what, texts_of, status, *, rollouts, rate, cpu, after=lambda *_: []):
    """Each mode and count of connections: the otterds with so many rollouts in turn, and nginx as the last of a round.

    rate: the target by mode. after(servers, samples, what, place): further rows of the same rounds.
    """
    rows, servers = [], [stand.otterd(n) for n in rollouts]
    for close, mode in MODES.items():
        texts = texts_of(close)
        for server in servers:
            size = len(devices.expect(server.port, texts[0], status))
        requests = stand.requests(f"{name}-{int(close)}", texts)
        for connections in plan.connections:
            *ours, theirs = load.interleave([*servers, stand.nginx], requests, plan, connections=connections)
            for number, samples in zip(rollouts, ours):
                place = {"row": name, "mode": mode, "connections": connections, "rollouts": number}
                told = f"{what}, {mode}, {connections:,} connections, {number} rollout{'s' * (number != 1)}"
                rows += compared(samples, theirs, told, f"wrk -t2 -c{connections}, reply of {size} bytes", rate=rate[close],
                                 cpu=cpu, place=place)
                rows += after(samples, told, place)
        for server in servers:
            devices.expect(server.port, texts[-1], status)
    return rows


def poll_204(stand, plan):
    return cells(stand, plan, "poll-204", "poll 204", lambda close: [d.poll(close=close) for d in stand.quiet], 204,
                 rollouts=plan.rollouts, rate={False: at_least(0.95), True: at_least(1.0)}, cpu=at_most(1.25))


def bare_signatures():
    """P-256 signatures a second of one core by the OpenSSL that otterd uses."""
    out = subprocess.run(["openssl", "speed", "-seconds", "1", "ecdsap256"], stdin=subprocess.DEVNULL,
                         capture_output=True, text=True, timeout=60, check=True).stdout
    found = re.search(r"256 bits ecdsa \(nistp256\)\s+\S+s\s+\S+s\s+([0-9.]+)", out)
    if not found:
        raise load.LoadError(f"openssl speed said:\n{out}")
    return float(found.group(1))


def signed(stand, plan, name, what, texts_of, rollouts):
    """Signed replies, those over kept connections also beside what a core can sign at all (measured before and after)."""
    bare, pending = [bare_signatures()], []

    def keep(samples, told, place):
        if place["mode"] == MODES[False]:
            pending.append((samples, told, place))
        return []
    rows = cells(stand, plan, name, what, texts_of, 200, rollouts=rollouts, rate={False: at_least(0.35), True: at_least(0.35)},
                 cpu=None, after=keep)
    bare.append(bare_signatures())
    core = statistics.mean(bare)
    for samples, told, place in pending:
        rate = statistics.median(s.rate for s in samples)
        rows.append(Row(f"{told}: to the bare signature rate of one core", "ratio", [s.rate / core for s in samples],
                        at_least(0.70), kilo(rate), "", f"openssl speed: {kilo(core)}, mean of before and after",
                        {**place, "of": "signatures"}))
    return rows


def poll_fresh(stand, plan):
    return signed(stand, plan, "poll-fresh", "poll 200, empty offer (fresh:1)",
                  lambda close: [d.poll(fresh=True, close=close) for d in stand.quiet], plan.rollouts)


def with_offers(plan):
    """Without a rollout nobody has an attempt."""
    return [n for n in plan.rollouts if n]


def poll_offer(stand, plan):
    return signed(stand, plan, "poll-offer", "poll 200, offer of an open attempt",
                  lambda close: [d.poll(close=close) for d in stand.chosen], with_offers(plan))


def stalls(stand, plan):
    """otterd beside nginx at each count: a loop that stalls makes some ten polls a second instead of ten thousands."""
    requests, rows, worst = stand.requests("stalls", [d.poll() for d in stand.quiet]), [], {}
    for connections in STALL_COUNTS:
        ours, theirs = load.interleave([stand.otterd(), stand.nginx], requests, plan.short(), connections=connections)
        told = f"poll 204, keep-alive, {connections:,} connections"
        place = {"row": "stalls", "connections": connections}
        rows += compared(ours, theirs, told, f"wrk -t2 -c{connections}", place=place)
        rows.append(Row(f"{told}: 99 % are answered within", "ms", [s.p99_us / 1000 for s in ours], None, "",
                        f"{statistics.median(s.p99_us for s in theirs) / 1000:.1f} ms", "same rounds", {**place, "of": "p99"}))
        worst[connections] = min(rows[-3].values)
    at = min(worst, key=worst.get)
    return [Row(f"no stall at {', '.join(map(str, STALL_COUNTS))} connections: the slowest run, requests/s", "ratio", [worst[at]],
                at_least(0.5), f"at {at:,}", "", f"{plan.short().rounds} rounds at each", {"row": "stalls", "of": "worst"}), *rows]
