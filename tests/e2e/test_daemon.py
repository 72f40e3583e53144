"""otterd as a process: exit statuses, ready and stop, systemd's protocol, sockets."""

import os
import re
import signal
import socket
import subprocess

import otter
import pytest


def run_otterd(*args, expect):
    return otter.run([otter.OTTERD, *args], expect=expect, timeout=30)


@pytest.fixture
def server(tmp_path):
    made = otter.Server(tmp_path / "data").start()
    yield made
    made.stop()


@pytest.mark.quick
@pytest.mark.parametrize("args,message", [
    ([], "--data DIR is needed"),
    (["--data", "d", "--listen", "0.0.0.0:0"], "--insecure-plain-http"),
    (["--data", "d", "--listen", "localhost:1"], "no address to listen on"),
    (["--data", "d", "--colour"], "unknown option --colour"),
    (["--data", "d", "--poll-interval", "4"], "from 5 to 86400"),
    (["--data", "d", "--config", "/nonexistent.conf"], "/nonexistent.conf"),
])
def test_a_bad_command_line_is_exit_2_and_says_why(args, message):
    done = run_otterd(*args, expect=2)
    assert message in done.err and done.out == ""


def test_an_unknown_key_is_exit_2_with_its_line(tmp_path):
    config = tmp_path / "otterd.conf"
    config.write_text("[poll]\ninterval = 60\n\n[pol]\ncolour = red\n")
    done = run_otterd("--check-config", "--config", config, expect=2)
    assert f"{config}:5: unknown key \"colour\" in section [pol]" in done.err
    config.write_text("[poll]\ninterval = 60\n")
    run_otterd("--check-config", "--config", config, "--data", tmp_path / "data", expect=0)
    assert "interval = 60\n" in run_otterd("--print-config", "--config", config, expect=0).out


def test_what_print_config_prints_is_a_good_configuration(tmp_path):
    config = tmp_path / "otterd.conf"
    config.write_text(run_otterd("--print-config", "--threads", "3", expect=0).out)
    assert run_otterd("--print-config", "--config", config, expect=0).out == config.read_text()


def test_version_and_help_are_exit_0():
    assert re.fullmatch(r"otterd \d+\.\d+\.\d+\n", run_otterd("--version", expect=0).out)
    assert "Exit status: 0 stopped cleanly" in run_otterd("--help", expect=0).out


def test_an_address_in_use_is_exit_3_and_makes_nothing(server, tmp_path):
    done = run_otterd("--data", tmp_path / "second", "--listen", f"127.0.0.1:{server.port}", expect=3)
    assert f"127.0.0.1:{server.port}" in done.err
    assert not (tmp_path / "second").exists()
    assert server.json("GET", "/api/v1/status")["devices"] == 0


def test_the_admin_token_is_shown_once(tmp_path):
    server = otter.Server(tmp_path / "data").start()
    assert server.token in server.log.read_text()
    server.stop()
    server.log.unlink()
    server.start()
    assert server.json("GET", "/api/v1/status")["root"] is None
    assert server.token not in server.log.read_text()
    server.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_a_clean_stop(tmp_path, number):
    server = otter.Server(tmp_path / "data").start()
    idle = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    server.process.send_signal(number)
    assert server.process.wait(20) == 0
    assert idle.recv(1) == b""
    idle.close()


def test_who_has_connected_before_a_stop_is_not_reset(tmp_path):
    """The process is stopped, so that all of them wait in the kernel's queue; one has sent its request."""
    server = otter.Server(tmp_path / "data").start()
    os.kill(server.process.pid, signal.SIGSTOP)
    waiting = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(40)]
    waiting[-1].sendall(b"GET /v1/roots/1 HTTP/1.1\r\nHost: x\r\n\r\n")
    server.process.send_signal(signal.SIGTERM)
    os.kill(server.process.pid, signal.SIGCONT)
    assert server.process.wait(20) == 0
    assert waiting[-1].recv(2000).startswith(b"HTTP/1.1 404 ")
    assert [s.recv(1) for s in waiting[:-1]] == [b""] * 39
    for s in waiting:
        s.close()


def test_who_waited_long_and_asked_before_a_stop_is_answered(tmp_path):
    """More than a loop hears in two turns: all of them had connected long before, and said nothing."""
    server = otter.Server(tmp_path / "data").start()
    waiting = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(300)]
    otter.wait_for("all are in", lambda: b"\notter_http_connections 301\n" in server.request("GET", "/metrics")[2])
    os.kill(server.process.pid, signal.SIGSTOP)
    for s in waiting:
        s.sendall(b"GET /v1/roots/1 HTTP/1.1\r\nHost: x\r\n\r\n")
    server.process.send_signal(signal.SIGTERM)
    os.kill(server.process.pid, signal.SIGCONT)
    assert server.process.wait(20) == 0
    for s in waiting:
        assert s.recv(2000).startswith(b"HTTP/1.1 404 ")
        s.close()


def test_a_request_that_runs_at_the_stop_is_finished(tmp_path):
    server = otter.Server(tmp_path / "data").start()
    body = b'{"sha256":"' + b"ab" * 32 + b'","size":7}'
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as s:
        s.sendall(b"POST /api/v1/uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + server.token.encode() +
                  b"\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
        assert b"100 Continue" in s.recv(200)  # the request has begun
        server.process.send_signal(signal.SIGTERM)

        def refused():
            try:
                socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
            except OSError:
                return True
            return False
        otter.wait_for("no more connections", refused)
        s.sendall(body)
        assert s.recv(2000).startswith(b"HTTP/1.1 201 ")
    assert server.process.wait(20) == 0


def test_systemd_hears_ready_watchdog_and_stopping(tmp_path):
    address = str(tmp_path / "notify")
    heard = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(address)
        s.settimeout(20)
        server = otter.Server(tmp_path / "data")
        server.start(env={"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "100000"})
        while "WATCHDOG=1" not in heard:
            heard += s.recv(4096).decode().split("\n")
        assert heard[0] == "READY=1"
        server.process.send_signal(signal.SIGTERM)
        while "STOPPING=1" not in heard:
            heard += s.recv(4096).decode().split("\n")
        assert server.process.wait(20) == 0


def test_without_a_standard_error_the_log_goes_nowhere_else(tmp_path):
    server = otter.Server(tmp_path / "data", "--log-level", "debug")
    server.command = ["sh", "-c", 'exec "$@" 2>&-', "sh", otter.OTTERD]
    server.start()
    server.json("GET", "/api/v1/status")
    assert os.readlink(f"/proc/{server.process.pid}/fd/2") == "/dev/null"
    server.stop()
    assert (tmp_path / "data/lock").read_bytes() == b""


def test_operators_and_devices_can_have_an_address_each(tmp_path):
    sock = tmp_path / "operators.sock"
    config = tmp_path / "otterd.conf"
    config.write_text(f"[listen]\ndevice = 127.0.0.1:0\noperators = unix:{sock}\n")
    port_file = tmp_path / "port"
    with subprocess.Popen([otter.OTTERD, "--data", tmp_path / "data", "--config", config, "--port-file", port_file],
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            otter.wait_for("ready", port_file.exists)
            port = int(port_file.read_text().rsplit(":", 1)[1])
            token = (tmp_path / "data/admin.token").read_text().strip()
            ask = b"GET /api/v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token.encode() + b"\r\n\r\n"
            for family, address, status in [(socket.AF_UNIX, str(sock), b"200"),
                                            (socket.AF_INET, ("127.0.0.1", port), b"404")]:
                with socket.socket(family) as s:
                    s.settimeout(20)
                    s.connect(address)
                    s.sendall(ask)
                    assert s.recv(4096).split(b" ")[1] == status
            assert os.stat(sock).st_mode & 0o777 == 0o660
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert not sock.exists()


def test_a_kill_leaves_a_socket_that_the_next_start_takes_over(tmp_path):
    sock = tmp_path / "s"
    for _ in range(2):
        port_file = tmp_path / "port"
        port_file.unlink(missing_ok=True)
        with subprocess.Popen([otter.OTTERD, "--data", tmp_path / "data", "--listen", f"unix:{sock}",
                               "--port-file", port_file], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            otter.wait_for("ready", port_file.exists)
            process.kill()
        assert sock.exists()
