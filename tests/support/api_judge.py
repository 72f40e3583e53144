"""Holds what the end-to-end tests see of the API against docs/openapi.yaml, and keeps account of what was reached.

Whatever goes through http.client, in any thread, is watched; what the CLI exchanges comes from its traces, what goes over
sockets by hand from raw_http. A violation fails the test that caused it. With OTTER_LEDGER=FOLDER each process leaves
in it which operations, statuses and codes it has seen: tests/support/api_ledger.py judges the whole run.
"""

import atexit
import http.client
import json
import os
import pathlib
import shutil
import tempfile
import threading

import openapi

_lock = threading.Lock()  # the resolver of references is one for all threads
_hits = set()
_wrong = []  # what was seen by threads and callbacks, until the test ends


def seen(exchange):
    """One exchange; raises on a violation."""
    if not exchange.path.startswith(("/api/v1", "/v1", "/healthz", "/readyz", "/metrics")):
        return
    description = openapi.description()
    with _lock:
        found = description.violations(exchange)
        operation, _ = description.find(exchange.method, exchange.path)
        for code in exchange.codes:
            note(operation.id if operation else None, exchange.status, code)
    assert not found, f"docs/openapi.yaml does not allow {exchange.method} {exchange.target}:\n  " + "\n  ".join(found)


def note(operation, status, code):
    folder = os.environ.get("OTTER_LEDGER")
    hit = (operation, status, code)
    if folder and hit not in _hits:
        _hits.add(hit)
        with open(pathlib.Path(folder) / f"{os.getpid()}.jsonl", "a", encoding="utf-8") as ledger:
            ledger.write(json.dumps(hit) + "\n")


# --- what goes through http.client

def watch_http_client():
    """From now on, in this process. What a proxy says itself (text/html, which otterd never does) is not ours."""
    request, getresponse = http.client.HTTPConnection.request, http.client.HTTPConnection.getresponse

    def noted(self, method, url, body=None, headers=None, **more):
        self.otter_asked = (method, url, body, {name.lower(): str(value) for name, value in (headers or {}).items()})
        return request(self, method, url, body, headers or {}, **more)

    def watched(self):
        reply = getresponse(self)
        if not hasattr(self, "otter_asked"):
            return reply  # made piece by piece
        read, (method, url, sent, sent_headers) = reply.read, self.otter_asked

        def read_and_judge(amount=None):
            data = read(amount)
            headers = {name.lower(): value for name, value in reply.getheaders()}
            if amount is None and not headers.get("content-type", "").startswith("text/html"):
                sent_bytes = sent.encode() if isinstance(sent, str) else sent if isinstance(sent, bytes) else None
                remember(openapi.Exchange(method, url, reply.status, sent_headers, sent_bytes, headers, data))
            return data
        reply.read = read_and_judge
        return reply
    http.client.HTTPConnection.request, http.client.HTTPConnection.getresponse = noted, watched


def remember(exchange):
    try:
        seen(exchange)
    except AssertionError as error:
        _wrong.append(str(error))


def verdict():
    """At the end of a test: what was wrong in it."""
    wrong = _wrong[:]
    _wrong.clear()
    return wrong


# --- what the CLI traces

class Traces:
    """The file that each `otter` of this process appends to, read on from test to test."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="otter-trace-"))
        self.path = self.folder / "trace.jsonl"
        self.at = 0
        os.environ["OTTER_TRACE"] = str(self.path)
        atexit.register(shutil.rmtree, self.folder, True)

    def verdict(self):
        """Of every line since the last time, what is wrong."""
        if not self.path.exists():
            return []
        with open(self.path, "rb") as trace:
            trace.seek(self.at)
            text = trace.read()
        whole = text[:text.rfind(b"\n") + 1]  # a program that was killed may have left half a line
        self.at += len(whole)
        wrong = []
        for line in whole.splitlines():
            try:
                seen_in_trace(json.loads(line))
            except AssertionError as error:
                wrong.append(str(error))
        return wrong


def seen_in_trace(line):
    if line["status"] == 0:
        return  # no reply came
    sent, response = line["request"], line["response"]
    headers = {name.lower(): value for name, value in line["headers"].items()}
    is_json = headers.get("content-type", "").endswith("json")
    body = json.dumps(openapi.unhide(response)).encode() if is_json and not isinstance(response, str) else None
    if isinstance(response, str):
        body = response.encode()
    elif line["response_bytes"] == 0:
        body = b""
    elif response is None:
        body = None  # too long for the trace
    seen(openapi.Exchange(
        line["method"], line["path"], line["status"],
        {name.lower(): value for name, value in line["request_headers"].items()},
        json.dumps(sent).encode() if sent is not None else None, headers, body, all_headers=False))
