"""Every check of our formats by other implementations: Python's own reading of the specification, JSON Schema, jose,
openssl. OTTER_BIN names the `otter` whose output is checked beside the committed vectors. Each script runs alone, too."""

import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent


@pytest.mark.parametrize("script, words", [
    ("make-vectors.py", ["--check"]),
    ("check-schemas.py", []),
    ("check-images.py", []),
    ("jose-check.py", []),
    ("audit-check.py", []),
])  # fmt: skip
def test_agrees(script, words):
    done = subprocess.run(["/usr/bin/python3", "-B", str(HERE / script), *words], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
