"""otterd on a unix socket behind real web servers, by the very files that etc/ shows."""

import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess

import certificates
import otter
import pytest
from ports import free_port
from test_bad_input import device_token, poll_body
from test_device_protocol import prove

ETC = pathlib.Path(__file__).resolve().parents[2] / "etc"
BLOB = bytes(range(256)) * 20000  # 5 MB
CLIENT = "127.0.0.7"


def replaced(text, changes):
    """Each place must be there: the test runs what the file says, not what it said once."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


class Proxy:
    """A web server in front; https and http are its ports."""

    def __init__(self, folder, pki, sock):
        self.folder, self.pki, self.sock = folder, pki, sock
        self.https, self.http = free_port(), free_port()
        self.log = folder / "proxy.log"
        folder.mkdir()
        self.process = None

    def start(self):
        with open(self.log, "wb") as log:
            # A web server's own messages, and nothing else, tell what went wrong: no logs of requests.
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def listens():
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(ConnectionRefusedError):
                for port in (self.https, self.http):
                    socket.create_connection(("127.0.0.1", port), timeout=10).close()
                return True
            return False
        otter.wait_for("the proxy listens", listens)
        return self

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Nginx(Proxy):
    def command(self):
        conf = replaced((ETC / "nginx-otter.conf").read_text(), [
            ("unix:/run/otter/otterd.sock", f"unix:{self.sock}"), ("    listen [::]:443 ssl;\n", ""),
            ("listen 443 ssl;", f"listen 127.0.0.1:{self.https} ssl;"), ("/etc/otter/tls.crt", f"{self.pki}/server.pem"),
            ("/etc/otter/tls.key", f"{self.pki}/server.key")])
        before, server = conf.split("\n#server {", 1)  # the second server, switched on
        server = re.sub("^#", "", "#server {" + server, flags=re.M)
        conf = before + "\n" + replaced(server, [("    listen [::]:80;\n", ""),
                                                 ("listen 80;", f"listen 127.0.0.1:{self.http};")])
        (self.folder / "otter.conf").write_text(conf)
        user = "user root;" if os.geteuid() == 0 else ""
        temp = "\n".join(f"{kind}_temp_path {self.folder}/{kind};"
                         for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.folder / "nginx.conf").write_text(
            f"{user}\ndaemon off;\nworker_processes 2;\npid {self.folder}/pid;\nerror_log stderr;\n"
            f"events {{ worker_connections 512; }}\nhttp {{\naccess_log off;\n{temp}\ninclude {self.folder}/otter.conf;\n}}\n")
        return [shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-e", "stderr", "-p", self.folder, "-c",
                self.folder / "nginx.conf"]


class Haproxy(Proxy):
    def command(self):
        for old, new in (("server.pem", "tls.pem"), ("server.key", "tls.pem.key")):
            shutil.copy(self.pki / old, self.folder / new)
        conf = replaced((ETC / "haproxy-otter.cfg").read_text(), [
            ("unix@/run/otter/otterd.sock", f"unix@{self.sock}"), ("maxconn 20000", "maxconn 500"),
            ("bind :::443 v4v6 ssl crt /etc/otter/tls.pem", f"bind 127.0.0.1:{self.https} ssl crt {self.folder}/tls.pem"),
            ("#bind :::80 v4v6", f"bind 127.0.0.1:{self.http}")])
        (self.folder / "haproxy.cfg").write_text(conf)
        return [shutil.which("haproxy", path="/usr/sbin:/usr/bin"), "-db", "-f", self.folder / "haproxy.cfg"]


class Behind(otter.World):
    """A world whose clients come by the proxy."""

    def __init__(self, folder, pki, proxy, keys=""):
        super().__init__(folder)
        self.sock = folder / "s"
        config = folder / "otterd.conf"
        config.write_text(f"[listen]\nproxy_headers = yes\n{keys}")
        self.server.options += ["--listen", f"unix:{self.sock}", "--config", config, "--log-level", "debug"]
        self.pki = pki
        self.proxy = proxy(folder / "proxy", pki, self.sock)
        self.start()
        self.proxy.start()

    def stop(self):
        self.proxy.stop()
        super().stop()

    def connect(self, with_tls=True):
        if not with_tls:
            return http.client.HTTPConnection("127.0.0.1", self.proxy.http, timeout=30, source_address=(CLIENT, 0))
        return http.client.HTTPSConnection("127.0.0.1", self.proxy.https, timeout=30, source_address=(CLIENT, 0),
                                           context=ssl.create_default_context(cafile=self.pki / "ca.pem"))

    def ask(self, method, path, body=None, headers=None, token=None, with_tls=True, over=None):
        connection = over or self.connect(with_tls)
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if isinstance(body, dict):
            body = json.dumps(body)
        connection.request(method, path, body=body, headers=sent)
        reply = connection.getresponse()
        got = reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read()
        if not over:
            connection.close()
        return got

    def clients_of(self, route):
        """What the log says of the clients of a route."""
        return [re.search(r" client=(\S+)", line)[1] for line in self.server.log.read_text().splitlines()
                if "event=request" in line and f" route={route} " in line]


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return certificates.tls_folder(tmp_path_factory.mktemp("pki"))


@pytest.fixture(params=[Nginx, Haproxy], ids=["nginx", "haproxy"])
def behind(request, tmp_path, pki):
    made = Behind(tmp_path, pki, request.param, keys="[devices]\nplain = yes\n")
    yield made
    made.stop()


def test_operators_and_devices_work_through_it_and_the_log_names_them(behind):
    admin = behind.server.token
    status, _, text = behind.ask("GET", "/api/v1/status", token=admin)
    assert status == 200 and json.loads(text)["devices"] == 0
    fleet = behind.fleet(2)
    status, headers, _ = behind.ask("POST", "/v1/device/poll", poll_body("dev-1"), {"Content-Type": "application/json"},
                                    token=device_token(fleet, "dev-1"))
    assert status == 204 and int(headers["retry-after"]) > 0 and headers["otter-root"] == "1"
    otter.wait_for("logged", lambda: behind.clients_of("/v1/device/poll"))
    assert behind.clients_of("/v1/device/poll") == [CLIENT]
    assert set(behind.clients_of("/api/v1/status")) == {CLIENT}


def test_the_cli_publishes_and_rolls_out_through_it(behind):
    env = {"OTTER_SERVER": f"https://127.0.0.1:{behind.proxy.https}", "OTTER_TOKEN": behind.server.token,
           "OTTER_CACERT": str(behind.pki / "ca.pem")}
    behind.fleet(1)
    path, images = behind.release("1.0.0")
    otter.run([otter.OTTER, "release", "publish", path, *images], env=env)
    release = hashlib.sha256(path.read_bytes()).hexdigest()
    made = otter.run([otter.OTTER, "rollout", "create", "--release", release, "--target", "all", "--phases", "100",
                      "--json"], env=env)
    assert made.json["release"]


def test_what_a_client_says_of_others_is_not_believed(behind):
    for said in ("6.6.6.6", "6.6.6.6, 127.0.0.1", "nonsense", "unix"):
        assert behind.ask("GET", "/v1/roots/7", headers={"X-Forwarded-For": said})[0] == 404
    assert behind.ask("GET", "/v1/roots/7", headers={"X-Forwarded-Proto": "http"})[0] == 404
    otter.wait_for("logged", lambda: len(behind.clients_of("/v1/roots/{n}")) == 5)
    assert behind.clients_of("/v1/roots/{n}") == [CLIENT] * 5
    # The proxy's own word of how the client came wins over the client's.
    token = device_token(behind.fleet(1), "dev-1")
    for said in ("http", "https"):
        headers = {"Content-Type": "application/json", "X-Forwarded-Proto": said}
        assert behind.ask("POST", "/v1/device/poll", poll_body("dev-1"), headers, token=token)[0] == 204
        assert behind.ask("POST", "/v1/device/poll", poll_body("dev-1"), headers, token=token, with_tls=False)[0] == 401


def test_without_tls_devices_alone_come_through_and_their_tokens_are_refused(behind):
    fleet = behind.fleet(1)
    token, body = device_token(fleet, "dev-1"), json.dumps(poll_body("dev-1"))
    json_type = {"Content-Type": "application/json"}
    status, _, text = behind.ask("POST", "/v1/device/poll", body, json_type, token=token, with_tls=False)
    assert status == 401 and "travel readable" in json.loads(text)["detail"]
    proof = prove(token, "dev-1", "POST", "/v1/device/poll", body.encode())
    assert behind.ask("POST", "/v1/device/poll", body, {**json_type, **proof}, with_tls=False)[0] == 204
    status, headers, _ = behind.ask("GET", "/api/v1/status", token=behind.server.token, with_tls=False)
    assert status == 404 and "otter" not in headers.get("server", "")


def upload(behind, data):
    digest, admin = hashlib.sha256(data).hexdigest(), behind.server.token
    status, headers, _ = behind.ask("POST", "/api/v1/uploads", {"sha256": digest, "size": len(data)},
                                    {"Content-Type": "application/json"}, token=admin)
    assert status == 201
    half = len(data) // 2
    for first, last in ((0, half), (half, len(data))):
        status, _, text = behind.ask("PATCH", headers["location"], data[first:last], {
            "Upload-Offset": str(first), "Content-Type": "application/offset+octet-stream"}, token=admin)
        assert status == 204, text
    return digest


def test_uploads_downloads_and_ranges_pass(behind):
    admin = behind.server.token
    digest = upload(behind, BLOB)
    path = f"/v1/blobs/{digest}"
    status, headers, body = behind.ask("GET", path, token=admin)
    assert status == 200 and body == BLOB and headers["etag"] == f'"{digest}"'
    for first, last in [(0, 0), (1, 2_000_000), (len(BLOB) - 5, len(BLOB) - 1)]:
        status, headers, body = behind.ask("GET", path, headers={"Range": f"bytes={first}-{last}"}, token=admin)
        assert status == 206 and body == BLOB[first:last + 1]
        assert headers["content-range"] == f"bytes {first}-{last}/{len(BLOB)}"
    status, headers, text = behind.ask("GET", path, headers={"Range": f"bytes={len(BLOB)}-"}, token=admin)
    assert status == 416 and headers["content-range"] == f"bytes */{len(BLOB)}"
    assert json.loads(text)["code"] == "range-not-satisfiable"
    status, headers, body = behind.ask("HEAD", path, token=admin)
    assert status == 200 and headers["content-length"] == str(len(BLOB)) and body == b""
    assert behind.ask("GET", path, headers={"If-None-Match": f'"{digest}"'}, token=admin)[0] == 304


def test_an_upload_that_breaks_off_is_resumed_through_it(behind):
    admin, digest = behind.server.token, hashlib.sha256(BLOB).hexdigest()
    _, headers, _ = behind.ask("POST", "/api/v1/uploads", {"sha256": digest, "size": len(BLOB)},
                               {"Content-Type": "application/json"}, token=admin)
    at = headers["location"]
    connection = behind.connect()
    connection.connect()
    connection.sock.sendall(
        f"PATCH {at} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {admin}\r\nUpload-Offset: 0\r\n"
        f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(BLOB)}\r\n\r\n".encode() + BLOB[:3_000_000])

    def received():
        return int(behind.ask("HEAD", at, token=admin)[1]["upload-offset"])
    otter.wait_for("otterd has some of it before the rest is sent", lambda: received() > 1_000_000)
    connection.close()
    status = 409
    while status == 409:  # what the proxy still held of the first one has arrived since
        offset = received()
        status, _, text = behind.ask("PATCH", at, BLOB[offset:], {
            "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}, token=admin)
    assert status == 204, text
    assert behind.ask("GET", f"/v1/blobs/{digest}", token=admin)[2] == BLOB


def test_refusals_of_large_bodies_pass(behind):
    """otterd answers and closes before the body is read: the client must see its answer, not a 502."""
    admin = behind.server.token
    for size in (2_000_000, 30_000_000):
        connection = behind.connect()
        connection.putrequest("POST", "/api/v1/rollouts")
        for name, value in [("Content-Type", "application/json"), ("Content-Length", str(size)),
                            ("Authorization", f"Bearer {admin}")]:
            connection.putheader(name, value)
        connection.endheaders()
        reply = connection.getresponse()
        assert reply.status == 413 and json.loads(reply.read())["code"] == "body-too-large"
        connection.close()
        for _ in range(5):  # those that send it to its end before they listen
            status, _, text = behind.ask("POST", "/api/v1/rollouts", "x" * size, {"Content-Type": "application/json"},
                                         token=admin)
            assert status == 413 and json.loads(text)["code"] == "body-too-large"
    big = {"sha256": "ab" * 32, "size": 1 << 40}
    status, _, text = behind.ask("POST", "/api/v1/uploads", big, {"Content-Type": "application/json"}, token=admin)
    assert status in (413, 422) and json.loads(text)["code"]


def test_connections_are_kept_alive(behind):
    connection = behind.connect()
    connection.connect()
    port = connection.sock.getsockname()[1]
    for n in range(100):
        status, _, _ = behind.ask("GET", f"/v1/roots/{n % 2 + 7}", over=connection)
        assert status == 404
        assert connection.sock and connection.sock.getsockname()[1] == port
    connection.close()


def test_otterd_stopped_is_a_502_or_503_and_comes_back(behind):
    behind.server.stop()
    assert behind.ask("GET", "/v1/roots/1")[0] in (502, 503)
    behind.server.start()
    otter.wait_for("back", lambda: behind.ask("GET", "/v1/roots/1")[0] == 200, 60)


# --- the same headers, from somebody whom otterd does not trust

@pytest.mark.parametrize("proxy_headers", ["yes", "no"])
def test_headers_count_on_unix_sockets_alone_and_only_if_told_so(tmp_path, proxy_headers):
    sock = tmp_path / "s"
    config = tmp_path / "otterd.conf"
    config.write_text(f"[listen]\nproxy_headers = {proxy_headers}\n[devices]\nplain = yes\n")
    server = otter.Server(tmp_path / "data", "--config", config, "--listen", f"unix:{sock}", "--log-level", "debug").start()
    server.json("POST", "/api/v1/devices", {"id": "dev-1", "product": "pump", "hardware": otter.HARDWARE,
                                            "secret": "A" * 43}, expect=201)
    body = json.dumps(poll_body("dev-1")).encode()
    ask = (b"POST /v1/device/poll HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + b"A" * 43 + b"\r\n"
           b"X-Forwarded-For: 10.1.1.1\r\nX-Forwarded-For: 10.2.2.2, 2001:db8::0:1\r\nX-Forwarded-Proto: http\r\n"
           b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    believed = proxy_headers == "yes"
    for family, address, client, refused in [
            (socket.AF_UNIX, str(sock), "2001:db8::1" if believed else "unix", believed),
            (socket.AF_INET, ("127.0.0.1", server.port), "127.0.0.1", False)]:
        with socket.socket(family) as s:
            s.settimeout(30)
            s.connect(address)
            s.sendall(ask)
            status = int(s.recv(4096).split()[1])
        assert (status == 401) == refused
        otter.wait_for("logged", lambda c=client, st=status: re.search(
            rf"device=\S+ client={re.escape(c)} status={st} ", server.log.read_text()))
    server.stop()
