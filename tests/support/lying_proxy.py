"""A network between devices and otterd that tells each device so many lies, and is honest from then on.

It speaks HTTP with both sides, so that it knows which device asks for what. Each kind of request has its list of lies
and, for each device, so many that it tells: the device's n-th request of a kind gets the n-th lie counted from a place of
its own in the list, so that each lie comes first for some devices and last for others. What was told, and who polled how often,
is counted."""

import asyncio
import collections
import contextlib
import random
import ssl
import threading

CHUNK = 4096
ENDLESS = 64 * CHUNK  # more than a device could take without noticing; it must have hung up before


class Request:
    def __init__(self, head, body):
        self.head, self.body = head, body
        line, *lines = head.decode("latin-1").split("\r\n")
        self.method, self.path, _ = line.split(" ")
        self.headers = {name.lower(): value.strip() for name, value in (text.split(":", 1) for text in lines if text)}
        self.has_range = "range" in self.headers

    def without_range(self):
        lines = self.head.split(b"\r\n")
        return b"\r\n".join(text for text in lines if not text.lower().startswith((b"range:", b"if-range:"))), self.body


async def read_message(reader):
    """(head without its empty line, body), or None at the end of the connection."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n"))[:-4]
    except asyncio.IncompleteReadError:
        return None
    length = 0
    for line in head.split(b"\r\n")[1:]:
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    if head.split(b" ", 2)[1] in (b"204", b"304"):
        length = 0
    return head, await reader.readexactly(length)


# --- the lies: each gets what the server would have said, and ends with the connection closed

async def nothing(proxy, writer, head, body):
    pass


async def cut(proxy, writer, head, body):
    whole = head + b"\r\n\r\n" + body
    writer.write(whole[: len(head) + 4 + len(body) // 2] if body else whole[: len(head) // 2])


def flipped(proxy, data):
    bit = proxy.random.randrange(len(data) * 8)
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]


async def flip(proxy, writer, head, body):
    """A bit of the body: there is none that nobody would miss."""
    writer.write(head + b"\r\n\r\n" + flipped(proxy, body) if body else flipped(proxy, head))


async def flip_head(proxy, writer, head, body):
    writer.write(flipped(proxy, head) + b"\r\n\r\n" + body)


async def garbage(proxy, writer, head, body):
    writer.write(proxy.random.randbytes(300))


async def redirect(proxy, writer, head, body):
    writer.write(b"HTTP/1.1 302 Found\r\nLocation: %s/trap\r\nContent-Length: 0\r\n\r\n" % proxy.url.encode())


async def unavailable(proxy, writer, head, body):
    writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")


async def unavailable_at_once(proxy, writer, head, body):
    writer.write(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n")


async def replay(proxy, writer, head, body):
    """What another device's poll was answered with, by the server itself."""
    writer.write(proxy.former[1] + b"\r\n\r\n" + proxy.former[2])


async def pour(writer, first):
    """Bytes without end, as long as the device takes them."""
    writer.write(first)
    sent = 0
    while sent < ENDLESS:
        writer.write(b"x" * CHUNK)
        await writer.drain()
        sent += CHUNK
    await asyncio.sleep(3600)  # until it hangs up


async def endless_length(proxy, writer, head, body):
    await pour(writer, b"HTTP/1.1 200 OK\r\nContent-Length: 9007199254740991\r\n\r\n")


async def endless_body(proxy, writer, head, body):
    await pour(writer, b"HTTP/1.1 200 OK\r\n\r\n")


async def endless_chunks(proxy, writer, head, body):
    await pour(writer, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n")


async def endless_head(proxy, writer, head, body):
    await pour(writer, b"HTTP/1.1 200 OK\r\nX-Endless: ")


async def silence(proxy, writer, head, body):
    await asyncio.sleep(3600)


async def drip(proxy, writer, head, body):
    """A byte a second, of an answer that is right."""
    for byte in head + b"\r\n\r\n" + body:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)


async def whole_for_range(proxy, writer, head, body):
    """Asked of the server without the Range: 200, and all of it."""
    writer.write(head + b"\r\n\r\n" + body)


async def wrong_range(proxy, writer, head, body):
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-range:")]
    writer.write(b"\r\n".join(lines) + b"\r\nContent-Range: bytes 4-%d/%d\r\n\r\n" % (3 + len(body), 4 + len(body)) + body)


NEEDS_RANGE = (whole_for_range, wrong_range)


class LyingProxy:
    """lies: kind -> ([lie, ...], how many of them each device is told). kind(request) names a request's kind, and
    device(request) who asks. tls: (certificate file, key file) to show to devices; the server is spoken to in the clear."""

    def __init__(self, port, kind, device, lies, tls=None, seed=1):
        self.port, self.kind, self.device, self.lies = port, kind, device, lies
        self.random, self.former = random.Random(seed), None
        self.told = collections.Counter()      # (kind, lie's name)
        self.asked = collections.Counter()     # (device, kind)
        self.answered = collections.Counter()  # honestly
        self.turn = collections.Counter()      # (device, kind) -> lies told
        self.unanswered = collections.Counter()  # (device, kind): hung up without a byte
        self.trapped = 0
        self.tasks, self.places = set(), {}
        self.context = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*tls)

    # --- what to say

    def choose(self, request, device, kind):
        """The lie that is due, or None."""
        lies, count = self.lies.get(kind, ((), 0))
        turn = self.turn[device, kind]
        if turn >= count:
            return None
        place = self.places.setdefault(device, len(self.places))
        lie = lies[(place + turn) % len(lies)]
        if lie in NEEDS_RANGE and not request.has_range:
            return cut  # so that the next request asks for a range: the lie stays due
        if lie is replay and (self.former is None or self.former[0] == device):
            return unavailable  # likewise, until there is something to replay
        self.turn[device, kind] += 1
        return lie

    async def forward(self, head, body):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(head + b"\r\n\r\n" + body)
            return await read_message(reader)
        finally:
            writer.close()

    async def answer(self, writer, request):
        """True if the connection may go on."""
        if request.path == "/trap":
            self.trapped += 1
        device, kind = self.device(request), self.kind(request)
        self.asked[device, kind] += 1
        lie = self.choose(request, device, kind)
        head, body = await self.forward(*(request.without_range() if lie is whole_for_range else (request.head, request.body)))
        if lie is None:
            self.answered[kind] += 1
            writer.write(head + b"\r\n\r\n" + body)
            await writer.drain()
            return True
        self.told[kind, lie.__name__] += 1
        self.unanswered[device, kind] += lie is nothing
        await lie(self, writer, head, body)
        if kind == "poll" and body:
            self.former = device, head, body
        await writer.drain()
        return False

    # --- connections

    async def hung_up(self, reader):
        """The device sends nothing while it waits for an answer: the next thing read is the end."""
        with contextlib.suppress(OSError):
            await reader.read(1)

    async def serve_one(self, reader, writer):
        message = await read_message(reader)
        if message is None:
            return False
        answer = asyncio.ensure_future(self.answer(writer, Request(*message)))
        gone = asyncio.ensure_future(self.hung_up(reader)) if self.slow(message) else None
        # Whom nobody asks any more may fail as it likes; a report of that in the middle of a test's is none of its.
        answer.add_done_callback(lambda task: task.cancelled() or task.exception())
        try:
            await asyncio.wait([t for t in (answer, gone) if t], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (answer, gone):
                if task and not task.done():
                    task.cancel()
        return answer.done() and not answer.cancelled() and answer.result()

    def slow(self, message):
        """Will the answer be a lie that lasts until the device hangs up?"""
        request = Request(*message)
        device, kind = self.device(request), self.kind(request)
        return self.turn[device, kind] < self.lies.get(kind, ((), 0))[1]

    async def connected(self, reader, writer):
        task = asyncio.current_task()
        self.tasks.add(task)
        try:
            while await self.serve_one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            self.tasks.discard(task)
            writer.close()

    # --- the thread

    async def main(self):
        server = await asyncio.start_server(self.connected, "127.0.0.1", 0, ssl=self.context, backlog=1024)
        port = server.sockets[0].getsockname()[1]
        self.url = f"{'https' if self.context else 'http'}://127.0.0.1:{port}"
        self.ready.set()
        await self.over.wait()
        server.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def run(self):
        self.loop = asyncio.new_event_loop()
        self.over = asyncio.Event()
        try:
            self.loop.run_until_complete(self.main())
        finally:
            self.loop.close()

    def __enter__(self):
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        assert self.ready.wait(20)
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.over.set)
        self.thread.join(60)
