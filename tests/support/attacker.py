"""Somebody on the wire between devices and otterd, who holds no key: what passes him is otterd's, but for what he does to it
(who holds otterd's offer key is forger.py). Made of lying_proxy.py, whose lies are deeds of his; here the test says whom he
tells them, and for how long."""

import collections

import lying_proxy as lies


def kind_of(request):
    """poll, report, token, enrol, attributes, roots, blobs."""
    parts = request.path.split("?")[0].split("/")
    return parts[3] if parts[2:3] == ["device"] else parts[2] if len(parts) > 2 else "-"


class Attacker(lies.LyingProxy):
    """deeds: kind, or (device, kind) -> a deed, which the test changes at any time. done: how many were done, by the same
    names. passed: bytes of honest answers. `deed(attacker, writer, head, body)` has otterd's answer."""

    def __init__(self, port, deeds=None, tls=None, kind=kind_of, device=lambda request: "-"):
        super().__init__(port, kind, device, {}, tls)
        self.deeds, self.done, self.passed = dict(deeds or {}), collections.Counter(), 0

    def name_of(self, request):
        """Under which name a deed is due; None."""
        kind = self.kind(request)
        return next((name for name in ((self.device(request), kind), kind) if name in self.deeds), None)

    def slow(self, message):
        return self.name_of(lies.Request(*message)) is not None

    async def answer(self, writer, request):
        self.trapped += request.path == "/trap"
        name = self.name_of(request)
        deed = self.deeds.get(name)
        head, body = await self.forward(request.head, request.body)
        if deed is None:
            self.passed += len(head) + 4 + len(body)
            writer.write(head + b"\r\n\r\n" + body)
        else:
            self.done[name] += 1
            await deed(self, writer, head, body)
        await writer.drain()
        return deed is None


def changed(change):
    """A deed: otterd's answer, with change(body) in place of its body."""
    async def does(_attacker, writer, head, body):
        body = change(body)
        kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length:")]
        writer.write(b"\r\n".join([*kept, b"Content-Length: %d" % len(body)]) + b"\r\n\r\n" + body)
    return does


def followed_by(more):
    """A deed: otterd's answer, and more(answer) behind it."""
    async def does(_attacker, writer, head, body):
        whole = head + b"\r\n\r\n" + body
        writer.write(whole + more(whole))
    return does


def with_header(line, status=None):
    """A deed: otterd's answer with this line in its head in place of its own; status: and no more than that."""
    async def does(_attacker, writer, head, body):
        name = line.split(":")[0].lower().encode()
        kept = [b"HTTP/1.1 %d X" % status, b"Content-Length: 0"] if status else [
            text for text in head.split(b"\r\n") if text.split(b":")[0].lower() != name]
        writer.write(b"\r\n".join([*kept, line.encode()]) + b"\r\n\r\n" + (b"" if status else body))
    return does


def in_turn(*deeds):
    """A deed: another one of these each time."""
    turn = iter(range(1 << 30))

    async def does(attacker, writer, head, body):
        await deeds[next(turn) % len(deeds)](attacker, writer, head, body)
    return does
