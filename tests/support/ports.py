"""Ports for programs that must be told one before they start."""

import random
import socket

# Below those that the kernel hands out for port 0 (ip_local_port_range): nobody else takes one in between.
LOWEST, HIGHEST = 20000, 29999


def free_port():
    for port in random.SystemRandom().sample(range(LOWEST, HIGHEST), 100):
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")
