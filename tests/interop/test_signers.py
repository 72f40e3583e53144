"""Keys in a token (SoftHSM2, by PKCS#11): otter signs by it, pkcs11-tool signs for otter, and openssl believes both."""

import os
import pathlib
import subprocess

import pytest

MODULE = next((path for path in map(pathlib.Path, ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"))
               if path.exists()), None)
PIN = "1234567"
BOARD = ("--hardware", "nucleo-f429zi", "--slot", "A")
NAMES = ("root", "release", "image")


class Token:
    """A token of its own, whose keys were made inside it."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "tokens").mkdir()
        (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.env = {**os.environ, "SOFTHSM2_CONF": str(folder / "softhsm2.conf"), "LC_ALL": "C.UTF-8"}
        self.pin = self.secret("pin", PIN)
        self.run("softhsm2-util", "--init-token", "--free", "--label", "otter", "--pin", PIN, "--so-pin", "7654321")
        for name in NAMES:
            self.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label", name, "--id", self.number(name))
        self.tool("--keypairgen", "--key-type", "EC:secp384r1", "--label", "large", "--id", "09")
        for name in NAMES:
            spki = self.tool("--read-object", "--type", "pubkey", "--label", name, text=False).stdout
            self.run("openssl", "pkey", "-pubin", "-inform", "DER", "-out", self.pub(name), input=spki, text=False)

    def secret(self, name, text):
        path = self.folder / name
        path.write_text(f"{text}\n")
        path.chmod(0o600)
        return path

    def pub(self, name):
        return self.folder / f"{name}.pub"

    @staticmethod
    def number(name):
        """By which pkcs11-tool finds a key to sign with: it takes no notice of --label there."""
        return f"0{NAMES.index(name)}"

    @staticmethod
    def uri(name):
        return f"pkcs11:token=otter;object={name}"

    def run(self, *words, expect=0, text=True, **more):
        if "input" not in more:
            more["stdin"] = subprocess.DEVNULL
        done = subprocess.run([str(w) for w in words], capture_output=True, text=text, timeout=120, env=self.env, cwd=self.folder,
                              start_new_session=True, check=False, **more)
        assert done.returncode == expect, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def tool(self, *words, **more):
        return self.run("pkcs11-tool", "--module", MODULE, "--token-label", "otter", "--login", "--pin", PIN, *words, **more)

    def otter(self, *words, **more):
        return self.run(os.environ["OTTER_BIN"], *words, **more)

    def by(self, name, *more):
        """The options that sign by the token."""
        return ("--key", self.uri(name), *(more or ("--pkcs11-module", MODULE, "--passphrase-file", self.pin)))


@pytest.fixture(scope="module")
def token(tmp_path_factory):
    assert MODULE is not None, "SoftHSM2 is not installed: scripts/setup"
    return Token(tmp_path_factory.mktemp("token"))


@pytest.fixture
def files(token, tmp_path):
    """Firmware, and an unsigned root and release of it."""
    firmware = tmp_path / "app.bin"
    firmware.write_bytes(bytes([0x00, 0x00, 0x02, 0x20, 0x01, 0x02, 0x02, 0x08]) + bytes(range(256)) * 9)
    token.otter("image", "sign", *token.by("image"), "--version", "1.0.0", *BOARD, firmware, tmp_path / "a.img")
    token.otter("key", "new", "--out", tmp_path / "offer.key")
    token.otter("root", "new", "--root-key", token.uri("root"), "--release-key", token.uri("release"), "--pkcs11-module", MODULE,
                "--offer-key", tmp_path / "offer.key.pub", "--out", tmp_path / "root.json")
    token.otter("release", "create", "--product", "pump", "--version", "1.0.0", "--hardware", "nucleo-f429zi", "--image", f"A={tmp_path}/a.img",
                "--sequence", 1, "--out", tmp_path / "r.json")
    return tmp_path


def test_a_token_signs_root_release_and_image_and_a_device_s_checks_pass(token, files):
    token.otter("root", "sign", files / "root.json", *token.by("root"))
    token.otter("release", "sign", files / "r.json", *token.by("release"))
    token.otter("image", "verify", files / "a.img", "--key", token.pub("image"))
    token.otter("release", "verify", files / "r.json", files / "a.img", "--root", files / "root.json", "--image-key", token.pub("image"))


def test_p11_kit_s_registered_modules_are_found_without_a_module_named(token):
    assert token.otter("key", "show", token.uri("release")).stdout == token.otter("key", "show", token.pub("release")).stdout


@pytest.mark.parametrize("form", ["rs", "openssl"])  # R || S, and DER
def test_pkcs11_tool_signs_for_otter(token, files, form):
    digest, signature = files / "digest", files / "signature"
    words = ("--mechanism", "ECDSA", "--input-file", digest, "--signature-format", form)
    for noun, path in (("root", "root.json"), ("release", "r.json")):
        token.otter(noun, "sign", files / path, "--digest-only", digest, "--signature-key", token.pub(noun))
        token.tool("--sign", "--id", token.number(noun), *words, "--output-file", signature)
        token.otter(noun, "sign", files / path, "--signature", signature, "--signature-key", token.pub(noun))
    same = ("image", "sign", files / "app.bin", "--version", "1.0.0", *BOARD)
    token.otter(*same, "--digest-only", digest)
    token.tool("--sign", "--id", token.number("image"), *words, "--output-file", signature)
    token.otter(*same, files / "a.img", "--signature", signature, "--signature-key", token.pub("image"))
    token.otter("release", "verify", files / "r.json", "--root", files / "root.json")
    token.otter("image", "verify", files / "a.img", "--key", token.pub("image"))


def test_sixty_signatures_by_a_token_are_all_well_formed(token, files):
    """R or S shorter than 32 bytes come once in 128: each is otter's to pad, and is judged by what it signs next."""
    for i in range(60):
        token.otter("image", "sign", *token.by("image"), "--version", f"1.0.{i}", *BOARD, files / "app.bin", files / "many.img")
        token.otter("image", "verify", files / "many.img", "--key", token.pub("image"))


def test_what_is_wrong_with_a_token_is_said_by_name(token, files):
    sign = ("release", "sign", files / "r.json", "--key")
    module = ("--pkcs11-module", MODULE)
    right = ("--passphrase-file", token.pin)
    before = (files / "r.json").read_bytes()
    for key, more, says in (
            (token.uri("release"), (*module, "--passphrase-file", token.secret("wrong", "7777777")), "wrong-pin"),
            (token.uri("release"), module, "there is no terminal to ask at"),
            (token.uri("nobody"), (*module, *right), "names no such key"),
            ("pkcs11:token=none;object=release", (*module, *right), "names no such key"),
            (token.uri("large"), (*module, *right), "no key on P-256"),
            (f"{token.uri('release')}?pin-value={PIN}", module, "no place on a command line"),
            (f"{token.uri('release')}?module-path={MODULE}", right, "--pkcs11-module")):
        done = token.otter(*sign, key, *more, expect=5 if "no such" in says else 1)
        assert says in done.stderr and PIN not in done.stderr.replace(key, ""), (key, done.stderr)
    assert "cannot be loaded" in token.otter(*sign, token.uri("release"), "--pkcs11-module", "/dev/null", *right, expect=5).stderr
    assert (files / "r.json").read_bytes() == before
