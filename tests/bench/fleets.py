"""Servers with fleets of any size: one device is registered over the API and polls, SQL makes many of it."""

import contextlib
import hashlib
import shutil
import sqlite3
import subprocess
import time

import devices
import load
import otter
import processes
import stand as stands

FIRST = "many-00000001"


def name_of(number):
    return f"many-{number:08d}"


def token_hash(name):
    """What otterd keeps of a device's token."""
    return hashlib.sha256(devices.secret_of(name).encode()).digest()


def one_device(folder):
    """A stopped server with a root and one device that has polled."""
    world, device = stands.new_world(folder), devices.Device(FIRST)
    try:
        world.start()
        stands.enroll(world, {"": [device]})
        devices.expect(world.server.port, device.poll(), 204)
    finally:
        stands.end(world)
    return world


def multiply(db, table, count, own):
    """Copies the first row of a table, by the first of its own columns, until there are `count`; own: column -> SQL of i."""
    columns, first = [row[1] for row in db.execute(f"PRAGMA table_info({table})")], next(iter(own))
    db.execute("WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
               f" INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(own.get(c, 't.' + c) for c in columns)}"
               f" FROM n, {table} AS t WHERE t.{first} = 1", (count,))


def multiply_devices(database, count, **own):
    """Copies the one device of a stopped server's database until there are `count`, each with its own id and token, and
    its own columns, if there are any: column -> SQL of the device's number i."""
    with contextlib.closing(sqlite3.connect(database)) as db:
        db.create_function("name_of", 1, name_of, deterministic=True)
        db.create_function("token_hash_of", 1, lambda i: token_hash(name_of(i)), deterministic=True)
        multiply(db, "devices", count, {"num": "i", "id": "name_of(i)", "token_hash": "token_hash_of(i)", **own})
        multiply(db, "device_states", count, {"device": "i"})
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def multiply_attempts(database, count):
    """The like of the one attempt: each device has one that is open and installed, granted in turn, a hundred a second."""
    with contextlib.closing(sqlite3.connect(database)) as db:
        db.execute("UPDATE attempts SET id = 1, state = 'installed'")
        db.execute("UPDATE attempt_events SET attempt = 1")
        multiply(db, "attempts", count, {"id": "i", "device": "i", "created": f"t.created - ({count} - i) / 100"})
        db.execute("UPDATE attempt_counts SET n = ?, state = 'installed'", (count,))
        db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'attempts'", (count + 111,))
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def fleet(first, folder, count):
    """A stopped server with so many devices: the one of one_device() and copies of it."""
    world = stands.new_world(folder)
    shutil.copytree(first.server.data, world.server.data)
    multiply_devices(world.server.data / "otter.db", count)
    return world


@contextlib.contextmanager
def otterd_of(world, *options):
    """otterd by itself over a stopped world: (its process, seconds from exec until the port file is there, its port)."""
    port_file, log_file = world.folder / "ready", world.folder / "start.log"
    port_file.unlink(missing_ok=True)
    with open(log_file, "ab") as log:
        began = time.monotonic()
        process = subprocess.Popen([otter.OTTERD, "--data", world.server.data, "--port-file", port_file, "--config",
                                    world.folder / "otterd.conf", *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        while not (port_file.exists() and port_file.read_text().strip()):
            if process.poll() is not None or time.monotonic() - began > 60:
                raise load.LoadError("otterd did not start:\n" + log_file.read_text()[-2000:])
            time.sleep(0.002)
        yield process, time.monotonic() - began, int(port_file.read_text().strip().rsplit(":", 1)[-1])
    finally:
        process.terminate()
        process.wait(60)


def start_once(world, status=204):
    """(seconds from exec until the port file is there, RSS then); a poll gets this status after that."""
    with otterd_of(world, "--listen", "127.0.0.1:0") as (process, took, port):
        rss = processes.rss_bytes(process.pid)
        devices.expect(port, devices.Device(FIRST).poll(), status)
        return took, rss
