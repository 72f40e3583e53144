"""Polls that wait on many connections at once are all answered, however many there are: libmicrohttpd's own loop sleeps on
pending events when they are a multiple of 128."""

import contextlib
import json
import socket
import ssl

import certificates
import fleet
import otter
import pytest

ROUNDS = 4
# Nobody is closed for his silence before the test's own patience is over: a stall is not mistaken for an end.
KEYS = "[limits]\nthreads = {threads}\nidle_timeout = 300\nper_address = 0\ndevice_rate = 0\n"  # one device, on each connection
PATIENCE = 120


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return certificates.tls_folder(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def start(tmp_path, pki):
    with contextlib.ExitStack() as stack:
        def make(threads, tls=False):
            config = tmp_path / "otterd.conf"
            config.write_text(KEYS.format(threads=threads))
            world = otter.World(tmp_path, ["--config", config], tls=pki if tls else None)
            world.start()
            stack.callback(world.stop)
            return world.server
        yield make


def connect(server, number, context):
    # Source addresses in turn: none has more than a few.
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE,
                                     source_address=(f"127.0.1.{1 + number % 200}", 0))
    return context.wrap_socket(plain, server_hostname="otter.test") if context else plain


def head_of(connection, number, got):
    """One reply without a body, and what came behind it."""
    while b"\r\n\r\n" not in got:
        piece = connection.recv(65536)
        assert piece, f"connection {number} was closed, after {got!r}"
        got += piece
    return got.split(b"\r\n\r\n", 1)


def all_are_answered(server, count, context=None):
    device = fleet.Device(server, "d")
    body = json.dumps(device.body()).encode()
    request = (f"POST /v1/device/poll HTTP/1.1\r\nHost: otter\r\nAuthorization: Bearer {fleet.secret('d')}\r\n"
               f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connect(server, n, context)) for n in range(count)]
        rest = [b""] * count
        for _ in range(ROUNDS):
            for connection in held:
                connection.sendall(request)
            for number, connection in enumerate(held):
                head, rest[number] = head_of(connection, number, rest[number])
                assert head.startswith(b"HTTP/1.1 204 "), head
        # Two at once on each: the second lies in libmicrohttpd's memory, where no event tells of it.
        for connection in held:
            connection.sendall(request * 2)
        for number, connection in enumerate(held):
            for _ in range(2):
                head, rest[number] = head_of(connection, number, rest[number])
                assert head.startswith(b"HTTP/1.1 204 "), head
        assert not any(rest)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("count", [127, 128, 129, 256, 512, 1024])
def test_no_stall_however_many_connections_have_polls_pending(start, threads, count):
    all_are_answered(start(threads), count)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("count", [127, 128, 129])
def test_no_stall_over_tls(start, threads, count):
    server = start(threads, tls=True)
    all_are_answered(server, count, ssl.create_default_context(cafile=server.cacert))
