"""HTTP by hand over a socket, for requests that no client library would send, and for connections that stay open."""

import socket

import api_judge
import openapi


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


class Connection:
    """One connection to otterd; replies are read one after the other."""

    def __init__(self, address, family=socket.AF_INET, source=None):
        self.socket = socket.socket(family)
        self.socket.settimeout(20)
        if source:
            self.socket.bind((source, 0))
        self.socket.connect(address)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def _more(self):
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            piece = b""
        self.rest += piece
        return bool(piece)

    def reply(self, method="GET"):
        """The next reply; None: the connection was closed instead."""
        while b"\r\n\r\n" not in self.rest:
            if not self._more():
                assert not self.rest, f"half a reply: {self.rest!r}"
                return None
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = dict((name.lower(), value.strip()) for name, value in (line.split(":", 1) for line in lines[1:]))
        status = int(lines[0].split(" ")[1])
        length = 0 if method == "HEAD" or status in (204, 304) or status < 200 else int(headers.get("content-length", 0))
        while len(self.rest) < length and self._more():
            pass
        body, self.rest = self.rest[:length], self.rest[length:]
        assert len(body) == length, "the body ends early"
        return Reply(status, headers, body)

    def ask(self, method, target, *, token=None, headers=None, body=None):
        """A well-formed request; its reply is judged by docs/openapi.yaml. token: of a Bearer, or "SCHEME CREDENTIALS"."""
        sent = {"Host": "otter", **(headers or {})}
        if token:
            sent["Authorization"] = token if " " in token else f"Bearer {token}"
        if body is not None:
            sent.setdefault("Content-Length", str(len(body)))
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b""))
        reply = self.reply(method)
        assert reply is not None, f"{method} {target}: closed without an answer"
        api_judge.seen(openapi.Exchange(method, target, reply.status, {n.lower(): v for n, v in sent.items()}, body,
                                        reply.headers, reply.body))
        return reply

    def is_closed(self):
        """Has the other side closed? Waits for it."""
        return not self.rest and not self._more()
