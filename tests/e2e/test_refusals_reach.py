"""What a device refuses of what the network brings, it names, and the name reaches otterd: a device a row, each between otterd
and a wire that tells it one lie for ever. A refused offer has no attempt to report on: the next poll tells of it. What is
wrong with images that the server would not publish in the first place is in tests/unit/client/test_refusals.c."""

import json
import os
import pathlib
import shutil
import subprocess

import lying_proxy as lies
import otter
import pytest
from test_lying_network import kinds, who

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "manifests/vectors"
# Refused before it is asked whose offer it is: the vectors' own is another device's.
SHAPES = ("bad-json", "bad-envelope", "bad-header", "bad-encoding", "too-many-signatures", "duplicate-signature", "unknown-key",
          "bad-signature", "wrong-type", "bad-value", "missing-member", "unknown-member", "duplicate-member", "too-large")
REPLY_MAX = 1536  # bytes of a reply to a poll: docs/protocol.md


def instead(status, body, *headers):
    """A lie: this reply, whatever the server said."""
    async def lie(proxy, writer, _head, _body):
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    return lie


def raw(text):
    async def lie(proxy, writer, _head, _body):
        writer.write(text)
    return lie


async def shorter(proxy, writer, head, body):
    """One byte less, and a length that says so."""
    await instead(200, body[:-1])(proxy, writer, head, body)


FETCHES = [("redirect", lies.redirect, "http-redirect"), ("status", lies.unavailable, "http-status"),
           ("not-found", instead(404, b""), "http-status"), ("garbage", lies.garbage, "http-malformed"),
           ("chunks", lies.endless_chunks, "http-malformed"), ("no-length", lies.endless_body, "http-malformed"),
           ("long-head", lies.endless_head, "http-malformed"),
           ("length-twice", instead(200, b"", "Content-Length: 1"), "http-malformed"),
           ("length-negative", raw(b"HTTP/1.1 200 X\r\nContent-Length: -1\r\n\r\n"), "http-malformed"),
           ("length-2-to-64", raw(b"HTTP/1.1 200 X\r\nContent-Length: 18446744073709551616\r\n\r\n"), "http-malformed"),
           ("folded", raw(b"HTTP/1.1 200 X\r\nContent-Length:\r\n 1\r\n\r\nx"), "http-malformed"),
           ("bare-lf", raw(b"HTTP/1.1 200 X\nContent-Length: 1\n\nx"), "http-malformed"),
           ("65-headers", raw(b"HTTP/1.1 200 X\r\n" + b"A: b\r\n" * 65 + b"Content-Length: 1\r\n\r\nx"), "http-malformed"),
           ("hang-up", lies.nothing, "net-lost"), ("cut-head", raw(b"HTTP/1.1 200 X\r\nContent-"), "net-lost")]
MANIFESTS = [*FETCHES, ("other-bytes", lies.flip, "manifest-digest"), ("other-size", shorter, "manifest-size"),
             ("too-large", lies.endless_length, "too-large")]
IMAGES = [*FETCHES, ("other-bytes", lies.flip, "image-digest"), ("other-size", shorter, "image-length"),
          ("too-large", lies.endless_length, "image-length")]


def offers():
    """(vector's name, lie, status): each offer of the vectors, signed by the key that signs this server's, too."""
    for path in sorted((VECTORS / "offer").glob("*.json")):
        case = json.loads(path.read_text())
        envelope = case["envelope"].encode("latin-1")
        status = case["expect"] if case["expect"] in SHAPES else "offer-device"
        yield path.stem, instead(200, envelope), status if len(envelope) <= REPLY_MAX else "too-large"


# No answer at all, or an honest "not now", is nothing to refuse.
POLLS = [*(row for row in FETCHES if row[2] not in ("net-lost", "http-status")), ("too-large", lies.endless_length, "too-large")]
ROWS = [*(("poll", *row) for row in POLLS), *(("manifest", *row) for row in MANIFESTS), *(("image", *row) for row in IMAGES),
        *(("poll", *row) for row in offers())]


class Wire(lies.LyingProxy):
    """Device number i is told row i's lie, always."""

    def choose(self, request, device, kind):
        if device == "-":
            return None
        row = ROWS[int(device.rsplit("-", 1)[1]) - 1]
        return row[2] if row[0] == kind else None

    def slow(self, message):
        request = lies.Request(*message)
        return self.choose(request, self.device(request), self.kind(request)) is not None


@pytest.fixture
def stage(tmp_path):
    """A server that signs its offers with the vectors' key."""
    made = otter.World(tmp_path, ("--poll-interval", "3600"))  # on clocks that run a thousand times faster
    made.server.data.mkdir()
    shutil.copy(VECTORS / "keys/test-only-offer.pem", made.server.data / "offer.key")
    (made.server.data / "offer.key").chmod(0o600)
    made.start()
    yield made
    made.stop()


def told(world, rollout):
    """device number -> what otterd knows of its refusal."""
    names = {}
    for attempt in world.otter("rollout", "attempts", rollout, "--all", "--json").json["items"]:
        if attempt["state"] == "failed":
            names[int(attempt["device"].rsplit("-", 1)[1])] = attempt["reason"]
    for device in world.otter("device", "list", "--all", "--json").json["items"]:
        number = int(device["id"].rsplit("-", 1)[1])
        if ROWS[number - 1][0] == "poll" and device["last_refusal"]:
            names[number] = device["last_refusal"]
    return names


def test_each_refusal_of_the_networks_bytes_reaches_the_server_by_its_name(stage):
    base, fleet = stage.image("1.0.0", "A"), stage.fleet(len(ROWS))
    release = stage.publish("1.1.0")
    rollout = stage.rollout(release)
    with Wire(stage.server.port, kinds(release), who(fleet), {}) as wire:
        process = subprocess.Popen(
            [otter.EMU, "--server", wire.url, "--fleet", fleet / "fleet.jsonl", "--slot-a", base, "--speed", "1000",
             "--concurrency", "512", "--timeout", "180", "--quiet"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C.UTF-8"})
        try:
            wanted = {number: row[3] for number, row in enumerate(ROWS, 1)}

            def all_told():
                assert process.poll() is None, wrong(stage, rollout, wanted)
                return len(told(stage, rollout)) == len(ROWS)
            otter.wait_for("all refusals at the server", all_told, 130)
            assert wrong(stage, rollout, wanted) == []
        finally:
            process.terminate()
            process.wait(20)


def wrong(world, rollout, wanted):
    names = told(world, rollout)
    return [f"{ROWS[n - 1][0]} {ROWS[n - 1][1]}: {names.get(n)}, not {status}" for n, status in wanted.items()
            if names.get(n) != status]
