"""Memory of connections that are kept and say nothing."""

import socket

import fleets
import processes
import stand as stands
from figures import at_most
from rows import Row

FIRST = 100  # what the first connections allocate for good is not a connection's cost


def hold(pid, port, texts, count):
    """Bytes of memory that `count` connections cost once each has had one answer and keeps still."""
    held = []
    try:
        for i in range(FIRST + count):
            if i == FIRST:
                before = processes.rss_bytes(pid)
            # Source addresses in turn, so that ports cannot run short.
            sock = socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(f"127.0.0.{2 + i % 8}", 0))
            held.append(sock)
            sock.sendall(texts[i % len(texts)])
            reply = sock.recv(4096)
            assert reply.startswith((b"HTTP/1.1 204", b"HTTP/1.1 200")), reply[:200]
        return processes.rss_bytes(pid) - before
    finally:
        for sock in held:
            sock.close()


def shared(stand, texts, plan):
    """The address that operators use, too."""
    otterd = stand.new_otterd("idle")
    return hold(otterd.pid, otterd.port, texts, plan.idle)


def alone(stand, texts, plan):
    """An address for devices alone, where connections have less room; half as many, since each address has half of all."""
    world = stand.new_otterd("idle-alone").world
    stands.end(world)
    config = world.folder / "otterd.conf"
    config.write_text(f"[listen]\ndevice = 127.0.0.1:0\noperators = unix:{world.folder}/operators\n" + config.read_text())
    with fleets.otterd_of(world) as (process, _, port):
        return 2 * hold(process.pid, port, texts, plan.idle // 2)


def of_nginx(stand, texts, plan):
    nginx = stand.new_nginx("nginx-idle").start()
    try:
        return hold(nginx.pid, nginx.port, texts, plan.idle)
    finally:
        nginx.stop()


def idle(stand, plan):
    """Of servers that nobody has asked before: what others left free would be used again, and not be counted."""
    texts = [d.poll() for d in stand.quiet]
    ours, devices_alone, theirs = (measure(stand, texts, plan) * 10_000 / plan.idle / 1e6 for measure in (shared, alone, of_nginx))
    how = f"RSS of a fresh server with {plan.idle:,} connections (the first: half of them, twice), one poll each, less that with {FIRST}"
    return [Row(f"memory for 10,000 idle keep-alive connections, {address}", "MB", [size], at_most(45), f"{size:.1f} MB",
                f"{theirs:.1f} MB", how, {"row": "idle"})
            for address, size in (("an address for devices alone", devices_alone), ("the one address for all", ours))]
