"""Debian's HAProxy before the service: TLS with a private authority, and the headers of a proxy that is trusted."""

import base64
import hashlib
import signal
import socket
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support import server

COMES_FROM = "127.0.0.2"
"""The address from which the proxy calls the service, so that it can be told from others on this machine."""

_CONFIGURATION = """
global
    maxconn 200
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend everybody
    bind 127.0.0.1:{port} ssl crt {certificate}
    bind 127.0.0.1:{clear_port}
    option http-restrict-req-hdr-names delete
    http-request del-header X-Forwarded-For
    option forwardfor
    http-request set-header X-Forwarded-Proto https if {{ ssl_fc }}
    http-request set-header X-Forwarded-Proto http unless {{ ssl_fc }}
{rules}
{backends}
"""


class Authority:
    """A certificate authority that nobody but this test knows, and one certificate of it for `names`."""

    def __init__(self, folder: Path, *names: str) -> None:
        own, theirs = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Private authority of a test")])
        made = _certificate(own, issuer, own, issuer, x509.BasicConstraints(ca=True, path_length=0))
        held = _certificate(
            theirs,
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]),
            own,
            issuer,
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]),
        )
        pem = serialization.Encoding.PEM
        self.path, self.certificate = folder / "authority.pem", folder / "certificate.pem"
        self.path.write_bytes(made.public_bytes(pem))
        key = theirs.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        self.certificate.write_bytes(held.public_bytes(pem) + made.public_bytes(pem) + key)
        public = own.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.fingerprint = base64.b64encode(hashlib.sha256(public).digest()).decode()
        """What Chromium's --ignore-certificate-errors-spki-list calls it."""


def _certificate(
    key: ec.EllipticCurvePrivateKey,
    name: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        .sign(signer, hashes.SHA256())
    )


class Proxy:
    """One HAProxy for several hosts of one port."""

    def __init__(self, folder: Path, authority: Authority, port: int, behind: Mapping[str, int]) -> None:
        """`behind` says which local port answers for which host."""
        self.port, self.clear_port, self._authority = port, server.free_port(), authority
        rules = [f"    use_backend {host} if {{ req.hdr(host) -m beg {host}: }}" for host in behind]
        backends = [
            f"backend {host}\n    source {COMES_FROM}\n    server one 127.0.0.1:{local}"
            for host, local in behind.items()
        ]
        configuration = folder / "haproxy.cfg"
        configuration.write_text(
            _CONFIGURATION.format(
                port=port,
                clear_port=self.clear_port,
                certificate=authority.certificate,
                rules="\n".join(rules),
                backends="\n".join(backends),
            )
        )
        haproxy = server.find_program("haproxy", package="haproxy", folders=[Path("/usr/sbin")])
        self._log = folder / "haproxy.log"
        with self._log.open("ab") as log:
            command = [haproxy, "-db", "-f", str(configuration)]
            self._process: subprocess.Popen[bytes] = server.start(command, log=log, user=None, ended_by=signal.SIGTERM)
        server.wait_until(self._answers, seconds=20, what="HAProxy answers")

    def url(self, host: str, path: str = "") -> str:
        """Return an address as browsers are given it."""
        return f"https://{host}:{self.port}{path}"

    def client(self, host: str) -> urllib3.HTTPSConnectionPool:
        """Return a client that trusts the private authority alone and asks for `host`."""
        return urllib3.HTTPSConnectionPool(
            "127.0.0.1",
            self.port,
            ca_certs=str(self._authority.path),
            server_hostname=host,
            assert_hostname=host,
            headers={"Host": f"{host}:{self.port}"},
            timeout=20,
        )

    def end(self) -> None:
        """Stop the proxy."""
        server.stop(self._process, signal.SIGTERM)

    def _answers(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
