"""What otterd gives up: root, system calls, core dumps, files that others may read, symbolic links under its directory."""

import hashlib
import json
import os
import pathlib
import platform
import re
import shutil
import stat
import subprocess
import sys

import otter
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOBODY = 65534
EVIL = b"what is outside of the directory\n"

is_root = os.geteuid() == 0
filtered = (otter.OTTERD.resolve().parent / "libotterd.a.p/harden_seccomp.c.o").exists()  # not in builds with sanitizers


def lines(server, event):
    return [line for line in server.log.read_text().splitlines() if f" event={event} " in line + " "]


# --- root

@pytest.mark.skipif(not is_root, reason="is about root")
@pytest.mark.parametrize("args", [[], ["--restore", "backup"]], ids=["run", "restore"])
def test_root_is_refused_unless_told(tmp_path, args):
    env = {"OTTERD_ALLOW_ROOT": ""}
    refused = otter.run([otter.OTTERD, "--data", tmp_path / "data", "--listen", "127.0.0.1:0", *args], expect=2, env=env)
    assert "running as root is refused" in refused.err and "--allow-root" in refused.err
    assert not (tmp_path / "data").exists()
    assert otter.run([otter.OTTERD, "--data", tmp_path / "data", "--check-config"], env=env).code == 0


@pytest.mark.skipif(not is_root, reason="is about root")
def test_root_is_taken_by_option(tmp_path):
    server = otter.Server(tmp_path / "data", "--allow-root").start(env={"OTTERD_ALLOW_ROOT": ""})
    server.stop()


@pytest.mark.skipif(not is_root, reason="only root becomes another user")
def test_a_user_without_any_right_is_enough_and_is_not_looked_into(tmp_path):
    folder = pathlib.Path("/tmp") / f"otter-hardening-{os.getpid()}"  # pytest's own folders are root's alone
    folder.mkdir(mode=0o755)
    try:
        program = shutil.copy(otter.OTTERD.resolve(), folder / "otterd")
        os.chmod(program, 0o755)
        home = folder / "home"
        home.mkdir()
        os.chown(home, NOBODY, NOBODY)
        server = otter.Server(home / "data")
        server.beside, server.log = home, home / "log"
        server.command = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "--inh-caps=-all",
                          "--bounding-set=-all", program]
        server.start(env={"OTTERD_ALLOW_ROOT": ""})
        assert server.json("GET", "/api/v1/status")["devices"] == 0
        proc = pathlib.Path(f"/proc/{server.process.pid}")
        assert (proc / "environ").stat().st_uid == 0  # not dumpable: what is told of it is root's
        assert json.loads(json.dumps(status_of(server.process.pid)))["Uid"].split() == [str(NOBODY)] * 4
        server.stop()
    finally:
        shutil.rmtree(folder)


# --- the process

def status_of(pid, task=None):
    place = f"/proc/{pid}/task/{task}/status" if task else f"/proc/{pid}/status"
    return dict(line.split(":", 1) for line in pathlib.Path(place).read_text().splitlines() if ":" in line)


def test_no_core_is_dumped(tmp_path):
    server = otter.Server(tmp_path / "data").start()
    limits = pathlib.Path(f"/proc/{server.process.pid}/limits").read_text()
    assert re.search(r"^Max core file size +1 +1 ", limits, re.M), limits
    server.stop()


@pytest.mark.skipif(not filtered, reason="a build with sanitizers has no filter")
@pytest.mark.parametrize("on", [True, False], ids=["on", "off"])
def test_every_thread_is_filtered_and_gains_no_right(tmp_path, on):
    config = tmp_path / "otterd.conf"
    config.write_text("" if on else "[hardening]\nseccomp = no\n")
    server = otter.Server(tmp_path / "data", "--config", config).start()
    pid = server.process.pid
    tasks = [status_of(pid, task.name) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()]
    assert len(tasks) > 3
    assert {(t["Seccomp"].strip(), t["NoNewPrivs"].strip()) for t in tasks} == {("2", "1") if on else ("0", "0")}
    assert len(lines(server, "hardened")) == on
    server.stop()
    assert not lines(server, "seccomp")


# What it would be told by who has taken it over: a program that libc is asked to run in it. LD_PRELOAD is that.
BREAKS = {
    "execve": 'char *no[] = {"true", 0}; r = execve("/bin/true", no, no);',
    "fork": "r = (int)syscall(SYS_fork);",
    "clone3": "char a[88] = {0}; r = (int)syscall(SYS_clone3, a, sizeof a);",
    "inet": "r = socket(AF_INET, SOCK_STREAM, 0);",
    "packet": "r = socket(AF_PACKET, SOCK_RAW, 0);",
    "ptrace": "r = (int)ptrace(PTRACE_TRACEME, 0, 0, 0);",
    "mount": 'r = mount("none", "/mnt", "tmpfs", 0, 0);',
    "unshare": "r = unshare(CLONE_NEWNS);",
    "bpf": "char a[64] = {0}; r = (int)syscall(SYS_bpf, 0, a, sizeof a);",
    "executable": "r = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;",
    "setuid": "r = setuid(0);",
    "limit": "struct rlimit l = {1 << 20, 1 << 20}; r = setrlimit(RLIMIT_CORE, &l);",
}
PRELOADED = """
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *wait_and_break(void *arg)
{
    const char *folder = arg;
    char go[4096], said[4096];
    int r = 0, fd;
    struct stat st;
    snprintf(go, sizeof go, "%s/go", folder);
    snprintf(said, sizeof said, "%s/said", folder);
    while (stat(go, &st) != 0)
        usleep(20000);
    BREAK
    fd = open(said, O_WRONLY | O_CREAT, 0600);
    if (fd >= 0)
        dprintf(fd, "%d %d.", r, r < 0 ? errno : 0);
    return 0;
}

__attribute__((constructor)) static void begin(void)
{
    pthread_t thread;
    unsetenv("LD_PRELOAD");
    pthread_create(&thread, 0, wait_and_break, getenv("BREAK_FOLDER"));
}
"""


@pytest.mark.skipif(not filtered, reason="a build with sanitizers has no filter")
@pytest.mark.parametrize("name", BREAKS)
def test_code_within_otterd_is_refused_and_the_call_is_logged(tmp_path, name):
    source, library = tmp_path / "break.c", tmp_path / "break.so"
    source.write_text(PRELOADED.replace("BREAK\n", BREAKS[name] + "\n", 1))
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source], check=True, timeout=60)
    server = otter.Server(tmp_path / "data").start(env={"LD_PRELOAD": str(library), "BREAK_FOLDER": str(tmp_path)})
    assert not lines(server, "seccomp")
    (tmp_path / "go").touch()
    otter.wait_for("an answer", lambda: (tmp_path / "said").exists() and (tmp_path / "said").read_text().endswith("."))
    assert (tmp_path / "said").read_text() == "-1 38."  # ENOSYS
    assert len(lines(server, "seccomp")) == (name != "clone3")  # which libc is meant to try
    assert server.json("GET", "/api/v1/status")["devices"] == 0  # it lives on
    server.stop()
    del otter.WATCHED[server.log]  # the call was provoked


@pytest.mark.skipif(not filtered, reason="a build with sanitizers has no filter")
def test_a_program_of_events_runs_under_the_wider_filter_and_cannot_do_without(tmp_path):
    said, program = tmp_path / "said", tmp_path / "program"
    program.write_text(f"#!/bin/sh\n{{ cat; grep -E '^(Seccomp|NoNewPrivs):' /proc/self/status; {sys.executable} -c '"
                       "import socket, subprocess, tempfile, threading\n"
                       "t = threading.Thread(target=print, args=(\"thread\",)); t.start(); t.join()\n"
                       "socket.create_server((\"127.0.0.1\", 0)).close()\n"
                       "tempfile.TemporaryFile().close()\n"
                       "print(subprocess.run([\"date\"], check=True, capture_output=True).returncode)';\n"
                       f"unshare -r true || echo refused; }} >{said}.new 2>&1; mv {said}.new {said}\n")
    program.chmod(0o755)
    config = tmp_path / "otterd.conf"
    config.write_text(f"[events]\nexec = {program}\n[store]\ndisk_low = 1048576GiB\n")
    server = otter.Server(tmp_path / "data", "--config", config).start()
    otter.wait_for("the event of a low disk", said.exists, 60)
    text = said.read_text()
    assert '"event":"disk-low"' in text.replace(" ", "") and "thread\n0\n" in text and "refused" in text, text
    assert re.search(r"NoNewPrivs:\s*1", text) and re.search(r"Seccomp:\s*2", text), text
    server.stop()


# --- the programs

def elf(what, program):
    return subprocess.run(["readelf", "-W", what, program.resolve()], capture_output=True, text=True, timeout=60,
                          check=True).stdout


@pytest.mark.skipif(not filtered, reason="sanitizers bring their own")
@pytest.mark.parametrize("program", [otter.OTTERD, otter.OTTER, otter.EMU], ids=["otterd", "otter", "otter-emu"])
def test_programs_are_built_to_be_hard_to_take_over(program):
    assert re.search(r"Type:\s+DYN", elf("-h", program))  # PIE
    segments, dynamic, symbols = elf("-l", program), elf("-d", program), elf("--dyn-syms", program)
    assert "GNU_RELRO" in segments
    assert "BIND_NOW" in dynamic and re.search(r"FLAGS_1.*\bNOW\b.*\bPIE\b", dynamic)
    assert re.search(r"GNU_STACK.* RW +0x", segments)  # not executable
    assert "__stack_chk_fail" in symbols
    assert re.search(r"__\w+_chk@", symbols.replace("__stack_chk_fail", "").replace("__longjmp_chk", ""))  # FORTIFY
    assert "TEXTREL" not in dynamic and "RPATH" not in dynamic
    if platform.machine() == "x86_64":
        assert program.read_bytes().count(b"\xf3\x0f\x1e\xfa") > 100  # endbr64: where a jump may lead


# --- files

def modes_that_are_too_open(data):
    for path in [data, *data.rglob("*")]:
        mode = stat.S_IMODE(path.lstat().st_mode)
        allowed = 0o750 if path == data else 0o700 if path.is_dir() else 0o644 if path.suffix == ".pub" else 0o600
        if mode & ~allowed:
            yield f"{path.relative_to(data)}: {mode:o}"


def test_all_that_a_full_session_leaves_is_nobody_elses(world):
    old = os.umask(0)
    try:
        world.server.stop()
        world.server.start()
        release = world.publish("1.1.0")
        fleet = world.fleet(2)
        world.otter("device", "enroll", fleet / "devices.json") if (fleet / "devices.json").exists() else None
        world.rollout(release)
        backup = world.folder / "backup"
        world.otter("server", "backup", backup)
        digest = "0" * 64
        world.server.json("POST", "/api/v1/uploads", {"sha256": digest, "size": 9}, expect=201)
        assert list((world.server.data / "tmp").iterdir())
        assert list(modes_that_are_too_open(world.server.data)) == []
        assert list(modes_that_are_too_open(backup)) == []
        world.server.stop()
        assert list(modes_that_are_too_open(world.server.data)) == []
    finally:
        os.umask(old)


def test_what_an_older_otterd_left_open_is_closed_at_a_start(tmp_path):
    server = otter.Server(tmp_path / "data").start()
    server.stop()
    for name in ("otter.db", "offer.key", "secret.key", "admin.token"):
        (server.data / name).chmod(0o644)
    (server.data / "blobs").chmod(0o755)
    server.start()
    server.stop()
    assert list(modes_that_are_too_open(server.data)) == []
    assert len(lines(server, "mode-closed")) == 5


def test_a_directory_that_everybody_may_write_to_is_refused(tmp_path):
    server = otter.Server(tmp_path / "data").start()
    server.stop()
    server.data.chmod(0o777)
    server.start(expect_exit=2)
    assert "chmod" in server.log.read_text()


# --- symbolic links

def link(place, target):
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.symlink_to(target)


PLANTED = ["otter.db", "otter.db-wal", "offer.key", "offer.pub", "secret.key", "admin.token", "audit.key", "lock", "tmp",
           "blobs", "blobs/00"]


@pytest.mark.parametrize("name", PLANTED)
def test_a_start_follows_no_link_in_the_directory(tmp_path, name):
    server = otter.Server(tmp_path / "data").start()
    server.stop()
    place, outside = server.data / name, tmp_path / "outside"
    if place.is_file():
        shutil.move(place, outside)  # what it names is good, and its own
    elif "." in name:
        outside.write_bytes(EVIL)
    else:
        outside.mkdir()
    before = outside.read_bytes() if outside.is_file() else sorted(outside.iterdir())
    link(place, outside)
    server.start(expect_exit=2)
    assert f"{place} is a symbolic link" in server.log.read_text()
    assert (outside.read_bytes() if outside.is_file() else sorted(outside.iterdir())) == before


def test_a_directory_that_is_a_link_itself_is_the_operators_choice(tmp_path):
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "data").symlink_to(tmp_path / "real")
    server = otter.Server(tmp_path / "data").start()
    server.stop()
    assert (tmp_path / "real/otter.db").exists()


def test_a_port_file_that_is_a_link_is_replaced_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(EVIL)
    server = otter.Server(tmp_path / "data")
    port = tmp_path / "my.port"
    port.symlink_to(victim)
    server.options = ["--port-file", port]  # the last one counts
    with open(server.log, "ab") as log:
        server.process = subprocess.Popen([otter.OTTERD, "--data", server.data, "--listen", "127.0.0.1:0", "--port-file", port],
                                          stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    otter.wait_for("the port", lambda: not port.is_symlink() and port.read_text())
    server.stop()
    assert victim.read_bytes() == EVIL


def put_link(place, target):
    place.parent.mkdir(exist_ok=True)
    link(place, target)


def test_a_blob_that_is_a_link_is_not_handed_out(world):
    world.publish("1.1.0")
    outside = world.folder / "outside"
    outside.write_bytes(EVIL)
    digest = "ab" * 32
    put_link(world.server.data / "blobs/ab" / digest, outside)
    status, _, body = world.server.request("GET", f"/v1/blob/{digest}")
    assert status == 404 and EVIL not in body
    blob = next(p for p in (world.server.data / "blobs").rglob("*") if p.is_file() and not p.is_symlink())
    put_link(blob, outside)
    status, _, body = world.server.request("GET", f"/v1/blob/{blob.name}")
    assert status in (404, 503) and EVIL not in body


def test_a_folder_of_blobs_that_is_a_link_is_neither_read_nor_written(world):
    body = b"a blob of a folder that is not there"
    digest = hashlib.sha256(body).hexdigest()
    outside = world.folder / "outside"
    outside.mkdir()
    (outside / digest).write_bytes(body)
    fan = world.server.data / "blobs" / digest[:2]
    put_link(fan, outside)
    status, _, text = world.server.request("GET", f"/v1/blob/{digest}")
    assert status == 404 and body not in text
    (outside / digest).unlink()
    world.server.json("POST", "/api/v1/uploads", {"sha256": digest, "size": len(body)}, expect=201)
    status, _, _ = world.server.request("PATCH", f"/api/v1/uploads/{digest}", body,
                                        headers={"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"})
    assert status == 500  # io-error: the disk was tampered with
    assert list(outside.iterdir()) == []


def test_an_upload_whose_file_became_a_link_writes_nothing_outside(world):
    outside = world.folder / "outside"
    outside.write_bytes(EVIL)
    digest = "cd" * 32
    world.server.json("POST", "/api/v1/uploads", {"sha256": digest, "size": 9}, expect=201)
    link(next((world.server.data / "tmp").iterdir()), outside)
    status, _, _ = world.server.request("PATCH", f"/api/v1/uploads/{digest}", b"123456789",
                                        headers={"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"})
    assert status == 500  # io-error: the disk was tampered with
    assert outside.read_bytes() == EVIL
