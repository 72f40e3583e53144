"""Out of file descriptors: who is there goes on, who comes waits or is sent away, nothing false is answered, and it is
over when there are descriptors again."""

import contextlib
import hashlib
import os
import pathlib
import resource
import select
import socket
import subprocess
import time

import ledger as books
import otter
import pytest
from test_bad_input import problem


def open_files(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def limit(server, soft):
    """From now on; what is open stays open."""
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (soft, 4096))


def cpu_seconds(server):
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=60)


def ask(connection, server, path="/api/v1/status"):
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode())
    got = b""
    while b"\r\n\r\n" not in got:
        piece = connection.recv(65536)
        if not piece:
            break
        got += piece
    return got.split(b" ")[1] if got else None


@pytest.fixture
def few(tmp_path, request):
    """A world whose server may have 4,096 files at most, and idle connections for as long as the test says: a quarter of it
    is how long who is idle may be sure of his connection, else as long as a test may take."""
    config = tmp_path / "otterd.conf"
    config.write_text(f"[limits]\nidle_timeout = {getattr(request, 'param', 240)}\n")
    made = otter.World(tmp_path, ["--config", config])
    made.server.command = ["prlimit", "--nofile=4096:4096", *made.server.command]
    made.start()
    yield made
    made.stop()


def test_with_a_low_limit_it_starts_serves_and_updates_a_fleet(tmp_path):
    world = otter.World(tmp_path)
    world.server.command = ["prlimit", "--nofile=80:80", *world.server.command]
    world.start()
    try:
        assert "open_files=80 connections=40" in world.server.log.read_text()
        base, fleet = world.image("1.0.0", "A"), world.fleet(120)  # more than there is room for at once
        rollout = world.rollout(world.publish("1.1.0"))
        summary = world.emulate(fleet, base, "--speed", "10", "--expect", "1.1.0:confirmed", timeout=200).json
        assert summary["by_version"] == {"1.1.0": 120}
        assert world.status(rollout)["counts"]["succeeded"] == 120
    finally:
        world.stop()


def test_without_a_descriptor_left_who_is_connected_goes_on_and_nothing_spins(few):
    books.prepare(few)
    server = few.server
    kept = [connect(server) for _ in range(8)]
    assert [ask(c, server) for c in kept] == [b"200"] * 8
    limit(server, open_files(server))
    with contextlib.ExitStack() as stack:
        waiting = [stack.enter_context(connect(server)) for _ in range(30)]
        for c in waiting:
            c.sendall(f"GET /api/v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode())
        before = cpu_seconds(server), time.monotonic()

        def goes_on():
            assert [ask(c, server) for c in kept] == [b"200"] * 8
            return time.monotonic() - before[1] > 2
        otter.wait_for("two seconds of it", goes_on, 60)
        spent = cpu_seconds(server) - before[0]
        assert spent < 0.5 * (time.monotonic() - before[1]), f"{spent} s of processor time: it spins"
        limit(server, 4096)
        for c in kept:
            c.close()
        for c in waiting:  # taken in as soon as somebody has gone, and answered
            got = c.recv(65536)
            assert got.startswith(b"HTTP/1.1 200 ") or got == b"", got[:100]
    assert server.json("GET", "/api/v1/status")["devices"] == 1


@pytest.mark.parametrize("few", ["4\nthreads = 1"], indirect=True, ids=["one-loop"])
def test_descriptors_that_are_free_again_are_used_though_a_connection_never_pauses(few):
    """The library listens no more until one of its connections ends, and this one does not."""
    server = few.server
    books.prepare(few)
    otter.wait_for("all connections are closed", lambda: open_connections(server) == 0)
    with contextlib.ExitStack() as stack:
        kept = [stack.enter_context(connect(server))]
        assert ask(kept[0], server) == b"200"
        limit(server, open_files(server))
        waiting = [stack.enter_context(connect(server)) for _ in range(10)]
        for c in waiting:
            c.sendall(f"GET /api/v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode())
        for _ in range(20):
            assert ask(kept[0], server) == b"200"
        limit(server, 4096)

        def all_are_answered():
            if ask(kept[0], server) is None:  # closed, so that the others come in; it comes again
                kept[0] = stack.enter_context(connect(server))
            return len(select.select(waiting, [], [], 0)[0]) == len(waiting)
        otter.wait_for("all who waited are answered", all_are_answered, 60)
        for c in waiting:
            assert c.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("few", [3], indirect=True, ids=["soon-closed"])
def test_with_nobody_connected_and_no_descriptor_left_it_does_not_spin_and_recovers(few):
    server = few.server
    books.prepare(few)
    otter.wait_for("all connections are closed", lambda: open_connections(server) == 0)
    limit(server, open_files(server))
    with contextlib.ExitStack() as stack:
        waiting = [stack.enter_context(connect(server)) for _ in range(20)]
        for c in waiting:
            c.sendall(f"GET /api/v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode())
        before = cpu_seconds(server), time.monotonic()
        otter.wait_for("two seconds of it", lambda: time.monotonic() - before[1] > 2)
        spent = cpu_seconds(server) - before[0]
        assert spent < 0.5 * (time.monotonic() - before[1]), f"{spent} s of processor time: it spins"
        limit(server, 4096)
        for c in waiting:
            assert c.recv(65536).startswith(b"HTTP/1.1 200 ")


def open_connections(server):
    listed = subprocess.run(["cat", f"/proc/{server.process.pid}/net/tcp"], stdout=subprocess.PIPE, text=True,
                            check=True).stdout
    return sum(f":{server.port:04X} " in line.split()[1] + " " and line.split()[3] == "01" for line in listed.splitlines()[1:])


def test_blobs_and_uploads_are_503_not_404_and_writes_go_on(few):
    books.prepare(few)
    server = few.server
    blob = few.server.json("GET", f"/api/v1/releases/{few.load_release}/deps")["images"][0]["sha256"]
    data = os.urandom(1000)
    digest = hashlib.sha256(data).hexdigest()
    server.json("POST", "/api/v1/uploads", {"sha256": digest, "size": 1000}, expect=201)
    held = connect(server)
    assert ask(held, server) == b"200"
    wire = books.Wire(server)
    wire.ask("GET", "/api/v1/status", token=server.token)  # connected
    limit(server, open_files(server))

    def refusal(method, path, body=None, **kwargs):
        with pytest.raises(books.Refused) as refused:
            wire.ask(method, path, body, token=server.token, **kwargs)
        return refused.value.status
    assert refusal("GET", f"/v1/blobs/{blob}") == 503
    assert refusal("PATCH", f"/api/v1/uploads/{digest}", data, kind="application/offset+octet-stream",
                   headers={"Upload-Offset": "0"}) == 503
    assert refusal("POST", "/api/v1/uploads", {"sha256": "ab" * 32, "size": 5}) == 503
    assert refusal("POST", "/api/v1/server/backup", {"dir": str(few.folder / "backup")}) in (400, 503)
    assert not (few.folder / "backup").exists()
    # What needs no new descriptor goes on: grants, reports, labels.
    device = books.Device("one")
    wire.ask("POST", "/api/v1/devices", device.body(), token=server.token)
    load = books.Load(few, books.Ledger(), 1, 0, kinds=())
    load.update(wire, device)
    assert device.rank == books.RANK["succeeded"]
    limit(server, 4096)
    status, _, body = server.request("GET", f"/v1/blobs/{blob}")
    assert status == 200 and hashlib.sha256(body).hexdigest() == blob
    status, _, _ = server.request("PATCH", f"/api/v1/uploads/{digest}", data,
                                  {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"})
    assert status == 204
    held.close()
    wire.close()
    assert problem(server.request("GET", "/v1/blobs/" + "00" * 32), 404)["code"] == "not-found"


def test_load_at_the_limit_loses_nothing(few):
    rollout, ledger = books.prepare(few), books.Ledger()
    limit(few.server, open_files(few.server) + 6)
    kinds = ("devices",) * 6 + books.Load.KINDS
    with books.Load(few, ledger, rollout, seed=1, kinds=kinds, most_devices=60, keep_on=True, reconnect=True):
        otter.wait_for("load", lambda: ledger.acknowledged > 300, 120)
        limit(few.server, 4096)
        done = ledger.acknowledged
        otter.wait_for("load", lambda: ledger.acknowledged > done + 100, 120)
    assert set(ledger.refused) <= {503}, ledger.samples
    books.check(few.server, ledger, rollout)
    few.server.stop()
    books.check_files(few.server.data)
