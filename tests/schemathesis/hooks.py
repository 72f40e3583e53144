"""What schemathesis cannot know: objects that exist on the server under test, who may ask for what, and that a backup
must stay below the scratch folder. OTTER_SAMPLES has it all, as JSON (run.py).
"""

import json
import os
import urllib.parse
import zlib

import schemathesis

SAMPLES = json.loads(os.environ["OTTER_SAMPLES"])
PARAMETERS, QUERY = 24, 1500


@schemathesis.serializer("application/offset+octet-stream")
def as_bytes(_context, value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@schemathesis.serializer("application/jose+json")
def as_envelope(_context, value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


SAMPLES["path"] = {tuple(key.split(" ")): value for key, value in SAMPLES["path"].items()}


def bounded(query):
    """libmicrohttpd leaves a query of some ninety parameters, or of fewer long ones, without an answer until idle_timeout."""
    query = {name: value[:4] if isinstance(value, list) else value for name, value in query.items()}
    values = [one for value in query.values() for one in (value if isinstance(value, list) else [value])]
    small = len(values) <= PARAMETERS and len(urllib.parse.urlencode(query, doseq=True)) <= QUERY
    return query if small else {}


def often(value):
    """Two of three, and always the same ones."""
    return zlib.crc32(repr(value).encode()) % 3 > 0


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    if path_parameters and often(path_parameters):
        for (prefix, name), value in SAMPLES["path"].items():
            if context.operation.path.startswith(prefix) and name in path_parameters:
                return {**path_parameters, name: value}
    return path_parameters


@schemathesis.hook
def map_body(_context, body):
    if isinstance(body, dict) and often(body):
        body.update({name: value for name, value in SAMPLES["body"].items() if name in body})
    return body


@schemathesis.hook
def before_call(_context, case, _kwargs):
    """Whatever made the request: nothing is written outside of the scratch folder; devices' routes are asked as one."""
    case.query = bounded(case.query or {})
    if isinstance(case.body, dict) and isinstance(case.body.get("dir"), str) and case.body["dir"].startswith("/"):
        case.body["dir"] = f"{SAMPLES['backup']}/{zlib.crc32(case.body['dir'].encode('utf-8', 'replace')) % 5}"
    if case.path.startswith("/v1/device/"):
        case.headers["Authorization"] = "Bearer " + SAMPLES["secret"]
