"""Instructions of user space that a poll costs: a fixed number of them, counted by callgrind, less a run without them."""

import pathlib
import re
import socket

import devices
import stand as stands
from rows import Row

CONNECTIONS = 64
WARM = 3  # polls of each device before it counts: caches filled, facts learnt
# scene -> (what, rounds of CONNECTIONS polls, how a device asks); signatures take longer
SCENES = {
    "keep-alive": ("poll 204, keep-alive", 80, lambda d: d.poll()),
    "close": ("poll 204, a connection each", 40, lambda d: d.poll(close=True)),
    "fresh": ("poll 200, empty offer (fresh:1)", 8, lambda d: d.poll(fresh=True)),
}


def callgrind(file):
    return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={file}", "-q"]


def read_reply(sock):
    """To its end, by Content-Length."""
    text = b""
    while b"\r\n\r\n" not in text:
        text += receive(sock)
    head, _, body = text.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
    while len(body) < int(length.group(1) if length else 0):
        body += receive(sock)
    assert head.startswith((b"HTTP/1.1 204", b"HTTP/1.1 200")), head


def receive(sock):
    piece = sock.recv(65536)
    assert piece, "the connection ended early"
    return piece


def ask_all(port, texts, rounds, kept):
    """Each round asks all at once and then reads all; on connections that stay, or on new ones."""
    socks = []
    for number in range(rounds):
        if not kept or number == 0:
            socks = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in texts]
        for sock, text in zip(socks, texts):
            sock.sendall(text)
        for sock in socks:
            read_reply(sock)
            if not kept or number == rounds - 1:
                sock.close()


def total(file):
    found = re.search(r"^(?:summary|totals): ([0-9]+)", pathlib.Path(file).read_text(), re.M)
    assert found, f"{file} has no sum"
    return int(found.group(1))


def counted(start, stop, file, members, scene):
    """Instructions of a server's whole life in which the scene was played; None: only the warm-up."""
    try:
        port = start()
        ask_all(port, [d.poll() for d in members], WARM, True)
        if scene:
            _, rounds, text_of = SCENES[scene]
            ask_all(port, [text_of(d) for d in members], rounds, scene != "close")
    finally:
        stop()
    return total(file)


def per_poll(start, stop, file, members, scenes):
    """scene -> instructions a poll"""
    base = counted(start, stop, file, members, None)
    return {scene: (counted(start, stop, file, members, scene) - base) / (SCENES[scene][1] * len(members)) for scene in scenes}


def of_otterd(stand, members, scenes):
    file = stand.folder / "otterd.callgrind"
    world = stands.new_world(stand.folder / "callgrind")
    try:
        world.start()
        stands.enroll(world, {"": members})
    finally:
        stands.end(world)
    world.server.command = [*callgrind(file), *world.server.command]
    return per_poll(lambda: world.server.start().port, lambda: stands.end(world), file, members, scenes)


def of_nginx(stand, members, scenes):
    file = stand.folder / "nginx.callgrind"
    server = stand.new_nginx("nginx-callgrind", workers=0, command=callgrind(file))
    return per_poll(lambda: server.start(20).port, server.stop, file, members, scenes)


def instructions(stand, plan):
    members = [devices.Device(f"counted-{i:02d}") for i in range(CONNECTIONS)]
    scenes = ["keep-alive"] if plan.quick else [*SCENES]
    ours, theirs = of_otterd(stand, members, scenes), of_nginx(stand, members, [s for s in scenes if s != "fresh"])
    rows = []
    for scene in scenes:
        what, rounds, _ = SCENES[scene]
        rows.append(Row(f"{what}: instructions", "count", [ours[scene]], None, f"{ours[scene]:,.0f}",
                        f"{theirs[scene]:,.0f}" if scene in theirs else "",
                        f"callgrind, user space, {CONNECTIONS * rounds:,} polls, {CONNECTIONS} devices at a time; it has neither "
                        "SHA nor AVX instructions", {"row": "instructions", "scene": scene}))
    return rows
