#!/usr/bin/python3
"""Makes the cases of cases.py by `imgtool`.

make.py VENV FOLDER     FOLDER/<case>.img, one each, by the imgtool of that venv; prints the command lines
make.py VENV --write    the committed vectors, manifests/vectors/image/imgtool-<case>.json, and what imgtool says of their bit
                        flips; those that are there stay (a signature is another one each time): remove what is to be made anew"""

import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import cases  # noqa: E402
import otterspec as o  # noqa: E402
from cryptography.hazmat.primitives import serialization  # noqa: E402


def spki(path):
    return o.spki(serialization.load_pem_private_key(pathlib.Path(path).read_bytes(), None).public_key())


def imgtool(venv, *words):
    done = subprocess.run([str(pathlib.Path(venv) / "bin" / "imgtool"), *map(str, words)], capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise SystemExit("imgtool %s: exit %d: %s" % (" ".join(map(str, words)), done.returncode, done.stdout + done.stderr))
    return done.stdout


def make(venv, folder):
    """name -> bytes; the files stay in the folder."""
    folder = pathlib.Path(folder)
    made = {}
    for name in cases.CASES:
        (folder / "firmware.bin").write_bytes(cases.firmware(name))
        out = folder / (name + ".img")
        imgtool(venv, "sign", "-k", cases.KEY, *cases.words(name), folder / "firmware.bin", out)
        made[name] = out.read_bytes()
    return made


def vector(name, data, version):
    about, _, expect, decoded = cases.CASES[name]
    case = {"about": "%s (%s)" % (about, cases.said(name, version)), "check": "image", "expect": expect,
            "keys": [o.b64(spki(cases.KEY)), o.b64(spki(cases.OTHER_KEY))], "revoked": [], "image": o.b64(data)}  # fmt: skip
    if decoded:
        case["decoded"] = decoded
    return case


def write(venv):
    version = imgtool(venv, "version").split()[-1]
    with tempfile.TemporaryDirectory() as folder:
        for name, data in make(venv, folder).items():
            path = cases.VECTORS / "image" / ("imgtool-%s.json" % name)
            if path.exists():
                continue
            path.write_text(json.dumps(vector(name, data, version), indent=1, sort_keys=True) + "\n")
    subprocess.run([str(pathlib.Path(venv) / "bin" / "python"), "-B", str(pathlib.Path(__file__).with_name("flips.py")), "--write"],
                   check=True, timeout=600)  # fmt: skip


def main():
    venv, target = sys.argv[1:]
    if target == "--write":
        write(venv)
        return
    for name in make(venv, target):
        print(cases.said(name, imgtool(venv, "version").split()[-1]))


if __name__ == "__main__":
    main()
