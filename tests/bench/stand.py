"""The test stand: nginx, and beside it an otterd for each number of active rollouts, started when it is first asked for."""

import contextlib
import hashlib
import os
import pathlib

import devices
import otter
from nginx import Nginx

WORKERS = 2
BLOB_SIZE = 1_000_000
CONNECTIONS = 16384
# A few devices ask as often as they can, and are counted all the same: the bound is what none reaches.
CONFIG = f"""\
[poll]
interval = 3600
[limits]
threads = {WORKERS}
connections = {CONNECTIONS}
device_rate = 1000000
idle_timeout = 300
[log]
level = warning
"""


def new_world(folder, tls=None):
    folder.mkdir(parents=True)
    config = folder / "otterd.conf"
    config.write_text(CONFIG)
    return otter.World(folder, ["--config", config, "--poll-interval", "3600"], tls=tls)


def end(world):
    """Stops otterd; one that does not stop in time is killed, and that is an error."""
    try:
        world.stop()
    except BaseException:
        if world.server.process.poll() is None:
            world.server.kill()
        raise


def enroll(world, groups):
    """groups: tag -> devices."""
    table = world.folder / "devices.csv"
    rows = [f"{d.id},{otter.PRODUCT},{otter.HARDWARE},{d.secret},{tag}\n" for tag, members in groups.items() for d in members]
    table.write_text("id,product,hardware,secret,tags\n" + "".join(rows))
    world.otter("device", "enroll", "--from", table)


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

    def stop(self):
        end(self.world)


class Stand:
    """Started by `with`: all servers end with it."""

    def __init__(self, folder, *, count, files):
        self.folder = pathlib.Path(folder)
        self.files = files
        self.nginx = self.new_nginx("nginx")
        self.servers = {}
        self.ends = contextlib.ExitStack()  # all of them, even if one fails
        self.quiet = [devices.Device(f"quiet-{i:06d}") for i in range(count)]    # no rollout selects them
        self.chosen = [devices.Device(f"chosen-{i:06d}") for i in range(count)]  # these have an open attempt, if any rollout runs
        self.attempts = {}  # of the chosen ones, by the number of rollouts

    def __enter__(self):
        self.ends.callback(self.nginx.stop)
        try:
            self.nginx.start()
            return self
        except BaseException:
            self.ends.close()
            raise

    def __exit__(self, *_):
        self.ends.close()

    def new_nginx(self, name, *, workers=WORKERS, **options):
        (self.folder / name).mkdir()
        return Nginx(self.folder / name, workers=workers, connections=CONNECTIONS, files=self.files, **options)

    def otterd(self, rollouts=0):
        """The server with so many active rollouts."""
        return self.servers.get(rollouts) or self.new_otterd(rollouts, rollouts)

    def new_otterd(self, name, rollouts=0, tls=None):
        """One more, which nothing has asked yet."""
        world = new_world(self.folder / f"otterd-{name}", tls=tls)
        self.servers[name] = Otterd(world)
        self.ends.callback(self.servers[name].stop)
        world.start()
        others = {f"other-{i:02d}": [devices.Device(f"other-{i:02d}")] for i in range(1, rollouts)}
        enroll(world, {"": self.quiet, "chosen": self.chosen, **others})
        if rollouts:
            self.attempts[name] = self.roll_out(world, ["chosen", *others])
        return self.servers[name]

    def roll_out(self, world, tags):
        """A rollout for each tag, and the chosen devices' attempts, granted here, before anything is measured."""
        release = world.publish("3.0.0")
        for tag in tags:
            world.rollout(release, target=f'tag == "{tag}"')
        return [devices.attempt_of(devices.expect(world.server.port, device.poll(), 200)) for device in self.chosen]

    def add_blob(self):
        """(digest, otterd): an image of random bytes, which nginx has as well."""
        otterd, blob = self.otterd(), os.urandom(BLOB_SIZE)
        digest, request = hashlib.sha256(blob).hexdigest(), otterd.world.server.request
        _, headers, _ = request("POST", "/api/v1/uploads", {"sha256": digest, "size": BLOB_SIZE})
        status, _, text = request("PATCH", headers["location"], blob,
                                  {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"})
        assert status < 300, text
        self.nginx.add_blob(digest, blob)
        return digest, otterd

    def requests(self, name, texts):
        path = self.folder / f"{name}.requests"
        path.write_bytes(b"".join(text + b"\0" for text in texts))
        return path
