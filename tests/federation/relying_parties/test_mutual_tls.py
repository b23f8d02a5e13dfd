"""What is registered of a client certificate (RFC 8705 section 2.1.2): one name, and one that can be read."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.relying_parties.description import describe
from federation.relying_parties.faults import InvalidClientMetadata
from federation.relying_parties.mutual_tls import NAMES
from federation.relying_parties.rules import RegistrationRules
from tests.federation.relying_parties.test_registration import PUBLIC, added, faulty

ASKED_FOR = RegistrationRules(loopback_http=False, mutual_tls=True)
BY_NAME = {"token_endpoint_auth_method": "tls_client_auth"}
BY_KEY = {"token_endpoint_auth_method": "self_signed_tls_client_auth"}
BOUND = {"tls_client_certificate_bound_access_tokens": True}
SUBJECT = {"tls_client_auth_subject_dn": "CN=permits,O=City"}


@pytest.mark.parametrize(
    "metadata",
    [
        BY_NAME | SUBJECT,
        BY_NAME | {"tls_client_auth_san_dns": "permits.example"},
        BY_NAME | {"tls_client_auth_san_uri": "https://permits.example/"},
        BY_NAME | {"tls_client_auth_san_ip": "2001:db8::1"},
        BY_NAME | {"tls_client_auth_san_email": "permits@agency.example"},
        BY_KEY | {"jwks": PUBLIC},
        BY_NAME | SUBJECT | BOUND | {"profile": "fapi2"},
        BY_KEY | {"jwks_uri": "https://permits.example/jwks", "profile": "fapi2"},
        {"token_endpoint_auth_method": "none"} | BOUND,
    ],
)
def test_what_can_be_proved_is_registered_and_told(metadata: dict[str, Any]) -> None:
    made = describe(added(ASKED_FOR, **metadata))

    assert {name: made[name] for name in metadata} == metadata
    assert made["dpop_bound_access_tokens"] is ("profile" in metadata and BOUND.keys().isdisjoint(metadata))


@pytest.mark.parametrize(
    ("metadata", "field"),
    [
        (BY_NAME, "token_endpoint_auth_method"),
        (BY_NAME | SUBJECT | {"tls_client_auth_san_dns": "permits.example"}, "token_endpoint_auth_method"),
        (BY_NAME | {"tls_client_auth_subject_dn": "permits"}, "tls_client_auth_subject_dn"),
        (BY_NAME | {"tls_client_auth_san_ip": "permits.example"}, "tls_client_auth_san_ip"),
        (BY_NAME | {"tls_client_auth_san_ip": "192.0.2.0/24"}, "tls_client_auth_san_ip"),
        (BY_NAME | {"tls_client_auth_san_dns": 7}, "tls_client_auth_san_dns"),
        (BY_KEY, "jwks"),
        (BY_KEY | {"jwks": PUBLIC} | SUBJECT, "tls_client_auth_subject_dn"),
        (SUBJECT, "tls_client_auth_subject_dn"),
        ({"tls_client_certificate_bound_access_tokens": "true"}, "tls_client_certificate_bound_access_tokens"),
    ],
)
def test_what_cannot_be_proved_is_refused(metadata: dict[str, Any], field: str) -> None:
    assert field in faulty(ASKED_FOR, **metadata)


@pytest.mark.parametrize(
    ("metadata", "field"),
    [
        (BY_NAME | SUBJECT, "token_endpoint_auth_method"),
        (BY_KEY | {"jwks": PUBLIC}, "token_endpoint_auth_method"),
        (BOUND, "tls_client_certificate_bound_access_tokens"),
    ],
)
def test_where_no_certificate_is_asked_for_none_is_registered(metadata: dict[str, Any], field: str) -> None:
    assert field in faulty(**metadata)


@given(st.sampled_from(NAMES), st.text() | st.text('CNOU=,+\\\\#"<>; 09afAF.:/@', min_size=1))
def test_no_name_is_a_fault_of_ours(name: str, text: str) -> None:
    with suppress(InvalidClientMetadata):
        added(ASKED_FOR, **BY_NAME, **{name: text})
