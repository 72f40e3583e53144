"""What a person sees on a terminal: progress of uploads, a rollout watched to its end, tables on narrow screens."""

import json
import os
import re
import signal
import subprocess
import termios

import pytest

import otter
from reply_server import replying
from terminal import Terminal

ESCAPE = re.compile(r"\033\[[0-9;]*[A-Za-z]")
KANJI = "漢字かな"
COMBINED = "e\u0301tage"


def environment(server, **more):
    env = {**os.environ, "OTTER_SERVER": server.url, "OTTER_TOKEN": server.token, "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    for name in ("COLUMNS", "NO_COLOR"):
        env.pop(name, None)
    return {**env, **{name: value for name, value in more.items() if value is not None}}


def on_terminal(world, *args, columns=100, rows=50, typed="", **more):
    """Runs otter on a terminal of its own, with what is typed there; (exit status, all that it wrote)."""
    with Terminal([otter.OTTER, *args], env=environment(world.server, **more), columns=columns, rows=rows) as terminal:
        terminal.send(typed)
        status, seen = terminal.end()
    return status, seen.replace("\r\n", "\n")


def width(text):
    """Columns that the texts of these tests take."""
    return sum(0 if c == "\u0301" else 2 if c in KANJI else 1 for c in ESCAPE.sub("", text))


def test_an_upload_shows_a_progress_bar_on_a_terminal_and_none_elsewhere(world):
    payload = world.folder / "large.bin"
    payload.write_bytes((otter.FIRMWARE / otter.HARDWARE / "app-a.bin").read_bytes() + bytes(800_000))
    image = world.folder / "large file with blanks in its long name.img"
    world.otter("image", "sign", "--key", world.keys["image"], "--version", "1.1.0", "--hardware", otter.HARDWARE,
                "--slot", "A", payload, image)
    path = world.folder / "large.json"
    world.otter("release", "create", "--product", otter.PRODUCT, "--version", "1.1.0", "--hardware", otter.HARDWARE,
                "--image", f"A={image}", "--sequence", "1", "--out", path)
    world.otter("release", "sign", path, "--key", world.keys["release"])
    status, seen = on_terminal(world, "release", "publish", path, image, columns=40)
    assert status == 0, seen
    drawn = re.findall(r"\r\033\[K([^\r\n]*%[^\r\n]*)", seen)
    assert drawn and all(len(ESCAPE.sub("", line)) < 40 for line in drawn), seen
    again = world.otter("release", "publish", path, image)
    assert "%" not in again.out + again.err and "\r" not in again.out + again.err


def test_a_dumb_terminal_gets_no_escape_sequence(world):
    world.fleet(1)
    path, images = world.release("1.1.0")
    status, seen = on_terminal(world, "release", "publish", path, *images, TERM="dumb")
    assert status == 0 and "\033" not in seen and "%" not in seen, seen
    status, seen = on_terminal(world, "release", "list", TERM="dumb")
    assert status == 0 and "\033" not in seen, seen
    draft = world.rollout("1.1.0", start=False)
    world.otter("rollout", "abort", draft)
    status, seen = on_terminal(world, "rollout", "status", draft, "--watch", TERM="dumb")
    assert status == 1 and "\033" not in seen and "aborted" in seen, seen


def test_colours_are_for_terminals_that_want_them(world):
    assert "\033[1m" in on_terminal(world, "root", "list")[1]
    assert "\033" in on_terminal(world, "root", "list", NO_COLOR="")[1]
    for more in ({"NO_COLOR": "1"}, {"NO_COLOR": "0"}, {"TERM": "dumb"}):
        assert "\033" not in on_terminal(world, "root", "list", **more)[1], more
    assert "\033" not in world.otter("root", "list").out
    assert "\033" not in on_terminal(world, "root", "list", "--format", "csv")[1]


def test_nothing_but_the_result_is_on_stdout(world):
    path, images = world.release("1.1.0")
    with open(world.folder / "err", "w+b") as err:
        done = subprocess.run([otter.OTTER, "release", "publish", path, *images, "--json"], stdout=subprocess.PIPE,
                              stderr=err, env=environment(world.server), check=True, timeout=60)
    assert json.loads(done.stdout)["product"] == otter.PRODUCT
    refused = world.otter("device", "show", "nobody", expect=1)
    assert refused.out == "" and refused.err.startswith("otter device show: ")


@pytest.fixture
def wide_fleet(world):
    world.fleet(2)
    world.otter("device", "set", "dev-1", f"site={KANJI}", "floor=" + COMBINED)
    world.otter("device", "set", "dev-2", "site=" + "north hall, behind the second door on the left " * 2)
    return world


@pytest.mark.parametrize("columns", [20, 40, 80])
@pytest.mark.parametrize("how", ["terminal", "COLUMNS"])
def test_no_line_is_longer_than_the_screen(wide_fleet, columns, how):
    world = wide_fleet
    draft = world.rollout(world.publish("1.1.0"), "--name", "a-rollout.of-many-words", phases="5,50,100", start=False)
    size = {"columns": columns} if how == "terminal" else {"columns": 200, "COLUMNS": str(columns)}
    for words in (["device", "list", "--columns", "id,product,attributes"], ["device", "show", "dev-2"],
                  ["rollout", "list"], ["rollout", "status", draft], ["release", "show", "1.1.0"], ["server", "status"],
                  ["fleet", "summary"], ["device", "timeline", "dev-1"], ["release", "deps", "1.1.0"], ["release", "list"],
                  ["root", "show"], ["--help"], ["rollout", "--help"], ["device", "provision", "--help"]):
        status, seen = on_terminal(world, *words, **size)
        assert status == 0, seen
        for line in seen.split("\n"):
            assert width(line) <= columns, f"{words}: {line!r}"
    status, seen = on_terminal(world, "device", "show", "dev-1", **size)
    assert KANJI in seen or columns == 20, seen


def test_what_is_piped_is_never_folded(wide_fleet):
    world = wide_fleet
    for env in ({}, {"COLUMNS": "20"}):
        out = otter.run([otter.OTTER, "device", "list", "--columns", "id,attributes"],
                        env={**environment(world.server), **env}).out
        assert f"site={KANJI}" in out and "second door on the left north hall" in out
        assert len(out.split("\n")) == 4  # heading, two devices, the end


def test_a_server_cannot_move_the_cursor(tmp_path):
    evil = "\033[2J\033]0;owned\007\r\u009b31m\u202eevil\u200f\x7f"
    item = {"id": "dev" + evil, "product": evil, "running": {"version": evil}, "attributes": {"a": evil}}
    rollout = {"id": 7, "state": "draft" + evil, "name": evil, "target": evil, "product": evil, "version": evil,
               "phase": 0, "devices": 1, "counts": {}, "reasons": {evil: 3}, "phases": [
                   {"percent": 100, "state": evil, "devices": 1, "counts": {}}], "frozen": {"reason": evil, "since": 1}}
    problem = {"code": "conflict" + evil, "detail": evil, "status": 409}

    def show(reply, status, *words):
        with replying(json.dumps(reply, ensure_ascii=False).encode(), status=status) as url:
            env = {**os.environ, "OTTER_SERVER": url, "OTTER_TOKEN": "t", "TERM": "xterm", "NO_COLOR": "1",
                   "OTTER_TRACE": ""}
            with Terminal([otter.OTTER, *words], env=env, cwd=tmp_path) as terminal:
                return terminal.end()[1].replace("\r\n", "\n")

    for reply, status, words in [
            ({"items": [item], "next": None}, 200, ["device", "list"]),
            ({"items": [item], "next": None}, 200, ["device", "list", "--format", "csv"]),
            ({"items": [item], "next": None}, 200, ["device", "list", "--format", "jsonl"]),
            (item, 200, ["device", "show", "dev-1"]),
            (item, 200, ["device", "show", "dev-1", "--json"]),
            (rollout, 200, ["rollout", "status", "7"]),
            (problem, 409, ["rollout", "start", "7"])]:
        seen = show(reply, status, *words)
        assert "evil" in seen, seen
        bad = [c for c in seen.replace("\r\033[K", "") if (ord(c) < 32 and c != "\n") or 0x7f <= ord(c) < 0xa0
               or c in "\u202e\u200f"]
        assert not bad, f"{words}: {bad!r} in {seen!r}"
    assert json.loads(show(item, 200, "device", "show", "dev-1", "--json"))["product"] == evil


def emulating(world, fleet, base, *options):
    """A fleet of devices as a process that runs while a test watches."""
    return subprocess.Popen(
        [otter.EMU, "--server", world.server.url, "--fleet", fleet / "fleet.jsonl", "--slot-a", base, "--keep",
         world.folder / "flash", "--timeout", "60", "--quiet", *options],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_a_watched_rollout_is_drawn_until_it_is_through(world):
    base, fleet = world.image("1.0.0", "A"), world.fleet(10)
    rollout = world.rollout(world.publish("1.1.0"), "--auto", phases="50,100")
    emulator = emulating(world, fleet, base, "--speed", "20", "--expect", "1.1.0:confirmed")
    try:
        status, seen = on_terminal(world, "rollout", "status", rollout, "--watch", "--interval", "1s", columns=120,
                                   NO_COLOR="1")
    finally:
        assert emulator.wait(90) == 0
    assert status == 0, seen
    pictures = seen.split("rollout 1: ")[1:]
    assert ", running" in pictures[0] and "speed    being measured" in pictures[0]
    assert "wait for " in pictures[0] and "not-in-phase" in pictures[0] and "on-trial" not in pictures[0]
    last = ESCAPE.sub("", pictures[-1])
    assert ", complete" in last and "all      10 of 10 granted: 10 succeeded" in last, last
    assert last.count("[########################]  complete") == 2 and "asked every" not in last
    assert "rollout 1: " in "\n".join(screen_of(seen, 120)) and seen.endswith("\033[J")


def test_a_watched_rollout_ends_at_a_halt_and_says_why(world):
    base, fleet = world.image("1.0.0", "A"), world.fleet(6)
    rollout = world.rollout(world.publish("1.1.0"), "--failure", "10", "--min-sample", "1", phases="50,100")
    emulator = emulating(world, fleet, base, "--speed", "20", "--bad", "1.1.0:fail=100")
    try:
        status, seen = on_terminal(world, "rollout", "status", rollout, "--watch", "--interval", "1s", columns=100)
    finally:
        emulator.terminate()
        emulator.wait(90)
    assert status == 1
    last = ESCAPE.sub("", seen[seen.rindex("rollout 1: "):])
    assert ", halted" in last and "threshold: in phase 1" in last and "reasons  " in last, last
    assert "x" in last and "Next: otter rollout resume 1" in last
    piped = world.otter("rollout", "status", rollout, "--watch", expect=1)
    assert re.match(r"20\d\d-\S+Z halted phase 1/2: .*; threshold: in phase 1", piped.out), piped.out


def test_a_server_that_is_gone_for_a_while_is_told_and_asked_again(world):
    world.fleet(1)
    rollout = world.rollout(world.publish("1.1.0"))
    with Terminal([otter.OTTER, "rollout", "status", rollout, "--watch", "--interval", "1s"],
                  env=environment(world.server, NO_COLOR="1"), columns=100) as terminal:
        terminal.wait_for("as of ")
        world.server.stop()
        terminal.wait_for("no answer since ")
        terminal.wait_for("; asking again")
        world.server.start()
        terminal.wait_for("as of ")
        world.otter("rollout", "abort", rollout)
        status, seen = terminal.end()
    assert status == 1 and "aborted" in seen
    lines = screen_of(seen.replace("\r\n", "\n"), 100)
    assert sum(line.startswith("rollout 1: ") for line in lines) == 1, lines


def modes(terminal):
    return termios.tcgetattr(terminal.leader)


@pytest.mark.parametrize("how", ["typed", "SIGTERM"])
def test_the_end_of_watching_leaves_the_terminal_as_it_was(world, how):
    world.fleet(1)
    rollout = world.rollout(world.publish("1.1.0"))
    with Terminal([otter.OTTER, "rollout", "status", rollout, "--watch"], env=environment(world.server)) as terminal:
        before = modes(terminal)
        terminal.wait_for("asked every")
        if how == "typed":
            terminal.send("\x03")
        else:
            terminal.process.terminate()
        status, seen = terminal.end()
        assert modes(terminal) == before
    assert status == -(signal.SIGINT if how == "typed" else signal.SIGTERM)
    assert world.status(rollout)["state"] == "running"
    tail = seen[seen.rindex("asked every"):]
    assert tail.endswith("\r\033[K") and re.findall(r"\033\[[0-9;]*m", seen)[-1] == "\033[0m", tail
    assert "\033[?" not in seen  # no mode that would have to be taken back


def screen_of(text, columns):
    """What a terminal that folds long lines shows in the end: the moves of the cursor carried out."""
    lines, row = [""], 0
    for piece in re.findall(r"\033\[\d*[A-Za-z]|\n|\r|[^\033\n\r]+", re.sub(r"\033\[[0-9;]*m", "", text)):
        if piece == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif piece.endswith("A") and piece.startswith("\033"):
            row -= int(piece[2:-1])
            assert row >= 0, text
        elif piece == "\033[J":
            lines[row:] = [""]
        elif piece != "\r" and not piece.startswith("\033"):
            assert len(piece) <= columns
            lines[row] = piece
    return [line for line in lines if line]


def test_a_watched_rollout_follows_the_size_of_the_terminal(world):
    world.fleet(3)
    rollout = world.rollout(world.publish("1.1.0"), "--name", "the-quick-brown-fox", phases="30,60,100")
    with Terminal([otter.OTTER, "rollout", "status", rollout, "--watch", "--interval", "1s"],
                  env=environment(world.server, NO_COLOR="1"), columns=100) as terminal:
        terminal.wait_for("\033[J")  # drawn over once
        terminal.resize(50, 40)
        for _ in range(2):  # the first may have been under way
            terminal.wait_for("\033[J")
        start = terminal.at
        terminal.wait_for("\033[J")
        folded = ESCAPE.sub("", terminal.seen[start:terminal.at]).replace("\r\n", "\n")
        assert max(len(line) for line in folded.split("\n")) <= 40, folded
        assert "the-quick-brown-fox" in folded and folded.count("\n  ") >= 3, folded
        world.otter("rollout", "abort", rollout)
        status, seen = terminal.end()
    assert status == 1
    # Pictures of one size replace each other: only one is left at the end.
    last = re.sub(r"^\r\033\[\d+A", "", seen[start:].replace("\r\n", "\n"))  # from the first line of a picture
    assert sum("the-quick" in line for line in screen_of(last, 40)) == 1, last


def test_a_picture_that_is_higher_than_the_terminal_shows_its_end(world):
    world.fleet(3)
    phases = ",".join(str(n) for n in (*range(5, 80, 5), 100))
    rollout = world.rollout(world.publish("1.1.0"), phases=phases)
    with Terminal([otter.OTTER, "rollout", "status", rollout, "--watch"], env=environment(world.server, NO_COLOR="1"),
                  columns=100, rows=10) as terminal:
        terminal.wait_for("asked every")
        first = terminal.seen
        assert "phase 1 " not in first and "phase 16" in first
        terminal.wait_for("\033[9A")
        world.otter("rollout", "abort", rollout)
        assert terminal.end()[0] == 1
