#!/usr/bin/python3
"""TLS connections one after the other in some processes, each with one request; at the end one line of JSON.

tls_client.py PORT CA NAME 1.2|1.3 full|resumed|by-id SECONDS PROCESSES REQUESTS      the client of handshakes.py

resumed: by a ticket; by-id: by the session's ID, as clients do that know no tickets (BearSSL).
"""

import json
import os
import socket
import ssl
import sys
import time

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Client:
    def __init__(self, port, ca, name, version, *, tickets):
        self.port, self.name = port, name
        self.context = ssl.create_default_context(cafile=ca)
        self.context.minimum_version = self.context.maximum_version = VERSIONS[version]
        if not tickets:
            self.context.options |= ssl.OP_NO_TICKET
        self.bytes = 0

    def connect(self, text, session=None):
        """One request over a connection of its own; the session, once it was read behind. What was meant must be so."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.context.wrap_socket(plain, server_hostname=self.name, session=session) as sock:
                assert sock.session_reused is (session is not None), "resumed, or not, against what was meant"
                sock.sendall(text)
                reply = sock.recv(65536)
                assert reply.startswith((b"HTTP/1.1 204", b"HTTP/1.1 200")), reply[:200]
                self.bytes += len(reply)
                return sock.session


def play(client, texts, resumed, seconds):
    """(connections, microseconds of the slowest hundredth)"""
    session, took, end = client.connect(texts[0]) if resumed else None, [], time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        client.connect(texts[len(took) % len(texts)], session)
        took.append(time.monotonic() - began)
    return len(took), round(sorted(took)[len(took) * 99 // 100] * 1e6)


def spawn(work):
    """A process that writes what work() returns; the pipe's end to read it from."""
    out, into = os.pipe()
    if os.fork() == 0:
        os.write(into, json.dumps(work()).encode())
        os._exit(0)
    os.close(into)
    return out


def main():
    port, ca, name, version, kind, seconds, processes, file = sys.argv[1:]
    with open(file, "rb") as source:
        texts = source.read().split(b"\0")[:-1]

    def work():
        client = Client(int(port), ca, name, version, tickets=kind != "by-id")
        count, slow = play(client, texts, kind != "full", float(seconds))
        return count, slow, client.bytes
    began = time.monotonic()
    outs = [spawn(work) for _ in range(int(processes))]
    done = [json.loads(b"".join(iter(lambda o=out: os.read(o, 4096), b""))) for out in outs]
    print("result " + json.dumps({"requests": sum(d[0] for d in done), "us": round((time.monotonic() - began) * 1e6),
                                  "p99_us": max(d[1] for d in done), "bytes": sum(d[2] for d in done),
                                  "bad_status": 0, "errors": 0}))


if __name__ == "__main__":
    main()
