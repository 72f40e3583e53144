"""Keys under a passphrase, and signatures that are made outside of otter: the command line as a process, openssl beside it."""

import base64
import os
import signal
import subprocess
import termios

import otter
import pytest
from terminal import Terminal

PASSPHRASE = "correct horse battery"
OTHER = "staple, or something"
BOARD = ("--hardware", otter.HARDWARE, "--slot", "A")


def openssl(*words):
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=60).stdout


def run(*words, lines=None, expect=0, env=None):
    """otter; `lines` stand in a pipe whose number takes the place of the word FD."""
    out, into = os.pipe()
    with os.fdopen(into, "w", encoding="utf-8") as pipe:
        pipe.write("".join(f"{line}\n" for line in lines or []))
    try:
        done = subprocess.run([otter.OTTER, *(str(out) if w == "FD" else str(w) for w in words)], pass_fds=[out],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, start_new_session=True,
                              env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})}, check=False)
    finally:
        os.close(out)
    assert done.returncode == expect, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def kid(path, *more, **kwargs):
    return run("key", "show", path, *more, **kwargs).stdout.split()[1]


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    for name in ("root", "release", "offer", "image"):
        run("key", "new", "--out", folder / f"{name}.key")
    return folder


@pytest.fixture
def sealed(tmp_path):
    path = tmp_path / "sealed.key"
    run("key", "new", "--out", path, "--encrypt", "--passphrase-fd", "FD", lines=[PASSPHRASE])
    return path


def test_openssl_opens_what_we_encrypt_and_we_what_it_encrypts(sealed, tmp_path):
    assert sealed.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n") and sealed.stat().st_mode & 0o777 == 0o600
    plain = openssl("pkey", "-in", sealed, "-passin", f"pass:{PASSPHRASE}")
    assert openssl("pkey", "-in", sealed, "-passin", f"pass:{PASSPHRASE}", "-pubout") == tmp_path.joinpath("sealed.key.pub").read_bytes()
    (tmp_path / "plain.key").write_bytes(plain)
    for name, how in {"pbkdf2": [], "scrypt": ["-scrypt"], "sha512": ["-v2prf", "hmacWithSHA512"],
                      "iterations": ["-iter", "100000"], "aes128": ["-v2", "aes-128-cbc"]}.items():
        theirs = tmp_path / f"{name}.key"
        openssl("pkcs8", "-topk8", *how, "-in", tmp_path / "plain.key", "-passout", f"pass:{OTHER}", "-out", theirs)
        assert kid(theirs, "--passphrase-fd", "FD", lines=[OTHER]) == kid(f"{sealed}.pub"), name


@pytest.mark.parametrize("words, lines, expect, says", [
    (["--passphrase-fd", "FD"], ["wrong horse"], 1, "wrong-passphrase"),
    (["--passphrase-fd", "FD"], ["wrong horse", PASSPHRASE], 1, "wrong-passphrase"),  # nobody is asked twice
    (["--passphrase-fd", "FD"], [""], 1, "holds no passphrase"),
    (["--passphrase-fd", "FD"], [], 1, "holds no passphrase"),
    (["--passphrase-fd", "FD"], ["x" * 2000], 1, "at most 1023 bytes"),
    (["--passphrase-fd", "999"], [], 5, "Bad file descriptor"),
    (["--passphrase-fd", "three"], [], 2, "expected the number of an open descriptor"),
    (["--passphrase-fd", "FD", "--passphrase-file", "F"], [PASSPHRASE], 2, "give either"),
    (["--passphrase", PASSPHRASE], [], 2, "there is no option --passphrase here"),
    ([], [], 1, "there is no terminal to ask at"),
])  # fmt: skip
def test_a_passphrase_that_does_not_open_the_key_says_why(sealed, words, lines, expect, says):
    done = run("key", "show", sealed, *words, lines=lines, expect=expect, env={"OTTER_PASSPHRASE": PASSPHRASE})
    assert says in done.stderr and PASSPHRASE not in done.stderr


def test_a_passphrase_file_counts_by_its_first_line_and_must_be_private(sealed, tmp_path):
    file = tmp_path / "passphrase"
    file.write_text(f"{PASSPHRASE}\nand a second line\n")
    file.chmod(0o644)
    assert "chmod 600" in run("key", "show", sealed, "--passphrase-file", file, expect=5).stderr
    file.chmod(0o600)
    assert kid(sealed, "--passphrase-file", file) == kid(f"{sealed}.pub")


def test_a_key_that_others_may_read_does_not_sign(keys, tmp_path):
    key = tmp_path / "open.key"
    key.write_bytes((keys / "image.key").read_bytes())
    words = ("image", "sign", "--key", key, "--version", "1.0.0", *BOARD, otter.FIRMWARE / otter.HARDWARE / "app-a.bin", tmp_path / "a.img")
    for mode in (0o644, 0o640, 0o602):
        key.chmod(mode)
        assert f"mode 0{mode:o}" in run(*words, expect=5).stderr
    key.chmod(0o600)
    run(*words)


def test_a_passphrase_is_changed_and_removed_and_a_dry_run_does_neither(sealed):
    change = ("key", "passphrase", sealed, "--passphrase-fd", "FD")
    both = (*change, "--new-passphrase-fd", "FD")
    before = sealed.read_bytes()
    run(*both, "--dry-run", lines=[PASSPHRASE, OTHER])
    assert "wrong-passphrase" in run(*both, lines=[OTHER, PASSPHRASE], expect=1).stderr
    assert "at least 8 bytes" in run(*both, lines=[PASSPHRASE, "short"], expect=1).stderr
    assert "give either" in run(*both, "--remove", lines=[PASSPHRASE, OTHER], expect=2).stderr
    assert sealed.read_bytes() == before
    run(*both, lines=[PASSPHRASE, OTHER])
    assert kid(sealed, "--passphrase-fd", "FD", lines=[OTHER]) == kid(f"{sealed}.pub")
    kid_fails = run("key", "show", sealed, "--passphrase-fd", "FD", lines=[PASSPHRASE], expect=1)
    assert "wrong-passphrase" in kid_fails.stderr
    run(*change, "--remove", lines=[OTHER])
    assert kid(sealed) == kid(f"{sealed}.pub") and sealed.stat().st_mode & 0o777 == 0o600
    run("key", "passphrase", sealed, "--new-passphrase-fd", "FD", lines=[PASSPHRASE])  # a first one
    assert b"ENCRYPTED" in sealed.read_bytes()
    assert "without --encrypt" in run("key", "new", "--out", f"{sealed}.2", "--passphrase-fd", "FD", lines=[OTHER], expect=2).stderr


# --- at a terminal

def environment():
    return {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"}


def echoes(terminal):
    return bool(termios.tcgetattr(terminal.leader)[3] & termios.ECHO)


def test_a_prompt_shows_nothing_of_what_is_typed_and_asks_three_times(sealed):
    with Terminal([otter.OTTER, "key", "show", sealed], env=environment()) as terminal:
        for word in ("wrong one", "wrong two", PASSPHRASE):
            terminal.wait_for(f"Passphrase of {sealed}: ")
            assert not echoes(terminal)
            terminal.send(f"{word}\n")
        status, seen = terminal.end()
        assert status == 0 and kid(f"{sealed}.pub") in seen and seen.count("Wrong. ") == 2
        assert "wrong one" not in seen and PASSPHRASE not in seen and echoes(terminal)
    with Terminal([otter.OTTER, "key", "show", sealed], env=environment()) as terminal:
        for word in ("wrong one", "wrong two", "wrong three"):
            terminal.wait_for("Passphrase of")
            terminal.send(f"{word}\n")
        status, seen = terminal.end()
        assert status == 1 and "wrong-passphrase" in seen


def test_a_new_passphrase_is_typed_twice(tmp_path):
    new = ["key", "new", "--encrypt", "--out", tmp_path / "new.key"]
    with Terminal([otter.OTTER, *new], env=environment()) as terminal:
        terminal.wait_for("New passphrase of")
        terminal.send(f"{PASSPHRASE}\n")
        terminal.wait_for("The same again: ")
        terminal.send(f"{OTHER}\n")
        status, seen = terminal.end()
        assert status == 1 and "differ" in seen and not (tmp_path / "new.key").exists()
    with Terminal([otter.OTTER, *new], env=environment()) as terminal:
        for prompt in ("New passphrase of", "The same again: "):
            terminal.wait_for(prompt)
            terminal.send(f"{PASSPHRASE}\n")
        assert terminal.end()[0] == 0
    assert kid(tmp_path / "new.key", "--passphrase-fd", "FD", lines=[PASSPHRASE]) == kid(tmp_path / "new.key.pub")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_at_the_prompt_ends_otter_by_it_and_the_terminal_echoes_again(sealed, how):
    with Terminal([otter.OTTER, "key", "show", sealed], env=environment()) as terminal:
        terminal.wait_for("Passphrase of")
        assert not echoes(terminal)
        if how == signal.SIGINT:
            terminal.send("\x03")
        else:
            terminal.process.send_signal(how)
        assert terminal.end()[0] == -how
        assert echoes(terminal)


def test_a_stop_at_the_prompt_asks_again_afterwards(sealed):
    with Terminal([otter.OTTER, "key", "show", sealed], env=environment()) as terminal:
        terminal.wait_for("Passphrase of")
        terminal.process.send_signal(signal.SIGTSTP)  # nobody could continue it here: the system passes over it
        terminal.wait_for("Passphrase of")
        terminal.send(f"{PASSPHRASE}\n")
        assert terminal.end()[0] == 0 and echoes(terminal)


# --- signed outside of otter

def raw(der):
    """R || S of an ECDSA-Sig-Value."""
    r_len = der[3]
    parts = der[4:4 + r_len], der[6 + r_len:]
    return b"".join(part[-32:].rjust(32, b"\0") for part in parts)


FORMS = {
    "der": lambda der: der, "raw": raw, "der in base64": base64.b64encode,
    "raw in base64, lines": lambda der: base64.encodebytes(raw(der)), "raw in base64url": lambda der: base64.urlsafe_b64encode(raw(der)).rstrip(b"="),
}


def sign_with_openssl(digest, key, form="der"):
    der = openssl("pkeyutl", "-sign", "-inkey", key, "-in", digest)
    path = digest.with_suffix(".sig")
    path.write_bytes(FORMS[form](der))
    # What it is of is exactly what the second file holds.
    digest.with_suffix(".der").write_bytes(der)
    openssl("dgst", "-sha256", "-verify", f"{key}.pub", "-signature", digest.with_suffix(".der"), f"{digest}.input")
    return path


@pytest.fixture
def documents(keys, tmp_path):
    """(root.json, r.json, a.img), the first two not signed yet."""
    image = tmp_path / "a.img"
    run("image", "sign", "--key", keys / "image.key", "--version", "1.0.0", *BOARD, otter.FIRMWARE / otter.HARDWARE / "app-a.bin", image)
    run("root", "new", "--root-key", keys / "root.key.pub", "--release-key", keys / "release.key.pub", "--offer-key",
        keys / "offer.key.pub", "--out", tmp_path / "root.json")
    run("release", "create", "--product", "pump", "--version", "1.0.0", "--hardware", otter.HARDWARE, "--image", f"A={image}",
        "--sequence", 1, "--out", tmp_path / "r.json")
    return tmp_path / "root.json", tmp_path / "r.json", image


@pytest.mark.parametrize("form", FORMS)
def test_openssl_signs_root_release_and_image_outside_of_otter(keys, documents, tmp_path, form):
    root, release, _image = documents
    digest = tmp_path / "digest"
    for noun, path in (("root", root), ("release", release)):
        key = keys / f"{noun}.key"
        before = path.read_bytes()
        run(noun, "sign", path, "--digest-only", digest, "--signature-key", f"{key}.pub")
        assert path.read_bytes() == before and digest.stat().st_size == 32
        run(noun, "sign", path, "--signature", sign_with_openssl(digest, key, form), "--signature-key", f"{key}.pub")
    same = ("image", "sign", "--version", "1.0.0", *BOARD, otter.FIRMWARE / otter.HARDWARE / "app-a.bin")
    outside = tmp_path / "outside.img"
    run(*same, "--digest-only", digest)
    run(*same, outside, "--signature", sign_with_openssl(digest, keys / "image.key", form), "--signature-key", keys / "image.key.pub")
    assert not digest.with_suffix(".img").exists()
    run("image", "verify", outside, "--key", keys / "image.key.pub")
    run("release", "verify", release, "--root", root)


def test_a_second_signer_elsewhere_adds_to_the_first_one_s_signature(keys, documents, tmp_path):
    root, _release, _image = documents
    run("root", "new", "--root-key", keys / "root.key.pub", "--root-key", keys / "image.key.pub", "--threshold-root", 2, "--release-key",
        keys / "release.key.pub", "--offer-key", keys / "offer.key.pub", "--out", root)
    run("root", "sign", root, "--key", keys / "root.key")
    run("root", "sign", root, "--digest-only", tmp_path / "digest", "--signature-key", keys / "image.key.pub")
    signature = sign_with_openssl(tmp_path / "digest", keys / "image.key")
    add = ("root", "sign", root, "--signature", signature, "--signature-key")
    assert "2 of 2 signatures" in run(*add, keys / "image.key.pub").stdout
    assert "duplicate-signature" in run(*add, keys / "image.key.pub", expect=1).stderr
    assert "unknown-key" in run(*add, keys / "offer.key.pub", expect=1).stderr


def test_what_is_no_signature_of_this_is_refused_by_name(keys, documents, tmp_path):
    _root, release, _image = documents
    digest, other = tmp_path / "digest", tmp_path / "other"
    by = ("--signature-key", keys / "release.key.pub")
    run("release", "sign", release, "--digest-only", digest, *by)
    other.write_bytes(bytes(32))
    (tmp_path / "other.input").write_bytes(b"")
    foreign = tmp_path / "foreign.sig"
    foreign.write_bytes(openssl("pkeyutl", "-sign", "-inkey", keys / "release.key", "-in", other))
    strangers = tmp_path / "strangers.sig"
    strangers.write_bytes(openssl("pkeyutl", "-sign", "-inkey", keys / "image.key", "-in", digest))
    nonsense = tmp_path / "nonsense"
    nonsense.write_bytes(b"this is no signature")
    before = release.read_bytes()
    for path, says in ((foreign, "bad-signature"), (strangers, "bad-signature"), (nonsense, "bad-encoding"), (digest, "bad-encoding")):
        assert says in run("release", "sign", release, "--signature", path, *by, expect=1).stderr
    usage = [(["--digest-only", digest], "--signature-key is missing"), (["--signature", foreign], "--signature-key is missing"), ([], "give one of"),
             (["--key", keys / "release.key", "--digest-only", digest], "give one of"), (["--key", keys / "release.key", *by], "goes with")]
    for words, says in usage:
        assert says in run("release", "sign", release, *words, expect=2).stderr
    assert release.read_bytes() == before
    assert "OUT is missing" in run("image", "sign", "--key", keys / "image.key", "--version", "1.0.0", *BOARD, release, expect=2).stderr
