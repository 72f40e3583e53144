"""Images: whole and in ranges."""

import socket

import devices
import load
import processes
import stand as stands
from figures import at_least
from rows import compared

PART = 65536
CONNECTIONS = 64


def get(stand, digest, *headers):
    return devices.request("GET", f"/v1/blobs/{digest}", stand.quiet[0].secret, None, headers)


def is_mapped(server, text, digest):
    """Does the server send it out of its memory? Looked at while it is being sent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
        sock.sendall(text)
        sock.recv(1)
        return processes.has_mapped(server.pid, digest)


def compare(stand, plan, name, what, digest, texts, status, size):
    server = stand.otterd()
    for text in (texts[0], texts[-1]):
        devices.expect(server.port, text, status, size)
    mapped = is_mapped(server, get(stand, digest), digest)
    ours, theirs = load.interleave([server, stand.nginx], stand.requests(name, texts), plan, connections=CONNECTIONS)
    return compared(ours, theirs, f"{what}{', mapped' if mapped else ''}", f"wrk -t2 -c{CONNECTIONS}, tcp_nopush off",
                    rate=at_least(1.3 if mapped else 1.0), place={"row": name})


def whole(stand, plan):
    digest, _ = stand.add_blob()
    return compare(stand, plan, "blob", "1 MB image, whole", digest, [get(stand, digest)], 200, stands.BLOB_SIZE)


def ranges(stand, plan):
    digest, _ = stand.add_blob()
    starts = range(0, stands.BLOB_SIZE - PART + 1, PART)
    texts = [get(stand, digest, f"Range: bytes={at}-{at + PART - 1}") for at in starts]
    return compare(stand, plan, "range", "1 MB image, Range of 64 KiB", digest, texts, 206, PART)
