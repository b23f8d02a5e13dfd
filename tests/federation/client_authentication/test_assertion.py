"""RFC 7523 with the audience rules of 2025: for us, by them, now, once."""

import hmac
import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from federation.client_authentication.assertion import ASSERTION_TYPE, read_assertion
from federation.client_authentication.presented import Presented, read_credentials
from federation.errors import InvalidClient, ProtocolError
from federation.relying_parties.model import RelyingParty
from tests.federation.client_authentication.conftest import ISSUER, TOKEN_ENDPOINT, Desk, public, service, signed

KEY = ECKey.generate_key("P-256", {"kid": "a"})
OTHER = ECKey.generate_key("P-256", {"kid": "b"})
RSA = RSAKey.generate_key(2048, {"kid": "r"})
EDWARDS = OKPKey.generate_key("Ed25519", {"kid": "e"})


def by_key(**more: Any) -> RelyingParty:
    return service("private_key_jwt", **({"jwks": public(KEY, RSA, EDWARDS)} | more))  # type: ignore[arg-type]  # any key


def segment(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("key", "alg"), [(KEY, "ES256"), (RSA, "RS256"), (RSA, "PS256"), (EDWARDS, "EdDSA"), (EDWARDS, "Ed25519")]
)
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_a_good_assertion_proves_its_relying_party(desk: Desk, key: Any, alg: str) -> None:
    desk.know(by_key())

    assert desk.ask_by_assertion(signed(desk.claims(), key, alg=alg, kid=key.kid)).client_id == "tax"
    assert desk.ask_by_assertion(signed(desk.claims(jti="2"), key, alg=alg), client_id="tax").client_id == "tax"


def test_an_assertion_is_taken_once_whatever_its_text(desk: Desk) -> None:
    desk.know(by_key())
    first, again = (signed(desk.claims(jti="same"), KEY) for _ in range(2))
    assert first != again
    desk.ask_by_assertion(first)

    for replayed in (first, again):
        with pytest.raises(InvalidClient, match="used before"):
            desk.ask_by_assertion(replayed)


@pytest.mark.parametrize("ahead", [10, 50, 59])
def test_an_assertion_taken_by_a_node_whose_clock_is_ahead_is_not_taken_again_by_another(
    desk: Desk, ahead: int
) -> None:
    desk.know(by_key())
    said, right = signed(desk.claims(), KEY), desk.now
    desk.now = right + timedelta(seconds=ahead)
    desk.ask_by_assertion(said)

    for seconds in range(0, 60, 5):
        desk.now, desk.seconds = right + timedelta(seconds=seconds), seconds
        with pytest.raises(InvalidClient, match="used before"):
            desk.ask_by_assertion(said)


def test_a_forged_assertion_spends_no_jti(desk: Desk) -> None:
    desk.know(by_key())
    with pytest.raises(InvalidClient):
        desk.ask_by_assertion(signed(desk.claims(jti="same"), OTHER))

    assert desk.ask_by_assertion(signed(desk.claims(jti="same"), KEY)).client_id == "tax"


def test_two_services_may_use_the_same_jti(desk: Desk) -> None:
    desk.know(by_key())
    desk.know(RelyingParty(client_id="parking", client_name="P", agency="P", jwks=public(OTHER)))

    desk.ask_by_assertion(signed(desk.claims(jti="1"), KEY))
    desk.ask_by_assertion(signed(desk.claims(iss="parking", sub="parking", jti="1"), OTHER))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "parking"},
        {"sub": "parking"},
        {"iss": None},
        {"sub": None},
        {"sub": ["tax"]},
        {"aud": None},
        {"aud": TOKEN_ENDPOINT},
        {"aud": ISSUER + "/"},
        {"aud": []},
        {"aud": [ISSUER, "https://attacker.example"]},
        {"aud": [ISSUER, TOKEN_ENDPOINT]},
        {"aud": {"x": ISSUER}},
        {"aud": "https://attacker.example"},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 201},
        {"iat": None},
        {"exp": None},
        {"exp": 0},
        {"exp": "9999999999"},
        {"exp": True},
        {"exp": 10**400},
        {"exp": 253_402_300_800},
        {"iat": -1},
        {"nbf": "soon"},
    ],
)
def test_a_claim_that_is_missing_or_wrong_is_refused(desk: Desk, changes: dict[str, Any]) -> None:
    desk.know(by_key())

    with pytest.raises(InvalidClient):
        desk.ask_by_assertion(signed(desk.claims(**changes), KEY))


def test_times_are_bounded_on_both_sides(desk: Desk) -> None:
    desk.know(by_key())
    now = int(desk.now.timestamp())
    assert desk.ask_by_assertion(signed(desk.claims(iat=now + 9, exp=now + 60), KEY))

    for times in (
        {"iat": now + 61, "exp": now + 90},
        {"nbf": now + 61},
        {"iat": now - 60, "exp": now},
        {"exp": now + 3_700},
        {"iat": now - 86_400},
    ):
        with pytest.raises(InvalidClient):
            desk.ask_by_assertion(signed(desk.claims(**times), KEY))


def test_after_the_store_is_lost_an_older_assertion_is_refused(desk: Desk) -> None:
    desk.know(by_key())
    before_its_birth = int(desk.now.timestamp()) - 300

    with pytest.raises(InvalidClient, match="older than our memory"):
        desk.ask_by_assertion(signed(desk.claims(iat=before_its_birth), KEY))


@pytest.mark.parametrize("audience", [ISSUER, TOKEN_ENDPOINT, [TOKEN_ENDPOINT], [ISSUER, TOKEN_ENDPOINT]])
def test_a_record_may_allow_the_token_endpoint(desk: Desk, audience: Any) -> None:
    desk.know(by_key(client_assertion_audience="token_endpoint"))

    assert desk.ask_by_assertion(signed(desk.claims(aud=audience), KEY))
    with pytest.raises(InvalidClient):
        desk.ask_by_assertion(signed(desk.claims(aud=[TOKEN_ENDPOINT, "https://other.example"], jti="3"), KEY))


@pytest.mark.parametrize("audience", [[ISSUER], TOKEN_ENDPOINT, [ISSUER, TOKEN_ENDPOINT]])
def test_fapi_takes_the_issuer_as_one_string_alone(desk: Desk, audience: Any) -> None:
    desk.know(by_key(profile="fapi2", client_assertion_audience="token_endpoint"))

    assert desk.ask_by_assertion(signed(desk.claims(), KEY))
    with pytest.raises(InvalidClient):
        desk.ask_by_assertion(signed(desk.claims(aud=audience), KEY))


@pytest.mark.parametrize("typ", ["JWT", "jwt", "client-authentication+jwt", "application/client-authentication+jwt"])
def test_the_types_of_an_assertion(desk: Desk, typ: str) -> None:
    desk.know(by_key())

    assert desk.ask_by_assertion(signed(desk.claims(), KEY, typ=typ))


@pytest.mark.parametrize("header", [{"typ": "at+jwt"}, {"typ": "dpop+jwt"}, {"typ": "logout+jwt"}, {"typ": "id_token"}])
def test_a_token_of_another_kind_is_no_assertion(desk: Desk, header: dict[str, Any]) -> None:
    desk.know(by_key())

    with pytest.raises(InvalidClient):
        desk.ask_by_assertion(signed(desk.claims(), KEY, **header))


def test_the_algorithm_is_bound_to_the_relying_party(desk: Desk) -> None:
    desk.know(by_key(token_endpoint_auth_signing_alg="ES256"))

    with pytest.raises(InvalidClient, match="alg"):
        desk.ask_by_assertion(signed(desk.claims(), RSA, alg="RS256"))


def test_fapi_takes_no_pkcs1_signature_whatever_the_record_says(desk: Desk) -> None:
    desk.know(by_key(profile="fapi2"))

    with pytest.raises(InvalidClient, match="alg"):
        desk.ask_by_assertion(signed(desk.claims(), RSA, alg="RS256"))
    assert desk.ask_by_assertion(signed(desk.claims(), RSA, alg="PS256"))


def test_no_algorithm_and_no_shared_secret_ever_signs(desk: Desk) -> None:
    desk.know(by_key())
    claims = segment(json.dumps(desk.claims()).encode())
    unsigned = segment(b'{"alg":"none"}') + "." + claims
    to_sign = segment(b'{"alg":"HS256"}') + "." + claims
    by_public_key = to_sign + "." + segment(hmac.digest(KEY.as_pem(private=False), to_sign.encode(), "sha256"))

    for forged in (unsigned + ".", unsigned + ".AA", by_public_key):
        with pytest.raises(InvalidClient):
            desk.ask_by_assertion(forged)


def test_a_key_that_the_assertion_brings_is_never_looked_at(desk: Desk) -> None:
    desk.know(by_key())
    brought = OTHER.as_dict(private=False)

    for header in ({"jwk": brought}, {"jku": "https://attacker.example/"}, {"kid": "a"}, {"kid": "b"}):
        with pytest.raises(InvalidClient):
            desk.ask_by_assertion(signed(desk.claims(), OTHER, **header))


def test_a_long_header_is_fine_until_it_is_too_long(desk: Desk) -> None:
    desk.know(by_key())

    assert desk.ask_by_assertion(signed_with_header(desk.claims(), {"x5c": ["A" * 1_500]}))
    with pytest.raises(InvalidClient, match="header is too long"):
        desk.ask_by_assertion(signed_with_header(desk.claims(), {"x5c": ["A" * 2_500]}))


def signed_with_header(claims: dict[str, Any], header: dict[str, Any]) -> str:
    """Sign what joserfc would refuse to sign, by its own primitives."""
    head = segment(json.dumps({"alg": "ES256", **header}).encode())
    text = f"{head}.{segment(json.dumps(claims).encode())}"
    signature = jws.JWSRegistry(algorithms=["ES256"]).get_alg("ES256").sign(text.encode(), KEY)
    return f"{text}.{segment(signature)}"


def test_a_member_that_stands_twice_is_refused(desk: Desk) -> None:
    desk.know(by_key())
    twice = json.dumps(desk.claims())[:-1] + ',"sub":"tax"}'

    with pytest.raises(InvalidClient, match="twice"):
        desk.ask_by_assertion(jws.serialize_compact({"alg": "ES256"}, twice, KEY, algorithms=["ES256"]))


def test_critical_extensions_are_refused(desk: Desk) -> None:
    desk.know(by_key())

    with pytest.raises(InvalidClient):
        desk.ask_by_assertion(signed_with_header(desk.claims(), {"crit": ["x"], "x": 1}))


def test_another_type_of_assertion_is_refused(desk: Desk) -> None:
    desk.know(by_key())

    with pytest.raises(InvalidClient, match="client_assertion_type"):
        desk.ask(client_assertion=signed(desk.claims(), KEY), client_assertion_type="urn:x")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["sub", "alg", "a"]), inner, max_size=3)
    ),
    max_leaves=5,
)
PARTS = (
    st.binary(max_size=40).map(segment)
    | JSON.map(lambda value: segment(json.dumps(value).encode()))
    | st.text(max_size=9)
)


@given(st.lists(PARTS, max_size=4).map(".".join) | st.text(max_size=60))
def test_whatever_the_text_it_is_taken_apart_or_refused(text: str) -> None:
    try:
        read_assertion(text)
        read_credentials(Presented(None, {"client_assertion": text, "client_assertion_type": ASSERTION_TYPE}))
    except ProtocolError:
        return


@pytest.mark.parametrize("bomb", ["[" * 2_000, '{"a":' * 1_000, "9" * 5_000, '{"sub":NaN}', '"\\ud800"'])
def test_json_bombs_are_refused(bomb: str) -> None:
    with pytest.raises(InvalidClient):
        read_assertion(f"{segment(bomb.encode())}.{segment(bomb.encode())}.AA")
