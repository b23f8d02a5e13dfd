"""https means that the certificate is checked: authority and name; the operator may add an authority."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from federation.outbound import Fetcher, FetchFailed
from tests.support.listener import Listener, answer, listening


def certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """Write a self-signed certificate for `host`, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certified, private = folder / f"{host}.pem", folder / f"{host}.key"
    certified.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certified, private


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[Listener, Path]]:
    certified, private = certificate(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certified, private)
    with listening() as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.answers["/"] = answer(b"ok")
        yield server, certified


def test_an_authority_of_the_operator_is_believed(secure: tuple[Listener, Path]) -> None:
    server, authority = secure
    fetcher = Fetcher(allow=[server.address], extra_ca=authority, deadline=2)

    assert fetcher.get(f"https://{server.address}/", max_bytes=10, accept="*/*").body == b"ok"


def test_an_unknown_authority_is_not(secure: tuple[Listener, Path]) -> None:
    server, _ = secure

    with pytest.raises(FetchFailed):
        Fetcher(allow=[server.address], deadline=2).get(f"https://{server.address}/", max_bytes=10, accept="*/*")

    assert server.calls == []


def test_a_certificate_for_another_name_is_not(secure: tuple[Listener, Path]) -> None:
    server, authority = secure
    address = f"127.0.0.1:{server.server_port}"

    with pytest.raises(FetchFailed):
        Fetcher(allow=[address], extra_ca=authority, deadline=2).get(f"https://{address}/", max_bytes=10, accept="*/*")

    assert server.calls == []
