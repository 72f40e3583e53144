#!/usr/bin/python3
"""Runs schemathesis over docs/openapi.yaml against an otterd of its own that has something of each kind.

run.py VENV PHASES REPORT.xml       PHASES as of `schemathesis run --phases`; exit 0 if otterd went through all of it
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
import api_samples  # noqa: E402

CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
          "response_schema_conformance"]
SEED = "20261123"
EXAMPLES = "20"


def samples(prepared):
    return {
        "secret": api_samples.SECRET,
        "backup": str(prepared.world.folder / "backups"),
        "path": {"/v1/blobs sha256": prepared.blob, "/api/v1/releases sha256": prepared.release,
                 "/v1/roots n": 1, "/api/v1/roots n": 1, "/api/v1/rollouts n": prepared.draft,
                 "/api/v1/uploads id": prepared.upload, "/api/v1/devices id": "own-1"},
        "body": {"release": prepared.release, "device": "own-1", "ids": ["own-1", "nobody"], "attempt": prepared.attempt,
                 "sha256": prepared.upload, "size": len(api_samples.UPLOAD), "target": "all"},
    }


def main():
    venv, phases, report = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="otter-schemathesis-") as scratch:
        prepared = api_samples.Prepared(scratch)
        (pathlib.Path(scratch) / "backups").mkdir()
        try:
            done = subprocess.run(
                [pathlib.Path(venv).resolve() / "bin/schemathesis", "run", ROOT / "docs/openapi.yaml", "--url", prepared.server.url,
                 "--header", f"Authorization: Bearer {prepared.server.token}", "--checks", ",".join(CHECKS),
                 "--phases", phases, "--max-examples", EXAMPLES, "--seed", SEED, "--continue-on-failure", "--no-color",
                 "--request-timeout", "30", "--warnings", "off", "--report", "junit", "--report-junit-path",
                 pathlib.Path(report).resolve()],
                cwd=scratch, stdin=subprocess.DEVNULL, check=False,
                env={**os.environ, "SCHEMATHESIS_HOOKS": str(ROOT / "tests/schemathesis/hooks.py"),
                     "OTTER_SAMPLES": json.dumps(samples(prepared))})
            assert prepared.server.process.poll() is None, prepared.server.log.read_text()[-4000:]
        finally:
            prepared.stop()
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
