"""Debian's HAProxy before the service: TLS with a private authority, and the headers of a proxy that is trusted."""

import base64
import hashlib
import signal
import socket
import ssl
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

SHIPPED = Path(__file__).parents[2] / "docker/haproxy.cfg"
_HEAD, _, _SECTIONS = SHIPPED.read_text("utf-8").partition("frontend citizens\n")
_RULES = _SECTIONS.partition("alpn h2,http/1.1\n")[2].partition("    default_backend")[0]
_SEVERAL_HOSTS = """{head}
frontend everybody
    bind 127.0.0.1:{port} ssl crt {certificate}
    bind 127.0.0.1:{clear_port}
{rules}
{hosts}
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
    """One HAProxy, with the very file that is shipped or with several hosts of one port."""

    def __init__(self, folder: Path, authority: Authority, port: int, *configurations: Path, **env: str) -> None:
        self.port, self._authority = port, authority
        haproxy = server.find_program("haproxy", package="haproxy", folders=[Path("/usr/sbin")])
        self._log = folder / "haproxy.log"
        with self._log.open("ab") as log:
            command = [haproxy, "-db", *(part for file in configurations for part in ("-f", str(file)))]
            self._process: subprocess.Popen[bytes] = server.start(
                command, log=log, user=None, ended_by=signal.SIGTERM, env=env
            )
        server.wait_until(self._answers, seconds=20, what="HAProxy answers")

    @classmethod
    def shipped(cls, folder: Path, authority: Authority, port: int, service_port: int) -> "Proxy":
        """Start it as its file says how, before one service."""
        env = {
            "LISTEN": f"127.0.0.1:{port}",
            "CERTIFICATE": str(authority.certificate),
            "COUNTERSIGN": f"127.0.0.1:{service_port}",
        }
        return cls(folder, authority, port, SHIPPED, **env)

    @classmethod
    def with_certificates(
        cls, folder: Path, authority: Authority, ports: tuple[int, int], service_port: int, client_ca: Path
    ) -> "Proxy":
        """Start it with the file for client certificates beside, listening at the second port."""
        env = {
            "LISTEN": f"127.0.0.1:{ports[0]}",
            "MTLS_LISTEN": f"127.0.0.1:{ports[1]}",
            "CLIENT_CA": str(client_ca),
            "CERTIFICATE": str(authority.certificate),
            "COUNTERSIGN": f"127.0.0.1:{service_port}",
        }
        return cls(folder, authority, ports[0], SHIPPED, SHIPPED.with_name("haproxy-mtls.cfg"), **env)

    @classmethod
    def of_hosts(
        cls, folder: Path, authority: Authority, port: int, behind: Mapping[str, int], *, clear_port: int
    ) -> "Proxy":
        """Start it with the rules of the shipped file; `behind` says which local port answers for which host."""
        hosts = [f"    use_backend {host} if {{ req.hdr(host) -m beg {host}: }}" for host in behind]
        backends = [
            f"backend {host}\n    source {COMES_FROM}\n    server one 127.0.0.1:{local}"
            for host, local in behind.items()
        ]
        configuration = folder / "haproxy.cfg"
        configuration.write_text(
            _SEVERAL_HOSTS.format(
                head=_HEAD,
                port=port,
                clear_port=clear_port,
                certificate=authority.certificate,
                rules=_RULES,
                hosts="\n".join(hosts),
                backends="\n".join(backends),
            )
        )
        return cls(folder, authority, port, configuration)

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

    def connection(self, host: str) -> ssl.SSLSocket:
        """Return a connection on which a test says what it likes."""
        trusting = ssl.create_default_context(cafile=self._authority.path)
        return trusting.wrap_socket(socket.create_connection(("127.0.0.1", self.port), 20), server_hostname=host)

    def end(self) -> None:
        """Stop the proxy."""
        server.stop(self._process, signal.SIGTERM)

    def _answers(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
