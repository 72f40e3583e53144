"""What a person sees on a terminal: progress of uploads, a rollout watched to its end."""

import os
import pty
import re
import select
import subprocess

import otter


def on_terminal(world, *args, seconds=60, typed=""):
    """Runs otter on a terminal of its own, with what is typed there; (exit status, all that it wrote)."""
    leader, follower = pty.openpty()
    env = {**os.environ, "OTTER_SERVER": world.server.url, "OTTER_TOKEN": world.server.token, "TERM": "xterm",
           "COLUMNS": "100", "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen([otter.OTTER, *[str(a) for a in args]], stdin=follower, stdout=follower, stderr=follower,
                               env=env)
    os.close(follower)
    os.write(leader, typed.encode())
    seen = b""
    try:
        while select.select([leader], [], [], seconds)[0]:
            try:
                piece = os.read(leader, 65536)
            except OSError:  # the last writer is gone
                break
            if not piece:
                break
            seen += piece
        return process.wait(seconds), seen.decode(errors="replace")
    finally:
        os.close(leader)
        if process.poll() is None:
            process.kill()
            process.wait()


def test_an_upload_shows_a_progress_bar_on_a_terminal_and_none_elsewhere(world):
    payload = world.folder / "large.bin"
    payload.write_bytes((otter.FIRMWARE / otter.HARDWARE / "app-a.bin").read_bytes() + bytes(800_000))
    image = world.folder / "large.img"
    world.otter("image", "sign", "--key", world.keys["image"], "--version", "1.1.0", "--hardware", otter.HARDWARE,
                "--slot", "A", payload, image)
    path = world.folder / "large.json"
    world.otter("release", "create", "--product", otter.PRODUCT, "--version", "1.1.0", "--hardware", otter.HARDWARE,
                "--image", f"A={image}", "--sequence", "1", "--out", path)
    world.otter("release", "sign", path, "--key", world.keys["release"])
    status, seen = on_terminal(world, "release", "publish", path, image)
    assert status == 0, seen
    assert "\r" in seen and re.search(r"\d+ ?%", seen), seen
    again = world.otter("release", "publish", path, image)
    assert "%" not in again.out + again.err and "\r" not in again.out + again.err


def test_a_watched_rollout_is_drawn_until_it_is_through(world):
    base, fleet = world.image("1.0.0", "A"), world.fleet(10)
    rollout = world.rollout(world.publish("1.1.0"), "--auto", phases="50,100")
    emulator = subprocess.Popen(
        [otter.EMU, "--server", world.server.url, "--fleet", fleet / "fleet.jsonl", "--slot-a", base, "--keep",
         world.folder / "flash", "--speed", "20", "--timeout", "60", "--quiet", "--expect", "1.1.0:confirmed"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        status, seen = on_terminal(world, "rollout", "status", rollout, "--watch")
    finally:
        assert emulator.wait(90) == 0
    assert status == 0, seen
    assert "10 succeeded" in seen and "complete" in seen
