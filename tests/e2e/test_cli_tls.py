"""otter over TLS: the server's certificate is believed for a reason, or the command ends with 3 and says what to do."""

import datetime
import pathlib

import certificates
import otter
import pytest

NOW = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None, microsecond=0)


@pytest.fixture
def authority(tmp_path):
    folder = tmp_path / "tls"
    certificates.authority(folder)
    certificates.issue(folder)
    return folder


def serve(tmp_path, folder, name):
    """otterd with that certificate."""
    return otter.Server(tmp_path / "data", "--tls-cert", folder / f"{name}.pem", "--tls-key", folder / f"{name}.key").start()


def ask(server, *options, scheme="https", host="127.0.0.1", env=None, expect=3, tmp_path=None):
    settings = {"OTTER_SERVER": f"{scheme}://{host}:{server.port}", "OTTER_TOKEN": server.token,
                "HOME": str(tmp_path or server.data.parent), "XDG_CONFIG_HOME": "", **(env or {})}
    return otter.run([otter.OTTER, *options, "server", "status", "--json"], env=settings, expect=expect)


@pytest.mark.coverage
def test_the_ca_is_named_by_option_environment_or_file(tmp_path, authority):
    server = serve(tmp_path, authority, "server")
    ca = authority / "ca.pem"
    try:
        assert "version" in ask(server, "--cacert", ca, expect=0).json
        assert "version" in ask(server, env={"OTTER_CACERT": str(ca)}, expect=0).json
        settings = tmp_path / "config/otter/config"
        settings.parent.mkdir(parents=True)
        settings.write_text(f"cacert = {ca}\n")
        assert "version" in ask(server, env={"XDG_CONFIG_HOME": str(tmp_path / "config")}, expect=0).json
        # The option wins over the file.
        other = certificates.authority(authority, "other")
        refused = ask(server, "--cacert", other, env={"XDG_CONFIG_HOME": str(tmp_path / "config")})
        assert "--cacert" in refused.err
    finally:
        server.stop()


@pytest.mark.coverage
@pytest.mark.parametrize("name,options,says", [
    ("server", [], ["name its CA with --cacert FILE or OTTER_CACERT"]),
    ("server", ["--cacert", "other.pem"], ["name its CA with --cacert FILE or OTTER_CACERT"]),
    ("elsewhere", ["--cacert", "ca.pem"], ["is for another name", "use a URL with a name"]),
    ("old", ["--cacert", "ca.pem"], ["has expired", "renew it"]),
    ("early", ["--cacert", "ca.pem"], ["not valid yet", "clock"]),
])
def test_a_certificate_that_is_not_believed_says_why_and_what_next(tmp_path, authority, name, options, says):
    certificates.authority(authority, "other")
    certificates.issue(authority, "elsewhere", dns=("elsewhere.test",), addresses=())
    certificates.dated(authority, "old", NOW - datetime.timedelta(60), NOW - datetime.timedelta(1))
    certificates.dated(authority, "early", NOW + datetime.timedelta(1), NOW + datetime.timedelta(60))
    server = serve(tmp_path, authority, name)
    try:
        refused = ask(server, *[authority / o if o.endswith(".pem") else o for o in options])
        assert refused.out == ""
        for text in says:
            assert text in refused.err, refused.err
        assert server.token not in refused.err
        assert "unauthorized" not in server.log.read_text()
    finally:
        server.stop()


def test_the_wrong_scheme_is_told_either_way(tmp_path, authority):
    plain = otter.Server(tmp_path / "plain").start()
    secure = serve(tmp_path, authority, "server")
    try:
        assert "does the URL begin with http://?" in ask(plain, "--cacert", authority / "ca.pem").err
        assert "with https:// if the server speaks TLS" in ask(secure, scheme="http").err
    finally:
        plain.stop()
        secure.stop()


@pytest.mark.parametrize("content", [None, b"", b"no certificate\n"])
def test_a_cacert_that_cannot_be_read_is_a_local_error(tmp_path, authority, content):
    server = serve(tmp_path, authority, "server")
    path = pathlib.Path(tmp_path / "broken.pem")
    try:
        if content is not None:
            path.write_bytes(content)
        refused = ask(server, "--cacert", path, expect=5)
        assert "must name a PEM file of CA certificates" in refused.err
    finally:
        server.stop()
