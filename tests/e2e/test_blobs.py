"""GET /v1/blobs: Range, If-Range, ETag, HEAD, 416 (RFC 9110, sections 13 and 14)."""

import hashlib

import otter
import pytest

BLOB = bytes((i * 7 + i // 251) % 256 for i in range(100_000))
DIGEST = hashlib.sha256(BLOB).hexdigest()
ETAG = f'"{DIGEST}"'


@pytest.fixture(scope="module", params=["256MiB", "0"], ids=["mapped", "sendfile"])
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("blobs")
    config = folder / "otterd.conf"
    config.write_text(f"[blobs]\nmapped = {request.param}\n")
    made = otter.Server(folder / "data", "--config", config)
    made.start()
    _, headers, _ = made.request("POST", "/api/v1/uploads", {"sha256": DIGEST, "size": len(BLOB)})
    made.request("PATCH", headers["location"], BLOB,
                 {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"})
    yield made
    made.stop()


@pytest.mark.parametrize("headers,status,start,end", [
    ({}, 200, 0, 100_000),
    ({"Range": "bytes=0-0"}, 206, 0, 1),
    ({"Range": "bytes=100-199"}, 206, 100, 200),
    ({"Range": "bytes=99999-"}, 206, 99_999, 100_000),
    ({"Range": "bytes=50000-999999999"}, 206, 50_000, 100_000),
    ({"Range": "bytes=-10"}, 206, 99_990, 100_000),
    ({"Range": "bytes=-200000"}, 206, 0, 100_000),
    ({"Range": "bytes=5-2"}, 200, 0, 100_000),
    ({"Range": "bytes=x-"}, 200, 0, 100_000),
    ({"Range": "lines=1-2"}, 200, 0, 100_000),
    ({"Range": "bytes=0-1,5-6"}, 200, 0, 100_000),
    ({"Range": "bytes=10-", "If-Range": ETAG}, 206, 10, 100_000),
    ({"Range": "bytes=10-", "If-Range": '"other"'}, 200, 0, 100_000),
    ({"Range": "bytes=10-", "If-Range": "W/" + ETAG}, 200, 0, 100_000),
])
def test_ranges_are_answered_exactly(server, headers, status, start, end):
    got, sent, body = server.request("GET", f"/v1/blobs/{DIGEST}", headers=headers)
    assert (got, body) == (status, BLOB[start:end])
    assert sent["etag"] == ETAG and sent["accept-ranges"] == "bytes"
    assert int(sent["content-length"]) == end - start
    if status == 206:
        assert sent["content-range"] == f"bytes {start}-{end - 1}/{len(BLOB)}"


@pytest.mark.parametrize("text", ["bytes=100000-", "bytes=100000-100001", "bytes=-0"])
def test_a_range_outside_is_416_with_the_size(server, text):
    status, headers, _ = server.request("GET", f"/v1/blobs/{DIGEST}", headers={"Range": text})
    assert status == 416 and headers["content-range"] == f"bytes */{len(BLOB)}"


def test_head_has_the_headers_of_get_and_no_body(server):
    status, headers, body = server.request("HEAD", f"/v1/blobs/{DIGEST}")
    assert (status, body) == (200, b"") and int(headers["content-length"]) == len(BLOB)
    assert headers["etag"] == ETAG


def test_if_none_match_is_304(server):
    assert server.request("GET", f"/v1/blobs/{DIGEST}", headers={"If-None-Match": ETAG})[0] == 304


def test_a_blob_needs_a_token_and_an_unknown_one_is_404(server):
    assert server.request("GET", f"/v1/blobs/{DIGEST}", token=None)[0] == 401
    assert server.request("GET", "/v1/blobs/" + "0" * 64)[0] == 404


def test_roots_are_public_and_the_next_one_is_404(world):
    status, _, body = world.server.request("GET", "/v1/roots/1", token=None)
    assert status == 200 and body == world.root.read_bytes()
    assert world.server.request("GET", "/v1/roots/2", token=None)[0] == 404
