"""Certificates of clients and lists of revoked ones, made by `openssl ca`: an authority with its own index."""

import pathlib

import certificates

CONFIG = """[ca]
default_ca = here
[here]
database = {0}/index.txt
new_certs_dir = {0}
serial = {0}/serial
crlnumber = {0}/crlnumber
certificate = {0}/ca.pem
private_key = {0}/ca.key
default_md = sha256
default_days = 365
policy = any
unique_subject = no
preserve = yes
[any]
commonName = optional
[req]
distinguished_name = none
[none]
"""
IS_CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"


class Authority:
    """A folder with ca.pem and ca.key: a root, or below another authority."""

    def __init__(self, folder, name, above=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.config = self.folder / "ca.conf"
        self.config.write_text(CONFIG.format(self.folder))
        (self.folder / "index.txt").write_text("")
        for number in ("serial", "crlnumber"):
            (self.folder / number).write_text("1000\n")
        self.pem, self.key = self.folder / "ca.pem", self.folder / "ca.key"
        if above:
            made, key = above.issue(f"/CN={name}", extensions=IS_CA)
            self.pem.write_text(made.read_text())
            self.key.write_text(key.read_text())
        else:
            certificates.make_key(self.key, "ec")
            certificates.openssl("req", "-x509", "-new", "-key", self.key, "-days", 3650, "-subj", f"/CN={name}", "-addext",
                                 "keyUsage=critical,keyCertSign,cRLSign", "-out", self.pem)
        self.count = 0

    def _ca(self, *args):
        return certificates.openssl("ca", "-batch", "-notext", "-config", self.config, *args)

    def issue(self, subject, *, san=None, usage="clientAuth", dates=(), extensions=None, kind="ec"):
        """(certificate, key) in PEM; dates: `-startdate`, `-enddate` of openssl ca."""
        self.count = getattr(self, "count", 0) + 1
        key, request, out = (self.folder / f"{self.count}.{end}" for end in ("key", "csr", "pem"))
        certificates.make_key(key, kind)
        certificates.openssl("req", "-new", "-config", self.config, "-key", key, "-subj", subject, "-out", request)
        if extensions is None:
            extensions = "basicConstraints=critical,CA:FALSE\n" + (f"extendedKeyUsage={usage}\n" if usage else "") + (
                f"subjectAltName={san}\n" if san else "")
        (self.folder / "ext").write_text(extensions)
        self._ca("-extfile", self.folder / "ext", *dates, "-in", request, "-out", out)
        return out, key

    def revoke(self, certificate):
        self._ca("-revoke", certificate)

    def crl(self, path, *, hours=240, dates=()):
        """Who is revoked now, at `path`; dates: `-crl_lastupdate`, `-crl_nextupdate`."""
        self._ca("-gencrl", *(dates or ("-crlhours", hours)), "-out", path)
        return path


def with_names(authority, common_name, *, dns=(), name="odd"):
    """(certificate, key): names of any bytes, which openssl's tools do not take."""
    import datetime

    from cryptography import x509  # here, since the demo's tools do without
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    signer = serialization.load_pem_private_key(authority.key.read_bytes(), None)
    issuer = x509.load_pem_x509_certificate(authority.pem.read_bytes()).subject
    key = authority.folder / f"{name}.key"
    certificates.make_key(key, "ec")
    now = datetime.datetime.utcnow()
    builder = x509.CertificateBuilder(
        issuer, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]),
        serialization.load_pem_private_key(key.read_bytes(), None).public_key(), x509.random_serial_number(),
        now - datetime.timedelta(1), now + datetime.timedelta(30))
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
    if dns:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(d) for d in dns]), False)
    out = authority.folder / f"{name}.pem"
    out.write_bytes(builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return out, key
