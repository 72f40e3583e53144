"""TLS of otterd as other implementations see it: OpenSSL's s_client, curl, Python's ssl."""

import concurrent.futures
import contextlib
import hashlib
import http.client
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import time

import certificates
import otter
import pytest
from test_bad_input import poll_body

ASK = b"GET /v1/roots/1 HTTP/1.1\r\nHost: otter.test\r\nConnection: close\r\n\r\n"
BLOB = bytes(range(256)) * 6000  # 1.5 MB


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    """Read by every test, written by none."""
    return certificates.tls_folder(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def start(tmp_path, pki):
    """start(*options, keys=...) makes a server; keys is what a configuration file says besides."""
    made = []

    def make(*options, keys="", tls=None, **kwargs):
        config = tmp_path / f"otterd-{len(made)}.conf"
        config.write_text(keys)
        server = otter.Server(tmp_path / f"data-{len(made)}", "--config", config, *options, tls=tls or pki)
        made.append(server)
        return server.start(**kwargs)
    yield make
    for server in made:
        server.stop()


def s_client(server, *options):
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile", server.cacert,
                           "-ign_eof", *options], input=ASK, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=60, check=False)
    return done.stdout.decode(errors="replace")


def is_reused(text):
    assert "HTTP/1.1 404" in text, text  # the request was answered, over the old session or a new one
    return "Reused, " in text


def session(server, path, *options):
    """A first, whole handshake, whose session is kept in a file."""
    assert not is_reused(s_client(server, *options, "-sess_out", path))
    return path


def resumed(server, path, *options):
    if not path.exists():
        return False  # TLS 1.3 without a ticket leaves nothing to keep
    return is_reused(s_client(server, *options, "-sess_in", path))


def context_of(server):
    return ssl.create_default_context(cafile=server.cacert)


def tls_connect(server, context=None):
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    return (context or context_of(server)).wrap_socket(plain, server_hostname="otter.test")


def curl(*args):
    return otter.run(["curl", "--silent", "--show-error", "--max-time", "30", *args], expect=None)


@pytest.mark.quick
def test_an_operator_and_a_device_work_over_tls(tmp_path, pki):
    world = otter.World(tmp_path, tls=pki).start()
    assert world.server.url.startswith("https://")
    release = world.publish("1.0.0")
    assert world.otter("release", "show", release, "--json").json["id"] == release
    secret = "A" * 43
    world.server.json("POST", "/api/v1/devices", {"id": "dev-1", "product": otter.PRODUCT, "hardware": otter.HARDWARE,
                                                  "secret": secret}, expect=201)
    world.rollout(release)
    asked = world.server.request("POST", "/v1/device/poll", poll_body("dev-1", fresh=1), token=secret)
    assert asked[0] == 200 and asked[1]["content-type"] == "application/jose+json"
    world.stop()


# --- what is spoken

@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_tls_1_2_and_1_3_are_spoken_with_both_kinds_of_certificates(start, tmp_path, kind, version):
    server = start(tls=certificates.tls_folder(tmp_path / "pki", kind))
    text = s_client(server, f"-{version}", "-verify_return_error", "-verify_hostname", "otter.test")
    assert "Verification: OK" in text and "HTTP/1.1 404" in text
    assert f"New, TLSv1.{version[-1]}, Cipher is" in text


@pytest.mark.parametrize("version", ["tls1", "tls1_1"])
def test_older_versions_are_refused(start, version):
    text = s_client(start(), f"-{version}", "-cipher", "ALL:@SECLEVEL=0")
    assert "Cipher is (NONE)" in text and "HTTP/1" not in text
    assert "no protocols available" not in text  # it was the server that refused


@pytest.mark.parametrize("options,spoken", [
    (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], True),
    (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"], True),
    (["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"], True),
    (["-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"], True),
    (["-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"], True),
    (["-tls1_2", "-curves", "P-256", "-sigalgs", "ECDSA+SHA256"], True),  # what BearSSL's smallest client has
    (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0"], False),  # CBC
    (["-tls1_2", "-cipher", "AES128-GCM-SHA256:@SECLEVEL=0"], False),  # no forward secrecy
    (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-CCM:@SECLEVEL=0"], False),
    (["-tls1_2", "-sigalgs", "ECDSA+SHA1", "-cipher", "ALL:@SECLEVEL=0"], False),
])
def test_sound_suites_alone_are_spoken(start, options, spoken):
    text = s_client(start(), *options)
    assert ("HTTP/1.1 404" in text) == spoken
    assert ("Cipher is (NONE)" in text) != spoken


def test_the_clients_order_of_suites_decides(start):
    """A microcontroller without AES in hardware asks for ChaCha20 first."""
    server = start()
    for first, second in [("CHACHA20-POLY1305", "AES128-GCM-SHA256"), ("AES128-GCM-SHA256", "CHACHA20-POLY1305")]:
        text = s_client(server, "-tls1_2", "-cipher", f"ECDHE-ECDSA-{first}:ECDHE-ECDSA-{second}")
        assert f"Cipher is ECDHE-ECDSA-{first}" in text


def test_alpn_agrees_on_http_1_1(start):
    assert "ALPN protocol: http/1.1" in s_client(start(), "-alpn", "h2,http/1.1")


def test_records_are_as_small_as_a_client_asks(start):
    text = s_client(start(), "-tls1_2", "-maxfraglen", "512", "-msg")
    lengths = [int(high + low, 16) for high, low in
               re.findall(r"<<< TLS 1\.2, RecordHeader \[length 0005\]\n    1[67] 03 03 (..) (..)", text)]
    assert "HTTP/1.1 404" in text and len(lengths) > 3
    assert max(lengths) <= 512 + 24  # explicit nonce and tag


# --- who it is

def test_a_chain_is_verified_and_a_wrong_name_or_an_unknown_authority_refused(start, tmp_path):
    folder = tmp_path / "pki"
    certificates.authority(folder)
    certificates.issue(folder, "middle", is_ca=True)
    leaf = certificates.issue(folder, "leaf", ca="middle")
    (folder / "server.pem").write_text(leaf.read_text() + (folder / "middle.pem").read_text())
    (folder / "server.key").write_text((folder / "leaf.key").read_text())
    server = start(tls=folder)
    other = certificates.authority(tmp_path / "other")

    def get(name, cacert):
        return curl("--cacert", cacert, "--resolve", f"{name}:{server.port}:127.0.0.1", "--output", "/dev/null",
                    "--write-out", "%{http_code}", f"https://{name}:{server.port}/v1/roots/1")
    assert get("otter.test", folder / "ca.pem").out == "404"
    wrong = get("other.test", folder / "ca.pem")
    assert wrong.code == 60 and "no alternative certificate subject name matches" in wrong.err
    unknown = get("otter.test", other)
    assert unknown.code == 60 and "unable to get local issuer certificate" in unknown.err


def test_plain_http_is_not_answered_on_an_address_with_tls(start):
    server = start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as s:
        s.sendall(ASK)
        with contextlib.suppress(ConnectionResetError):
            assert b"HTTP/1." not in s.recv(4096)
    assert server.json("GET", "/api/v1/status")["devices"] == 0


def test_a_unix_socket_stays_plain_beside_tls(tmp_path, pki):
    path = tmp_path / "s"
    server = otter.Server(tmp_path / "data", "--listen", f"unix:{path}", tls=pki).start()
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(30)
        s.connect(str(path))
        s.sendall(ASK)
        assert s.recv(4096).startswith(b"HTTP/1.1 404 ")
    assert server.json("GET", "/api/v1/status")["devices"] == 0
    server.stop()


@pytest.mark.parametrize("with_tls", [False, True])
def test_tls_opens_addresses_off_this_machine(tmp_path, pki, with_tls):
    tls = ["--tls-cert", pki / "server.pem", "--tls-key", pki / "server.key"] if with_tls else []
    done = otter.run([otter.OTTERD, "--check-config", "--data", tmp_path / "d", "--listen", "0.0.0.0:8480", *tls],
                     expect=0 if with_tls else 2)
    assert with_tls or "0.0.0.0:8480 would carry tokens over the network without TLS" in done.err


# --- sessions

@pytest.mark.parametrize("options", [["-tls1_2"], ["-tls1_3"], ["-tls1_2", "-no_ticket"]])
def test_a_session_is_resumed_on_every_loop(start, tmp_path, options):
    """Tickets' keys and the cache are shared: each connection may come to another one of eight loops."""
    server = start("--threads", "8")
    kept = session(server, tmp_path / "session", *options)
    assert [resumed(server, kept, *options) for _ in range(12)] == [True] * 12


def test_the_cache_keeps_as_many_sessions_as_it_may(start, tmp_path):
    server = start(keys="[tls]\nsession_cache = 2\n")
    no_ticket = ["-tls1_2", "-no_ticket"]
    first, second = (session(server, tmp_path / name, *no_ticket) for name in ("first", "second"))
    assert resumed(server, first, *no_ticket)  # the newest by use, now
    third = session(server, tmp_path / "third", *no_ticket)
    assert [resumed(server, kept, *no_ticket) for kept in (first, third)] == [True, True]
    assert not resumed(server, second, *no_ticket)


@pytest.mark.parametrize("keys,options,kept", [
    ("session_cache = 0", ["-tls1_2", "-no_ticket"], False),
    ("session_cache = 0", ["-tls1_2"], True),
    ("tickets = no", ["-tls1_3"], False),
    ("tickets = no", ["-tls1_2"], True),  # by its ID
])
def test_tickets_and_cache_can_be_switched_off(start, tmp_path, keys, options, kept):
    server = start(keys=f"[tls]\n{keys}\n")
    assert resumed(server, session(server, tmp_path / "session", *options), *options) == kept


def test_tickets_take_no_room_in_the_cache(start, tmp_path):
    server = start(keys="[tls]\nsession_cache = 1\n")
    kept = session(server, tmp_path / "session", "-tls1_2", "-no_ticket")
    session(server, tmp_path / "ticket", "-tls1_2")
    session(server, tmp_path / "ticket3", "-tls1_3")
    assert resumed(server, kept, "-tls1_2", "-no_ticket")


# --- another certificate

def serial(connection):
    return connection.getpeercert()["serialNumber"]


def put_pair(folder, name):
    """As certbot and cert-manager do: a new file in the old one's place."""
    for end in ("pem", "key"):
        new = folder / f"new.{end}"
        new.write_bytes((folder / f"{name}.{end}").read_bytes())
        new.rename(folder / f"server.{end}")


def wait_log(server, text, count=1):
    otter.wait_for(text, lambda: server.log.read_text().count(text) >= count)


def ask_on(connection):
    connection.sendall(b"GET /v1/roots/1 HTTP/1.1\r\nHost: otter.test\r\n\r\n")
    text = b""
    while b"}" not in text:
        piece = connection.recv(4096)
        assert piece, text
        text += piece
    assert text.startswith(b"HTTP/1.1 404 ")


def test_sighup_takes_another_certificate_and_no_connection_ends(start, tmp_path):
    folder = certificates.tls_folder(tmp_path / "pki")
    certificates.issue(folder, "next", days=200)
    server = start(tls=folder)
    with tls_connect(server) as old:
        ask_on(old)
        put_pair(folder, "next")
        with tls_connect(server) as before:
            assert serial(before) == serial(old)  # nobody looks at the files by himself
        server.process.send_signal(signal.SIGHUP)
        wait_log(server, "event=certificate ", 2)
        with tls_connect(server) as new:
            assert serial(new) != serial(old)
            ask_on(new)
        ask_on(old)
    assert "days=199" in server.log.read_text() or "days=200" in server.log.read_text()


def test_a_broken_pair_keeps_the_old_one_in_use(start, tmp_path):
    folder = certificates.tls_folder(tmp_path / "pki")
    certificates.issue(folder, "next")
    server = start(tls=folder)
    with tls_connect(server) as connection:
        first = serial(connection)
    broken = [(("next.pem", "server.key"), "is not the key of the certificate in"),
              (("ca.key", "server.key"), "holds no certificate in PEM"),
              (("server.pem", "ca.pem"), "holds no key that can be used"),
              (("/dev/null", "server.key"), "holds no certificate in PEM")]
    for n, ((cert, key), message) in enumerate(broken):
        certificate, private = (folder / cert).read_bytes(), (folder / key).read_bytes()
        kept = (folder / "server.pem").read_bytes(), (folder / "server.key").read_bytes()
        (folder / "server.pem").write_bytes(certificate)
        (folder / "server.key").write_bytes(private)
        server.process.send_signal(signal.SIGHUP)
        wait_log(server, "event=certificate-refused", n + 1)
        refusal = [line for line in server.log.read_text().splitlines() if "certificate-refused" in line][-1]
        assert "level=error" in refusal and message in refusal and "the old one stays in use" in refusal
        with tls_connect(server) as connection:
            assert serial(connection) == first
            ask_on(connection)
        (folder / "server.pem").write_bytes(kept[0])
        (folder / "server.key").write_bytes(kept[1])
    (folder / "server.pem").unlink()
    server.process.send_signal(signal.SIGHUP)
    wait_log(server, "event=certificate-refused", len(broken) + 1)
    put_pair(folder, "next")
    server.process.send_signal(signal.SIGHUP)
    wait_log(server, "event=certificate ", 2)
    with tls_connect(server) as connection:
        assert serial(connection) != first


def test_reloads_under_load_lose_no_request(start, tmp_path):
    folder = certificates.tls_folder(tmp_path / "pki")
    certificates.issue(folder, "next")
    server = start("--threads", "2", tls=folder)

    def ask(_):
        with tls_connect(server) as connection:
            ask_on(connection)
            ask_on(connection)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, n) for n in range(200)]
        for _ in range(20):
            server.process.send_signal(signal.SIGHUP)
            wait_log(server, "event=reload")
        assert [a.result(60) for a in asked] == [None] * 200


@pytest.mark.parametrize("days,level,event", [(365, "info", "certificate"), (5, "warning", "certificate-ends-soon"),
                                              (-1, "error", "certificate-ended")])
def test_the_log_tells_when_the_certificate_ends(start, tmp_path, days, level, event):
    folder = tmp_path / "pki"
    certificates.authority(folder)
    certificates.issue(folder, days=max(days, 1))
    env = {}
    if days < 0:  # a start two days after the certificate was made for one
        env = {"LD_PRELOAD": otter_faketime(), "FAKETIME": "+2d", "ASAN_OPTIONS": "verify_asan_link_order=0"}
    server = start(tls=folder, env=env)
    line = next(line for line in server.log.read_text().splitlines() if "event=certificate" in line)
    assert f"level={level} event={event} subject=\"CN=otter.test\" until=" in line
    told = int(re.search(r"days=(-?\d+)", line)[1])
    assert told in ((days - 1, days) if days > 0 else (-1, -2))


def otter_faketime():
    found = list(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    assert found, "package faketime (scripts/packages)"
    return str(found[0])


@pytest.mark.parametrize("keys,message", [
    ("cert = {0}/none.pem\nkey = {0}/server.key", "none.pem"),
    ("cert = {0}/server.pem\nkey = {0}/ca.key", "is not the key of the certificate in"),
    ("cert = {0}/server.key\nkey = {0}/server.key", "holds no certificate in PEM"),
    ("cert = {0}/server.pem\nkey = {0}/locked.key", "is encrypted"),
    ("cert = {0}/server.pem", "--tls-key is not given"),
])
def test_a_start_without_a_usable_pair_is_exit_2_and_makes_nothing(tmp_path, pki, keys, message):
    folder = tmp_path / "p"
    folder.mkdir()
    for name in ("server.pem", "server.key", "ca.key"):
        (folder / name).write_bytes((pki / name).read_bytes())
    certificates.openssl("pkcs8", "-topk8", "-in", pki / "server.key", "-out", folder / "locked.key", "-passout",
                         "pass:secret")
    config = tmp_path / "otterd.conf"
    config.write_text("[tls]\n" + keys.format(folder) + "\n")
    for more in (["--check-config"], ["--listen", "127.0.0.1:0"]):
        done = otter.run([otter.OTTERD, "--config", config, "--data", tmp_path / "data", *more], expect=2)
        assert message in done.err and "good" not in done.out
    assert not (tmp_path / "data").exists()


def test_a_key_that_everybody_may_read_is_told(start, tmp_path):
    folder = certificates.tls_folder(tmp_path / "pki")
    (folder / "server.key").chmod(0o644)
    assert "event=tls-key-open" in start(tls=folder).log.read_text()


# --- HTTP over it

def upload(server, data):
    digest = hashlib.sha256(data).hexdigest()
    made = server.json("POST", "/api/v1/uploads", {"sha256": digest, "size": len(data)}, expect=201)
    status, _, text = server.request("PATCH", f"/api/v1/uploads/{made['id']}", data, {
        "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"})
    assert status == 204, text
    return digest


def test_large_uploads_and_downloads_are_whole_and_ranges_right(start):
    server = start()
    digest = upload(server, BLOB)
    status, headers, body = server.request("GET", f"/v1/blobs/{digest}")
    assert status == 200 and body == BLOB and headers["content-length"] == str(len(BLOB))
    for first, last in [(0, 0), (1, 16384), (4095, 1200000), (len(BLOB) - 3, len(BLOB) - 1)]:
        status, headers, body = server.request("GET", f"/v1/blobs/{digest}", headers={"Range": f"bytes={first}-{last}"})
        assert status == 206 and body == BLOB[first:last + 1]
        assert headers["content-range"] == f"bytes {first}-{last}/{len(BLOB)}"
    assert server.request("GET", f"/v1/blobs/{digest}", headers={"Range": f"bytes={len(BLOB)}-"})[0] == 416
    assert server.request("HEAD", f"/v1/blobs/{digest}")[1]["content-length"] == str(len(BLOB))


def test_a_slow_reader_gets_a_large_blob_whole(start):
    """The socket's room is used up again and again: what GnuTLS holds back must be sent when there is room."""
    server = start(keys="[blobs]\npublic = yes\n")
    digest = upload(server, BLOB)
    with socket.socket() as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.settimeout(30)
        plain.connect(("127.0.0.1", server.port))
        with context_of(server).wrap_socket(plain, server_hostname="otter.test") as s:
            s.sendall(b"GET /v1/blobs/%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % digest.encode())
            got = bytearray()
            while piece := s.recv(1000):
                got += piece
    assert got.split(b"\r\n\r\n", 1)[1] == BLOB


def test_a_body_after_100_continue_and_one_byte_a_record(start):
    server = start()
    body = b'{"sha256":"' + b"ab" * 32 + b'","size":7}'
    with tls_connect(server) as s:
        s.sendall(b"POST /api/v1/uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + server.token.encode() +
                  b"\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
        assert s.recv(4096).startswith(b"HTTP/1.1 100 Continue")
        for n in range(len(body)):
            s.sendall(body[n:n + 1])
        assert s.recv(4096).startswith(b"HTTP/1.1 201 ")


def answers(s, count):
    """Reads so many answers without bodies of interest; their statuses."""
    reader, statuses = s.makefile("rb"), []
    for _ in range(count):
        line = reader.readline()
        statuses.append(int(line.split()[1]))
        length = 0
        while (head := reader.readline()) not in (b"\r\n", b""):
            name, _, value = head.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert len(reader.read(length)) == length
    return statuses


def test_pipelined_requests_of_one_record_are_all_answered_also_those_that_wait_for_the_services(start):
    """Read in one piece, kept by GnuTLS: no event of the socket will ever tell of the rest. Every second one suspends."""
    server = start("--threads", "1")
    auth = b"Authorization: Bearer " + server.token.encode()
    one = b"GET /v1/roots/1 HTTP/1.1\r\nHost: x\r\n\r\nGET /api/v1/devices HTTP/1.1\r\nHost: x\r\n" + auth + b"\r\n\r\n"
    with tls_connect(server) as s:
        for _ in range(20):
            s.sendall(one * 40)  # one record of TLS
            assert answers(s, 80) == [404, 200] * 40


def test_many_connections_at_once_with_large_bodies(start):
    server = start("--threads", "2")
    body = b"x" * 60000  # refused, after it was read: four records and many turns of the loop
    head = (b"POST /api/v1/rollouts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + server.token.encode() +
            b"\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
    context = context_of(server)
    connections = [tls_connect(server, context) for _ in range(150)]
    for _ in range(3):
        for s in connections:
            s.sendall(head + body)
        assert {tuple(answers(s, 1)) for s in connections} == {(400,)}
    for s in connections:
        s.close()


@pytest.mark.parametrize("with_tls", [False, True])
def test_a_large_body_that_is_refused_does_not_hide_the_refusal(tmp_path, pki, with_tls):
    """The client sends it to its end before it listens: the server must not reset him meanwhile."""
    server = otter.Server(tmp_path / "data", tls=pki if with_tls else None).start()
    body = b"x" * 20_000_000
    for token, status in [("admin", 413), ("wrong", 401)] * 3:
        got = server.request("POST", "/api/v1/rollouts", body, {"Content-Type": "application/json"}, token=token)
        assert got[0] == status
    path = "/api/v1/uploads/none"
    headers = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert server.request("PATCH", path, body, headers)[0] == 404
    server.stop()


# --- hostile and tired clients

def processor_seconds(server):
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_handshake_that_stands_still_is_cut_and_costs_no_processor(start):
    server = start("--threads", "1", keys="[limits]\nidle_timeout = 4\n")
    begun, used = time.monotonic(), processor_seconds(server)
    stuck = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(10)]
    for n, s in enumerate(stuck):
        if n:
            s.sendall(b"\x16\x03\x01\x01\x00\x01"[:n])
    assert server.json("GET", "/api/v1/status")["devices"] == 0  # others are served meanwhile
    for s in stuck:
        with contextlib.suppress(ConnectionResetError):
            while s.recv(4096):
                pass
        s.close()
    used, passed = processor_seconds(server) - used, time.monotonic() - begun
    assert passed >= 3.9  # not cut before its time
    assert used < passed / 3, f"{used} s of {passed} s"


def test_the_limit_of_connections_counts_handshakes(start):
    server = start("--threads", "1", keys="[limits]\nconnections = 16\nidle_timeout = 60\n")
    idle = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(16)]
    for s in idle[:8]:
        s.sendall(b"\x16")
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as plain:
        plain.settimeout(1.0)
        with pytest.raises(TimeoutError):  # it waits in the kernel's queue
            context_of(server).wrap_socket(plain, server_hostname="otter.test")
    for s in idle:
        s.close()
    with tls_connect(server) as s:
        ask_on(s)


def test_who_waited_at_the_limit_is_served_when_others_have_gone(tmp_path):
    """Without TLS, too: nothing else happens on the server that would wake it."""
    config = tmp_path / "otterd.conf"
    config.write_text("[limits]\nconnections = 16\nidle_timeout = 600\nthreads = 1\n")
    server = otter.Server(tmp_path / "data", "--config", config).start()
    idle = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(16)]
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as s:
        s.sendall(ASK)
        s.settimeout(0.5)
        with pytest.raises(TimeoutError):
            s.recv(1)
        s.settimeout(30)
        for other in idle:
            other.close()
        assert s.recv(4096).startswith(b"HTTP/1.1 404 ")
    server.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_with_connections_open_is_clean(start, number):
    server = start("--threads", "2")
    handshaking = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(5)]
    for s in handshaking:
        s.sendall(b"\x16\x03\x01")
    idle = [tls_connect(server) for _ in range(5)]
    ask_on(idle[0])
    server.process.send_signal(number)
    assert server.process.wait(30) == 0, server.log.read_text()
    assert [s.recv(10) for s in idle] == [b""] * 5  # close_notify, not a connection cut off (which would raise)
    for s in handshaking + idle:
        s.close()


def test_garbage_and_broken_off_handshakes_do_no_harm(start):
    server = start("--threads", "2")
    for data in (b"\x00" * 100, b"\x16\x03\x01\xff\xff" + b"a" * 70000, b"\x15\x03\x03\x00\x02\x02\x28", ASK, b""):
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", server.port), timeout=30) as s, \
                    contextlib.suppress(ConnectionResetError, BrokenPipeError):
                s.sendall(data)
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=30, context=context_of(server))
    connection.request("GET", "/v1/roots/1")
    assert connection.getresponse().status == 404
    connection.close()
