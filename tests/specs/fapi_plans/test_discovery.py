"""What the plans of FAPI 2.0 read in the metadata, and what they try of TLS at both addresses."""

import socket
import ssl
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.fapi import FAPI_ALGORITHMS, Installation

KINDS = ["openid-configuration", "oauth-authorization-server"]
OLD_SUITES = ["AES128-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-CHACHA20-POLY1305"]
"""Of TLS 1.2, and not among those that BCP 195 recommends."""


@pytest.mark.parametrize("kind", KINDS)
def test_the_metadata_has_all_that_fapi_wants(installation: Installation, kind: str) -> None:
    told = installation.metadata(kind)

    assert told["issuer"] == installation.issuer
    assert "code" in told["response_types_supported"]
    assert "S256" in told["code_challenge_methods_supported"]
    assert told["authorization_response_iss_parameter_supported"] is True
    assert told["require_pushed_authorization_requests"] is False
    assert told["pushed_authorization_request_endpoint"] == f"{installation.issuer}/par"
    assert {"private_key_jwt", "tls_client_auth"} <= set(told["token_endpoint_auth_methods_supported"])
    assert told["tls_client_certificate_bound_access_tokens"] is True
    for endpoint, address in told["mtls_endpoint_aliases"].items():
        assert address == told[endpoint].replace(installation.issuer, installation.mtls_url)
    assert {"token_endpoint", "userinfo_endpoint"} <= told["mtls_endpoint_aliases"].keys()


@pytest.mark.parametrize(
    ("member", "least"),
    [
        ("id_token_signing_alg_values_supported", {"ES256", "EdDSA"}),
        ("userinfo_signing_alg_values_supported", {"ES256", "EdDSA"}),
        ("authorization_signing_alg_values_supported", {"ES256", "EdDSA"}),
        ("introspection_signing_alg_values_supported", {"ES256", "EdDSA"}),
        ("token_endpoint_auth_signing_alg_values_supported", set(FAPI_ALGORITHMS)),
        ("request_object_signing_alg_values_supported", set(FAPI_ALGORITHMS)),
        ("dpop_signing_alg_values_supported", set(FAPI_ALGORITHMS)),
    ],
)
def test_algorithms_of_fapi_are_among_those_there_are(installation: Installation, member: str, least: set[str]) -> None:
    assert least <= set(installation.metadata()[member])


def test_message_signing_is_told(installation: Installation) -> None:
    told = installation.metadata()

    assert "jwt" in told["response_modes_supported"]
    assert told["request_parameter_supported"] is True
    for member in ("authorization_encryption_alg_values_supported", "authorization_encryption_enc_values_supported"):
        assert isinstance(told[member], list)


def test_published_keys_are_long_enough_and_told_apart(installation: Installation) -> None:
    keys = requests.get(f"{installation.issuer}/jwks", verify=installation.authority_file, timeout=20).json()["keys"]

    assert len({key["kid"] for key in keys}) == len(keys)
    assert all(len(key["n"]) >= 342 for key in keys if key["kty"] == "RSA")
    assert {key["crv"] for key in keys if key["kty"] != "RSA"} == {"P-256", "Ed25519"}
    assert all({"d", "p", "q", "k"}.isdisjoint(key) for key in keys)


def _handshake(installation: Installation, address: str, context: ssl.SSLContext) -> str | None:
    port = urlsplit(address).port
    with (
        socket.create_connection(("127.0.0.1", port), 20) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as talk,
    ):
        return talk.version()


@pytest.mark.parametrize("where", ["issuer", "mtls_url"])
def test_tls_is_of_bcp_195_at_both_addresses(installation: Installation, where: str) -> None:
    address = getattr(installation, where)
    newest = ssl.create_default_context(cafile=installation.authority_file)
    assert _handshake(installation, address, newest) == "TLSv1.3"
    for suite, version in [("ECDHE-ECDSA-AES128-GCM-SHA256", "TLSv1.2"), *((old, None) for old in OLD_SUITES)]:
        context = ssl.create_default_context(cafile=installation.authority_file)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(f"{suite}:@SECLEVEL=0")
        if version is not None:
            assert _handshake(installation, address, context) == version
            continue
        with pytest.raises(ssl.SSLError):
            _handshake(installation, address, context)
