"""The real programs as processes, for the end-to-end tests: daemon, CLI, fleet. Everything in one scratch folder."""

import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import signal
import ssl
import subprocess
import time

import certificates

BUILD = pathlib.Path(os.environ.get("OTTER_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build"))
FIRMWARE = pathlib.Path(__file__).resolve().parents[2] / "build/fw"
HARDWARE = "nucleo-f429zi"
PRODUCT = "pump"


def program(*places):
    for place in places:
        if (BUILD / place).exists():
            return BUILD / place
    raise FileNotFoundError(f"none of {places} in {BUILD}: run scripts/build")


os.environ.setdefault("OTTERD_ALLOW_ROOT", "yes")  # in a container there may be no other user
OTTER = program("otter", "cli/otter")
OTTERD = program("otterd", "server/otterd")
EMU = program("otter-emu", "emulator/otter-emu")


def wait_for(what, condition, seconds=20.0):
    """Polls a condition of another process; fails loudly instead of sleeping a fixed time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds} s")


WATCHED = {}  # the log of each otterd, and how far it was read


def refused_calls():
    """What logs tell since the last time of system calls that the filter took from otterd: each is missing in
    server/harden_calls.c, unless the test provoked it and said so by `del WATCHED[server.log]`."""
    found = []
    for log, at in WATCHED.items():
        if not log.exists() or log.stat().st_size <= at:
            continue
        with open(log, "rb") as file:
            file.seek(at)
            text = file.read()
        WATCHED[log] = at + len(text)
        found += [f"{log.name}: {line.decode(errors='replace')}" for line in text.splitlines() if b" event=seccomp " in line]
    return found


class Server:
    """One otterd over one data directory, restartable. tls: a folder made by certificates.tls_folder()."""

    def __init__(self, data, *options, tls=None):
        self.data = pathlib.Path(data)
        self.cacert = pathlib.Path(tls) / "ca.pem" if tls else None
        self.options = [*options, *(["--tls-cert", pathlib.Path(tls) / "server.pem", "--tls-key",
                                     pathlib.Path(tls) / "server.key"] if tls else [])]
        self.process = None
        self.port = 0
        self.command = [OTTERD]        # or what runs it in other circumstances
        self.served = self.data        # the data directory as otterd sees it
        self.beside = self.data.parent
        self.log = self.beside / (self.data.name + ".log")

    def start(self, *, env=None, expect_exit=None, seconds=20.0):
        port_file = self.beside / (self.data.name + ".port")
        port_file.unlink(missing_ok=True)
        WATCHED.setdefault(self.log, 0)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.command, "--data", self.served, "--listen", f"127.0.0.1:{self.port}", "--port-file", port_file,
                 "--poll-interval", "5", *self.options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **(env or {})})
        if expect_exit is not None:
            assert self.process.wait(20) == expect_exit, self.log.read_text()
            return self

        def ready():
            assert self.process.poll() is None, self.log.read_text()
            return port_file.exists() and port_file.read_text().strip()
        self.port = int(wait_for("otterd ready", ready, seconds).rsplit(":", 1)[-1])
        return self

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(20) == 0, self.log.read_text()

    def kill(self):
        self.process.kill()
        self.process.wait(20)

    @property
    def url(self):
        return f"{'https' if self.cacert else 'http'}://127.0.0.1:{self.port}"

    @property
    def token(self):
        return (self.data / "admin.token").read_text().strip()

    def connection(self):
        if not self.cacert:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20,
                                           context=ssl.create_default_context(cafile=self.cacert))

    def request(self, method, path, body=None, headers=None, token="admin"):
        """(status, headers, body bytes) of one request over a fresh connection."""
        connection = self.connection()
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = "Bearer " + (self.token if token == "admin" else token)
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers=sent)
            reply = connection.getresponse()
            return reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read()

    def json(self, method, path, body=None, expect=200, **kwargs):
        status, _, text = self.request(method, path, body, **kwargs)
        assert status == expect, f"{method} {path}: {status} {text!r}"
        return json.loads(text) if text else None


class Result:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"exit {self.code}\n{self.out}\n{self.err}"


def run(args, *, expect=0, env=None, timeout=120, cwd=None):
    done = subprocess.run([str(a) for a in args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace", timeout=timeout, check=False, cwd=cwd,
                          env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})})
    result = Result(done)
    if expect is not None:
        assert done.returncode == expect, f"{' '.join(str(a) for a in args)}\n{result}"
    return result


class World:
    """Keys, a root, a server and a fleet: what every test starts from."""

    hardware = HARDWARE

    def __init__(self, folder, server_options=(), tls=None):
        self.folder = pathlib.Path(folder)
        self.server = Server(self.folder / "data", *server_options, tls=tls)
        self.keys = {name: self.folder / f"{name}.key" for name in ("root", "release", "image")}
        self.root = self.folder / "root.json"
        self.sequence = 0

    def otter(self, *args, expect=0, timeout=120):
        env = {"OTTER_SERVER": self.server.url, "OTTER_TOKEN": self.server.token}
        if self.server.cacert:
            env["OTTER_CACERT"] = str(self.server.cacert)
        return run([OTTER, *args], expect=expect, env=env, timeout=timeout)

    def start(self):
        self.server.start()
        for key in self.keys.values():
            self.otter("key", "new", "--out", key)
        self.otter("root", "new", "--root-key", self.pub("root"), "--release-key", self.pub("release"),
                   "--offer-key", self.server.data / "offer.pub", "--out", self.root)
        self.otter("root", "sign", self.root, "--key", self.keys["root"])
        self.otter("root", "publish", self.root)
        return self

    def pub(self, name):
        return pathlib.Path(str(self.keys[name]) + ".pub")

    def firmware(self, _version, hardware, slot):
        """What the compiler made, not signed yet: the same for all versions here."""
        return FIRMWARE / hardware / f"app-{slot.lower()}.bin"

    def image(self, version, slot, *options, key=None, hardware=None, name=None):
        hardware = hardware or self.hardware
        out = self.folder / f"{name or version}-{slot}.img"
        if not out.exists():
            self.otter("image", "sign", "--key", key or self.keys["image"], "--version", version, "--hardware", hardware,
                       "--slot", slot, *options, self.firmware(version, hardware, slot), out)
        return out

    def release(self, version, *options, name=None, sequence=None, key=None, create=()):
        """Signs both images and the manifest; returns (manifest path, [image paths])."""
        name = name or version
        images = [self.image(version, slot, *options, name=name) for slot in "AB"]
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        path = self.folder / f"{name}.release.json"
        self.otter("release", "create", "--product", PRODUCT, "--version", version, "--hardware", self.hardware,
                   "--image", f"A={images[0]}", "--image", f"B={images[1]}", "--sequence", sequence, *create,
                   "--out", path)
        self.otter("release", "sign", path, "--key", key or self.keys["release"])
        return path, images

    def publish(self, version, *options, **kwargs):
        """A published release's id."""
        path, images = self.release(version, *options, **kwargs)
        self.otter("release", "publish", path, *images)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def fleet(self, count, prefix="dev-", url=None, timeout=120):
        """Provisions `count` devices and registers them; the folder with their factory data."""
        folder = self.folder / f"fleet-{prefix}"
        tls = ["--ca", self.server.cacert, "--tls-name", certificates.NAME] if self.server.cacert else []
        self.otter("device", "provision", "--count", count, "--id-prefix", prefix, "--product", PRODUCT, "--hardware",
                   self.hardware, "--root", self.root, "--image-key", self.pub("image"), "--url", url or self.server.url,
                   *tls, "--out-dir", folder, timeout=timeout)
        return folder

    def emulate(self, fleet, slot_a, *options, expect=0, timeout=120):
        tls = ["--tls-name", certificates.NAME] if self.server.cacert else []
        return run([EMU, "--server", self.server.url, *tls, "--fleet", fleet / "fleet.jsonl", "--slot-a", slot_a,
                    "--keep", self.folder / "flash", "--speed", "20", "--timeout", str(timeout), "--json", *options],
                   expect=expect, timeout=timeout + 30)

    def rollout(self, release, *options, target="all", phases="100", start=True):
        """Halted by nothing, unless the options say so."""
        if not {"--failure", "--on-failure"} & set(options):
            options = (*options, "--failure", "100")
        made = self.otter("rollout", "create", "--release", release, "--target", target, "--phases", phases, *options,
                          "--json").json
        if start:
            self.otter("rollout", "start", made["id"])
        return made["id"]

    def status(self, rollout):
        return self.otter("rollout", "status", rollout, "--json").json

    def stop(self):
        if self.server.process and self.server.process.poll() is None:
            self.server.stop()
