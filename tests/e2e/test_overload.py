"""More than otterd can serve: what can come again is put off, what cannot is served, who only takes up room makes room, and
it is over when it is over. Nothing here depends on how fast a machine is."""

import collections
import contextlib
import hashlib
import json
import pathlib
import resource
import select
import subprocess
import sys

import documents
import ledger as books
import metrics
import otter
import pytest
from held_writer import Held, Part, connect, operators_change, register, status_of

SUPPORT = pathlib.Path(__file__).resolve().parents[1] / "support"
DEFERRED = range(16, 80)  # Retry-After of what was put off (policy/admit.h)


def world_of(folder, limits):
    config = folder / "otterd.conf"
    config.write_text("[limits]\n" + "".join(f"{name} = {value}\n" for name, value in limits.items()))
    return otter.World(folder, ["--config", config])


@pytest.fixture
def limited(tmp_path):
    """Worlds with limits of their own, started."""
    with contextlib.ExitStack() as stack:
        def make(**limits):
            made = world_of(tmp_path, limits).start()
            stack.callback(made.stop)
            return made
        yield make


@contextlib.contextmanager
def strangers(kind, server, count):
    """They are there; how many came and how often they were closed is known at the end."""
    process = subprocess.Popen([sys.executable, SUPPORT / "strangers.py", kind, str(server.port), str(count)], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    told = json.loads(process.stdout.readline())
    try:
        yield told
    finally:
        process.stdin.close()
        told.update(json.loads(process.stdout.readline()))
        assert process.wait(60) == 0


def evicted(server):
    return sum(metrics.read(server).of("otter_http_evicted_total").values())


def shed(server):
    return {dict(labels)["asked"]: n for labels, n in metrics.read(server).of("otter_shed_total").items()}


def load_check(server):
    return server.json("GET", "/readyz", token=None)["checks"]["load"]["state"]


# ---- who only takes up room

@pytest.mark.long(10)
@pytest.mark.parametrize("kind, count, connections", [("slow", 2000, 512), ("silent", 10000, 4096)])
def test_a_fleet_updates_beside_connections_that_only_take_up_room(limited, kind, count, connections):
    world = limited(connections=connections, idle_timeout=4)
    base, fleet = world.image("1.0.0", "A"), world.fleet(30)
    rollout = world.rollout(world.publish("1.1.0"))
    with strangers(kind, world.server, count) as told:
        print(f"{told['held']} of {count} connections: as many as this machine lets one process have")
        assert told["held"] > connections
        otter.wait_for("somebody had to go", lambda: evicted(world.server) > 0, 120)
        summary = world.emulate(fleet, base, "--speed", "10", "--expect", "1.1.0:confirmed", timeout=400).json
        assert load_check(world.server) == "warning"
    assert summary["by_version"] == {"1.1.0": 30}
    assert world.status(rollout)["counts"]["succeeded"] == 30
    assert told["closed"] > 0


def test_an_operators_address_of_its_own_has_room_whatever_happens_at_the_devices(tmp_path):
    world = world_of(tmp_path, {"connections": 32, "threads": 1, "idle_timeout": 3600})  # so nobody is made to go
    beside = tmp_path / "operators"
    world.server.options += ["--listen", f"unix:{beside}"]
    world.server.start()
    try:
        with strangers("silent", world.server, 500):
            done = otter.run([otter.OTTER, "server", "status"], env={"OTTER_SERVER": f"unix:{beside}",
                                                                     "OTTER_TOKEN": world.server.token})
            assert "devices" in done.out
    finally:
        world.stop()


def test_who_announces_a_body_and_sends_none_of_it_makes_room(limited):
    """Long before it has been idle for too long."""
    world = limited(connections=16, threads=1, idle_timeout=24)
    with contextlib.ExitStack() as stack:
        for _ in range(16):
            stack.enter_context(connect(world.server)).sendall(
                b"POST /v1/device/poll HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
        assert world.server.json("GET", "/api/v1/status")["devices"] == 0
        assert metrics.read(world.server).get("otter_http_evicted_total", at="body") > 0


def test_images_under_way_leave_room_for_who_asks_for_something_else(limited):
    """16 connections, of which 14 may hold an image."""
    world = limited(connections=16, threads=1, idle_timeout=120)
    size = 24 << 20  # more than the kernel's buffers hold
    image = world.folder / "large.img"
    image.write_bytes(bytes(size))
    digest = upload(world.server, image)
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(fetch(world.server, digest)) for _ in range(14)]
        assert {status_of(c)[0] for c in held} == {200}
        with fetch(world.server, digest) as one_more:
            status, head = status_of(one_more)
            assert status == 503 and int(head["retry-after"]) in DEFERRED
        assert world.server.json("GET", "/api/v1/status")["devices"] == 0
        assert shed(world.server)["blob"] == 1
        assert metrics.read(world.server).get("otter_http_blobs") == 14

    def there_is_room():
        with fetch(world.server, digest) as again:
            return status_of(again)[0] == 200
    otter.wait_for("room for an image", there_is_room, 60)


def upload(server, path):
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    server.json("POST", "/api/v1/uploads", {"sha256": digest, "size": len(data)}, expect=201)
    status, _, _ = server.request("PATCH", f"/api/v1/uploads/{digest}", data,
                                  {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"})
    assert status == 204
    return digest


def fetch(server, digest):
    """Reads no more of it than it is asked to."""
    s = connect(server, receive=4096)
    s.sendall(f"GET /v1/blobs/{digest} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode())
    return s


def test_a_bound_for_each_address_is_kept_and_others_have_theirs(limited):
    server = limited(per_address=3, threads=1).server
    ask = f"GET /api/v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode()
    with contextlib.ExitStack() as stack:
        def answered(source):
            c = stack.enter_context(connect(server, source))
            with contextlib.suppress(OSError):
                c.sendall(ask)
                return status_of(c)[0]
            return 0
        assert [answered("127.0.0.9") for _ in range(4)] == [200, 200, 200, 0]
        assert [answered("127.0.0.10") for _ in range(4)] == [200, 200, 200, 0]


# ---- more than the writer gets done

def parts_of(world, tried):
    """Eighteen devices; those that will report have an update under way."""
    parts = [Part(f"dev-{tried}-{n:02}") for n in range(18)]
    register(world.server, parts)
    for part in (*parts[9:15], parts[16]):
        part.attempt = documents.payload_of(asked(world, part)[1])["attempt"]
    return parts


def asked(world, part):
    status, _, text = world.server.request("POST", "/v1/device/poll", part.poll().split("\r\n\r\n", 1)[1],
                                           token=documents.b64(part.device.secret))
    return status, text


def fill(held, parts, tried):
    """Sixteen calls may wait: grants up to a half, reports up to seven eighths, operators' changes to the end. The connections
    of all that wait; None if the writer gave up meanwhile, as on a machine that is too slow."""
    server = held.world.server
    asks = [held.ask(parts[0].poll())]  # the writer is at it
    if not held.waiting(0):
        return None
    for texts, depth in (([p.poll() for p in parts[1:9]], 8), ([p.report() for p in parts[9:15]], 14),
                         ([operators_change(server, f"new-{tried}-{n}") for n in range(2)], 16)):
        asks += [held.ask(text) for text in texts]
        try:
            assert held.waiting(depth)
            put_off(held, parts, depth)
        except AssertionError:
            if select.select(asks[:1], [], [], 0)[0]:
                return None
            raise
    return asks


def is_put_off(held, text):
    status, head = status_of(held.ask(text))
    assert status == 503 and int(head["retry-after"]) in DEFERRED
    return head["retry-after"]


def put_off(held, parts, depth):
    """What is answered at once at this depth."""
    assert is_put_off(held, parts[15].poll()) == is_put_off(held, parts[15].poll())  # a device's own place
    if depth >= 14:
        is_put_off(held, parts[16].report())
    if depth >= 16:
        is_put_off(held, operators_change(held.world.server, "one-more"))
    # A device that may be on trial would go back without an answer; and lists need no writer.
    assert status_of(held.ask(parts[17].poll(fresh=1)))[0] == 200
    assert held.world.server.json("GET", "/api/v1/status")["devices"] >= 18
    assert load_check(held.world.server) == "warning"


def test_grants_are_put_off_first_then_reports_and_operators_last(limited):
    world = limited(waiting=16)
    books.prepare(world)
    for tried in range(6):
        parts = parts_of(world, tried)
        with Held(world) as held:
            asks = fill(held, parts, tried)
            held.release()
            if asks:
                statuses = [status_of(c)[0] for c in asks]
                break
    else:
        pytest.fail("the writer never waited long enough")
    assert statuses == [200] * 9 + [200] * 6 + [201] * 2
    counts = shed(world.server)
    assert counts["grant"] > 0 and counts["report"] > 0 and counts["operator"] > 0 and counts["poll"] == 0
    # It is over: whoever was sent away is served.
    assert asked(world, parts[15])[0] == 200 and asked(world, parts[17])[0] == 200


def burst(server, parts, seconds=300):
    """{name: (status, Retry-After or why there was no answer)}."""
    lines = "".join(json.dumps([p.name, p.poll(close=True)]) + "\n" for p in parts)
    done = subprocess.run([sys.executable, SUPPORT / "burst.py", str(server.port), str(seconds)], input=lines, text=True,
                          stdout=subprocess.PIPE, check=True, timeout=seconds + 60)
    return {name: (status, more) for name, status, more in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("count", [10000, pytest.param(100000, marks=pytest.mark.full)])
def test_polls_that_arrive_at_once_are_each_served_or_put_off_and_none_is_lost(limited, count):
    world = limited(waiting=1024)
    parts = [Part(f"dev-{n:06}") for n in range(count)]
    register(world.server, parts)
    rollout = books.prepare(world)
    left, granted, rounds = parts, 0, []
    while left and len(rounds) < 40:
        answers = burst(world.server, left)
        assert len(answers) == len(left)
        statuses = collections.Counter(status for status, _ in answers.values())
        assert set(statuses) <= {200, 503}, (statuses, [a for a in answers.values() if a[0] not in (200, 503)][:5])
        assert all(wait in DEFERRED for status, wait in answers.values() if status == 503)
        rounds.append(dict(statuses))
        granted += statuses[200]
        left = [part for part in left if answers[part.name][0] == 503]
    print(f"rounds: {rounds}; files: {resource.getrlimit(resource.RLIMIT_NOFILE)}")
    assert not left and granted == count
    # Each 200 is a grant, durable, and no device has two.
    assert world.status(rollout)["counts"]["offered"] == count
    world.server.kill()
    world.server.start()
    assert world.status(rollout)["counts"]["offered"] == count
