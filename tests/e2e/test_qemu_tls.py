"""Whom the ARM firmware trusts as a server: by the chain, by the name, by the dates; and how it finds one."""

import datetime
import os
import shutil
import signal

import boards as support
import certificates
import documents
import otter
import pytest
import names
import qemu
import relay as relays
from test_device_tls import shown


@pytest.fixture
def boards(tmp_path):
    support.build_variants()
    made = support.Boards(tmp_path)
    made.start()
    yield made
    made.stop()


def write_chain(folder, name, *links):
    """<name>.pem becomes itself and those that vouch for it."""
    leaf = folder / f"{name}.pem"
    leaf.write_text(leaf.read_text() + "".join((folder / f"{link}.pem").read_text() for link in links))


def certificates_of(folder):
    """{name: how the device refuses it}, each below `folder`, OK ones last."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    certificates.authority(folder, "foreign")
    certificates.issue(folder, "between", is_ca=True, dns=(), addresses=())
    certificates.issue(folder, "untrusted", ca="foreign")
    certificates.issue(folder, "othername", dns=("otter.example",))
    certificates.issue(folder, "gap", ca="between")
    certificates.issue(folder, "whole", ca="between")
    write_chain(folder, "whole", "between")
    certificates.dated(folder, "over", now - datetime.timedelta(60), now - datetime.timedelta(1))
    # No CA, for all that it has a certificate of one: what an otter.test signs is not vouched for.
    certificates.issue(folder, "leafmade", ca="server")
    write_chain(folder, "leafmade", "server")
    return {"untrusted": "tls-untrusted", "gap": "tls-untrusted", "leafmade": "tls-untrusted", "othername": "tls-name",
            "over": "tls-expired", "whole": None}


def give(boards, name):
    """otterd takes another certificate, and goes on."""
    folder = boards.folder / "tls"
    for suffix in ("pem", "key"):
        shutil.copy(folder / f"{name}.{suffix}", folder / f"server.{suffix}")
    os.kill(boards.server.process.pid, signal.SIGHUP)
    otter.wait_for("the other certificate", lambda: shown(boards) == (folder / f"{name}.leaf").read_text())


def test_a_server_is_refused_for_its_chain_its_name_and_its_dates_and_taken_once_all_are_right(boards):
    folder = boards.folder / "tls"
    wrong = certificates_of(folder)
    for name in wrong:
        text = (folder / f"{name}.pem").read_text()
        end = "-----END CERTIFICATE-----\n"
        (folder / f"{name}.leaf").write_text(text[:text.index(end) + len(end)])
    device = boards.board("dev-1", boards.image("1.0.0", "A"))
    rollout = boards.rollout(boards.publish("1.1.0"))
    for name, reason in wrong.items():
        give(boards, name)
        if not reason:
            assert not boards.shown("dev-1")["last_seen"]
        device.start()
        if reason:
            device.wait_for_line(f"^update: .*{reason}")
            device.wait_for_line(f"^update: .*{reason}")  # nor the next time
            device.stop()
    device.wait_for_line("^app: confirmed")
    boards.until(rollout, succeeded=1)


def test_devices_with_another_ca_or_another_name_in_their_factory_data_stay_away(boards):
    base = boards.image("1.0.0", "A")
    other = certificates.authority(boards.folder / "tls", "other")
    cases = {"other-ca": ({"ca": other}, "tls-untrusted"), "other-name": ({"tls_name": "ota.example"}, "tls-name")}
    devices = {name: boards.board(name, base, **what) for name, (what, _) in cases.items()}
    for device in devices.values():
        device.start()
    for name, (_, reason) in cases.items():
        for _ in range(3):
            devices[name].wait_for_line(f"^update: .*{reason}")
        assert not boards.shown(name)["last_seen"]


# --- in a network where nothing can be reached but a name server and otterd

MIRROR = "mirror.test"


def lone(request):
    """Are we in that network? Outside, the test that asks runs once more inside, and is done."""
    if not names.has_own_network():
        support.build_variants()  # which may take longer than the test
        names.in_own_network(request)
        return False
    names.give_loopback()
    return True


def test_the_address_comes_by_dhcp_and_the_servers_by_dns(request):
    if not lone(request):
        return
    boards = request.getfixturevalue("boards")
    with names.Names({}) as server:
        # Not QEMU's usual network: no address of it can be known beforehand.
        url = f"https://{certificates.NAME}:{boards.server.port}"
        device = boards.board("dev-1", boards.image("1.0.0", "A"), url=url, tls_name=None,
                              netdev="net=10.77.0.0/24,host=10.77.0.9,dhcpstart=10.77.0.99")
        rollout = boards.rollout(boards.publish("1.1.0"))
        device.start()
        device.wait_for_line("^net: address 10.77.0.99")
        device.wait_for_line("^update: .*net-unreachable")  # no such name
        server.mute, asked = True, len(server.asked)
        otter.wait_for("a question without an answer", lambda: len(server.asked) > asked, qemu.PATIENCE)
        device.wait_for_line("^update: .*net-unreachable")
        server.table, server.mute = {certificates.NAME: "10.77.0.9"}, False
        device.wait_for_line("^app: confirmed")
        boards.until(rollout, succeeded=1)
        assert set(server.asked) == {certificates.NAME}


def test_a_mirror_that_is_not_trusted_is_refused_and_the_server_hears_why(request):
    """The server speaks for a mirror (`blobs` of its offer) whose certificate leads to another CA."""
    if not lone(request):
        return
    boards = request.getfixturevalue("boards")
    folder = boards.folder / "tls"
    certificates.authority(folder, "foreign")
    certificates.issue(folder, "mirror", ca="foreign", dns=(MIRROR,))
    offer_key = documents.Signer(boards.server.data / "offer.key")

    def upstream():
        return boards.server.port, boards.server.cacert

    def elsewhere(envelope):
        payload = documents.payload_of(envelope)
        if "attempt" not in payload:
            return envelope
        return offer_key.envelope({**payload, "blobs": f"https://{MIRROR}:{mirror.port}/v1/blobs"})
    with names.Names({MIRROR: qemu.HOST}), \
            relays.Relay(upstream, folder / "server.pem", folder / "server.key") as relay, \
            relays.Relay(upstream, folder / "mirror.pem", folder / "mirror.key") as mirror:
        relay.offer = elsewhere
        device = boards.board("dev-1", boards.image("1.0.0", "A"), url=boards.url(relay.port),
                              options={"backoff_first_ms": 1, "backoff_max_ms": 1})
        rollout = boards.rollout(boards.publish("1.1.0"))
        device.start()
        device.wait_for_line("^update: failed tls-untrusted")
        assert boards.until(rollout, failed=1)["reasons"] == {"tls-untrusted": 1}
        assert not mirror.requests
        # Images from the server itself again.
        relay.offer = None
        boards.otter("device", "retry", "dev-1")
        device.wait_for_line("^app: confirmed")
        boards.until(rollout, succeeded=1)
