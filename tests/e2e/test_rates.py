"""Who asks too often: one device or one address is answered 429, and nobody else is. [limits] device_rate, address_rate."""

import json
import re
import socket

import api_samples
import metrics
import openapi
import otter
import pytest
import raw_http

DEVICES = {"own-1": "B" * 42 + "A", "own-2": "C" * 42 + "A"}
SERVED = (200, 204, 400, 401, 404, 411, 415, 503)
RATE = 60  # a minute: the next one after a second
# Of devices and of everybody; what operators ask is in test_rights.py, with locked-out.
OPERATIONS = [op for op in openapi.description().operations if not op.path.startswith("/api/")]


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    """A server with both rates, a unix socket behind a proxy, and two devices."""
    folder = tmp_path_factory.mktemp("rates")
    config = folder / "otterd.conf"
    config.write_text(f"[listen]\nproxy_headers = yes\n[limits]\ndevice_rate = {RATE}\naddress_rate = {3 * RATE}\n")
    server = otter.Server(folder / "data", "--config", config, "--listen", f"unix:{folder}/s").start()
    server.sock = str(folder / "s")
    for name, secret in DEVICES.items():
        server.json("POST", "/api/v1/devices", {"id": name, "product": otter.PRODUCT, "hardware": otter.HARDWARE,
                                                "secret": secret}, expect=201)
    yield server
    server.stop()


def connect(server, source):
    return raw_http.Connection(("127.0.0.1", server.port), source=source)


def poll(connection, device, **headers):
    body = {"device": device, "product": otter.PRODUCT, "hardware": otter.HARDWARE, "epoch": 1, "sequence": 0, "root": 1,
            "running": {"version": "1.0.0", "sha256": "00" * 32, "slot": "A", "confirmed": True},
            "nonce": "AAAAAAAAAAAAAAAAAAAAAA", "caps": {"ram": 0, "covers": 0}}
    return connection.ask("POST", "/v1/device/poll", token=DEVICES[device], body=json.dumps(body).encode(),
                          headers={"Content-Type": "application/json", **headers})


def until_refused(ask, most):
    """Asks until it is refused; how often it was served."""
    for served in range(most + 1):
        reply = ask()
        if reply.status == 429:
            assert 1 <= int(reply.headers["retry-after"]) <= 79
            assert not reply.body or json.loads(reply.body)["code"] == "too-many-requests"  # a HEAD has none
            return served
        assert reply.status in SERVED, reply.body
    raise AssertionError(f"served {most + 1} times")


def test_a_device_over_its_rate_is_refused_while_another_polls_on(limited):
    with connect(limited, "127.0.0.11") as one, connect(limited, "127.0.0.12") as other:
        assert until_refused(lambda: poll(one, "own-1"), 3 * RATE - 1) >= RATE
        assert poll(other, "own-2").status != 429
        # Under whatever address, and with whatever it asks: it is the same device.
        assert until_refused(lambda: poll(other, "own-1"), RATE) < RATE / 2
        blob = "/v1/blobs/" + "ab" * 32
        assert until_refused(lambda: other.ask("GET", blob, token=DEVICES["own-1"]), RATE) < RATE / 2
        assert other.ask("GET", blob, token=DEVICES["own-2"]).status == 404
        otter.wait_for("served again", lambda: poll(other, "own-1").status != 429)
    assert metrics.read(limited).get("otter_http_too_many_requests_total", of="device") >= 3


def test_who_has_not_the_devices_token_cannot_use_its_rate_up(limited):
    with connect(limited, "127.0.0.21") as stranger, connect(limited, "127.0.0.22") as device:
        for _ in range(RATE + 1):
            wrong = stranger.ask("PUT", "/v1/device/attributes?device=own-2", token="D" * 42 + "A", body=b"{}",
                                 headers={"Content-Type": "application/json"})
            assert wrong.status == 401
        assert poll(device, "own-2").status != 429


def test_an_address_over_its_rate_is_refused_whatever_it_asks_and_others_go_on(limited):
    with connect(limited, "127.0.0.31") as one, connect(limited, "127.0.0.32") as other:
        assert until_refused(lambda: one.ask("GET", "/v1/roots/7"), 9 * RATE) >= 3 * RATE
        for path, token in [("/healthz", None), ("/api/v1/status", limited.token), ("/api/v1/status", "guess"), ("/metrics", None)]:
            assert until_refused(lambda p=path, t=token: one.ask("GET", p, token=t), 3 * RATE) < RATE
        assert other.ask("GET", "/api/v1/status", token=limited.token).status == 200
        otter.wait_for("served again", lambda: one.ask("GET", "/healthz").status == 200)
    assert limited.request("GET", "/api/v1/status")[0] == 200
    assert metrics.read(limited).get("otter_http_too_many_requests_total", of="address") >= 4


def test_behind_a_proxy_the_addresses_that_it_names_count(limited):
    """The last one of X-Forwarded-For, which is the proxy's own word; on TCP nobody's word is taken."""
    with raw_http.Connection(limited.sock, family=socket.AF_UNIX) as proxy:
        def ask(client):
            return proxy.ask("GET", "/v1/roots/7", headers={"X-Forwarded-For": client})
        assert until_refused(lambda: ask("10.9.9.9, 2001:db8::1"), 9 * RATE) >= 3 * RATE
        assert ask("2001:db8::1, 10.9.9.9").status == 404
        assert until_refused(lambda: ask("2001:db8::2"), 3 * RATE) < RATE  # of one /64
        assert ask("2001:db8:0:1::1").status == 404
    with connect(limited, "127.0.0.41") as liar:
        assert until_refused(lambda: liar.ask("GET", "/v1/roots/7", headers={"X-Forwarded-For": "10.3.3.3"}), 9 * RATE) >= 3 * RATE
        lies = {"X-Forwarded-For": "10.4.4.4"}
        assert until_refused(lambda: liar.ask("GET", "/v1/roots/7", headers=lies), 3 * RATE) < RATE
    with raw_http.Connection(limited.sock, family=socket.AF_UNIX) as local:  # whom the file's mode guards
        for _ in range(3 * RATE + 1):
            assert local.ask("GET", "/v1/roots/7").status == 404


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.id)
def test_every_operation_is_refused(limited, op):
    path = re.sub(r"\{[^}]*\}", "ab" * 32 if "blob" in op.path else "1", op.path)
    with connect(limited, "127.0.0.51") as one:
        body = b"{}" if op.method.upper() in ("POST", "PUT") else None
        until_refused(lambda: one.ask("GET", "/v1/roots/7"), 9 * RATE)
        until_refused(lambda: one.ask(op.method.upper(), path, body=body), 3 * RATE)


@pytest.mark.parametrize("rate", ["0", "1000000"])
def test_without_a_rate_or_under_a_high_one_nobody_is_refused(tmp_path, rate):
    config = tmp_path / "otterd.conf"
    config.write_text(f"[limits]\ndevice_rate = {rate}\naddress_rate = {rate}\n")
    server = otter.Server(tmp_path / "data", "--config", config).start()
    with connect(server, "127.0.0.1") as one:
        assert {one.ask("GET", "/v1/roots/1").status for _ in range(1000)} == {404}
    server.stop()


def test_a_fleet_that_updates_under_the_defaults_meets_no_rate(world):
    fleet = world.fleet(20)
    rollout = world.rollout(world.publish("1.1.0"))
    world.emulate(fleet, world.image("1.0.0", "A"), "--expect", "1.1.0:confirmed", "--speed", "200")
    assert world.status(rollout)["state"] == "complete"
    assert set(metrics.read(world.server).of("otter_http_too_many_requests_total").values()) == {0}
