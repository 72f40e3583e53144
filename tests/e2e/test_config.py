"""Configuration of otterd: every key told in each place, what --check-config promises, secrets, SIGHUP, systemd."""

import configparser
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import certificates
import otter
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOKEN = "a-token-of-an-operator-0123456789"


def otterd(*args, expect=0, env=None):
    return otter.run([otter.OTTERD, *args], expect=expect, env=env, timeout=60)


# --- the same keys everywhere

def keys_of_ini(text):
    """section.key of each line "key = value", also of those that are switched off by a ';'."""
    found, section = [], None
    for line in text.splitlines():
        heading, key = re.fullmatch(r"\[(\w+)\]", line), re.match(r";?(\w+) =", line)
        section = heading[1] if heading else section
        if key:
            found.append(f"{section}.{key[1]}")
    return found


def test_file_page_and_program_know_the_same_keys():
    printed = keys_of_ini(otterd("--print-config").out)
    assert len(printed) >= 26 and len(set(printed)) == len(printed)
    shown = keys_of_ini((ROOT / "etc/otterd.conf").read_text())
    page = (ROOT / "docs/operations.md").read_text()
    told = re.findall(r"^\| `\[(\w+)\] (\w+)` \|", page, flags=re.M)
    assert sorted(shown) == sorted(printed)
    assert sorted(".".join(key) for key in told) == sorted(printed)


def test_page_and_file_tell_the_same_defaults():
    page = (ROOT / "docs/operations.md").read_text()
    rows = re.findall(r"^\| `\[(\w+)\] (\w+)` \|([^|]*)\|", page, flags=re.M)
    printed = configparser.ConfigParser(strict=False)
    printed.read_string(otterd("--print-config").out)
    assert len(rows) >= 26
    sizes = {"64MiB": str(64 << 20), "256MiB": str(256 << 20)}
    for section, key, default in rows:
        told = default.strip().strip("`")
        if told == "":
            assert not printed.has_option(section, key), key
        else:
            assert printed[section][key] == sizes.get(told, told), key


@pytest.mark.parametrize("text,line,message", [
    ("[tls]\ncertificate = x\n", 2, 'unknown key "certificate" in section [tls]'),
    ("[tls]\n\n\nsession_cache = many\n", 4, '"many" is no number from 0 to 1000000'),
    ("[events]\nburst = 0\n", 2, '"0" is no number from 1 to 1000000'),
    ("; a comment\n[store]\ndisk_low = 1TB\n", 3, '"1TB" is no size'),
    ("[metrics]\npublic = maybe\n", 2, '"maybe" is neither yes nor no'),
    ("[web]\nport = 80\n", 2, 'unknown key "port" in section [web]'),
    ("[listen]\nproxy_headers = yes\nproxy_header = yes\n", 3, 'unknown key "proxy_header"'),
])
def test_a_mistake_is_named_with_its_line(tmp_path, text, line, message):
    config = tmp_path / "otterd.conf"
    config.write_text(text)
    for more in (["--check-config"], ["--print-config"], []):
        done = otterd("--data", tmp_path / "data", "--config", config, *more, expect=2)
        assert done.err.startswith(f"otterd: {config}:{line}: ") and message in done.err and done.out == ""
    assert not (tmp_path / "data").exists()


# --- what --check-config says is what a start does

def spoil_file_as_data(folder):
    (folder / "data").write_text("")
    return "store.data: ", "is no directory"


def spoil_file_above_data(folder):
    (folder / "file").write_text("")
    return "store.data: ", "Not a directory", "--data", folder / "file/data"


def spoil_port_file(folder):
    return "listen.port_file: ", "No such file or directory", "--port-file", folder / "none/port"


def exec_of(folder, program):
    config = folder / "otterd.conf"
    config.write_text(f"[events]\nexec = {program}\n")
    return "--config", config


def spoil_exec(folder):
    (folder / "program").write_text("#!/bin/sh\n")
    return "events.exec: ", "Permission denied", *exec_of(folder, folder / "program")


def spoil_exec_as_folder(folder):
    return "events.exec: ", "is no file", *exec_of(folder, folder)


def spoil_exec_from_here(folder):
    (folder / "program").write_text("#!/bin/sh\n")
    (folder / "program").chmod(0o755)
    return "events.exec: ", "absolute path", *exec_of(folder, os.path.relpath(folder / "program"))


def spoil_cert(folder):
    return str(folder), "No such file or directory", "--tls-cert", folder / "c.pem", "--tls-key", folder / "k.pem"


def spoil_credential(_):
    return "credential:c", "CREDENTIALS_DIRECTORY is not set", "--tls-cert", "credential:c", "--tls-key", "credential:k"


def spoil_address(_):
    return "192.0.2.1:8480", "would carry tokens", "--listen", "192.0.2.1:8480"


@pytest.mark.parametrize("spoil", [spoil_file_as_data, spoil_file_above_data, spoil_port_file, spoil_exec,
                                   spoil_exec_as_folder, spoil_exec_from_here, spoil_cert, spoil_credential,
                                   spoil_address])
def test_the_check_refuses_what_a_start_would_refuse(tmp_path, spoil):
    begin, end, *options = spoil(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    args = ["--data", tmp_path / "data", "--listen", "127.0.0.1:0", *options]
    checked = otterd("--check-config", *args, expect=2)
    started = otterd(*args, expect=2)
    assert begin in checked.err and end in checked.err and checked.out == ""
    assert started.err == checked.err
    assert sorted(tmp_path.rglob("*")) == before  # neither made anything


def test_the_check_needs_a_data_directory_and_makes_nothing(tmp_path):
    assert "--data DIR is needed" in otterd("--check-config", expect=2).err
    done = otterd("--check-config", "--data", tmp_path / "a/b/c")
    assert done.out == "the configuration is good\n"
    assert list(tmp_path.iterdir()) == []
    server = otter.Server(tmp_path / "a/b/c")
    (tmp_path / "a/b").mkdir(parents=True)
    server.start()
    assert otterd("--check-config", "--data", server.data, "--listen", f"127.0.0.1:{server.port}").code == 0  # it runs
    server.stop()


def test_the_check_reads_the_file_a_start_would_read(tmp_path):
    pki = certificates.tls_folder(tmp_path / "pki")
    config = tmp_path / "otterd.conf"
    config.write_text(f"[listen]\ndevice = 127.0.0.1:0\noperators = unix:{tmp_path}/s\nproxy_headers = yes\n"
                      f"[tls]\ncert = {pki}/server.pem\nkey = {pki}/server.key\n[store]\ndata = {tmp_path}/data\n")
    assert otterd("--check-config", "--config", config).out == "the configuration is good\n"
    (pki / "server.key").unlink()
    assert "server.key" in otterd("--check-config", "--config", config, expect=2).err


# --- secrets

def test_a_token_of_the_environment_is_the_operators_and_is_written_nowhere(tmp_path):
    server = otter.Server(tmp_path / "data").start(env={"OTTERD_ADMIN_TOKEN": TOKEN})
    assert server.json("GET", "/api/v1/status", token=TOKEN)["devices"] == 0
    assert server.request("GET", "/api/v1/status", token=TOKEN + "x")[0] == 401
    assert not (server.data / "admin.token").exists()
    assert TOKEN not in server.log.read_text()
    assert TOKEN.encode() not in pathlib.Path(f"/proc/{server.process.pid}/environ").read_bytes()
    server.process.send_signal(signal.SIGHUP)  # which reads everything again, but not what is gone
    otter.wait_for("reload", lambda: "event=reload" in server.log.read_text())
    assert server.request("GET", "/api/v1/status", token=TOKEN)[0] == 200
    server.stop()
    for path in server.data.rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes()
    server.start()  # without: one is made
    assert server.request("GET", "/api/v1/status", token=TOKEN)[0] == 401
    assert server.request("GET", "/api/v1/status")[0] == 200
    made = server.token
    server.stop()
    server.start(env={"OTTERD_ADMIN_TOKEN": TOKEN})  # which wins, and leaves the file as it was
    assert server.request("GET", "/api/v1/status", token=TOKEN)[0] == 200
    assert server.request("GET", "/api/v1/status", token=made)[0] == 401
    assert server.token == made
    server.stop()


@pytest.mark.parametrize("token", ["", "short", "x" * 31, "x" * 257, "x" * 31 + " y", "x" * 31 + "\n", "\xe4" * 40])
def test_a_poor_token_is_refused_and_not_shown(tmp_path, token):
    for more in (["--check-config"], ["--listen", "127.0.0.1:0"]):
        done = otterd("--data", tmp_path / "data", *more, expect=2, env={"OTTERD_ADMIN_TOKEN": token})
        assert "OTTERD_ADMIN_TOKEN holds no token: 32 to 256 characters" in done.err
        assert token == "" or token not in done.err
    assert not (tmp_path / "data").exists()


def test_print_config_shows_no_secret(tmp_path):
    pki = certificates.tls_folder(tmp_path / "pki")
    done = otterd("--print-config", "--tls-cert", pki / "server.pem", "--tls-key", pki / "server.key",
                  env={"OTTERD_ADMIN_TOKEN": TOKEN})
    assert f"key = {pki}/server.key\n" in done.out
    assert TOKEN not in done.out and "PRIVATE KEY" not in done.out


def test_systemds_credentials_give_token_certificate_and_key(tmp_path):
    pki = certificates.tls_folder(tmp_path / "pki")
    folder = tmp_path / "credentials"
    folder.mkdir()
    for name, data in (("tls.crt", (pki / "server.pem").read_text()), ("tls.key", (pki / "server.key").read_text()),
                       ("admin.token", TOKEN + "\n")):
        (folder / name).write_text(data)
    server = otter.Server(tmp_path / "data", "--tls-cert", "credential:tls.crt", "--tls-key", "credential:tls.key")
    server.cacert = pki / "ca.pem"
    env = {"CREDENTIALS_DIRECTORY": str(folder)}
    server.start(env=env)
    assert server.json("GET", "/api/v1/status", token=TOKEN)["devices"] == 0
    assert not (server.data / "admin.token").exists()
    server.process.send_signal(signal.SIGHUP)
    otter.wait_for("read again", lambda: server.log.read_text().count("event=certificate ") == 2)
    server.stop()
    (folder / "admin.token").write_text("short\n")
    done = otterd("--check-config", "--data", server.data, expect=2, env=env)
    assert f"{folder}/admin.token holds no token" in done.err
    for name in ("", "../x", "a/b"):
        assert "is no credential's name" in otterd("--check-config", "--data", server.data, "--tls-cert",
                                                   f"credential:{name}", "--tls-key", "k", expect=2, env=env).err


# --- SIGHUP

def events(server, name):
    return [line for line in server.log.read_text().splitlines() if f" event={name}" in line]


def hup(server, event, count=1):
    server.process.send_signal(signal.SIGHUP)
    otter.wait_for(event, lambda: len(events(server, event)) >= count)
    return events(server, event)[-1]


def test_sighup_takes_the_logs_level_and_tells_what_needs_a_restart(tmp_path):
    config = tmp_path / "otterd.conf"
    config.write_text("[log]\nlevel = info\n")
    server = otter.Server(tmp_path / "data", "--config", config).start()
    server.json("GET", "/api/v1/status")
    assert not events(server, "request")
    config.write_text("[log]\nlevel = debug\n[limits]\nthreads = 3\n[blobs]\npublic = yes\n")
    assert 'changed="blobs.public limits.threads"' in hup(server, "restart-needed")
    server.json("GET", "/api/v1/status")
    otter.wait_for("requests are logged", lambda: events(server, "request"))
    config.write_text("[log]\nlevel = info\n")
    hup(server, "reload", len(events(server, "reload")) + 1)
    logged = len(events(server, "request"))
    server.json("GET", "/api/v1/status")
    config.write_text("[log]\nlevel = loud\n")
    line = hup(server, "reload-refused")
    assert f"{config}:2: log.level" in line and "everything stays as it was" in line
    config.unlink()
    hup(server, "reload-refused", 2)
    server.json("GET", "/api/v1/status")
    assert len(events(server, "request")) == logged
    server.stop()


def test_an_option_wins_over_the_file_at_a_reload_too(tmp_path):
    config = tmp_path / "otterd.conf"
    config.write_text("[log]\nlevel = info\n")
    server = otter.Server(tmp_path / "data", "--config", config, "--log-level", "debug").start()
    config.write_text("[log]\nlevel = error\n")
    hup(server, "reload")
    server.json("GET", "/api/v1/status")
    otter.wait_for("still debug", lambda: events(server, "request"))
    server.stop()


def test_systemd_hears_of_a_reload(tmp_path):
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(address)
        s.settimeout(30)
        server = otter.Server(tmp_path / "data").start(env={"NOTIFY_SOCKET": address})
        assert s.recv(4096).startswith(b"READY=1")
        server.process.send_signal(signal.SIGHUP)
        assert re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=\d+", s.recv(4096))
        assert s.recv(4096) == b"READY=1"
        server.stop()


def test_reloads_without_end_hold_up_no_sign_of_life(tmp_path):
    address = str(tmp_path / "notify")
    heard = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(address)
        s.settimeout(30)
        server = otter.Server(tmp_path / "data").start(env={"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1000000"})
        end = time.monotonic() + 20
        while "WATCHDOG=1" not in heard and time.monotonic() < end:
            server.process.send_signal(signal.SIGHUP)
            heard += s.recv(4096).decode().split("\n")
        assert "WATCHDOG=1" in heard
        server.kill()


# --- the unit

def test_the_systemd_unit_is_good_and_closed(tmp_path):
    text = (ROOT / "etc/otterd.service").read_text()
    assert "\nExecStart=/usr/bin/otterd --config /etc/otter/otterd.conf --data /var/lib/otter\n" in text
    for line in ("Type=notify", "WatchdogSec=30", "ExecReload=/bin/kill -HUP $MAINPID", "StateDirectory=otter",
                 "RestartPreventExitStatus=2 4 5", "NoNewPrivileges=yes", "ProtectSystem=strict"):
        assert f"\n{line}\n" in text
    unit = tmp_path / "otterd.service"
    program = tmp_path / "otterd"  # the tree's own path may hold a blank, which a unit would split
    program.symlink_to(otter.OTTERD.resolve())
    unit.write_text(text.replace("/usr/bin/otterd", str(program)))
    env = {**os.environ, "SYSTEMD_LOG_LEVEL": "warning", "SYSTEMD_PAGER": ""}
    verify = subprocess.run(["systemd-analyze", "verify", unit], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=120, check=False, env=env)
    assert verify.returncode == 0, verify.stdout
    assert "otterd.service" not in verify.stdout, verify.stdout  # a key that is not known is but a warning
    security = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", unit],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=120, check=False, env=env)
    assert security.returncode == 0, security.stdout[-500:]
