"""Somebody who stands between devices and otterd, or has taken otterd's place: he has its offer key, answers with what he
likes, and passes the rest on. What devices make of it is theirs, and their word reaches otterd."""

import contextlib
import hashlib
import http.client
import http.server
import json
import pathlib
import threading

import documents
import emulated
import otter

POLL = "/v1/device/poll"
SPEED = 1000  # of the devices' clocks: a back-off of a minute is 60 ms


def digest_of(data):
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    forger: "Forger"

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, headers, reply = self.forger.answer(self.command, self.path, dict(self.headers.items()), body)
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    do_GET = do_POST = do_PUT = pass_on  # noqa: N815: http.server's names

    def handle(self):
        with contextlib.suppress(OSError):
            super().handle()

    def log_message(self, *_):
        pass


class Forger:
    """offers: device -> (poll, otterd's offer or None) -> envelope to answer with, (status, bytes), or None: what otterd
    answered. serve: path, or (device, path) -> bytes in place of otterd's. hints: headers of each answer to a poll.
    mute: devices whose polls he answers himself, by `nothing for you`, unsigned."""

    def __init__(self, world):
        self.world = world
        self.offers, self.serve, self.hints, self.names = {}, {}, {}, {}
        self.mute = set()
        self.replies = {}  # device -> what otterd answered its polls with, as it came
        self.signer = documents.Signer(world.server.data / "offer.key")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"forger": self}))
        self.server.daemon_threads, self.server.block_on_close = True, False
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def honest(self):
        """From now on he only listens."""
        self.offers, self.serve, self.hints, self.mute = {}, {}, {}, set()

    def knows(self, fleet):
        """Who asks, he tells by the token."""
        rows = [line.split(",") for line in (fleet / "devices.csv").read_text().splitlines()[1:]]
        self.names |= {f"Bearer {row[3]}": row[0] for row in rows}

    # --- what he answers

    def answer(self, method, path, headers, body):
        device = self.names.get(headers.get("Authorization"), "-")
        stored = self.serve.get((device, path), self.serve.get(path))
        if stored is not None:
            return 200, {}, stored
        if (method, path) == ("POST", POLL):
            return self.answer_poll(device, headers, json.loads(body))
        return self.forward(method, path, headers, body)

    def forward(self, method, path, headers, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.world.server.port, timeout=20)
        sent = {name: value for name, value in headers.items() if name.lower() not in ("host", "content-length", "connection")}
        with contextlib.closing(connection):
            connection.request(method, path, body=body or None, headers=sent)
            reply = connection.getresponse()
            given = {name: value for name, value in reply.getheaders() if name.lower() not in ("content-length", "connection")}
            return reply.status, given, reply.read()

    def answer_poll(self, device, headers, poll):
        if device in self.mute:
            return 204, self.hints, b""
        status, given, reply = self.forward("POST", POLL, headers, json.dumps(poll))
        self.replies.setdefault(device, []).append(reply)
        if device in self.offers:
            forged = self.offers[device](poll, documents.payload_of(reply) if status == 200 else None)
            status, reply = forged if isinstance(forged, tuple) else (200, forged) if forged else (status, reply)
        return status, {**given, **self.hints}, reply

    def poll_as(self, device, poll):
        """otterd's answer to him, who has this device's token."""
        token = next(token for token, name in self.names.items() if name == device)
        return self.forward("POST", POLL, {"Authorization": token}, json.dumps({**poll, "device": device}))[2]

    # --- what he makes

    def forge(self, offer, signer=None, **changes):
        """otterd's offer with other members, under otterd's own key (or another). None, or `nothing for you`, stays None."""
        if offer is None or "attempt" not in offer:
            return None
        return (signer or self.signer).envelope({**offer, **changes})

    def hand_out(self, manifest, image, slot="B"):
        """He has these ready for whom he offers them; the members of such an offer."""
        manifest, image = (part if isinstance(part, bytes) else pathlib.Path(part).read_bytes() for part in (manifest, image))
        for blob in (manifest, image):
            self.serve["/v1/blobs/" + digest_of(blob)["sha256"]] = blob
        return {"manifest": digest_of(manifest), "image": {"slot": slot, **digest_of(image)}}


class Scene:
    """A world with its devices behind a forger. The first is the control: what he offers it is right, and is installed.
    Each other one is offered one wrong thing (a row), refuses it by its name, and is updated once he is honest."""

    def __init__(self, world):
        self.world, self.forger = world, Forger(world)
        self.base = world.image("1.0.0", "A")
        self.devices, self.fleet, self.rollout = [], None, None

    def populate(self, count, version="1.1.0", *options, **kwargs):
        """So many devices, and a rollout of a release to all of them."""
        self.fleet = self.world.fleet(count, url=self.forger.url)
        self.forger.knows(self.fleet)
        self.devices = [f"dev-{n}" for n in range(1, count + 1)]
        self.rollout = self.world.rollout(self.world.publish(version, *options, **kwargs))

    def manifest(self, version, /, *keys, **changes):
        """A release's manifest with other members, by whoever has these keys (release's, if none is named)."""
        told = documents.payload_of((self.world.folder / f"{version}.release.json").read_bytes())
        return documents.signed({**told, **changes}, *(self.world.keys[key] for key in keys or ["release"]))

    # --- offers, as functions of a poll and otterd's own answer to it

    def as_it_is(self, **members):
        """otterd's own, signed by the forger, with other members."""
        return lambda _poll, offer: self.forger.forge(offer, **members)

    def instead(self, manifest, image, slot="B"):
        """Of these, under the number of otterd's."""
        return self.as_it_is(**self.forger.hand_out(manifest, image, slot))

    # --- devices

    def awake(self, *options):
        return emulated.Emulated(self.world, self.fleet, self.base, "--server", self.forger.url, *options, speed=SPEED)

    def shown(self, device):
        return self.world.otter("device", "show", device, "--json").json

    def runs(self, device):
        running = self.shown(device)["running"]
        return running["version"] if running and running["confirmed"] else None

    def refusal(self, device):
        """By which name otterd knows of it: of the device's attempt, or of what came before there was one."""
        attempts = self.world.server.json("GET", f"/api/v1/devices/{device}/attempts")["items"]
        failed = [attempt["reason"] for attempt in attempts if attempt["state"] in ("failed", "reverted")]
        return failed[0] if failed else self.shown(device)["last_refusal"]

    def flash(self, device):
        return otter.run([otter.EMU, "--inspect", self.world.folder / "flash" / f"{device}.flash", "--hardware", otter.HARDWARE,
                          "--json"]).json

    def untouched(self, device, image):
        """It boots what it booted before, and no journal asks for anything else."""
        journal = self.flash(device)["journal"]
        assert journal["confirmed"]["sha256"] == digest_of(image.read_bytes())["sha256"], journal
        assert not journal.get("pending") and not journal.get("trial"), journal

    def attack(self, rows, version="1.1.0", base=None, right=None):
        """rows: [(what is wrong, the offer, the refusal's name)]. right: the control's offer, otterd's own if it is not given."""
        victims = dict(zip(self.devices[1:], rows, strict=True))
        self.forger.offers |= {self.devices[0]: right or self.as_it_is(), **{device: row[1] for device, row in victims.items()}}
        with self.awake():
            for device, (what, _, name) in victims.items():
                otter.wait_for(f"{what}: refused as {name}", lambda d=device, n=name: self.refusal(d) == n, 60)
            otter.wait_for("the control to be updated", lambda: self.runs(self.devices[0]) == version, 60)
        for device in victims:
            self.untouched(device, base or self.base)

    def afterwards(self, version="1.1.0"):
        """The forger is gone: who lost its attempt gets another, and all are updated."""
        for device in self.devices:
            if self.shown(device)["state"] == "failed":
                self.world.otter("device", "retry", device)
        self.updated(version)

    def updated(self, version):
        """The forger is gone, and all take what is rolled out."""
        self.forger.honest()
        summary = self.world.emulate(self.fleet, self.base, "--expect", f"{version}:confirmed", "--speed", SPEED).json
        assert summary["by_version"] == {version: len(self.devices)}, summary
