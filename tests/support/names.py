"""A name server for tests: one table of names, over UDP, in a network of the test's own. QEMU sends what a guest asks to
the name server of this machine (/etc/resolv.conf): there, that address is ours."""

import fcntl
import os
import socket
import struct
import subprocess
import sys
import threading

import pytest

INSIDE = "OTTER_OWN_NETWORK"
SIOCSIFFLAGS, SIOCSIFADDR, IFF_UP, IFF_RUNNING = 0x8914, 0x8916, 0x1, 0x40  # <linux/sockios.h>, <linux/if.h>


class Names:
    """table: {name: IPv4 address}. Others do not exist. mute: nothing is answered."""

    def __init__(self, table):
        self.table, self.mute, self.asked = dict(table), False, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("0.0.0.0", 53))
        self.ended = False
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        self.socket.settimeout(0.2)
        while not self.ended:
            try:
                query, sender = self.socket.recvfrom(512)
            except TimeoutError:
                continue
            name, end = self.question(query)
            self.asked.append(name)
            if not self.mute:
                self.socket.sendto(self.answer(query, name, end), sender)

    @staticmethod
    def question(query):
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        return ".".join(labels).lower(), at + 5

    def answer(self, query, name, end):
        address = self.table.get(name)
        flags = 0x8180 if address else 0x8183
        head = query[:2] + struct.pack(">HHHHH", flags, 1, 1 if address else 0, 0, 0)
        record = struct.pack(">HHHLH", 0xc00c, 1, 1, 60, 4) + socket.inet_aton(address) if address else b""
        return head + query[12:end] + record

    def close(self):
        self.ended = True
        self.thread.join()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def has_own_network():
    return INSIDE in os.environ


def in_own_network(request):
    """Runs the test that calls it once more, in a network namespace where there is nothing but a loopback."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    unshare = ["unshare", *user, "--net"]
    allowed = subprocess.run([*unshare, "true"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                             check=False)
    if allowed.returncode != 0:
        pytest.skip(f"no network namespace here: {allowed.stderr.strip()}")
    done = subprocess.run([*unshare, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                           f"{request.node.path}::{request.node.name}"], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, check=False,
                          env={**{k: v for k, v in os.environ.items() if k != "OTTER_PARTS"}, INSIDE: "1"})
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout[-8000:]


def resolver():
    """Where QEMU sends its guests' questions, if not to the loopback: none or one."""
    try:
        words = [line.split() for line in open("/etc/resolv.conf", encoding="utf-8", errors="replace")]
    except OSError:
        words = []
    servers = [line[1] for line in words if len(line) > 1 and line[0] == "nameserver" and ":" not in line[1]]
    return [server for server in servers[:1] if not server.startswith("127.")]


def give_loopback():
    """The loopback of this namespace up, as the machine's name server, too: all that is in it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for number, address in enumerate(["127.0.0.1", *resolver()]):
            name = b"lo" if number == 0 else f"lo:{number}".encode()
            fcntl.ioctl(s, SIOCSIFADDR, struct.pack("16sHH4s8x", name, socket.AF_INET, 0, socket.inet_aton(address)))
            fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH22x", name, IFF_UP | IFF_RUNNING))
