"""Services that show certificates to the proxy that is shipped, with handshakes of OpenSSL and real authorities."""

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import urllib3
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support.certificates import Held, authority, issue
from tests.support.https import Authority, Proxy
from tests.support.server import free_port
from tests.support.service import Service, StorePair, serving

PROVIDER = "id.test"
AUTHORITY = authority()
PERMITS, SELF_MADE = issue("permits", AUTHORITY), issue("permits", None)


@dataclass(frozen=True)
class Installation:
    """The service, the proxy before it, and both of its addresses."""

    service: Service
    folder: Path
    authority: Authority
    plain: int
    mtls: int

    def call(
        self,
        path: str,
        form: dict[str, str],
        shown: Held | None = None,
        *,
        plain: bool = False,
        more: dict[str, str] | None = None,
    ) -> Any:
        """Send a form, `more` among its headers; `shown` is the certificate of the handshake."""
        port = self.plain if plain else self.mtls
        certificate = None if shown is None else str(shown.write(self.folder / "shown.pem"))
        with urllib3.HTTPSConnectionPool(
            "127.0.0.1",
            port,
            ca_certs=str(self.authority.path),
            server_hostname=PROVIDER,
            assert_hostname=PROVIDER,
            cert_file=certificate,
            timeout=20,
        ) as pool:
            headers = {"Host": f"{PROVIDER}:{port}", **(more or {})}
            answer = pool.request_encode_body("POST", path, fields=form, headers=headers, encode_multipart=False)
        return json.loads(answer.data)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder: Path = tmp_path_factory.mktemp("certificates")
    plain, mtls = free_port(), free_port()
    pair = StorePair(f"sqlite:///{folder}/durable.db", f"sqlite:///{folder}/ephemeral.db")
    client_ca = folder / "clients.pem"
    client_ca.write_bytes(AUTHORITY.pem)
    with serving(
        pair,
        folder,
        workers=1,
        ISSUER=f"https://{PROVIDER}:{plain}",
        MTLS_URL=f"https://{PROVIDER}:{mtls}",
        MTLS_PROXIES="127.0.0.1/32",
        CLIENT_CA=str(client_ca),
    ) as service:
        known = Authority(folder, PROVIDER)
        proxy = Proxy.with_certificates(folder, known, (plain, mtls), service.port, client_ca)
        yield Installation(service, folder, known, plain, mtls)
        proxy.end()


def register(installation: Installation, **metadata: Any) -> dict[str, str]:
    """Register a service that has tokens of its own, and return the form by which it asks for one."""
    usual = {
        "client_name": "Permits",
        "grant_types": ["client_credentials"],
        "scope": "permits:read",
        "tls_client_certificate_bound_access_tokens": True,
    }
    made = installation.service.cli_json("agencies", "add", stdin=usual | metadata)
    return {"grant_type": "client_credentials", "client_id": made["client_id"]}


@pytest.fixture(scope="module")
def by_name(installation: Installation) -> dict[str, str]:
    return register(
        installation, token_endpoint_auth_method="tls_client_auth", tls_client_auth_subject_dn="CN=permits,O=City"
    )


@pytest.fixture(scope="module")
def by_key(installation: Installation) -> dict[str, str]:
    return register(
        installation, token_endpoint_auth_method="self_signed_tls_client_auth", jwks={"keys": [SELF_MADE.jwk]}
    )


def test_a_certificate_of_the_authority_and_one_of_a_published_key_are_believed(
    installation: Installation, by_name: dict[str, str], by_key: dict[str, str]
) -> None:
    for form, held in ((by_name, PERMITS), (by_key, SELF_MADE)):
        token = installation.call("/token", form, held)["access_token"]
        said = installation.call("/introspect", {"token": token, "client_id": form["client_id"]}, held)
        assert said["active"] is True
        assert set(said["cnf"]) == {"x5t#S256"}


def test_others_certificates_are_not(
    installation: Installation, by_name: dict[str, str], by_key: dict[str, str]
) -> None:
    strangers = (None, issue("permits", authority()), issue("fishing", AUTHORITY), issue("permits", None))

    for form in (by_name, by_key):
        for held in strangers:
            assert installation.call("/token", form, held)["error"] == "invalid_client"
    assert installation.call("/token", by_name, SELF_MADE)["error"] == "invalid_client"
    assert installation.call("/token", by_key, PERMITS)["error"] == "invalid_client"


@pytest.mark.parametrize("name", ["Client-Cert", "client-cert", "Client_Cert"])
@pytest.mark.parametrize("plain", [True, False], ids=["where browsers come", "where certificates are shown"])
def test_nobody_hands_a_certificate_on_but_the_proxy(
    installation: Installation, by_name: dict[str, str], name: str, plain: bool
) -> None:
    public = f":{b64encode(PERMITS.certificate.public_bytes(Encoding.DER)).decode()}:"

    answer = installation.call("/token", by_name, plain=plain, more={name: public})

    assert answer["error"] == "invalid_client"
