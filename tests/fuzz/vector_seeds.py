"""Seeds for the fuzzers from manifests/vectors: what is valid, and what is refused for one thing alone."""

import base64
import json
import pathlib

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "manifests" / "vectors"
PAYLOADS = {"root": ("root", "root-next"), "manifest": ("manifest", "release"), "offer": ("offer",)}
BODIES = {"poll": ("poll",), "report": ("report",)}


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def payload(case):
    try:
        return decoded(json.loads(case["envelope"])["payload"])
    except (ValueError, TypeError, KeyError):
        return None  # an envelope that is none: a seed for jws alone


def seeds_of(harness, folder, case):
    if harness == "image" and "image" in case:
        yield decoded(case["image"])
    if harness in ("jws", "json") and "envelope" in case:
        yield case["envelope"].encode("latin-1")
    if folder in PAYLOADS.get(harness, ()) and "envelope" in case:
        yield payload(case)
    if folder in BODIES.get(harness, ()) and "body" in case:
        yield case["body"].encode("latin-1")


def write(harness, to):
    """Files into the folder `to` for a harness's name; how many."""
    count = 0
    for path in sorted(VECTORS.glob("*/*.json")):
        for seed in seeds_of(harness, path.parent.name, json.loads(path.read_text())):
            if seed is not None:
                (pathlib.Path(to) / f"{path.parent.name}-{path.stem}").write_bytes(seed)
                count += 1
    return count
