"""A fleet of otter-emu that runs on while a test looks at the server and works on it."""

import json
import signal
import subprocess

import certificates
import otter


class Emulated:
    """`with Emulated(world, fleet, image, "--bad", "1.2.0:fail=20") as emulated:`; the devices are switched off at the end.
    summary: what otter-emu told then."""

    def __init__(self, world, fleet, slot_a, *options, speed=20):
        tls = ["--tls-name", certificates.NAME] if world.server.cacert else []
        self.command = [str(part) for part in (
            otter.EMU, "--server", world.server.url, *tls, "--fleet", fleet / "fleet.jsonl", "--slot-a", slot_a, "--keep",
            world.folder / "flash", "--speed", speed, "--timeout", 900, "--json", "--quiet", *options)]
        self.process = self.summary = None

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        return self

    def __exit__(self, kind, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            out, err = self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        if kind is None:
            assert self.process.returncode in (0, 1), err
            self.summary = json.loads(out)
