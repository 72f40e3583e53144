"""What is measured. Each function takes the stand and the plan and returns rows of the table."""

import dataclasses
import re
import shutil
import socket
import statistics
import subprocess
import time

import load
import otter
import processes
import stand as stands


@dataclasses.dataclass
class Plan:
    seconds: int
    rounds: int
    idle: int  # connections
    fleets: list  # sizes for the start-up


@dataclasses.dataclass
class Row:
    metric: str
    target: str
    value: str
    met: bool | None  # None: no target
    otterd: str
    nginx: str
    how: str


def kilo(rate):
    return f"{rate / 1000:.1f} k/s"


def flow(sample):
    """The rate, with bytes where replies are large."""
    per_second = sample.bytes / sample.seconds
    if per_second < sample.rate * 10_000:
        return kilo(sample.rate)
    return f"{sample.rate:.0f} /s, {per_second / 1e6:.0f} MB/s"


def mega(n):
    return f"{n / 1e6:.1f} MB"


def rows_of(compared, metric, how, *, rate_at_least=None, cpu_at_most=None):
    a, b = compared.otterd, compared.nginx

    def verdict(ok):
        return None if ok is None else bool(ok)
    rate_ok = None if rate_at_least is None else round(compared.rate_ratio, 2) >= rate_at_least
    cpu_ok = None if cpu_at_most is None else round(compared.cpu_ratio, 2) <= cpu_at_most
    return [Row(f"{metric}: requests/s", f">= {rate_at_least:.2f}" if rate_at_least else "", f"{compared.rate_ratio:.2f}",
                verdict(rate_ok), flow(a), flow(b), how),
            Row(f"{metric}: CPU of the server a request", f"<= {cpu_at_most:.2f}" if cpu_at_most else "",
                f"{compared.cpu_ratio:.2f}", verdict(cpu_ok), f"{a.cpu_us:.1f} us", f"{b.cpu_us:.1f} us", "same runs")]


def compare(stand, plan, name, texts, *, connections):
    return load.compare(stand.otterd, stand.nginx, stand.requests(name, texts), connections=connections,
                        seconds=plan.seconds, rounds=plan.rounds)


def poll(stand, plan):
    texts = [device.poll() for device in stand.quiet]
    stand.expect(texts[0], 204)
    compared = compare(stand, plan, "poll", texts, connections=500)
    stand.expect(texts[-1], 204)
    return rows_of(compared, "poll answered 204, keep-alive", "wrk -t2 -c500", rate_at_least=0.95, cpu_at_most=1.25)


def poll_close(stand, plan):
    texts = [device.poll(close=True) for device in stand.quiet]
    stand.expect(texts[0], 204)
    compared = compare(stand, plan, "poll-close", texts, connections=500)
    return rows_of(compared, "poll answered 204, a connection a poll", "wrk -t2 -c500, Connection: close",
                   rate_at_least=1.0)


def bare_signatures():
    """P-256 signatures a second of one core by the OpenSSL that otterd uses."""
    out = subprocess.run(["openssl", "speed", "-seconds", "1", "ecdsap256"], stdin=subprocess.DEVNULL,
                         capture_output=True, text=True, timeout=60, check=True).stdout
    found = re.search(r"256 bits ecdsa \(nistp256\)\s+\S+s\s+\S+s\s+([0-9.]+)", out)
    if not found:
        raise load.LoadError(f"openssl speed said:\n{out}")
    return float(found.group(1))


def offer(stand, plan):
    """Signed 200s: the empty offer that fresh:1 asks for, and the offer of an open attempt."""
    stand.start_rollout()
    rows = []
    for name, texts, metric in (
            ("fresh", [d.poll(fresh=True) for d in stand.quiet], "poll answered 200, empty offer (fresh:1)"),
            ("attempt", [d.poll() for d in stand.chosen], "poll answered 200, offer of an open attempt")):
        size = stand.expect(texts[0], 200)
        bare = [bare_signatures()]
        compared = compare(stand, plan, name, texts, connections=500)
        bare.append(bare_signatures())
        rows += rows_of(compared, metric, f"wrk -t2 -c500; reply of {size} bytes, one ES256 signature each",
                        rate_at_least=0.35)
        core, otterd = statistics.mean(bare), compared.otterd
        rows.append(Row(f"{metric}: to the bare signature rate of one core", ">= 0.70", f"{otterd.rate / core:.2f}",
                        round(otterd.rate / core, 2) >= 0.70,
                        f"{kilo(otterd.rate)}; {kilo(1e6 / otterd.cpu_us)} a CPU second = {1e6 / otterd.cpu_us / core:.2f}",
                        f"openssl: {kilo(core)}", "openssl speed ecdsap256, mean of one before and one after"))
    return rows


def blob(stand, plan):
    head = (f"GET /v1/blobs/{stand.digest} HTTP/1.1\r\nHost: otter.test\r\n"
            f"Authorization: Bearer {stand.quiet[0].secret}\r\n")
    whole = (head + "\r\n").encode()
    stand.expect(whole, 200, stands.BLOB_SIZE)
    part = 65536
    starts = range(0, stands.BLOB_SIZE - part + 1, part)
    ranges = [(head + f"Range: bytes={at}-{at + part - 1}\r\n\r\n").encode() for at in starts]
    stand.expect(ranges[3], 206, part)
    return (rows_of(compare(stand, plan, "blob", [whole], connections=64), "1 MB image, whole", "wrk -t2 -c64, sendfile",
                    rate_at_least=1.0)
            + rows_of(compare(stand, plan, "range", ranges, connections=64), "1 MB image, Range of 64 KiB",
                      "wrk -t2 -c64, sendfile, tcp_nopush off", rate_at_least=1.0))


def hold_connections(server, texts, count):
    """Bytes of memory that `count` connections cost once each has had one answer and keeps still."""
    held = []
    try:
        # A few first: what the first connection allocates for good is not a connection's cost.
        for i in range(100 + count):
            if i == 100:
                before = processes.rss_bytes(server.pid)
            # Source addresses in turn, so that ports cannot run short.
            sock = socket.create_connection(("127.0.0.1", server.port), timeout=20,
                                            source_address=(f"127.0.0.{2 + i % 8}", 0))
            held.append(sock)
            sock.sendall(texts[i % len(texts)])
            reply = sock.recv(4096)
            assert reply.startswith((b"HTTP/1.1 204", b"HTTP/1.1 200")), reply[:200]
        return processes.rss_bytes(server.pid) - before
    finally:
        for sock in held:
            sock.close()


def idle(stand, plan):
    texts = [device.poll() for device in stand.quiet]
    scale = 10_000 / plan.idle
    ours = hold_connections(stand.otterd, texts, plan.idle) * scale
    theirs = hold_connections(stand.nginx, texts, plan.idle) * scale
    return [Row("memory for 10,000 idle keep-alive connections", "<= 45 MB", mega(ours), ours <= 45e6, mega(ours),
                mega(theirs), f"RSS with {plan.idle:,} connections, one poll each, less RSS before")]


def start_once(world, device, expect=204):
    """(seconds until the port file is there, RSS then); the device's poll is answered after that."""
    port_file = world.folder / "ready"
    port_file.unlink(missing_ok=True)
    with open(world.folder / "start.log", "ab") as log:
        began = time.monotonic()
        process = subprocess.Popen([otter.OTTERD, "--data", world.server.data, "--listen", "127.0.0.1:0", "--port-file",
                                    port_file, "--config", world.folder / "otterd.conf"], stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=log)
        try:
            while not (port_file.exists() and port_file.read_text().strip()):
                if process.poll() is not None or time.monotonic() - began > 60:
                    raise load.LoadError("otterd did not start:\n" + (world.folder / "start.log").read_text()[-2000:])
                time.sleep(0.002)
            took, rss = time.monotonic() - began, processes.rss_bytes(process.pid)
            status, text = stands.ask(int(port_file.read_text().strip().rsplit(":", 1)[-1]), device.poll())
            assert status == expect, text
            return took, rss
        finally:
            process.terminate()
            process.wait(60)


def prepare_fleet(folder, count):
    """A stopped server with so many devices, and the one whose token is known."""
    world, device = stands.new_world(folder), stands.Device("first")
    try:
        world.start()
        stands.enroll(world, [device])
        status, text = stands.ask(world.server.port, device.poll())
        assert status == 204, text
    finally:
        stands.end(world)
    stands.multiply_devices(world.server.data / "otter.db", count)
    return world, device


def start(stand, plan):
    rows = []
    for count in plan.fleets:
        folder = stand.folder / f"start-{count}"
        world, device = prepare_fleet(folder, count)
        runs = [start_once(world, device) for _ in range(3)]
        took = statistics.median(seconds for seconds, _ in runs)
        rss = statistics.median(size for _, size in runs)
        million = count == 1_000_000
        how = "exec to port file, 3 starts, warm page cache; a row of state for each device"
        rows.append(Row(f"start with {count:,} devices", "<= 1 s" if million else "", f"{took:.2f} s",
                        took <= 1 if million else None, f"{took:.2f} s", "", how))
        rows.append(Row(f"memory with {count:,} devices", "<= 120 MB" if million else "", mega(rss),
                        rss <= 120e6 if million else None, mega(rss), "", "RSS when the port file is there"))
        shutil.rmtree(folder)
    return rows


MEASURES = {
    "poll": (poll, "polls answered 204 over kept connections"),
    "poll-close": (poll_close, "polls answered 204, a connection each"),
    "blob": (blob, "an image of 1 MB, whole and in ranges"),
    "idle": (idle, "memory of idle connections"),
    "offer": (offer, "polls answered by a signed offer, and the bare signature rate"),
    "start": (start, "time and memory to start with 100,000 and 1,000,000 devices"),
}
