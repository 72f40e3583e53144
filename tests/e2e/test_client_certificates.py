"""Devices by client certificates, as other implementations show them: Python's ssl, OpenSSL's s_client, curl."""

import base64
import contextlib
import http.client
import json
import os
import signal
import ssl
import subprocess

import certificates
import otter
import pytest
from client_certificates import Authority, with_names
from hand import unpadded
from test_bad_input import poll_body

PAST, LONG_AGO, FUTURE, FAR = "20240101000000Z", "20200101000000Z", "20900101000000Z", "20950101000000Z"


class Fleet:
    """A server with device_ca, its authorities, and devices that are registered, each with a certificate."""

    def __init__(self, folder, name="cn:*", options=()):
        self.folder, self.name = folder, name
        self.root = Authority(folder / "root", "Devices")
        self.below = Authority(folder / "below", "Devices, plant 1", self.root)
        self.stranger = Authority(folder / "stranger", "Devices")  # of the same name
        self.ca, self.crl, self.config = folder / "device-ca.pem", folder / "device.crl", folder / "otterd.conf"
        self.ca.write_text(self.root.pem.read_text() + self.below.pem.read_text())
        self.lists()
        self.configure()
        self.world = otter.World(folder, ["--config", self.config, *options], tls=certificates.tls_folder(folder / "tls"))
        self.server = self.world.server
        self.secrets = {}
        self.made = {}

    def configure(self, more=""):
        self.config.write_text(f"[tls]\ndevice_ca = {self.ca}\ndevice_crl = {self.crl}\ndevice_name = {self.name}\n{more}")

    def lists(self, **how):
        self.crl.write_text(self.root.crl(self.folder / "root.crl", **how).read_text() +
                            self.below.crl(self.folder / "below.crl", **how).read_text())

    def register(self, *names):
        for name in names:
            self.secrets[name] = unpadded(os.urandom(32))
            self.server.json("POST", "/api/v1/devices", {"id": name, "product": otter.PRODUCT, "hardware": otter.HARDWARE,
                                                         "secret": self.secrets[name]}, expect=201)

    def certificate(self, name):
        if name not in self.made:
            self.made[name] = self.below.issue(f"/CN={name}")
        return self.made[name]

    def context(self, shown=None, version=None):
        context = ssl.create_default_context(cafile=self.server.cacert)
        if shown:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")  # weak ones, too, are the server's to refuse
            context.load_cert_chain(*shown)
        if version:
            context.minimum_version = context.maximum_version = version
        return context

    def connection(self, shown=None, **how):
        """Stays open: several requests may be asked on it."""
        return http.client.HTTPSConnection("127.0.0.1", self.server.port, timeout=30, context=self.context(shown, **how))

    def ask(self, method, path, body=None, *, shown=None, token=None, headers=None, connection=None, **how):
        """(status, code or body)."""
        sent = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
        open_one = connection or self.connection(shown, **how)
        with contextlib.nullcontext() if connection else contextlib.closing(open_one):
            open_one.request(method, path, None if body is None else json.dumps(body), sent)
            reply = open_one.getresponse()
            text = reply.read()
        return reply.status, json.loads(text)["code"] if reply.status >= 400 else text

    def poll(self, device, shown=None, **how):
        return self.ask("POST", "/v1/device/poll", poll_body(device), shown=shown, **how)

    def detail(self, shown, device="dev-1"):
        with contextlib.closing(self.connection(shown)) as connection:
            connection.request("POST", "/v1/device/poll", json.dumps(poll_body(device)))
            reply = connection.getresponse()
            problem = json.loads(reply.read() or b"{}")
        return reply.status, problem.get("code"), problem.get("detail", "").rsplit(": ", 1)[-1]

    def reload(self, event):
        """A SIGHUP; waits for a line of the log that is new."""
        before = self.server.log.read_text().count(event)
        os.kill(self.server.process.pid, signal.SIGHUP)
        otter.wait_for(event, lambda: self.server.log.read_text().count(event) > before)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """What no test of it changes but by new devices and certificates."""
    made = Fleet(tmp_path_factory.mktemp("fleet"))
    made.world.start()
    made.register("dev-1", "dev-2")
    yield made
    made.server.stop()


@pytest.fixture
def own(tmp_path):
    """own(**options): a server that a test may change."""
    started = []

    def make(*devices, **how):
        one = Fleet(tmp_path, **how)
        one.world.start()
        started.append(one)
        one.register(*devices)
        return one
    yield make
    for one in started:
        one.server.stop()


def report(device):
    return {"device": device, "attempt": 111, "step": 1, "state": "downloading", "running": poll_body(device)["running"]}


def asks_of(device):
    """What a device asks of the server in its own name: (method, target, body)."""
    return [("POST", "/v1/device/poll", poll_body(device)), ("POST", "/v1/device/report", report(device)),
            ("PUT", f"/v1/device/attributes?device={device}", {"site": "oslo"}),
            ("POST", "/v1/device/token", {"device": device, "product": otter.PRODUCT, "hardware": otter.HARDWARE,
                                          "nonce": unpadded(bytes(16)), "token": unpadded(bytes(32))})]


# --- who it is

@pytest.mark.coverage
def test_a_certificate_is_its_device_without_a_token_and_nobody_else(fleet):
    mine = fleet.certificate("dev-1")
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        assert fleet.poll("dev-1", mine, version=version)[0] == 204
        assert fleet.poll("dev-2", mine, version=version) == (401, "unknown-device")
    for method, target, body in asks_of("dev-1"):
        assert fleet.ask(method, target, body, shown=mine)[0] in (204, 404, 409), target
    for method, target, body in asks_of("dev-2"):
        assert fleet.ask(method, target, body, shown=mine) == (401, "unknown-device"), target
    shown = fleet.world.otter("device", "show", "dev-2", "--json").json
    assert shown["attributes"] == {} and shown["last_seen"] is None


def test_without_a_certificate_a_token_is_needed_as_ever(fleet):
    assert fleet.poll("dev-1") == (401, "unauthorized")
    assert fleet.poll("dev-1", token=fleet.secrets["dev-1"])[0] == 204
    assert fleet.poll("dev-2", token=fleet.secrets["dev-1"]) == (401, "unknown-device")


def test_a_certificate_and_a_token_must_be_of_one_device(fleet):
    mine, own_token, other = fleet.certificate("dev-1"), fleet.secrets["dev-1"], fleet.secrets["dev-2"]
    assert fleet.poll("dev-1", mine, token=own_token)[0] == 204
    for device in ("dev-1", "dev-2"):
        for token in (other, fleet.server.token, unpadded(os.urandom(32))):
            assert fleet.poll(device, mine, token=token) == (401, "unknown-device")
    for header in ("Basic eDp5", "Otter-HMAC dev-1:x:y", "Bearer"):
        assert fleet.poll("dev-1", mine, headers={"Authorization": header})[0] == 401


def test_no_certificate_is_an_operator(fleet):
    for mine in (fleet.certificate("dev-1"), fleet.below.issue("/CN=admin")):
        for target in ("/api/v1/devices", "/api/v1/whoami", "/metrics"):
            assert fleet.ask("GET", target, shown=mine) == (401, "unauthorized")
            assert fleet.ask("GET", target, shown=mine, token=fleet.secrets["dev-1"]) == (401, "unauthorized")
    # Nor does one take from an operator what his token gives him, whatever it is.
    assert fleet.ask("GET", "/api/v1/devices", shown=fleet.certificate("dev-1"), token=fleet.server.token)[0] == 200
    assert fleet.ask("GET", "/api/v1/devices", shown=fleet.stranger.issue("/CN=dev-1"), token=fleet.server.token)[0] == 200


def test_headers_of_a_proxy_are_nobodys_certificate(fleet):
    pem = fleet.certificate("dev-1")[0].read_text().replace("\n", "")
    for name in ("X-SSL-Client-Cert", "X-Client-Cert", "X-Forwarded-Client-Cert", "Client-Cert", "SSL-Client-S-DN-CN"):
        assert fleet.poll("dev-1", headers={name: pem}) == (401, "unauthorized")


def test_a_device_reads_blobs_by_its_certificate_and_by_no_other(fleet):
    release = fleet.world.publish("1.0.0")
    target, mine = f"/v1/blobs/{release}", fleet.certificate("dev-1")
    assert fleet.ask("GET", target, shown=mine)[0] == 200
    assert fleet.ask("GET", target, shown=mine, token=fleet.secrets["dev-1"])[0] == 200
    assert fleet.ask("GET", target) == (401, "unauthorized")
    for token in (fleet.secrets["dev-2"], fleet.server.token):
        assert fleet.ask("GET", target, shown=mine, token=token) == (401, "unauthorized")
    assert fleet.ask("GET", target, shown=fleet.below.issue("/CN=nobody")) == (401, "unknown-device")
    assert fleet.ask("GET", target, shown=fleet.stranger.issue("/CN=dev-1")) == (401, "certificate-refused")
    assert fleet.ask("GET", "/v1/roots/1", shown=fleet.stranger.issue("/CN=dev-1"))[0] == 200  # everybody's


def test_a_device_that_is_not_registered_retired_or_revoked_has_no_right_by_its_certificate(fleet):
    fleet.register("gone", "old")
    for name in ("gone", "old"):
        assert fleet.poll(name, fleet.certificate(name))[0] == 204
    with contextlib.closing(fleet.connection(fleet.certificate("gone"))) as connection:
        assert fleet.poll("gone", connection=connection)[0] == 204
        fleet.world.otter("device", "revoke", "gone")
        assert fleet.poll("gone", connection=connection) == (401, "unknown-device")  # the same connection
    fleet.world.otter("device", "retire", "old", "--reason", "scrap")
    for name in ("gone", "old", "nobody"):
        assert fleet.poll(name, fleet.certificate(name)) == (401, "unknown-device")
    secret = unpadded(os.urandom(32))
    fleet.server.json("POST", "/api/v1/devices", {"id": "gone", "product": otter.PRODUCT, "hardware": otter.HARDWARE,
                                                  "secret": secret}, expect=200)
    assert fleet.poll("gone", fleet.certificate("gone"))[0] == 204  # registered anew


def test_who_shows_a_certificate_is_taken_where_that_is_a_way_to_come(own):
    fleet = own("known", options=("--enrol", "certificate"))
    server, mine = fleet.server, fleet.certificate("new-1")
    assert fleet.poll("new-2", mine) == (401, "unknown-device")
    assert fleet.ask("POST", "/v1/device/report", report("new-1"), shown=mine) == (401, "unknown-device")
    for shown in (fleet.stranger.issue("/CN=new-1"), fleet.below.issue("/CN=new-1/CN=new-1")):
        assert fleet.poll("new-1", shown) == (401, "certificate-refused")
    assert fleet.poll("new-1", token=unpadded(os.urandom(32))) == (401, "unknown-device")
    assert [d["id"] for d in server.json("GET", "/api/v1/devices")["items"]] == ["known"]
    assert fleet.poll("new-1", mine) == (503, "too-busy")  # come again
    assert fleet.poll("new-1", mine)[0] == 204
    # With a token beside it, that is its token from then on.
    token, other = unpadded(os.urandom(32)), fleet.certificate("new-2")
    assert fleet.poll("new-2", other, token="no-secret") == (401, "unknown-device")
    assert fleet.poll("new-2", other, token=token) == (503, "too-busy")
    server.kill()
    server.start()
    assert fleet.poll("new-1", mine)[0] == 204
    for how in ({"token": token}, {"shown": other}, {"shown": other, "token": token}):
        assert fleet.poll("new-2", **how)[0] == 204
    enrolled = [e for e in server.json("GET", "/api/v1/audit?limit=100")["items"] if e["act"] == "device-enrol"]
    assert sorted((e["subject"], e["detail"]["by"]) for e in enrolled) == [("new-1", "certificate"), ("new-2", "certificate")]
    # An id that there is, is never taken: nor is one that was revoked given back.
    fleet.world.otter("device", "revoke", "new-1")
    assert fleet.poll("new-1", mine) == (401, "unknown-device")
    assert fleet.poll("known", fleet.certificate("known"))[0] == 204


# --- which certificates count

def test_only_certificates_that_hold_in_every_way_count(fleet):
    below, dates = fleet.below, lambda began, ended: ("-startdate", began, "-enddate", ended)
    plant = Authority(fleet.folder / "plant-2", "Devices, plant 2", fleet.root)
    chain = fleet.folder / "chain.pem"
    leaf, key = plant.issue("/CN=dev-1")
    chain.write_text(leaf.read_text() + plant.pem.read_text())
    no_ca = Authority(fleet.folder / "no-ca", "No CA", below)
    no_ca.pem.write_text(below.issue("/CN=No CA", extensions="basicConstraints=critical,CA:FALSE\n")[0].read_text())
    cases = {
        "another CA's": (fleet.stranger.issue("/CN=dev-1"), "it leads to no CA that devices' certificates are taken from"),
        "its own": (self_signed(fleet), "it leads to no CA that devices' certificates are taken from"),
        "ended": (below.issue("/CN=dev-1", dates=dates(LONG_AGO, PAST)), "it has ended"),
        "not begun": (below.issue("/CN=dev-1", dates=dates(FUTURE, FAR)), "it is not valid yet"),
        "a server's": (below.issue("/CN=dev-1", usage="serverAuth"), "it is not for clients (extended key usage)"),
        "a weak key": (weak(fleet), "it, or its chain, is made by an algorithm or a key that is too weak"),
        "no list of its CA": ((chain, key), "the server has no CRL of its CA"),
        "without the CA between": ((leaf, key), "it leads to no CA that devices' certificates are taken from"),
    }
    for what, (shown, why) in cases.items():
        assert fleet.detail(shown) == (401, "certificate-refused", why), what
        assert fleet.poll("dev-1", shown, token=fleet.secrets["dev-1"]) == (401, "certificate-refused"), what
    for good in (below.issue("/CN=dev-1", usage=None), below.issue("/CN=dev-1", usage="serverAuth,clientAuth"),
                 fleet.root.issue("/CN=dev-1"), below.issue("/CN=dev-1", kind="rsa"), pss(fleet)):
        assert fleet.poll("dev-1", good)[0] == 204


def pss(fleet):
    certificates.KINDS["pss"] = ["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"]
    return fleet.below.issue("/CN=dev-1", kind="pss")


def self_signed(fleet):
    key, out = fleet.folder / "self.key", fleet.folder / "self.pem"
    certificates.make_key(key, "ec")
    certificates.openssl("req", "-x509", "-new", "-key", key, "-subj", "/CN=dev-1", "-days", 30, "-out", out)
    return out, key


def weak(fleet):
    certificates.KINDS["weak"] = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]
    return fleet.below.issue("/CN=dev-1", kind="weak")


def der(tag, *parts):
    body = b"".join(parts)
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag]) + (bytes([len(body)]) if len(body) < 128 else bytes([0x80 | len(length)]) + length) + body


def slow_key(path):
    """An RSA key whose public exponent has 8,676 bits, since its private one is small: quick to prove, slow to check."""
    p, q, private = 2**4423 - 1, 2**4253 - 1, 65537
    numbers = [0, p * q, pow(private, -1, (p - 1) * (q - 1)), private, p, q, private % (p - 1), private % (q - 1), pow(q, -1, p)]
    text = base64.encodebytes(der(0x30, *(der(2, n.to_bytes(n.bit_length() // 8 + 1, "big")) for n in numbers))).decode()
    path.write_text(f"-----BEGIN RSA PRIVATE KEY-----\n{text}-----END RSA PRIVATE KEY-----\n")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_key_made_to_be_slow_is_not_checked_at_all(fleet, version):
    key, pem = fleet.folder / "slow.key", fleet.folder / "slow.pem"
    slow_key(key)
    certificates.openssl("req", "-x509", "-new", "-key", key, "-subj", "/CN=dev-1", "-days", 30, "-out", pem)
    with pytest.raises((ssl.SSLError, ConnectionError)):  # no answer: the handshake ends
        fleet.poll("dev-1", (pem, key), version=version)
    assert fleet.poll("dev-1", fleet.certificate("dev-1"), version=version)[0] == 204


def test_a_chain_is_bounded_by_its_certificates_and_by_its_bytes(fleet):
    leaf, key = fleet.certificate("dev-1")
    long = fleet.folder / "long.pem"
    for count, said in ((8, 204), (9, 401)):
        long.write_text(leaf.read_text() + fleet.root.pem.read_text() * (count - 1))
        assert fleet.poll("dev-1", (long, key))[0] == said
    long.write_text(leaf.read_text() + fleet.root.pem.read_text() * 60)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        fleet.poll("dev-1", (long, key))


def test_a_ca_that_is_trusted_by_a_chain_of_one_that_is_none_is_not(fleet):
    """A device's certificate signs no other, though its own chain is good."""
    leaf, key = fleet.certificate("dev-2")
    forged = fleet.folder / "forged.pem"
    certificates.openssl("req", "-new", "-key", key, "-subj", "/CN=dev-1", "-out", fleet.folder / "forged.csr")
    (fleet.folder / "forged.ext").write_text("extendedKeyUsage=clientAuth\n")
    certificates.openssl("x509", "-req", "-in", fleet.folder / "forged.csr", "-CA", leaf, "-CAkey", key, "-CAcreateserial",
                         "-days", 30, "-extfile", fleet.folder / "forged.ext", "-out", forged)
    chain = fleet.folder / "forged-chain.pem"
    chain.write_text(forged.read_text() + leaf.read_text())
    assert fleet.poll("dev-1", (chain, key)) == (401, "certificate-refused")


def test_names_that_could_be_two_devices_are_none(fleet):
    several, none = "it has several names that could be a device's", "its name holds no device's id"
    cases = [("/CN=dev-1/CN=dev-2", several), ("/CN=dev-2/CN=dev-1", several), ("/CN=dev-1/CN=dev-1", several),
             ("/CN=dev-1+CN=dev-2", several), ("/O=dev-1", "it has no name of the form that devices' have"),
             ("/CN=dev 1", none), ("/CN=dev-1\\/x", none), ("/CN=" + "d" * 64, None)]
    for subject, why in cases:
        status, code, detail = fleet.detail(fleet.below.issue(subject))
        assert (status, code) == ((401, "certificate-refused") if why else (401, "unknown-device")), subject
        assert why is None or detail == why, subject
    for name in ("dev-1\0", "dev-1\0.example.com", "\0dev-1"):
        assert fleet.detail(with_names(fleet.below, name)) == (401, "certificate-refused", none)
    # An alternative name is no common name.
    assert fleet.poll("dev-1", fleet.below.issue("/O=x", san="DNS:dev-1")) == (401, "certificate-refused")


@pytest.mark.parametrize("pattern,good,bad", [
    ("dns:*.devices.example.com",
     ["DNS:dev-1.devices.example.com", "DNS:x.lan,DNS:dev-1.Devices.Example.com,URI:urn:dev-2"],
     ["DNS:dev-1.devices.example.com,DNS:dev-2.devices.example.com", "DNS:DEV-1.devices.example.com",
      "DNS:*.devices.example.com", "DNS:dev-1.devices.example.com.evil.org", "URI:dev-1.devices.example.com",
      "DNS:a.dev-1.devices.example.com", None]),
    ("uri:urn:otter:*", ["URI:urn:otter:dev-1", "DNS:dev-2,URI:urn:other:dev-2,URI:urn:otter:dev-1"],
     ["URI:urn:otter:dev-1,URI:urn:otter:dev-2", "DNS:dev-1", "URI:urn:otter:", "URI:urn:otter:dev/1", None]),
])
def test_alternative_names_are_taken_by_their_pattern(own, pattern, good, bad):
    fleet = own("dev-1", "dev-2", name=pattern)
    for san in good:
        shown = fleet.below.issue("/CN=dev-2", san=san)
        assert fleet.poll("dev-1", shown)[0] == 204, san
        assert fleet.poll("dev-2", shown) == (401, "unknown-device"), san
    for san in bad:
        shown = fleet.below.issue("/CN=dev-1", san=san)
        assert [fleet.poll(device, shown)[1] for device in ("dev-1", "dev-2")] == ["certificate-refused"] * 2, san
    for dns in (["dev-1\0.devices.example.com"], ["dev-1.devices.example.com", "x\0y"]):
        shown = with_names(fleet.below, "dev-1", dns=dns)
        assert fleet.poll("dev-1", shown) == (401, "certificate-refused")


# --- revocation

def test_a_list_read_at_sighup_ends_a_certificate_also_on_connections_that_are_open(own):
    fleet = own("dev-1", "dev-2")
    mine, other = fleet.certificate("dev-1"), fleet.certificate("dev-2")
    with contextlib.closing(fleet.connection(mine)) as connection:
        assert fleet.poll("dev-1", connection=connection)[0] == 204
        fleet.below.revoke(mine[0])
        fleet.lists()
        assert fleet.poll("dev-1", connection=connection)[0] == 204  # not read yet
        fleet.reload("event=device-ca ")
        assert fleet.poll("dev-1", connection=connection) == (401, "certificate-refused")
    assert fleet.detail(mine)[2] == "it was revoked" and fleet.poll("dev-2", other)[0] == 204
    assert fleet.poll("dev-1", token=fleet.secrets["dev-1"])[0] == 204  # the token is another matter
    assert fleet.poll("dev-1", fleet.below.issue("/CN=dev-1"))[0] == 204  # so is its next certificate
    # A list that cannot be used leaves the old one in force.
    for broken in ("", fleet.stranger.crl(fleet.folder / "other.crl").read_text(), fleet.crl.read_text()[:400]):
        fleet.crl.write_text(broken)
        fleet.reload("event=device-ca-refused")
        assert fleet.poll("dev-1", mine) == (401, "certificate-refused") and fleet.poll("dev-2", other)[0] == 204
    fleet.crl.unlink()
    fleet.reload("event=device-ca-refused")
    assert fleet.poll("dev-1", mine) == (401, "certificate-refused") and fleet.poll("dev-2", other)[0] == 204
    # The server's own certificate is taken all the same.
    assert fleet.server.log.read_text().count("event=certificate ") == 6


def test_a_list_that_has_ended_refuses_all_of_its_ca_until_the_next_one(own):
    fleet = own("dev-1")
    mine, above = fleet.certificate("dev-1"), fleet.root.issue("/CN=dev-1")
    ended = ("-crl_lastupdate", LONG_AGO, "-crl_nextupdate", PAST)
    fleet.crl.write_text(fleet.root.crl(fleet.folder / "r").read_text() +
                         fleet.below.crl(fleet.folder / "b", dates=ended).read_text())
    fleet.reload("event=device-crl-ended")
    assert fleet.detail(mine)[1:] == ("certificate-refused", "the server's CRL of its CA has ended")
    assert fleet.poll("dev-1", above)[0] == 204
    fleet.lists()
    fleet.reload("event=device-ca ")
    assert fleet.poll("dev-1", mine)[0] == 204


def test_a_ca_that_was_revoked_is_trusted_no_more_though_the_file_has_it(own):
    fleet = own("dev-1")
    mine, above = fleet.certificate("dev-1"), fleet.root.issue("/CN=dev-1")
    assert fleet.poll("dev-1", mine)[0] == 204
    fleet.root.revoke(fleet.below.pem)
    fleet.lists()
    fleet.reload("event=device-ca cas=1 revoked=1 crls=2")
    whole = fleet.folder / "whole.pem"
    whole.write_text(mine[0].read_text() + fleet.below.pem.read_text())
    for shown in (mine, (whole, mine[1])):
        assert fleet.poll("dev-1", shown) == (401, "certificate-refused")
    assert fleet.poll("dev-1", above)[0] == 204


def test_another_ca_is_taken_at_sighup_and_the_old_one_ends(own):
    fleet = own("dev-1")
    mine, next_one = fleet.certificate("dev-1"), fleet.stranger.issue("/CN=dev-1")
    assert fleet.poll("dev-1", mine)[0] == 204 and fleet.poll("dev-1", next_one) == (401, "certificate-refused")
    fleet.ca.write_text(fleet.stranger.pem.read_text())
    fleet.crl.write_text(fleet.stranger.crl(fleet.folder / "s.crl").read_text())
    fleet.reload("event=device-ca ")
    assert fleet.poll("dev-1", mine) == (401, "certificate-refused") and fleet.poll("dev-1", next_one)[0] == 204
    for text in (mine[0].read_text(), "nonsense"):  # a device's own certificate is no CA
        fleet.ca.write_text(text)
        fleet.reload("event=device-ca-refused")
        assert fleet.poll("dev-1", next_one)[0] == 204
    fleet.config.write_text("")
    fleet.reload("comes and goes with a restart")
    assert fleet.poll("dev-1", next_one)[0] == 204


# --- sessions that are resumed

def s_client(fleet, *options, device="dev-1", shown=None):
    body = json.dumps(poll_body(device))
    ask = f"POST /v1/device/poll HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
    shown = ["-cert", shown[0], "-key", shown[1]] if shown else []
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{fleet.server.port}", "-CAfile", fleet.server.cacert,
                           "-ign_eof", *shown, *options], input=ask.encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, check=False)
    text = done.stdout.decode(errors="replace")
    assert "HTTP/1.1 " in text, text
    return "Reused, " in text, int(text.split("HTTP/1.1 ")[1][:3]), "certificate-refused" in text


@pytest.mark.parametrize("way", [["-tls1_3"], ["-tls1_2"], ["-tls1_2", "-no_ticket"]])
def test_a_resumed_session_is_the_same_device_and_judged_by_the_list_of_now(own, way):
    fleet = own("dev-1", "dev-2")
    mine, kept = fleet.certificate("dev-1"), fleet.folder / "session"
    assert s_client(fleet, *way, "-sess_out", kept, shown=mine) == (False, 204, False)
    # Without the certificate: the session alone says who it is.
    assert s_client(fleet, *way, "-sess_in", kept) == (True, 204, False)
    assert s_client(fleet, *way, "-sess_in", kept, device="dev-2") == (True, 401, False)
    # Nobody else's certificate makes it another device.
    assert s_client(fleet, *way, "-sess_in", kept, device="dev-2", shown=fleet.certificate("dev-2")) == (True, 401, False)
    nobody = fleet.folder / "nobody"
    assert s_client(fleet, *way, "-sess_out", nobody) == (False, 401, False)
    assert s_client(fleet, *way, "-sess_in", nobody, shown=mine) == (True, 401, False)
    fleet.below.revoke(mine[0])
    fleet.lists()
    fleet.reload("event=device-ca ")
    assert s_client(fleet, *way, "-sess_in", kept) == (True, 401, True)


# --- outside clients, and starts

def test_curl_polls_by_certificate(fleet):
    pem, key = fleet.certificate("dev-1")
    args = ["curl", "--silent", "--cacert", fleet.server.cacert, "--cert", pem, "--key", key, "--max-time", "30", "--write-out",
            "%{http_code}", "--data", json.dumps(poll_body("dev-1")), f"{fleet.server.url}/v1/device/poll"]
    assert otter.run(args).out == "204"


def test_only_addresses_that_serve_devices_ask_for_a_certificate(own):
    fleet = own("dev-1")
    text = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{fleet.server.port}", "-tls1_2"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False).stdout.decode()
    assert "Client Certificate Types:" in text and "No client certificate CA names sent" in text


@pytest.mark.parametrize("keys,message", [
    ("device_ca = {0}/none.pem", "none.pem"),
    ("device_ca = {0}/leaf.pem", "is not a CA's"),
    ("device_ca = {0}/ca.key", "holds no certificate in PEM"),
    ("device_ca = {0}/ca.pem\ndevice_crl = {0}/none.crl", "none.crl"),
    ("device_ca = {0}/ca.pem\ndevice_crl = {0}/ca.pem", "holds no CRL in PEM"),
    ("device_ca = {0}/ca.pem\ndevice_crl = {0}/other.crl", "is not signed by a CA of device_ca"),
    ("device_ca = {0}/ca.pem\ndevice_crl = {0}/self.crl", "all CAs of"),
    ("device_crl = {0}/ca.crl", "tls.device_ca is not"),
    ("tickets = yes\n[devices]\nenrol = certificate", "has the word certificate, and tls.device_ca is not given"),
    ("device_ca = {0}/ca.pem\ndevice_name = *", "begin it with cn:, dns: or uri:"),
    ("device_ca = {0}/ca.pem\ndevice_name = cn:device", "one * stands for the device's id"),
])
def test_a_start_without_what_certificates_are_judged_by_is_exit_2(tmp_path, ca_files, keys, message):
    config = tmp_path / "otterd.conf"
    config.write_text(f"[tls]\ncert = {ca_files}/server.pem\nkey = {ca_files}/server.key\n" + keys.format(ca_files) + "\n")
    for more in (["--check-config"], ["--listen", "127.0.0.1:0"]):
        done = otter.run([otter.OTTERD, "--config", config, "--data", tmp_path / "data", *more], expect=2)
        assert message in done.err and "good" not in done.out
    assert not (tmp_path / "data").exists()


def test_device_ca_without_tls_is_exit_2(tmp_path, ca_files):
    config = tmp_path / "otterd.conf"
    config.write_text(f"[tls]\ndevice_ca = {ca_files}/ca.pem\n")
    done = otter.run([otter.OTTERD, "--config", config, "--data", tmp_path / "data", "--check-config"], expect=2)
    assert "without TLS nobody shows a certificate" in done.err


@pytest.fixture(scope="module")
def ca_files(tmp_path_factory):
    """ca.pem, ca.key, leaf.pem, ca.crl, other.crl (another CA's), self.crl (the CA is in it), server.pem, server.key."""
    folder = certificates.tls_folder(tmp_path_factory.mktemp("files") / "tls")
    one, other = Authority(folder / "one", "One"), Authority(folder / "other", "Other")
    (folder / "leaf.pem").write_text(one.issue("/CN=dev-1")[0].read_text())
    one.crl(folder / "ca.crl")
    other.crl(folder / "other.crl")
    one.revoke(one.pem)
    one.crl(folder / "self.crl")
    for name in ("ca.pem", "ca.key"):
        (folder / name).write_text((folder / "one" / name).read_text())
    return folder
