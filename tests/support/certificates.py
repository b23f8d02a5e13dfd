"""Client certificates: an authority that issues them, and ones that people sign themselves."""

import ipaddress
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from joserfc.jwk import ECKey

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Held:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def header(self) -> str:
        """As a proxy hands it on (RFC 9440 section 2.2)."""
        return f":{b64encode(self.certificate.public_bytes(Encoding.DER)).decode()}:"

    @property
    def jwk(self) -> dict[str, Any]:
        pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return dict(ECKey.import_key(pem).as_dict(private=False))

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def write(self, path: Path) -> Path:
        """Write certificate and key to one file, and return it."""
        path.write_bytes(self.pem + self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return path


def authority(name: str = "Agencies' authority") -> Held:
    """Return an authority."""
    return _made(name, None, x509.BasicConstraints(ca=True, path_length=0), begins=-DAY, ends=DAY)


def issue(
    name: str,
    by: Held | None,
    *,
    address: str = "192.0.2.7",
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH,
    ends: timedelta = DAY,
) -> Held:
    """Return a client certificate of an authority, or, without one, signed by itself."""
    names: list[x509.GeneralName] = [
        x509.DNSName(f"{name}.example"),
        x509.UniformResourceIdentifier(f"https://{name}.example/"),
        x509.IPAddress(ipaddress.ip_address(address)),
        x509.RFC822Name(f"{name}@agency.example"),
    ]
    return _made(
        name, by, x509.SubjectAlternativeName(names), x509.ExtendedKeyUsage([usage]), begins=-2 * DAY, ends=ends
    )


def _made(name: str, by: Held | None, *extensions: x509.ExtensionType, begins: timedelta, ends: timedelta) -> Held:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "City"), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )
    signer = key if by is None else by.key
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if by is None else by.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if isinstance(extensions[0], x509.BasicConstraints):
        usage = dict.fromkeys(
            ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
        ) | {"key_cert_sign": True, "crl_sign": True, "encipher_only": False, "decipher_only": False}
        certificate = certificate.add_extension(x509.KeyUsage(**usage), critical=True).add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
    for extension in extensions:
        certificate = certificate.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    return Held(certificate.sign(signer, hashes.SHA256()), key)
