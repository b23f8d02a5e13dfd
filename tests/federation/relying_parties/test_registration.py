"""RFC 7591, OIDC Registration 1.0: what an agency says is checked whole, and every fault is told at once."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from federation.errors import ProtocolError
from federation.outbound import Fetcher
from federation.relying_parties.client_secrets import hash_client_secret
from federation.relying_parties.description import describe, describe_new
from federation.relying_parties.faults import InvalidClientMetadata, InvalidRedirectUri
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.registration import Registered, register
from federation.relying_parties.rules import DEVICE_CODE, RegistrationRules

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LIVE = RegistrationRules(loopback_http=False)
LOCAL = RegistrationRules(loopback_http=True)
FETCHER = Fetcher(deadline=1)
CALLBACK = "https://service.example/callback"
EC = ECKey.generate_key("P-256", {"kid": "1"})
PUBLIC = {"keys": [EC.as_dict(private=False)]}


def add(rules: RegistrationRules = LIVE, **metadata: Any) -> Registered:
    return register({"redirect_uris": [CALLBACK], **metadata}, rules=rules, fetcher=FETCHER, now=NOW)


def added(rules: RegistrationRules = LIVE, **metadata: Any) -> RelyingParty:
    return add(rules, **metadata).relying_party


def faulty(rules: RegistrationRules = LIVE, **metadata: Any) -> list[str]:
    with pytest.raises(InvalidClientMetadata) as refused:
        add(rules, **metadata)
    return [fault.field for fault in refused.value.faults]


def test_silence_is_filled_with_safe_defaults_that_the_answer_shows() -> None:
    registered = add(client_name="Parking permits")

    told = describe_new(registered)
    assert told["token_endpoint_auth_method"] == "client_secret_basic"
    assert (told["id_token_signed_response_alg"], told["subject_type"]) == ("ES256", "pairwise")
    assert (told["grant_types"], told["response_types"]) == (["authorization_code"], ["code"])
    assert (told["access_token_format"], told["profile"]) == ("jwt", "standard")
    assert (told["agency"], told["sector"]) == ("Parking permits", "service.example")
    assert (told["client_id_issued_at"], told["client_secret_expires_at"]) == (int(NOW.timestamp()), 0)


@pytest.mark.parametrize(
    ("metadata", "bound"),
    [({}, False), ({"dpop_bound_access_tokens": True}, True), ({"profile": "fapi2", "jwks": PUBLIC}, True)],
)
def test_tokens_are_bound_where_the_record_or_its_profile_says_so(metadata: dict[str, Any], bound: bool) -> None:
    assert describe(added(**metadata))["dpop_bound_access_tokens"] is bound


def test_the_secret_is_told_once_and_only_its_hash_is_kept() -> None:
    registered = add()
    secret = registered.client_secret

    assert secret is not None
    assert len(secret) >= 43
    assert registered.relying_party.client_secret_hash == hash_client_secret(secret)
    assert secret not in repr(registered)
    assert "client_secret" not in describe(registered.relying_party)
    assert "client_secret_hash" not in describe_new(registered)


@pytest.mark.parametrize("method", ["private_key_jwt", "none"])
def test_who_needs_no_secret_gets_none(method: str) -> None:
    assert add(token_endpoint_auth_method=method, jwks=PUBLIC).client_secret is None


def test_dynamic_registration_may_have_other_defaults() -> None:
    assert added(RegistrationRules(loopback_http=False, id_token_alg="RS256")).id_token_signed_response_alg == "RS256"


def test_ids_and_secrets_are_never_the_same_twice() -> None:
    several = [add() for _ in range(20)]

    assert len({one.relying_party.client_id for one in several}) == 20
    assert len({one.client_secret for one in several}) == 20


def test_unknown_metadata_is_ignored_and_null_is_silence() -> None:
    metadata: dict[str, Any] = {"client_name#cy": "Trwyddedau", "software_id": 7, "contacts": None, "scope": None}
    relying_party = added(**metadata)

    assert (relying_party.contacts, relying_party.scope) == ((), ("openid", "profile", "email"))


def test_every_fault_is_told_at_once() -> None:
    fields = faulty(
        client_name="\x00",
        redirect_uris=[CALLBACK, "javascript:alert(1)"],
        grant_types=["implicit"],
        jwks_uri="http://inside.example/",
        default_max_age="10",
        require_auth_time="yes",
        contacts="me@service.example",
        scope="a  b",
    )

    assert set(fields) == {
        "client_name",
        "redirect_uris[1]",
        "grant_types[0]",
        "jwks_uri",
        "default_max_age",
        "require_auth_time",
        "contacts",
        "scope",
    }


def test_the_answer_names_field_and_remedy_in_characters_rfc_6749_allows() -> None:
    with pytest.raises(InvalidRedirectUri) as refused:
        add(redirect_uris=["https://a.example/#part"])

    assert refused.value.code == "invalid_redirect_uri"
    assert refused.value.description == "redirect_uris[0]: must not have a fragment; remove # and what follows."
    assert set(refused.value.description) <= {chr(code) for code in (*range(0x20, 0x7F),)} - {'"', "\\"}


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "callback",
        "//service.example/callback",
        "http://service.example/callback",
        "http://localhost/callback",
        "https:///callback",
        "https://service.example/callback#",
        "https://user@service.example/callback",
        "https://user:pass@service.example/",
        "https://*.service.example/",
        "https://service.example:/",
        "https://service.example:0/",
        "https://service.example:70000/",
        "https://service..example/",
        "https://sërvice.example/",
        "https://service.example/\x00",
        "https://service.example/\r\nSet-Cookie: a=b",
        "https://service.example/ callback",
        "https://service.example/\u202e",
        "https://service.example\\@attacker.example/",
        "https://service.example/%zz",
        "https://[::1/",
        "https://[::1%25lo]/",
        "https://service.example/?code=1",
        "https://service.example/?a=b&state=",
        "https://service.example/" + "a" * 2_000,
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "com.example.app:/callback",
        7,
        None,
        ["https://service.example/"],
    ],
)
def test_a_web_service_cannot_register_such_an_address(uri: object) -> None:
    assert faulty(redirect_uris=[uri]) == ["redirect_uris[0]"]


@pytest.mark.parametrize(
    "field",
    [
        "post_logout_redirect_uris",
        "jwks_uri",
        "backchannel_logout_uri",
        "frontchannel_logout_uri",
        "client_uri",
        "logo_uri",
        "policy_uri",
        "tos_uri",
        "initiate_login_uri",
        "sector_identifier_uri",
    ],
)
@pytest.mark.parametrize(
    "uri", ["javascript:alert(1)", "http://service.example/", "https://a@b.example/", "https://a/#"]
)
def test_no_other_address_is_more_lenient(field: str, uri: str) -> None:
    metadata: dict[str, Any] = {field: [uri] if field.endswith("uris") else uri}

    assert faulty(**metadata) == [f"{field}[0]" if field.endswith("uris") else field]


def test_http_on_loopback_is_for_installations_on_loopback() -> None:
    assert added(LOCAL, redirect_uris=["http://localhost:8001/callback"]).sector.startswith("client:")
    assert faulty(LOCAL, redirect_uris=["http://localhost.attacker.example/"]) == ["redirect_uris[0]"]


@pytest.mark.parametrize("uri", ["com.example.app:/callback", "http://127.0.0.1/callback", "http://[::1]:80/callback"])
def test_a_native_service_may_have_its_own_scheme_or_loopback(uri: str) -> None:
    assert added(application_type="native", redirect_uris=[uri]).redirect_uris == (uri,)


@pytest.mark.parametrize(
    "uri", ["myapp:/callback", "javascript:alert(1)", "data:text/html,x", "http://10.0.0.1/callback"]
)
def test_a_native_scheme_needs_a_dot(uri: str) -> None:
    assert faulty(application_type="native", redirect_uris=[uri]) == ["redirect_uris[0]"]


@pytest.mark.parametrize(
    ("metadata", "field"),
    [
        ({"redirect_uris": []}, "redirect_uris"),
        ({"grant_types": ["refresh_token"]}, "grant_types"),
        (
            {"grant_types": ["authorization_code", "client_credentials"], "token_endpoint_auth_method": "none"},
            "grant_types",
        ),
        ({"response_types": ["token"]}, "response_types[0]"),
        ({"grant_types": ["client_credentials"], "response_types": ["code"]}, "response_types"),
        ({"scope": "openid offline_access"}, "scope"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "jwks"),
        ({"jwks": PUBLIC, "jwks_uri": "https://service.example/jwks"}, "jwks_uri"),
        ({"redirect_uris": [CALLBACK, "https://other.example/"]}, "sector_identifier_uri"),
        ({"token_endpoint_auth_method": "client_secret_jwt"}, "token_endpoint_auth_method"),
        ({"token_endpoint_auth_signing_alg": "HS256"}, "token_endpoint_auth_signing_alg"),
        ({"token_endpoint_auth_signing_alg": "none"}, "token_endpoint_auth_signing_alg"),
        ({"id_token_signed_response_alg": "none"}, "id_token_signed_response_alg"),
        ({"id_token_encrypted_response_alg": "RSA-OAEP"}, "id_token_encrypted_response_alg"),
        ({"profile": "fapi2"}, "token_endpoint_auth_method"),
        ({"profile": "fapi2", "jwks": PUBLIC, "dpop_bound_access_tokens": False}, "dpop_bound_access_tokens"),
        ({"profile": "fapi2", "jwks": PUBLIC, "id_token_signed_response_alg": "RS256"}, "id_token_signed_response_alg"),
        ({"profile": "fapi2", "jwks": PUBLIC, "grant_types": ["authorization_code", DEVICE_CODE]}, "grant_types"),
        ({"grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"]}, "grant_types[0]"),
        ({"default_max_age": True}, "default_max_age"),
        ({"default_max_age": -1}, "default_max_age"),
        ({"default_acr_values": ["aal9"]}, "default_acr_values[0]"),
        ({"response_modes": []}, "response_modes"),
        ({"contacts": ["x"] * 51}, "contacts"),
        ({"client_name": "a\u202eb"}, "client_name"),
        ({"agency": "x" * 201}, "agency"),
        ({"agency": " "}, "agency"),
    ],
)
def test_fields_must_agree(metadata: dict[str, Any], field: str) -> None:
    assert field in faulty(**metadata)


@pytest.mark.parametrize(
    "private",
    [
        EC.as_dict(private=True),
        RSAKey.generate_key(2048).as_dict(private=True),
        OKPKey.generate_key("Ed25519").as_dict(private=True),
        OctKey.generate_key(256).as_dict(private=True),
        {"kty": "unknown", "d": "x"},
    ],
)
def test_a_private_key_is_refused_and_said(private: dict[str, Any]) -> None:
    for jwks in ({"keys": [*PUBLIC["keys"], private]}, private):
        with pytest.raises(InvalidClientMetadata, match="It was not stored"):
            add(jwks=jwks)


@pytest.mark.parametrize(
    "jwks",
    [
        "keys",
        {},
        {"keys": []},
        {"keys": {}},
        {"keys": ["x"]},
        {"keys": [EC.as_dict(private=False)] * 21},
        {"keys": [EC.as_dict(private=False)] * 2},
        {"keys": [RSAKey.generate_key(1024, auto_kid=True).as_dict(private=False)]},
        {"keys": [{**EC.as_dict(private=False), "use": "enc"}]},
        {"keys": [{**EC.as_dict(private=False), "x": "AA"}]},
        {"keys": [{**EC.as_dict(private=False), "kid": 5}]},
        {"keys": [{**EC.as_dict(private=False), "key_ops": [["verify"]]}]},
        {"keys": [{"kty": ["EC"]}]},
        {"keys": [{"kty": "EC", "crv": ["P-256"]}]},
    ],
)
def test_keys_that_cannot_verify_are_refused(jwks: object) -> None:
    assert faulty(jwks=jwks) == ["jwks"]


def test_only_public_members_of_keys_are_kept() -> None:
    key = {**EC.as_dict(private=False), "x5u": "https://inside.example/", "ext": True}
    kept = added(jwks={"keys": [key, {"kty": "AKP", "pub": "x"}]}).jwks

    assert kept is not None
    assert [set(one) for one in kept["keys"]] == [{"kty", "crv", "x", "y", "kid"}]


def test_a_service_without_citizens_needs_no_address() -> None:
    machine = register(
        {"client_name": "Registry sync", "grant_types": ["client_credentials"], "scope": "registry:read"},
        rules=LIVE,
        fetcher=FETCHER,
        now=NOW,
    ).relying_party

    assert (machine.response_types, machine.redirect_uris, machine.scope) == ((), (), ("registry:read",))


def test_a_device_needs_no_address_and_may_refresh() -> None:
    metadata = {"client_name": "Kiosk", "grant_types": [DEVICE_CODE, "refresh_token"]}

    kiosk = register(metadata, rules=LIVE, fetcher=FETCHER, now=NOW).relying_party

    assert (kiosk.redirect_uris, kiosk.response_types) == ((), ())
    assert kiosk.scope == ("openid", "profile", "email", "offline_access")
    assert kiosk.sector == f"client:{kiosk.client_id}"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from([*describe(RelyingParty(client_id="a", client_name="b", agency="c")), "jwks", "jwks_uri"])


@settings(deadline=None)
@given(st.dictionaries(FIELDS, JSON, max_size=6) | JSON)
def test_whatever_is_sent_is_registered_or_refused(metadata: object) -> None:
    try:
        registered = register(metadata, rules=LIVE, fetcher=FETCHER, now=NOW)
    except ProtocolError:
        return
    assert registered.relying_party.active


def test_only_an_operator_gives_the_right_to_sign_citizens_out_everywhere() -> None:
    """draft-parecki-oauth-global-token-revocation section 7.1."""
    metadata: dict[str, Any] = {"grant_types": ["client_credentials"], "scope": "global_token_revocation"}
    operator = RegistrationRules(loopback_http=False, by_operator=True)

    assert added(operator, **metadata).scope == ("global_token_revocation",)
    assert faulty(LIVE, **metadata) == ["scope"]


@pytest.mark.parametrize(
    "uri",
    [
        "https://other.example/out",
        "https://sub.service.example/out",
        "https://service.example:8443/out",
        "https://service.example/out?iss=x",
        "https://service.example/out?a=b&sid=",
        "https://service.example/out#part",
    ],
)
def test_a_browser_opens_only_what_is_at_a_place_of_the_service(uri: str) -> None:
    """OpenID Connect Front-Channel Logout 1.0 section 2: scheme, host and port of a redirect address."""
    assert "frontchannel_logout_uri" in faulty(frontchannel_logout_uri=uri)


def test_a_front_channel_address_may_have_a_query_and_the_usual_port() -> None:
    uri = "https://service.example:443/out?a=b"

    kept = added(frontchannel_logout_uri=uri, frontchannel_logout_session_required=True)

    assert (kept.frontchannel_logout_uri, kept.frontchannel_logout_session_required) == (uri, True)


def test_only_an_operator_gives_the_right_to_look_into_tokens_of_others() -> None:
    operator = RegistrationRules(loopback_http=False, by_operator=True)

    assert added(operator, introspection=True).introspection
    assert not added(operator).introspection
    assert faulty(LIVE, introspection=True) == ["introspection"]
    assert faulty(operator, introspection=True, token_endpoint_auth_method="none") == ["introspection"]


@pytest.mark.parametrize("field", ["resource_uris", "allowed_resources"])
def test_whose_an_api_is_and_who_may_use_it_is_said_by_an_operator(field):
    operator = RegistrationRules(loopback_http=False, by_operator=True)

    assert getattr(added(operator, **{field: ["https://api.example/v1"]}), field) == ("https://api.example/v1",)
    assert faulty(LIVE, **{field: ["https://api.example/v1"]}) == [field]
    for wrong in ("/v1", "http://api.example/", "https://api.example/#a", "urn:api", "https://u@api.example/", 7):
        assert faulty(operator, **{field: [wrong]}) == [f"{field}[0]"]


def test_what_citizens_may_be_asked_to_allow_is_said_by_an_operator_and_known():
    operator = RegistrationRules(loopback_http=False, by_operator=True, detail_types=("payment",))
    field = "authorization_details_types"

    assert added(operator, authorization_details_types=["payment"]).authorization_details_types == ("payment",)
    assert faulty(operator, authorization_details_types=["payment", "other"]) == [f"{field}[1]"]
    assert faulty(LIVE, authorization_details_types=["payment"]) == [field]
    assert faulty(operator, authorization_details_types="payment") == [field]
