"""TLS: whole handshakes and resumed ones, each with the one poll that a device makes on a connection."""

import pathlib
import subprocess
import sys

import certificates  # tests/support
import load
import stand as stands
from figures import at_most
from rows import compared

CLIENT = pathlib.Path(__file__).resolve().parent / "tls_client.py"
PROCESSES = 4
KINDS = [("1.2", "full"), ("1.2", "resumed"), ("1.2", "by-id"), ("1.3", "full"), ("1.3", "resumed")]
WORDS = {"full": "full handshake", "resumed": "resumed handshake", "by-id": "handshake resumed by its session's ID"}


def connect(server, ca, version, kind, requests, seconds):
    """One run of the client, as load.wrk() is one of wrk."""
    done = subprocess.run([sys.executable, CLIENT, str(server.port), ca, certificates.NAME, version, kind, str(seconds),
                           str(PROCESSES), requests], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=seconds + 60, check=False)
    return load.sample_of(done, server.url)


def kinds(plan):
    return [(version, kind) for version, kind in KINDS if not plan.quick or kind == "resumed"]


def estimate(plan):
    return 4 + load.turns(plan, len(kinds(plan)), 2)


def handshakes(stand, plan):
    tls = certificates.tls_folder(stand.folder / "tls")
    servers = [stand.new_otterd("tls", tls=tls), stand.new_nginx("nginx-tls", tls=tls)]
    servers[1].start()
    try:
        rows, requests = [], stand.requests("tls", [d.poll(close=True) for d in stand.quiet])
        for version, kind in kinds(plan):
            def run_of(server, version=version, kind=kind):
                return lambda _: connect(server, tls / "ca.pem", version, kind, requests, plan.seconds)
            ours, theirs = load.in_turn([(s.pid, run_of(s)) for s in servers], plan.rounds)
            rows += compared(ours, theirs, f"TLS {version}, {WORDS[kind]} and a poll",
                             f"{PROCESSES} processes with OpenSSL, P-256; the client limits the rate",
                             cpu=at_most(1.0) if kind != "full" else None,
                             place={"row": "tls", "version": version, "kind": kind})
        return rows
    finally:
        servers[1].stop()
