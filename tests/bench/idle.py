"""Memory of connections that are kept and say nothing."""

import socket

import processes
from figures import at_most
from rows import Row

FIRST = 100  # what the first connections allocate for good is not a connection's cost


def hold(server, texts, count):
    """Bytes of memory that `count` connections cost once each has had one answer and keeps still."""
    held = []
    try:
        for i in range(FIRST + count):
            if i == FIRST:
                before = processes.rss_bytes(server.pid)
            # Source addresses in turn, so that ports cannot run short.
            sock = socket.create_connection(("127.0.0.1", server.port), timeout=20, source_address=(f"127.0.0.{2 + i % 8}", 0))
            held.append(sock)
            sock.sendall(texts[i % len(texts)])
            reply = sock.recv(4096)
            assert reply.startswith((b"HTTP/1.1 204", b"HTTP/1.1 200")), reply[:200]
        return processes.rss_bytes(server.pid) - before
    finally:
        for sock in held:
            sock.close()


def idle(stand, plan):
    """Of servers that nobody has asked before: what others left free would be used again, and not be counted."""
    texts = [d.poll() for d in stand.quiet]
    ours = hold(stand.new_otterd("idle"), texts, plan.idle)
    nginx = stand.new_nginx("nginx-idle").start()
    try:
        theirs = hold(nginx, texts, plan.idle)
    finally:
        nginx.stop()
    ours, theirs = (size * 10_000 / plan.idle / 1e6 for size in (ours, theirs))
    return [Row("memory for 10,000 idle keep-alive connections", "MB", [ours], at_most(45), f"{ours:.1f} MB", f"{theirs:.1f} MB",
                f"RSS of a fresh server with {plan.idle:,} connections, one poll each, less RSS with {FIRST}", {"row": "idle"})]
