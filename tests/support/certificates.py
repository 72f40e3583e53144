"""Certificates for tests, made by openssl: an authority, and what it signs."""

import pathlib
import subprocess

NAME = "otter.test"
ADDRESSES = ("127.0.0.1", "127.0.0.2", "::1")
KINDS = {"ec": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
         "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]}


def openssl(*args):
    done = subprocess.run(["openssl", *[str(a) for a in args]], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace", timeout=120, check=False)
    assert done.returncode == 0, f"openssl {args}: {done.stderr}"
    return done.stdout


def make_key(path, kind):
    openssl("genpkey", *KINDS[kind], "-out", path)
    path.chmod(0o600)


def authority(folder, name="ca", kind="ec"):
    """<name>.pem and <name>.key: a root that clients are told to trust."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    make_key(folder / f"{name}.key", kind)
    openssl("req", "-x509", "-new", "-key", folder / f"{name}.key", "-days", 3650, "-subj", f"/CN=Test authority {name}",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            "-out", folder / f"{name}.pem")
    return folder / f"{name}.pem"


def issue(folder, name="server", *, ca="ca", dns=(NAME,), addresses=ADDRESSES, days=365, kind="ec", is_ca=False):
    """<name>.pem and <name>.key, signed by <ca>. The chain is the caller's to put together."""
    folder = pathlib.Path(folder)
    names = ",".join([f"DNS:{d}" for d in dns] + [f"IP:{a}" for a in addresses])
    make_key(folder / f"{name}.key", kind)
    openssl("req", "-new", "-key", folder / f"{name}.key", "-subj", f"/CN={dns[0] if dns else name}", "-out",
            folder / f"{name}.csr")
    extensions = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n" if is_ca else (
        f"basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName={names}\n")
    (folder / f"{name}.ext").write_text(extensions)
    openssl("x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / f"{ca}.pem", "-CAkey", folder / f"{ca}.key",
            "-days", days, "-sha256", "-extfile", folder / f"{name}.ext", "-out", folder / f"{name}.pem")
    return folder / f"{name}.pem"


def dated(folder, name, began, ended, *, ca="ca", like="server"):
    """<name>.pem and <name>.key: as issue()'s <like>, valid in other days (datetimes), which openssl cannot be told."""
    from cryptography import x509  # here, since the demo's tools do without
    from cryptography.hazmat.primitives import hashes, serialization

    folder = pathlib.Path(folder)
    pattern = x509.load_pem_x509_certificate((folder / f"{like}.pem").read_bytes())
    signer = serialization.load_pem_private_key((folder / f"{ca}.key").read_bytes(), None)
    builder = x509.CertificateBuilder(pattern.issuer, pattern.subject, pattern.public_key(), x509.random_serial_number(),
                                      began, ended)
    for extension in pattern.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    made = builder.sign(signer, hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes((folder / f"{like}.key").read_bytes())
    return folder / f"{name}.pem"


def tls_folder(folder, kind="ec"):
    """What Server(..., tls=folder) takes: ca.pem to trust, server.pem and server.key of otter.test and the loopback."""
    authority(folder, kind=kind)
    issue(folder, kind=kind)
    return pathlib.Path(folder)
