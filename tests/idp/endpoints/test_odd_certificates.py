"""Certificates that a proxy hands on as they came, and that are not as certificates should be: each is refused.

A proxy that asks for certificates of every kind judges none of them, so anybody can show these.
"""

import secrets
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x448, x25519
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from federation.relying_parties.model import RelyingParty
from tests.support import installation
from tests.support.agency import COMMON
from tests.support.certificates import DAY, authority, issue
from tests.support.site import Site

MTLS = "https://mtls.id.example"
AUTHORITY = authority()
NAME = x509.Name(
    [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "City"), x509.NameAttribute(NameOID.COMMON_NAME, "permits")]
)
BY_DN = {"tls_client_auth_subject_dn": "CN=permits,O=City"}
BY_DNS = {"tls_client_auth_san_dns": "permits.example"}
KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder: Path = tmp_path_factory.mktemp("odd")
    file = folder / "clients.pem"
    file.write_bytes(AUTHORITY.pem)
    settings = {"mtls_url": MTLS, "mtls_proxies": "127.0.0.1/32", "client_ca": str(file)}
    return Site.on(installation.copy_to(folder), f"sqlite:///{folder}/ephemeral.db", folder, **settings)


def service(site: Site, method: str, **name: Any) -> RelyingParty:
    jwks = {"jwks": {"keys": [issue("permits", None).jwk]}} if method.startswith("self") else {}
    fields = {"client_id": secrets.token_hex(8), "token_endpoint_auth_method": method, "client_secret_hash": None}
    return site.register(RelyingParty(**COMMON | fields | jwks | name))


def ask(site: Site, who: RelyingParty, der: bytes) -> tuple[int, str]:
    answer = site.app.test_client(use_cookies=False).post(
        "/token",
        data={"grant_type": "client_credentials", "client_id": who.client_id},
        headers={"Client-Cert": f":{b64encode(der).decode()}:"},
        base_url=MTLS,
    )
    return answer.status_code, (answer.json or {}).get("error", "")


def made(
    key: CertificatePublicKeyTypes, *extensions: x509.ExtensionType, name: x509.Name = NAME, critical: bool = False
) -> bytes:
    """Return a certificate that the authority issued for clients, as DER."""
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(AUTHORITY.certificate.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(AUTHORITY.key.public_key()), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(AUTHORITY.key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_the_same_certificate_without_oddness_is_taken(site: Site) -> None:
    plain = made(KEY.public_key(), x509.SubjectAlternativeName([x509.DNSName("permits.example")]))

    for name in (BY_DN, BY_DNS):
        assert ask(site, service(site, "tls_client_auth", **name), plain)[0] == 200


KEYS: dict[str, CertificatePublicKeyTypes] = {
    "RSA-1024": rsa.generate_private_key(65537, 1024).public_key(),
    "DSA": dsa.generate_private_key(1024).public_key(),
    "P-192": ec.generate_private_key(ec.SECP192R1()).public_key(),
    "secp256k1": ec.generate_private_key(ec.SECP256K1()).public_key(),
    "Brainpool": ec.generate_private_key(ec.BrainpoolP256R1()).public_key(),
    "Ed448": ed448.Ed448PrivateKey.generate().public_key(),
    "X25519": x25519.X25519PrivateKey.generate().public_key(),
    "X448": x448.X448PrivateKey.generate().public_key(),
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("method", ["tls_client_auth", "self_signed_tls_client_auth"])
def test_a_key_that_could_not_be_registered_proves_nothing(
    site: Site, method: str, key: CertificatePublicKeyTypes
) -> None:
    name = BY_DN if method == "tls_client_auth" else {}

    assert ask(site, service(site, method, **name), made(key)) == (401, "invalid_client")


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()).public_key(),
        ed25519.Ed25519PrivateKey.generate().public_key(),
        rsa.generate_private_key(65537, 2048).public_key(),
    ],
    ids=["P-384", "Ed25519", "RSA-2048"],
)
def test_keys_that_could_be_registered_do(site: Site, key: CertificatePublicKeyTypes) -> None:
    assert ask(site, service(site, "tls_client_auth", **BY_DN), made(key))[0] == 200


P256, EC_KEY, VERSION = (bytes.fromhex(text) for text in ("06082a8648ce3d030107", "06072a8648ce3d0201", "a003020102"))


@pytest.mark.parametrize("part", [P256, EC_KEY, VERSION], ids=["curve", "kind of key", "version"])
@pytest.mark.parametrize("method", ["tls_client_auth", "self_signed_tls_client_auth"])
def test_what_nobody_has_defined_is_no_certificate(site: Site, method: str, part: bytes) -> None:
    name = BY_DN if method == "tls_client_auth" else {}
    der = made(KEY.public_key())
    assert part in der

    status, _ = ask(site, service(site, method, **name), der.replace(part, part[:-1] + b"\x77", 1))

    assert status == 400


BROKEN = {
    "alternative name of X.400": ("2.5.29.17", "3002a300"),
    "alternative name of an address of 3 bytes": ("2.5.29.17", "30058703616263"),
    "key identifier": ("2.5.29.14", "6a756e6b"),
    "issuer's alternative name": ("2.5.29.18", "6a756e6b"),
    "where it is revoked": ("2.5.29.31", "6a756e6b"),
    "policies": ("2.5.29.32", "6a756e6b"),
    "policy constraints": ("2.5.29.36", "6a756e6b"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("name", [BY_DN, BY_DNS], ids=["dn", "dns"])
def test_an_extension_that_cannot_be_read_makes_it_none(
    site: Site, name: dict[str, str], broken: tuple[str, str]
) -> None:
    extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(broken[0]), bytes.fromhex(broken[1]))

    assert ask(site, service(site, "tls_client_auth", **name), made(KEY.public_key(), extension))[0] == 400


def named(*attributes: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in attributes])


ORGANISATION, COMMON_NAME = (NameOID.ORGANIZATION_NAME, "City"), (NameOID.COMMON_NAME, "permits")
NAMES = {
    "another order": named(COMMON_NAME, ORGANISATION),
    "another case": named((NameOID.ORGANIZATION_NAME, "city"), COMMON_NAME),
    "one more": named(ORGANISATION, COMMON_NAME, COMMON_NAME),
    "one less": named(COMMON_NAME),
    "all of it in one": named((NameOID.COMMON_NAME, "permits,O=City")),
    "one set of two": x509.Name(
        [x509.RelativeDistinguishedName([x509.NameAttribute(kind, text) for kind, text in (ORGANISATION, COMMON_NAME)])]
    ),
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_that_only_looks_alike_is_another(site: Site, name: x509.Name) -> None:
    der = made(KEY.public_key(), x509.SubjectAlternativeName([x509.DNSName("x.example")]), name=name)

    assert ask(site, service(site, "tls_client_auth", **BY_DN), der) == (401, "invalid_client")


ALTERNATIVES: dict[str, x509.GeneralName] = {
    "wildcard": x509.DNSName("*.example"),
    "every one below": x509.DNSName(".example"),
    "one below": x509.DNSName("a.permits.example"),
    "an address of that name": x509.UniformResourceIdentifier("permits.example"),
    "a mailbox of that name": x509.RFC822Name("permits.example"),
}


@pytest.mark.parametrize("alternative", ALTERNATIVES.values(), ids=ALTERNATIVES)
def test_no_pattern_and_no_other_kind_stands_for_a_name(site: Site, alternative: x509.GeneralName) -> None:
    der = made(KEY.public_key(), x509.SubjectAlternativeName([alternative]))

    assert ask(site, service(site, "tls_client_auth", **BY_DNS), der) == (401, "invalid_client")


def test_an_authority_is_no_client(site: Site) -> None:
    der = made(KEY.public_key(), x509.BasicConstraints(ca=True, path_length=None), critical=True)

    assert ask(site, service(site, "tls_client_auth", **BY_DN), der) == (401, "invalid_client")
