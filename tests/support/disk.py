"""A small disk that a test fills: a tmpfs in a mount namespace of its own, which goes when its holder does."""

import contextlib
import os
import pathlib
import subprocess

import api_ledger
import pytest


class Disk:
    """path: where processes inside the namespace have it. seen: the same from here."""

    def __init__(self, path, megabytes):
        self.path = pathlib.Path(path)
        self.path.mkdir()
        user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        script = f"mount -t tmpfs -o size={megabytes}m,mode=700 tmpfs '{self.path}' && echo ready && exec cat"
        self.holder = subprocess.Popen(["unshare", *user, "--mount", "--propagation", "private", "sh", "-c", script],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if self.holder.stdout.readline() != b"ready\n":
            error = self.holder.communicate(timeout=20)[1].decode()
            if "OTTER_LEDGER" in os.environ:
                (pathlib.Path(os.environ["OTTER_LEDGER"]) / api_ledger.NO_DISKS).touch()
            pytest.skip(f"no mount namespace here: {error.strip()}")
        self.enter = ["nsenter", "--target", str(self.holder.pid), "--mount",
                      *(["--user", "--preserve-credentials"] if user else [])]
        self.seen = pathlib.Path(f"/proc/{self.holder.pid}/root") / self.path.relative_to("/")

    @property
    def free(self):
        state = os.statvfs(self.seen)
        return state.f_bavail * state.f_frsize

    def fill(self, leave=0):
        """Leaves so many bytes."""
        with contextlib.suppress(OSError), open(self.seen / "filler", "ab") as filler:
            while self.free > leave:
                filler.write(bytes(min(65536, self.free - leave)))
                filler.flush()

    def empty(self):
        (self.seen / "filler").unlink(missing_ok=True)

    def close(self):
        self.holder.stdin.close()
        self.holder.stdout.close()
        self.holder.stderr.close()
        self.holder.wait(20)


def put_on(server, disk):
    """The server's data directory goes to the disk; log and port file stay where they are."""
    server.command = [*disk.enter, *server.command]
    server.data, server.served = disk.seen / "data", disk.path / "data"
    return server
