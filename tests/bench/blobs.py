"""Images: whole and in ranges."""

import devices
import load
import stand as stands
from figures import at_least
from rows import compared

PART = 65536
CONNECTIONS = 64


def get(stand, digest, *headers):
    return devices.request("GET", f"/v1/blobs/{digest}", stand.quiet[0].secret, None, headers)


def compare(stand, plan, name, what, texts, status, size):
    digest_server = stand.otterd()
    for text in (texts[0], texts[-1]):
        devices.expect(digest_server.port, text, status, size)
    ours, theirs = load.interleave([digest_server, stand.nginx], stand.requests(name, texts), plan, connections=CONNECTIONS)
    return compared(ours, theirs, what, f"wrk -t2 -c{CONNECTIONS}, tcp_nopush off", rate=at_least(1.0), place={"row": name})


def whole(stand, plan):
    digest, _ = stand.add_blob()
    return compare(stand, plan, "blob", "1 MB image, whole", [get(stand, digest)], 200, stands.BLOB_SIZE)


def ranges(stand, plan):
    digest, _ = stand.add_blob()
    starts = range(0, stands.BLOB_SIZE - PART + 1, PART)
    texts = [get(stand, digest, f"Range: bytes={at}-{at + PART - 1}") for at in starts]
    return compare(stand, plan, "range", "1 MB image, Range of 64 KiB", texts, 206, PART)
