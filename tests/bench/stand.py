"""The test stand: a real otterd with a root, a release, a running rollout and devices, and nginx beside it."""

import base64
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import sqlite3

import otter
from nginx import Nginx

WORKERS = 2
BLOB_SIZE = 1_000_000
CONNECTIONS = 16384
CONFIG = f"""\
[poll]
interval = 3600
[limits]
threads = {WORKERS}
connections = {CONNECTIONS}
idle_timeout = 300
[log]
level = warning
"""


class Device:
    def __init__(self, name):
        self.id = name
        self.secret = base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
        self.nonce = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")

    def poll(self, *, fresh=False, version="2.0.0", close=False):
        """A whole request as the device's client writes it."""
        body = {"device": self.id, "product": otter.PRODUCT, "hardware": otter.HARDWARE,
                "running": {"version": version, "sha256": hashlib.sha256(version.encode()).hexdigest(), "slot": "A",
                            "confirmed": True},
                "epoch": 1, "sequence": 0, "root": 1, "nonce": self.nonce, "caps": {"ram": 0, "covers": 0}}
        if fresh:
            body["fresh"] = 1
        text = json.dumps(body, separators=(",", ":"))
        return (f"POST /v1/device/poll HTTP/1.1\r\nHost: otter.test\r\nAuthorization: Bearer {self.secret}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n"
                + ("Connection: close\r\n" if close else "") + f"\r\n{text}").encode()


class Otterd:
    """What load.py asks of a server, over the world of the end-to-end tests."""

    def __init__(self, world):
        self.world = world

    @property
    def pid(self):
        return self.world.server.process.pid

    @property
    def url(self):
        return self.world.server.url

    @property
    def port(self):
        return self.world.server.port


def ask(port, request):
    """(status, body) of one raw request, for checks outside the measured time."""
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    method, path, _ = lines[0].split(" ")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with contextlib.closing(connection):
        connection.request(method, path, body=body or None, headers=dict(line.split(": ", 1) for line in lines[1:]))
        reply = connection.getresponse()
        return reply.status, reply.read()


def new_world(folder):
    folder.mkdir()
    config = folder / "otterd.conf"
    config.write_text(CONFIG)
    return otter.World(folder, ["--config", config, "--poll-interval", "3600"])


def end(world):
    """Stops otterd; one that does not stop in time is killed, and that is an error."""
    try:
        world.stop()
    except BaseException:
        if world.server.process.poll() is None:
            world.server.kill()
        raise


def enroll(world, devices, tag=""):
    table = world.folder / f"devices{tag}.csv"
    rows = [f"{d.id},{otter.PRODUCT},{otter.HARDWARE},{d.secret},{tag}\n" for d in devices]
    table.write_text("id,product,hardware,secret,tags\n" + "".join(rows))
    world.otter("device", "enroll", "--from", table)


class Stand:
    """Started by `with`: both servers run, both end with it."""

    def __init__(self, folder, *, devices, files):
        self.folder = pathlib.Path(folder)
        (self.folder / "nginx").mkdir()
        self.nginx = Nginx(self.folder / "nginx", workers=WORKERS, connections=CONNECTIONS, files=files)
        self.world = new_world(self.folder / "otterd")
        self.otterd = Otterd(self.world)
        self.quiet = [Device(f"quiet-{i:06d}") for i in range(devices)]  # no rollout selects them
        self.chosen = [Device(f"chosen-{i:06d}") for i in range(devices)]  # these have an open attempt
        self.blob = os.urandom(BLOB_SIZE)
        self.digest = hashlib.sha256(self.blob).hexdigest()

    def __enter__(self):
        try:
            self.nginx.start()
            self.world.start()
            enroll(self.world, self.quiet)
            enroll(self.world, self.chosen, "chosen")
            self.add_blob()
            return self
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.nginx.stop()
        end(self.world)

    def start_rollout(self):
        """A release for the chosen devices; each has its attempt granted here, before anything is measured."""
        release = self.world.publish("3.0.0")
        self.world.rollout(release, target='tag == "chosen"')
        for device in self.chosen:
            status, _ = ask(self.otterd.port, device.poll())
            assert status == 200, f"a chosen device was answered {status}"

    def add_blob(self):
        request = self.world.server.request
        _, headers, _ = request("POST", "/api/v1/uploads", {"sha256": self.digest, "size": BLOB_SIZE})
        status, _, text = request("PATCH", headers["location"], self.blob,
                                  {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"})
        assert status < 300, text
        self.nginx.add_blob(self.digest, self.blob)

    def requests(self, name, texts):
        path = self.folder / f"{name}.requests"
        path.write_bytes(b"".join(text + b"\0" for text in texts))
        return path

    def expect(self, text, status, size=None):
        """The request gets this status of otterd: else the figures would be about something else."""
        got, body = ask(self.otterd.port, text)
        assert got == status and (size is None or len(body) == size), f"{got}, {len(body)} bytes: {body[:200]!r}"
        return len(body)


def multiply(db, table, count, own):
    """Copies the one row of a table under the numbers from 2 to `count`; `own`: what differs, the number first."""
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    first = next(iter(own))
    db.execute("WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
               f" INSERT INTO {table} ({', '.join(columns)})"
               f" SELECT {', '.join(own.get(c, 't.' + c) for c in columns)}"
               f" FROM n, {table} AS t WHERE t.{first} = 1", (count,))


def multiply_devices(database, count, **own):
    """Copies the one device of a stopped server's database until there are `count`, each with its own id and token.
    own: other columns that differ, in SQL over the number i."""
    with contextlib.closing(sqlite3.connect(database)) as db:
        multiply(db, "devices", count, {"num": "i", "id": "printf('many-%08d', i)", "token_hash": "randomblob(32)", **own})
        multiply(db, "device_states", count, {"device": "i"})
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def multiply_attempts(database, count):
    """The like of the one attempt: each device has one that is open, granted in turn, a hundred a second."""
    with contextlib.closing(sqlite3.connect(database)) as db:
        db.execute("UPDATE attempts SET id = 1")
        db.execute("UPDATE attempt_events SET attempt = 1")
        multiply(db, "attempts", count, {"id": "i", "device": "i", "created": f"t.created - ({count} - i) / 100"})
        db.execute("UPDATE attempt_counts SET n = ?", (count,))
        db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'attempts'", (count + 111,))
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
