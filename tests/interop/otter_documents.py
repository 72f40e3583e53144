"""Documents and images made by the `otter` binary that OTTER_BIN names, with what was asked of it."""

import hashlib
import json
import os
import pathlib
import subprocess
import types

from cryptography.hazmat.primitives import serialization

import otterspec as o

BASES = {"A": 0x08020000, "B": 0x08120000}
ROM = bytes((i * 31 + 7) & 0xFF for i in range(5000))


def binary():
    return os.environ.get("OTTER_BIN")


def otter(folder, *words):
    done = subprocess.run([binary(), *map(str, words)], cwd=folder, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise SystemExit("otter %s: exit %d: %s" % (" ".join(map(str, words)), done.returncode, done.stderr.strip()))
    return done.stdout


def public(path):
    return serialization.load_pem_private_key(pathlib.Path(path).read_bytes(), None).public_key()
