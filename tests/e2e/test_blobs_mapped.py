"""Images that are mapped into memory: what happens to the file shows at once, and harms nobody but who reads it."""

import hashlib
import os
import pathlib
import socket
import ssl

import certificates
import otter
import pytest

BLOB = os.urandom(1 << 20) * 8  # more than sockets hold
DIGEST = hashlib.sha256(BLOB).hexdigest()
ASK = b"GET /v1/blobs/%s HTTP/1.1\r\nHost: otter\r\nConnection: close\r\n\r\n" % DIGEST.encode()


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return certificates.tls_folder(tmp_path_factory.mktemp("pki"))


@pytest.fixture(params=["plain", "tls", "tls1.2"])
def server(request, tmp_path, pki):
    config = tmp_path / "otterd.conf"
    config.write_text("[blobs]\npublic = yes\n[limits]\nidle_timeout = 120\n")
    made = otter.Server(tmp_path / "data", "--config", config, tls=None if request.param == "plain" else pki)
    made.start()
    made.newest = ssl.TLSVersion.TLSv1_2 if request.param == "tls1.2" else ssl.TLSVersion.TLSv1_3
    upload(made)
    yield made
    made.stop()


def upload(server):
    made = server.json("POST", "/api/v1/uploads", {"sha256": DIGEST, "size": len(BLOB)}, expect=201)
    status, _, text = server.request("PATCH", f"/api/v1/uploads/{made['id']}", BLOB, {
        "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"})
    assert status == 204, text


def file_of(server):
    return server.data / "blobs" / DIGEST[:2] / DIGEST


def mapped(server):
    """Names of the blobs that the process has mapped."""
    lines = pathlib.Path(f"/proc/{server.process.pid}/maps").read_text().splitlines()
    return {line.split("/blobs/", 1)[1] for line in lines if "/blobs/" in line}


def download(server):
    """A connection that has asked for the blob, and reads slowly."""
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    plain.settimeout(60)
    plain.connect(("127.0.0.1", server.port))
    if not server.cacert:
        connection = plain
    else:
        context = ssl.create_default_context(cafile=server.cacert)
        context.maximum_version = server.newest
        connection = context.wrap_socket(plain, server_hostname="otter.test")
    connection.sendall(ASK)
    return connection


def rest_of(connection, got=b""):
    """All that comes until it ends, however it ends."""
    got = bytearray(got)
    try:
        while piece := connection.recv(65536):
            got += piece
    except (ConnectionError, ssl.SSLError):
        pass
    return got.split(b"\r\n\r\n", 1)[1]


def is_served(server):
    return server.request("GET", f"/v1/blobs/{DIGEST}")[2] == BLOB


def test_a_blob_is_mapped_once_however_many_read_it(server):
    readers = [download(server) for _ in range(4)]
    first = [reader.recv(1000) for reader in readers]
    assert mapped(server) == {f"{DIGEST[:2]}/{DIGEST}"}
    for reader, got in zip(readers, first):
        assert rest_of(reader, got) == BLOB
        reader.close()


def test_a_blob_that_is_collected_is_404_at_once_and_who_reads_it_gets_all_of_it(server):
    reader = download(server)
    first = reader.recv(1000)
    gone = server.json("POST", "/api/v1/server/gc", {"keep": 1, "orphans_older_than": 0})
    assert gone["blobs"] == 1 and not file_of(server).exists()
    assert server.request("GET", f"/v1/blobs/{DIGEST}")[0] == 404
    assert rest_of(reader, first) == BLOB
    reader.close()
    otter.wait_for("nobody holds its bytes", lambda: not mapped(server))
    upload(server)
    assert is_served(server)


def test_a_blob_that_is_cut_while_it_is_read_ends_that_answer_and_nothing_else(server):
    """Nobody but the operator's own hand, or a broken disk, does that."""
    reader = download(server)
    first = reader.recv(1000)
    os.truncate(file_of(server), 0)
    assert len(rest_of(reader, first)) < len(BLOB)
    reader.close()
    assert server.json("GET", "/api/v1/status")["devices"] == 0
    fresh = file_of(server).with_suffix(".new")
    fresh.write_bytes(BLOB)
    fresh.rename(file_of(server))
    assert is_served(server)
    assert server.process.poll() is None


def test_a_file_in_the_place_of_another_is_what_is_served(server):
    assert is_served(server)
    fresh = file_of(server).with_suffix(".new")
    fresh.write_bytes(b"other")
    fresh.rename(file_of(server))
    assert server.request("GET", f"/v1/blobs/{DIGEST}")[2] == b"other"
    file_of(server).unlink()
    assert server.request("GET", f"/v1/blobs/{DIGEST}")[0] == 404
