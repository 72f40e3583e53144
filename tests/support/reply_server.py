"""A server that gives one reply to every request: what another than otterd, or a hostile one, may answer. What it says
is not to be judged by docs/openapi.yaml: run otter without OTTER_TRACE."""

import contextlib
import http.server
import threading


@contextlib.contextmanager
def replying(body, status=200, content_type="application/json", headers=()):
    """Yields its URL; body: bytes or text."""
    data = body.encode() if isinstance(body, str) else body

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(self):
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            self.send_response(status)
            for name, value in (("Content-Type", content_type), ("Content-Length", str(len(data))), *headers):
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_POST = do_HEAD = do_PATCH = reply  # noqa: N815: http.server's names

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
