"""A TLS server between devices and otterd that has the server's certificate: honest, until it is told to lie.

What gets through is still otterd's, offers included, so that a device's refusal is its own and its report arrives. As a
program, for scripts/demo, it takes its orders from a file, anew at each request: {"poll": {"hardware": "x"}} or
{"hold": BYTES}; FILE.held appears when a blob is held, and it goes on when the orders no longer say so.
"""

import argparse
import contextlib
import http.client
import http.server
import json
import pathlib
import ssl
import threading
import time
import urllib.parse

PATIENCE = 60.0
PIECE = 4096


class Hold:
    """The first blob that is longer stops after so many bytes, until it is told to go on."""

    def __init__(self, after):
        self.after, self.reached, self.go_on = after, threading.Event(), threading.Event()

    def read(self):
        """After how many bytes? None: not at all."""
        return None if self.reached.is_set() else self.after

    def stop_here(self):
        self.reached.set()
        self.go_on.wait(PATIENCE)


class Lost:
    """The next request of this path ("request") does not get to the server, or its reply ("reply") not to the device, and
    what is lost stands on the wire until go_on."""

    def __init__(self, path, what):
        self.path, self.what, self.reached, self.go_on = path, what, threading.Event(), threading.Event()

    def take(self, path, what):
        if (path, what) != (self.path, self.what) or self.reached.is_set():
            return False
        self.reached.set()
        self.go_on.wait(PATIENCE)
        return True

    def await_it(self):
        assert self.reached.wait(PATIENCE), f"no {self.what} of {self.path}"


class Relay:
    """upstream: () -> (port, CA file or None), asked at each request. poll: members that overwrite a poll's, a dict in
    place of one merged into it. offer: what becomes of an envelope that answers a poll. blob: what becomes of a blob.
    lost: a Lost."""

    def __init__(self, upstream, certificate, key, address=("127.0.0.1", 0)):
        self.upstream, self.poll, self.offer, self.blob, self.hold, self.lost = upstream, {}, None, None, None, None
        self.requests = []  # (method, path, headers, status)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate, key)
        handler = type("BoundHandler", (Handler,), {"relay": self})
        self.server = http.server.ThreadingHTTPServer(address, handler)
        self.server.daemon_threads, self.server.block_on_close = True, False
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    def close(self):
        if self.hold:
            self.hold.go_on.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- what it does to what passes

    def loses(self, path, what):
        return self.lost is not None and self.lost.take(path, what)

    def sent(self, method, path, body):
        if (method, path) != ("POST", "/v1/device/poll") or not self.poll:
            return body
        asked = json.loads(body)
        for name, value in self.poll.items():
            asked[name] = {**asked[name], **value} if isinstance(value, dict) else value
        return json.dumps(asked).encode()

    def answered(self, path, status, body):
        if path == "/v1/device/poll" and status == 200 and self.offer:
            return self.offer(body)
        if path.startswith("/v1/blobs/") and status in (200, 206) and self.blob:
            return self.blob(body)
        return body


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE
    relay: Relay

    def setup(self):
        self.request.settimeout(PATIENCE)
        self.request = self.relay.tls.wrap_socket(self.request, server_side=True, do_handshake_on_connect=False)
        super().setup()

    def handle(self):
        # Devices that distrust us, or whose link is cut, leave in the middle.
        with contextlib.suppress(OSError):
            self.request.do_handshake()
            super().handle()

    def finish(self):
        with contextlib.suppress(OSError):
            super().finish()

    def pass_on(self):
        if self.relay.hold:
            self.relay.hold.read()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        if self.relay.loses(self.path, "request"):
            self.close_connection = True
            return
        body = self.relay.sent(self.command, self.path, body)
        port, ca = self.relay.upstream()
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=PATIENCE, context=ssl.create_default_context(
            cafile=ca)) if ca else http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() not in ("host", "content-length", "connection")}
        with contextlib.closing(connection):
            connection.request(self.command, self.path, body=body, headers=headers)
            reply = connection.getresponse()
            data = reply.read()
        self.relay.requests.append((self.command, self.path, dict(self.headers.items()), reply.status))
        if self.relay.loses(self.path, "reply"):
            self.close_connection = True
            return
        self.give(reply, self.relay.answered(self.path, reply.status, data))

    do_GET = do_POST = do_PUT = do_HEAD = pass_on  # noqa: N815: http.server's names

    def give(self, reply, data):
        self.send_response_only(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in ("content-length", "connection"):
                self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        after = self.relay.hold.read() if self.relay.hold and self.path.startswith("/v1/blobs/") else None
        if after is not None and len(data) > after:
            self.wfile.write(data[:after])
            self.relay.hold.stop_here()
            data = data[after:]
        for at in range(0, len(data), PIECE):
            self.wfile.write(data[at:at + PIECE])

    def log_message(self, *_):
        pass


class Orders(Hold):
    """Where a relay's program looks what to do."""

    def __init__(self, path, relay):
        super().__init__(None)
        self.path, self.relay = pathlib.Path(path), relay

    def read(self):
        orders = json.loads(self.path.read_text(encoding="utf-8")) if self.path.exists() else {}
        self.relay.poll, self.after = orders.get("poll", {}), orders.get("hold")
        return self.after

    def stop_here(self):
        self.path.with_name(self.path.name + ".held").touch()
        end = time.monotonic() + PATIENCE
        while self.read() is not None and time.monotonic() < end:
            time.sleep(0.05)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen", default="127.0.0.1:0")
    parser.add_argument("--port-file", required=True)
    parser.add_argument("--tls", nargs=2, required=True, metavar=("CERT", "KEY"))
    parser.add_argument("--to", required=True)
    parser.add_argument("--cacert")
    parser.add_argument("--orders", required=True, metavar="FILE")
    args = parser.parse_args()
    host, port = args.listen.rsplit(":", 1)
    relay = Relay(lambda: (urllib.parse.urlsplit(args.to).port, args.cacert), *args.tls, address=(host, int(port)))
    relay.hold = Orders(args.orders, relay)
    pathlib.Path(args.port_file).write_text(f"{host}:{relay.port}\n", encoding="utf-8")
    relay.thread.join()


if __name__ == "__main__":
    main()
