"""Attacks by somebody on the wire, or by a mirror: he holds no key, may say whatever he likes, and never stops. Devices run on as
they did, at a bounded cost; the operator sees why; once he is gone they are updated."""

import asyncio
import contextlib
import hashlib
import http.server
import socket
import subprocess
import threading

import attacker as wires
import certificates
import emulated
import forger
import lying_proxy as lies
import otter
import ports
import pytest
from test_lying_network import kinds, who

SPEED = 1000  # of the devices' clocks


@pytest.fixture
def stage(tmp_path):
    """Devices poll every ten minutes of their time."""
    made = otter.World(tmp_path, ("--poll-interval", "600")).start()
    yield made
    made.stop()


def awake(world, fleet, base, url, *options, speed=SPEED):
    return emulated.Emulated(world, fleet, base, "--server", url, *options, speed=speed)


def shown(world, device="dev-1"):
    return world.otter("device", "show", device, "--json").json


def attempts(world, device="dev-1"):
    return world.server.json("GET", f"/api/v1/devices/{device}/attempts")["items"]


def lost(world, device="dev-1"):
    """Why the newest attempt was lost."""
    newest = attempts(world, device)[:1]
    return newest[0]["reason"] or newest[0]["state"] if newest and newest[0]["state"] in ("failed", "timed-out") else None


def updated(world, fleet, base, count):
    """The attacker is gone."""
    for number in range(1, count + 1):
        if lost(world, f"dev-{number}"):
            world.otter("device", "retry", f"dev-{number}")
    summary = world.emulate(fleet, base, "--expect", "1.1.0:confirmed", "--speed", SPEED).json
    assert summary["by_version"] == {"1.1.0": count}, summary


# ---- who answers in otterd's place


class Impostor(http.server.BaseHTTPRequestHandler):
    """Orders a new token with each poll, and says that it was taken."""

    protocol_version = "HTTP/1.1"
    orders = 0

    def log_message(self, *_args):
        pass

    def do_GET(self):
        self.answer(404)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        type(self).orders += not self.path.endswith("poll")
        self.answer(204, {"Otter-Rotate": "1", "Retry-After": "5"} if self.path.endswith("poll") else {"Otter-Taken": "A" * 43})

    def answer(self, status, headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()


def test_who_answers_in_otterds_place_changes_no_devices_token(stage):
    base, fleet, kept = stage.image("1.0.0", "A"), stage.fleet(1), stage.folder / "kept"
    emulate = [otter.EMU, "--fleet", fleet / "fleet.jsonl", "--slot-a", base, "--keep", kept, "--speed", SPEED, "--json"]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Impostor) as impostor:
        threading.Thread(target=impostor.serve_forever, daemon=True).start()
        otter.run([*emulate, "--server", f"http://127.0.0.1:{impostor.server_port}", "--expect", "9.9.9", "--timeout", 3], expect=None)
        impostor.shutdown()
    assert Impostor.orders > 0  # the control: the device made a token, and offered it to him
    stage.rollout(stage.publish("1.1.0"))
    summary = otter.run([*emulate, "--server", stage.server.url, "--expect", "1.1.0:confirmed", "--timeout", 120], timeout=180).json
    assert summary["by_version"] == {"1.1.0": 1}


# ---- endless data, slow retrieval, extraneous data

ENDLESS = [lies.endless_length, lies.endless_body, lies.endless_chunks, lies.endless_head]
ANSWER_MAX = 8192  # what a device reads of one, at most: he would give 262,144
SEEN = {"poll": lambda world: shown(world)["last_refusal"], "blobs": lost}


@pytest.mark.parametrize("kind", ["poll", "blobs", "roots", "report"])
def test_an_answer_without_end_costs_a_device_a_few_kilobytes(stage, kind):
    base, fleet = stage.image("1.0.0", "A"), stage.fleet(1)
    stage.rollout(stage.publish("1.1.0"))
    with wires.Attacker(stage.server.port, {kind: wires.in_turn(*ENDLESS)}) as wire:
        with awake(stage, fleet, base, wire.url) as devices:
            otter.wait_for("each of them twice", lambda: wire.done[kind] >= 2 * len(ENDLESS), 60)
            if kind in SEEN:
                assert otter.wait_for("the operator sees it", lambda: SEEN[kind](stage), 60) in ("too-large", "http-malformed",
                                                                                                "image-length")
        took = devices.summary["bytes"] - wire.passed
        assert 0 < took <= wire.done[kind] * ANSWER_MAX, (took, wire.done)
        assert kind not in SEEN or devices.summary["by_version"] == {"1.0.0": 1}
    updated(stage, fleet, base, 1)


@pytest.mark.long(15)
def test_a_trickle_that_keeps_the_least_rate_holds_an_attempt_up_to_its_deadline_and_no_longer(stage):
    """Less than that is `net-slow` after a minute: test_lying_network.py. Here clocks are real: the device waits for bytes."""
    base, fleet = stage.image("1.0.0", "A"), stage.fleet(1)
    release = stage.publish("1.1.0")
    stage.rollout(release, "--deadline", "6s")

    async def trickle(_attacker, writer, head, body):
        whole = head + b"\r\n\r\n" + body
        for at in range(0, len(whole), 100):
            writer.write(whole[at:at + 100])
            await writer.drain()
            await asyncio.sleep(1)
    with wires.Attacker(stage.server.port, {"image": trickle}, kind=kinds(release)) as wire:
        with awake(stage, fleet, base, wire.url) as devices:
            otter.wait_for("the operator sees it", lambda: lost(stage) == "deadline", 60)
        assert wire.done["image"] == 1 and devices.summary["by_version"] == {"1.0.0": 1}
        assert devices.summary["bytes"] < wire.passed + 60 * 100
    updated(stage, fleet, base, 1)


def member(body):
    return body[:-1] + b',"more":1}' if body.startswith(b"{") else body


# What comes beside what was asked for; and by which name it is refused: None, it is not even looked at.
EXTRANEOUS = [("poll", "another answer behind it", wires.followed_by(lambda whole: whole), None),
              ("poll", "an image behind it", wires.followed_by(lambda _: b"\0" * 60000), None),
              ("poll", "bytes behind the document", wires.changed(lambda body: body + b"{}"), "bad-json"),
              ("poll", "a member that nobody signed", wires.changed(member), "bad-envelope"),
              ("manifest", "another answer behind it", wires.followed_by(lambda whole: whole), None),
              ("manifest", "bytes behind the document", wires.changed(lambda body: body + b"{}"), "manifest-size"),
              ("manifest", "a member that nobody signed", wires.changed(member), "manifest-size"),
              ("image", "another answer behind it", wires.followed_by(lambda whole: whole), None),
              ("image", "another image behind it", wires.changed(lambda body: body + body), "image-length"),
              ("report", "another answer behind it", wires.followed_by(lambda whole: whole), None),
              ("roots", "another answer behind it", wires.followed_by(lambda whole: whole), None)]


def test_what_comes_beside_what_was_asked_for_is_never_taken(stage):
    base, fleet = stage.image("1.0.0", "A"), stage.fleet(len(EXTRANEOUS))
    release = stage.publish("1.1.0")
    stage.rollout(release)
    names = [f"dev-{n:02}" for n in range(1, len(EXTRANEOUS) + 1)]
    rows = {name: row for name, row in zip(names, EXTRANEOUS)}
    deeds = {(name if row[0] != "roots" else "-", row[0]): row[2] for name, row in rows.items()}

    def told(name):
        return lost(stage, name) or shown(stage, name)["last_refusal"]
    with wires.Attacker(stage.server.port, deeds, kind=kinds(release), device=who(fleet)) as wire:
        with awake(stage, fleet, base, wire.url):
            for name, (kind, what, _, refusal) in rows.items():
                if refusal:
                    otter.wait_for(f"{what} of {kind}: {refusal}", lambda n=name, r=refusal: told(n) == r, 60)
                else:
                    otter.wait_for(f"{what} of {kind}: updated", lambda n=name: runs(stage, n) == "1.1.0", 60)
        assert all(wire.done[name] > 0 for name in deeds), wire.done
        for name, (_, _, _, refusal) in rows.items():
            assert runs(stage, name) == ("1.0.0" if refusal else "1.1.0")
    for name in names:
        if lost(stage, name):
            stage.otter("device", "retry", name)
    stage.emulate(fleet, base, "--expect", "1.1.0:confirmed", "--speed", SPEED)


def runs(world, device):
    running = shown(world, device)["running"]
    return running and running["confirmed"] and running["version"]


# ---- a mirror

class Mirror:
    """Holds copies of the server's blobs. /<row>/<digest>: what row's function makes of the copy, (status, lines, bytes)."""

    def __init__(self, blobs, rows):
        self.blobs, self.rows, self.requests = blobs, rows, []
        handler = type("Bound", (MirrorHandler,), {"mirror": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads, self.server.block_on_close = True, False
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class MirrorHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    mirror: Mirror

    def do_GET(self):  # noqa: N802: http.server's name
        _, row, *rest = self.path.split("/")
        self.mirror.requests.append((row, dict(self.headers.items())))
        digest = rest[-1] if rest else ""
        copy = (self.mirror.blobs / digest[:2] / digest)
        if row not in self.mirror.rows or not copy.is_file():
            return self.send_error(404)
        status, lines, data = self.mirror.rows[row](digest, copy.read_bytes())
        self.send_response_only(status)
        for name, value in {"Content-Length": len(data), "Connection": "close", **lines}.items():
            self.send_header(name, str(value))
        self.end_headers()
        return self.wfile.write(data)

    def log_message(self, *_):
        pass


def test_a_mirror_gets_nothing_but_its_own_bytes_refused_and_sees_no_credential(stage):
    """Offers that name him are otterd's by their key: otterd itself names none yet."""
    world = stage
    scene = forger.Scene(world)
    try:
        scene.populate(8)
        manifest, image = world.folder / "1.1.0.release.json", world.image("1.1.0", "B")
        older = world.image("1.0.5", "B")
        world.otter("key", "new", "--out", world.folder / "his.key")
        his = world.image("1.1.0", "B", key=world.folder / "his.key", name="his")
        digest = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in (manifest, image)}

        def swaps(what, by):
            """Cut to the size that was asked for: signatures differ in length."""
            return lambda asked, data: (200, {}, (by.read_bytes() + b"\0" * 8)[:len(data)] if asked == digest[what] else data)

        def of_image(answer):
            return lambda asked, data: answer(data) if asked == digest[image] else (200, {}, data)
        rows = {"honest": lambda _, data: (200, {}, data),
                "older": (swaps(image, older), "an image that was good once", "image-digest"),
                "his": (swaps(image, his), "an image under a key of his", "image-digest"),
                "manifest": (swaps(manifest, image), "an image for a manifest", "manifest-digest"),
                "none": (of_image(lambda _: (404, {}, b"")), "none", "http-status"),
                "half": (of_image(lambda data: (200, {"Content-Length": len(data)}, data[:len(data) // 2])), "half of it",
                         "net-lost"),
                "away": (of_image(lambda _: (302, {"Location": "/trap/x"}, b"")), "another place", "http-redirect"),
                "long": (of_image(lambda data: (200, {}, data + data)), "more than was offered", "image-length")}
        mirror = Mirror(world.server.data / "blobs", {n: row if callable(row) else row[0] for n, row in rows.items()})
        try:
            offer = {name: scene.as_it_is(blobs=f"{mirror.url}/{name}") for name in rows}
            scene.attack([(row[1], offer[name], row[2]) for name, row in rows.items() if not callable(row)],
                         right=offer["honest"])
            asked = {row for row, _ in mirror.requests}
            assert asked == set(rows), asked  # and none of the trap
            assert not [headers for _, headers in mirror.requests if "Authorization" in headers]
        finally:
            mirror.close()
        scene.afterwards()
    finally:
        scene.forger.close()


# ---- Retry-After for ever

FOR_EVER = ["4294967295", "9007199254740993", "18446744073709551616", "99999999999999999999999",
            "Fri, 31 Dec 9999 23:59:59 GMT"]


@pytest.mark.parametrize("status", [None, 204, 429, 503])
def test_whatever_retry_after_says_a_device_asks_daily(stage, status):
    base, fleet = stage.image("1.0.0", "A"), stage.fleet(len(FOR_EVER))
    names = [f"dev-{n}" for n in range(1, len(FOR_EVER) + 1)]
    deeds = {(name, "poll"): wires.with_header(f"Retry-After: {value}", status) for name, value in zip(names, FOR_EVER)}
    with wires.Attacker(stage.server.port, deeds, device=who(fleet)) as wire:
        with awake(stage, fleet, base, wire.url, speed=100_000):
            # A wish that is obeyed is not over in this test's life: at the devices' speed a year takes five minutes.
            otter.wait_for("some days", lambda: all(wire.done[name] >= 4 for name in deeds), 60)
            stage.rollout(stage.publish("1.1.0"))
            if status is None:  # what is otterd's gets through
                otter.wait_for("they are offered it all the same", lambda: all(attempts(stage, n) for n in names), 60)
            else:
                otter.wait_for("a week without an offer is told", lambda: all(shown(stage, n)["stale"] for n in names), 90)
    updated(stage, fleet, base, len(names))


# ---- TLS made weaker

@pytest.fixture
def secure(tmp_path):
    made = otter.World(tmp_path, tls=certificates.tls_folder(tmp_path / "tls"))
    made.start()
    yield made
    made.stop()


@contextlib.contextmanager
def weak_server(folder, *options):
    """OpenSSL's, with the server's own certificate and key, and as weak as it can be told to be."""
    port = ports.free_port()
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", folder / "server.pem", "-key", folder / "server.key",
               "-quiet", "-no_ticket", *options]
    with subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        def listens():
            assert process.poll() is None, process.stderr.read()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
                return True
        try:
            otter.wait_for("openssl listens", listens)
            yield port, process
        finally:
            process.terminate()


WEAK = {"TLS 1.0": ["-tls1", "-cipher", "ALL:@SECLEVEL=0"], "TLS 1.1": ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
        "nobody's key": ["-tls1_2", "-cipher", "aNULL:@SECLEVEL=0"], "no cipher": ["-tls1_2", "-cipher", "eNULL:@SECLEVEL=0"],
        "no forward secrecy": ["-tls1_2", "-cipher", "kRSA:@SECLEVEL=0"],
        "no authenticated cipher": ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"]}


def test_a_device_speaks_no_weaker_tls_and_shows_its_token_to_nobody_who_asks_for_it(secure):
    base, fleet = secure.image("1.0.0", "A"), secure.fleet(1)
    secure.rollout(secure.publish("1.1.0"))
    folder = secure.folder / "tls"
    for what, options in WEAK.items():
        with weak_server(folder, *options) as (port, _):
            summary = secure.emulate(fleet, base, "--expect-reason", "tls-failed", "--server", f"https://127.0.0.1:{port}").json
        assert summary["tls_handshakes"] == summary["polls"] == 0 and summary["by_version"] == {"1.0.0": 1}, what
    # The control: the same server, and a suite that devices speak; it hears the token.
    with weak_server(folder, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256") as (port, process), \
            awake(secure, fleet, base, f"https://127.0.0.1:{port}"):
        heard = b""
        while b"Authorization: Bearer" not in heard:
            line = process.stdout.readline()
            assert line, heard
            heard += line
    secure.emulate(fleet, base, "--expect", "1.1.0:confirmed", "--speed", SPEED)


@contextlib.contextmanager
def plain_trap():
    """Hears who comes in the clear."""
    heard = []
    listener = socket.create_server(("127.0.0.1", 0))

    def listen():
        with contextlib.suppress(OSError):
            while True:
                peer, _ = listener.accept()
                with peer:
                    peer.settimeout(20)
                    heard.append(peer.recv(4096))
    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], heard
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(20)


def test_nobody_is_led_from_https_to_plain_http(stage):
    """Not by who holds the server's certificate and key; neither devices nor operators."""
    base, fleet, folder = stage.image("1.0.0", "A"), stage.fleet(1), certificates.tls_folder(stage.folder / "tls")
    stage.rollout(stage.publish("1.1.0"))
    trust = ("--tls-name", certificates.NAME, "--cacert", folder / "ca.pem")
    with plain_trap() as (port, heard):
        async def away(_attacker, writer, _head, _body):
            writer.write(b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:%d/v1/device/poll\r\nAlt-Svc: http=\":%d\"\r\n"
                         b"Content-Length: 0\r\n\r\n" % (port, port))
        with wires.Attacker(stage.server.port, {"poll": away, "releases": away},
                            (folder / "server.pem", folder / "server.key"), kind=lambda r: r.path.split("?")[0].split("/")[-1]) as wire:
            with awake(stage, fleet, base, wire.url, *trust):
                otter.wait_for("led away, and again", lambda: wire.done["poll"] >= 4, 60)
            assert shown(stage)["last_refusal"] == "http-redirect"
            done = otter.run([otter.OTTER, "release", "list"], expect=None, env={
                "OTTER_SERVER": wire.url, "OTTER_TOKEN": stage.server.token, "OTTER_CACERT": str(folder / "ca.pem"),
                "OTTER_TRACE": ""})
            assert done.code != 0 and wire.done["releases"] == 1 and heard == [], str(done)
        assert heard == []
        with contextlib.closing(socket.create_connection(("127.0.0.1", port))) as s:  # the trap does hear
            s.sendall(b"hello")
        otter.wait_for("the control is heard", lambda: heard)
    updated(stage, fleet, base, 1)
