"""Devices over TLS: BearSSL's client in otter-emu against otterd's GnuTLS. Chain, name and dates are checked."""

import datetime
import json
import os
import shutil
import signal
import subprocess

import certificates
import otter
import pytest


@pytest.fixture
def secure(tmp_path):
    made = otter.World(tmp_path, tls=certificates.tls_folder(tmp_path / "tls"))
    made.start()
    yield made
    made.stop()


def polls(world):
    """Polls that otterd has answered, of all devices that are known."""
    return [d for d in world.otter("device", "list", "--all", "--json").json["items"] if d["last_seen"]]


def give(world, name):
    """otterd takes another certificate, and goes on."""
    for suffix in ("pem", "key"):
        shutil.copy(world.folder / f"tls/{name}.{suffix}", world.folder / f"tls/server.{suffix}")
    os.kill(world.server.process.pid, signal.SIGHUP)
    otter.wait_for("the other certificate", lambda: shown(world) == (world.folder / f"tls/{name}.pem").read_text())


def shown(world):
    """The certificate that otterd shows, in PEM."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{world.server.port}", "-servername",
                           certificates.NAME], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, errors="replace", timeout=60, check=False).stdout
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----\n"
    return done[done.index(begin):done.index(end) + len(end)] if end in done else ""


@pytest.mark.coverage
@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_fleet_updates_over_tls_and_resumes_its_sessions(tmp_path, kind):
    world = otter.World(tmp_path, tls=certificates.tls_folder(tmp_path / "tls", kind=kind))
    world.start()
    try:
        base, fleet = world.image("1.0.0", "A"), world.fleet(20)
        rollout = world.rollout(world.publish("1.1.0"))
        summary = world.emulate(fleet, base, "--expect", "1.1.0:confirmed", "--until-idle", "--log", world.folder / "events").json
        assert summary["by_version"] == {"1.1.0": 20} and summary["errors"] == {}
        assert '"reason":"tls-' not in (world.folder / "events").read_text()
        assert world.status(rollout)["counts"]["succeeded"] == 20
        # A device's two boots are a whole handshake each; what follows within a boot is resumed.
        assert summary["tls_handshakes"] - summary["tls_resumed"] == 40
        assert summary["tls_resumed"] >= 40
        # The update itself is one connection: reply, manifest, image and reports.
        assert summary["tls_handshakes"] < summary["polls"] * 1.2
    finally:
        world.stop()


@pytest.mark.coverage
def test_devices_go_on_over_another_certificate_and_a_restart(secure):
    base, fleet = secure.image("1.0.0", "A"), secure.fleet(20)
    certificates.issue(secure.folder / "tls", "next", kind="rsa")
    rollout = secure.rollout(secure.publish("1.1.0"), phases="30,60,100")
    first, second = [phase["devices"] for phase in secure.status(rollout)["phases"]][:2]
    secure.emulate(fleet, base, "--expect", "1.1.0", "--expect-count", first)
    give(secure, "next")
    secure.otter("rollout", "advance", rollout)
    summary = secure.emulate(fleet, base, "--expect", "1.1.0", "--expect-count", first + second).json
    assert summary["errors"] == {}
    secure.server.stop()
    secure.server.start()
    secure.otter("rollout", "advance", rollout)
    secure.emulate(fleet, base, "--expect", "1.1.0")
    assert secure.status(rollout)["counts"]["succeeded"] == 20


def test_a_certificate_changed_under_a_running_fleet_is_not_noticed(secure):
    base, fleet = secure.image("1.0.0", "A"), secure.fleet(10)
    certificates.issue(secure.folder / "tls", "next", kind="ec")
    process = subprocess.Popen(
        [otter.EMU, "--server", secure.server.url, "--tls-name", certificates.NAME, "--fleet", fleet / "fleet.jsonl",
         "--slot-a", base, "--speed", "20", "--timeout", "100", "--expect", "1.1.0:confirmed", "--json"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        otter.wait_for("all devices polled", lambda: len(polls(secure)) == 10)
        give(secure, "next")
        secure.rollout(secure.publish("1.1.0"))
        out, _ = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait(20)
    assert process.returncode == 0, out
    assert json.loads(out)["errors"] == {}


def refused(world, fleet, base, reason, *options):
    """The fleet gets nowhere, and says why; otterd has heard of no device."""
    summary = world.emulate(fleet, base, "--expect-reason", reason, *options).json
    assert summary["errors"] == {reason: summary["devices"]}
    assert summary["by_version"] == {"1.0.0": summary["devices"]}
    assert summary["polls"] == 0 and summary["tls_handshakes"] == 0
    assert polls(world) == []
    return summary


@pytest.mark.coverage
def test_a_device_with_another_ca_says_so_and_gets_nothing(secure):
    base, fleet = secure.image("1.0.0", "A"), secure.fleet(3)
    secure.rollout(secure.publish("1.1.0"))
    other = certificates.authority(secure.folder / "tls", "other")
    refused(secure, fleet, base, "tls-untrusted", "--cacert", other)
    # Its own CA again: nothing was broken.
    secure.emulate(fleet, base, "--expect", "1.1.0:confirmed")


def test_a_certificate_for_another_name_is_refused(secure):
    base, fleet = secure.image("1.0.0", "A"), secure.fleet(3)
    refused(secure, fleet, base, "tls-name", "--tls-name", "ota.example")


def test_a_certificate_that_ended_before_the_root_was_made_is_refused(secure):
    base, fleet = secure.image("1.0.0", "A"), secure.fleet(3)
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    certificates.issue(secure.folder / "tls", "next")
    certificates.dated(secure.folder / "tls", "old", now - datetime.timedelta(60), now - datetime.timedelta(1))
    give(secure, "old")
    summary = secure.emulate(fleet, base, "--expect-reason", "tls-expired").json
    assert summary["errors"] == {"tls-expired": 3} and summary["polls"] == 0
    # A certificate that begins tomorrow is taken: no device knows that it is not tomorrow.
    certificates.dated(secure.folder / "tls", "early", now + datetime.timedelta(1), now + datetime.timedelta(60), like="next")
    give(secure, "early")
    assert secure.emulate(fleet, base, "--until-idle").json["errors"] == {}


def test_https_never_becomes_plain_http(world):
    base, fleet = world.image("1.0.0", "A"), world.fleet(3)
    ca = certificates.authority(world.folder / "tls")
    port = world.server.port
    # otterd without TLS behind an https URL; then no CA to trust at all.
    refused(world, fleet, base, "tls-failed", "--server", f"https://localhost:{port}", "--cacert", ca)
    refused(world, fleet, base, "tls-no-ca", "--server", f"https://localhost:{port}")


def test_damaged_records_are_found_and_the_fleet_updates_all_the_same(secure):
    base, fleet = secure.image("1.0.0", "A"), secure.fleet(5)
    secure.rollout(secure.publish("1.1.0"))
    summary = secure.emulate(fleet, base, "--fault", "corrupt=0.002,drop=0.002,seed=11", "--expect", "1.1.0:confirmed",
                             "--speed", "2000").json
    assert summary["corrupted"] > 0 and summary["drops"] > 0


def test_an_address_needs_a_tls_name(secure):
    base, fleet = secure.image("1.0.0", "A"), secure.fleet(1)
    done = otter.run([otter.EMU, "--server", secure.server.url, "--fleet", fleet / "fleet.jsonl", "--slot-a", base],
                     expect=2)
    assert "--tls-name" in done.err
    done = secure.otter("device", "provision", "--id", "x", "--product", "p", "--hardware", otter.HARDWARE, "--root",
                        secure.root, "--image-key", secure.pub("image"), "--url", secure.server.url, "--ca",
                        secure.server.cacert, "--out", secure.folder / "x.bin", "--no-register", expect=2)
    assert "--tls-name NAME" in done.err
    server_certificate = secure.folder / "tls/server.pem"
    done = secure.otter("device", "provision", "--id", "x", "--product", "p", "--hardware", otter.HARDWARE, "--root",
                        secure.root, "--image-key", secure.pub("image"), "--url", "https://ota.example", "--ca",
                        server_certificate, "--out", secure.folder / "x.bin", "--no-register", expect=1)
    assert "not the certificate of a CA" in done.err and not (secure.folder / "x.bin").exists()


def test_an_update_over_a_resumed_session_keeps_to_the_devices_buffer(secure):
    base, fleet = secure.image("1.0.0", "A"), secure.fleet(5)
    process = subprocess.Popen(
        [otter.EMU, "--server", secure.server.url, "--tls-name", certificates.NAME, "--fleet", fleet / "fleet.jsonl",
         "--slot-a", base, "--speed", "20", "--timeout", "100", "--expect", "1.1.0:confirmed", "--json", "--log",
         secure.folder / "events"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        otter.wait_for("all devices polled", lambda: len(polls(secure)) == 5)
        secure.rollout(secure.publish("1.1.0"))
        out, _ = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait(20)
    assert process.returncode == 0, out
    assert '"reason":"tls-' not in (secure.folder / "events").read_text()
