"""HTTP itself, by hand: what is no request, or none whose end is certain, is refused and does nothing.

What otterd's own code sees is refused with problem+json. What libmicrohttpd refuses before that (docs/architecture.md,
Server) comes as its own text, always with `Connection: close`.
"""

import json
import socket
import urllib.parse

import otter
import pytest
import raw_http

DEVICE = {"id": "smuggled", "product": otter.PRODUCT, "hardware": otter.HARDWARE, "secret": "A" * 43}
BODY = json.dumps(DEVICE).encode()

pytestmark = pytest.mark.coverage


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wire")
    # Who closes his half together with his last bytes is noticed at the end of this time only (docs/architecture.md).
    (folder / "otterd.conf").write_text("[limits]\nidle_timeout = 3\n")
    made = otter.Server(folder / "data", "--config", folder / "otterd.conf").start()
    yield made
    made.stop()


@pytest.fixture
def connection(server):
    with raw_http.Connection(("127.0.0.1", server.port)) as made:
        yield made


def head(server, line, *lines):
    fields = [line, "Host: otter", f"Authorization: Bearer {server.token}", *lines]
    return "\r\n".join(fields).encode("latin-1") + b"\r\n\r\n"


def nothing_happened(server):
    status = server.json("GET", "/api/v1/status")
    return status["devices"] == 0 and status["rollouts"] == 0


@pytest.mark.parametrize("status,line,lines", [
    (431, "GET /api/v1/status HTTP/1.1", ["X-Big: " + "a" * 8000]),
    (431, "GET /api/v1/status HTTP/1.1", [f"X-{n}: a" for n in range(400)]),
    (414, "GET /api/v1/" + "a" * 8000 + " HTTP/1.1", []),
    (400, "GET /api/v1/status", []),
    (505, "PRI * HTTP/2.0", []),
    (505, "GET /api/v1/status HTTP/3.0", []),
    (400, "GET /api/v1/status HTTP/1.1", ["no colon"]),
    (400, "POST /api/v1/devices HTTP/1.1", ["Content-Length: abc"]),
    (400, "POST /api/v1/devices HTTP/1.1", ["Content-Length: -1"]),
    (400, "POST /api/v1/devices HTTP/1.1", ["Content-Length: +5"]),
    (400, "POST /api/v1/devices HTTP/1.1", ["Content-Length: 5, 5"]),
    (400, "POST /api/v1/devices HTTP/1.1", ["Content-Length: 0x5"]),
    (400, "POST /api/v1/devices HTTP/1.1", ["Content-Length: 5 5"]),
    (400, "POST /api/v1/devices HTTP/1.1", ["Transfer\x00-Encoding: chunked", "Content-Length: 5"]),
    (413, "POST /api/v1/devices HTTP/1.1", ["Content-Length: 99999999999999999999999"]),
], ids=lambda value: value[:30] if isinstance(value, str) else "")
def test_what_the_library_refuses_is_refused_and_closed(server, connection, status, line, lines):
    connection.send(head(server, line, *lines))
    reply = connection.reply("HEAD")  # its text may be anything
    assert reply.status == status and reply.headers["connection"] == "close"
    while connection._more():
        pass
    assert nothing_happened(server)


@pytest.mark.parametrize("sent", [b"GARBAGE\r\n\r\n", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n", b"\x00\r\n\r\n"])
def test_what_is_no_http_is_closed_or_refused(server, connection, sent):
    connection.send(sent)
    connection.socket.shutdown(socket.SHUT_WR)
    got = b""
    while connection._more():
        got = connection.rest
    assert got == b"" or got.startswith(b"HTTP/1.1 400 "), got
    assert nothing_happened(server)


@pytest.mark.parametrize("text,lines", [
    ("Host", ["Host: other"]),
    ("Content-Length is there twice", [f"Content-Length: {len(BODY)}", "Content-Length: 5"]),
    ("Content-Length is there twice", [f"Content-Length: {len(BODY)}", f"Content-Length: {len(BODY)}"]),
    ("one of them", [f"Content-Length: {len(BODY)}", "Transfer-Encoding: chunked"]),
    ("Transfer-Encoding", ["Transfer-Encoding: gzip"]),
    ("Transfer-Encoding", ["Transfer-Encoding: gzip, chunked"]),
    ("Transfer-Encoding", ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"]),
    ("Transfer-Encoding", ["Transfer-Encoding: xchunked"]),
    ("no token", [f"Content-Length : {len(BODY)}"]),
    ("no token", [f"Content-Length\t: {len(BODY)}"]),
    ("no token", [f"Content-Length: {len(BODY)}", "Transfer-Encoding : chunked"]),
    ("no token", [f"Content-Length: {len(BODY)}", "X(Y): a"]),
    ("holds a CR", [f"X-A: b\rContent-Length: {len(BODY)}"]),
    ("Content-Length is there twice", [f"Content-Length: {len(BODY)}\nContent-Length: 5"]),
    ("Content-Length is there twice", [f"Content-Length: {len(BODY)}", "content-LENGTH: 5"]),
    ("one of them", ["Transfer-Encoding: chunked\nX-A: b", "Content-Length: 5"]),
    ("Transfer-Encoding", ["Transfer-Encoding: chunked, identity"]),
    ("Transfer-Encoding", ["Transfer-Encoding: \x0bchunked"]),
    ("no token", [f"\x0bContent-Length: {len(BODY)}"]),
])
def test_a_request_whose_end_is_not_certain_is_refused_and_closed(server, connection, text, lines):
    connection.send(head(server, "POST /api/v1/devices HTTP/1.1", *lines) + BODY)
    reply = connection.reply()
    told = json.loads(reply.body)
    assert (reply.status, told["code"]) == (400, "bad-value") and text in told["detail"]
    assert reply.headers["content-type"] == "application/problem+json" and connection.is_closed()
    assert nothing_happened(server)


def test_http_1_1_needs_a_host_and_http_1_0_does_not(server, connection):
    connection.send(b"GET /v1/roots/1 HTTP/1.1\r\n\r\n")
    reply = connection.reply()
    assert reply.status == 400 and "Host" in json.loads(reply.body)["detail"] and connection.is_closed()
    with raw_http.Connection(("127.0.0.1", server.port)) as old:
        old.send(b"GET /v1/roots/1 HTTP/1.0\r\n\r\n")
        assert old.reply().status == 404 and old.is_closed()


def test_http_1_0_has_no_chunks(server, connection):
    connection.send(b"POST /api/v1/devices HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert connection.reply().status == 400 and connection.is_closed()


def test_bad_chunks_end_the_connection_and_do_nothing(server, connection):
    connection.send(head(server, "POST /api/v1/devices HTTP/1.1", "Transfer-Encoding: chunked") +
                    b"%x\r\n" % len(BODY) + BODY + b"\r\nzz\r\n")
    reply = connection.reply()
    assert reply.status == 400 and connection.is_closed()
    assert nothing_happened(server)


BAD_CHUNKS = {
    "a size over 64 bits": b"1" + b"0" * 16 + b"\r\n",
    "a negative size": b"-5\r\n",
    "a size with a sign": b"+5\r\n",
    "a size as C writes it": b"0x5\r\n",
    "no size": b"\r\n",
    "a blank before the size": b" 5\r\n",
    "an extension without end": b"5;" + b"x" * 20000,
    "no end of line behind the bytes": b"2\r\n{}0\r\n\r\n",
    "trailers without end": b"2\r\n{}\r\n0\r\n" + b"X-T: a\r\n" * 3000,
}


@pytest.mark.parametrize("chunks", BAD_CHUNKS.values(), ids=BAD_CHUNKS)
def test_chunks_of_no_certain_length_end_the_connection(server, connection, chunks):
    behind = head(server, "POST /api/v1/devices HTTP/1.1", f"Content-Length: {len(BODY)}") + BODY
    connection.send(head(server, "POST /api/v1/devices HTTP/1.1", "Transfer-Encoding: chunked") + chunks + behind)
    while connection._more():
        pass
    assert connection.rest == b"" or connection.rest.split(b" ")[1] in (b"400", b"413", b"431"), connection.rest
    assert connection.rest.count(b"HTTP/1.1 ") <= 1 and nothing_happened(server)


# What a header of the line before goes on as (obs-fold) is not a header: it neither frames a body nor says who asks.
@pytest.mark.parametrize("fold", [" ", "\t", "  \t "])
def test_a_folded_line_is_no_header(server, connection, fold):
    connection.send(head(server, "GET /api/v1/status HTTP/1.1", "X-A: b\r\n" + fold + "Content-Length: 5") + b"hello")
    replies = [connection.reply()]
    if replies[0].status == 200:  # taken as part of X-A: what follows is another request, and none
        replies.append(connection.reply())
    assert [reply.status for reply in replies if reply] in ([400], [200], [200, 400]) and nothing_happened(server)


def test_a_body_that_ends_early_does_nothing(server, connection):
    connection.send(head(server, "POST /api/v1/devices HTTP/1.1", f"Content-Length: {len(BODY) + 1}") + BODY)
    connection.socket.shutdown(socket.SHUT_WR)
    while connection._more():
        pass
    assert nothing_happened(server)


@pytest.mark.parametrize("line,lines,status", [
    ("GET http://otter/api/v1/status HTTP/1.1", [], 200),
    ("GET http://otter HTTP/1.1", [], 404),
    ("GET /api/v1/status HTTP/1.1", ["X-Big: " + "a" * 3000], 200),
    ("GET /api/v1/status HTTP/1.1", ["Expect: 200-maybe"], 200),
    ("GET /api/v1/status HTTP/1.7", [], 200),
    ("GET /api/v1/status HTTP/1.1", ["Accept: image/png"], 200),
    ("GET //api/v1/status HTTP/1.1", [], 404),
    ("GET /api/v1/status/ HTTP/1.1", [], 404),
    ("GET /api/v1/../v1/status HTTP/1.1", [], 404),
    ("GET /API/v1/status HTTP/1.1", [], 404),
    ("OPTIONS * HTTP/1.1", [], 404),
    ("CONNECT otter:1 HTTP/1.1", [], 404),
    ("BREW /api/v1/status HTTP/1.1", [], 405),
    ("get /api/v1/status HTTP/1.1", [], 405),
])
def test_what_is_unusual_and_clear_is_answered_and_goes_on(server, connection, line, lines, status):
    for _ in range(2):
        connection.send(head(server, line, *lines))
        reply = connection.reply()
        assert reply.status == status, reply.body
        assert "content-type" in reply.headers


def test_chunks_and_expect_are_taken(server, connection):
    empty = head(server, "POST /api/v1/devices HTTP/1.1", "Transfer-Encoding: chunked") + b"2;x=y\r\n{}\r\n0\r\nX-T: a\r\n\r\n"
    connection.send(empty)
    assert json.loads(connection.reply().body)["code"] == "missing-member"
    connection.send(head(server, "POST /api/v1/devices HTTP/1.1", "Expect: 100-continue", "Content-Length: 2"))
    assert connection.reply().status == 100
    connection.send(b"{}")
    assert json.loads(connection.reply().body)["code"] == "missing-member"


def test_whatever_is_carried_out_is_answered(server):
    """Heads up to what the connection's memory holds: between the largest that is taken and the smallest that
    libmicrohttpd refuses there must be none that is carried out, and then closed for want of room for the reply."""
    answers = []
    for size in range(2000, 7000, 50):
        with raw_http.Connection(("127.0.0.1", server.port)) as one:
            one.send(head(server, "POST /api/v1/image-keys HTTP/1.1", "X-Big: " + "a" * size, "Content-Length: 2") + b"{}")
            reply = one.reply("HEAD")
            answers.append(reply.status if reply else None)
    taken = answers.index(431)
    assert set(answers[:taken]) == {400} and set(answers[taken:]) <= {431, None}


def test_requests_one_behind_the_other_are_answered_in_order(server, connection):
    lines = ["GET /api/v1/status HTTP/1.1", "GET /api/v1/nothing HTTP/1.1", "HEAD /api/v1/status HTTP/1.1",
             "GET /api/v1/devices HTTP/1.1"]
    connection.send(b"".join(head(server, line) for line in lines))
    assert [connection.reply(line.split()[0]).status for line in lines] == [200, 404, 200, 200]


def test_the_longest_filter_fits_into_a_request_however_it_is_escaped(server):
    """Every character of the longest expression as three, beside the longest other parameters."""
    text = 'attr.x == "' + "=" * (1023 - 12) + '"'
    query = urllib.parse.urlencode({"filter": text, "sort": "-last_seen", "limit": 1000})
    headers = {"User-Agent": "curl/7.88.1", "Accept": "application/json", "X-Forwarded-For": "192.0.2.1"}
    page = server.json("GET", f"/api/v1/devices?{query}", headers=headers)
    assert page == {"items": [], "next": None}
    status, _, body = server.request("GET", "/api/v1/devices?filter=" + urllib.parse.quote(text + "  "))
    assert status == 400 and json.loads(body)["code"] == "bad-target"
