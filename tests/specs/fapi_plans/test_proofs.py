"""How a client of FAPI 2.0 proves who it is and what it holds, and how it does not, as the plans try it."""

import time
from typing import Any

import pytest

from tests.specs.fapi_plans.conftest import NewFapiClient
from tests.specs.fapi_plans.test_requests import refused
from tests.support.dpop import GONE, DpopKey
from tests.support.fapi import FapiClient

NOT_PROVED = (401, "invalid_client")


@pytest.fixture
def client(new_fapi_client: NewFapiClient) -> FapiClient:
    return new_fapi_client()


def _audiences(client: FapiClient) -> dict[str, Any]:
    issuer = client.installation.issuer if client else ""
    return {
        "a list": [issuer],
        "a list with another": [issuer, "https://other1.example.com"],
        "the endpoint called": f"{issuer}/par",
        "the token endpoint": f"{issuer}/token",
        "another server": "https://other1.example.com",
        "nobody": GONE,
    }


@pytest.mark.parametrize("name", _audiences(None).keys())  # type: ignore[arg-type]  # only its names are looked at here
def test_an_assertion_is_for_the_issuer_as_one_string(client: FapiClient, name: str) -> None:
    proof = client.proving(client.assertion(aud=_audiences(client)[name]))

    assert refused(client.send("/par", client.asked() | proof)) == NOT_PROVED
    assert refused(client.redeem("x", **client.proving(client.assertion(aud=_audiences(client)[name])))) == NOT_PROVED


@pytest.mark.parametrize(
    "changes", [{"sub": GONE}, {"exp": -300}, {"iat": 70, "nbf": 70, "exp": 130}, {"nbf": 70}, {"exp": GONE}]
)
def test_an_unfit_assertion_proves_nobody(client: FapiClient, changes: dict[str, Any]) -> None:
    now = int(time.time())
    said: dict[str, Any] = {name: now + by if isinstance(by, int) else by for name, by in changes.items()}

    pushed = client.send("/par", client.asked(client_id=None) | client.proving(client.assertion(**said)))
    redeemed = client.redeem(client.code(), **client.proving(client.assertion(**said)))

    assert (refused(pushed), refused(redeemed)) == (NOT_PROVED, NOT_PROVED)


def test_an_assertion_is_signed_by_its_client_as_fapi_allows(new_fapi_client: NewFapiClient) -> None:
    client, other = (new_fapi_client(alg="PS256") for _ in range(2))
    code = client.code()

    for assertion in (client.assertion(alg="RS256"), client.assertion(key=other.key)):
        assert refused(client.redeem(code, **client.proving(assertion))) == NOT_PROVED
    assert client.redeem(code).status_code == 200


def test_without_a_proof_of_the_client_there_are_no_tokens(client: FapiClient) -> None:
    nothing = {"client_assertion": GONE, "client_assertion_type": GONE}

    assert refused(client.redeem(client.code(), client_id=client.client_id, **nothing)) == NOT_PROVED


def test_a_client_is_not_another_by_its_name(new_fapi_client: NewFapiClient, variant: dict[str, Any]) -> None:
    client, other = (new_fapi_client(**variant) for _ in range(2))
    other.key, other.shown = client.key, client.shown

    assert refused(client.redeem(client.code(), **(other.proving() | {"client_id": other.client_id}))) == NOT_PROVED


def test_what_is_not_bound_is_not_issued(new_fapi_client: NewFapiClient, variant: dict[str, Any]) -> None:
    client = new_fapi_client(**variant)
    code = client.code()
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.back}

    without = client.send("/token", form | client.proving(), certificate=False if client.sender == "mtls" else None)

    by_certificate = variant == {"auth": "mtls", "sender": "mtls"}
    assert refused(without) == (NOT_PROVED if by_certificate else (400, "invalid_request"))
    assert client.redeem(code).status_code == 200


@pytest.mark.parametrize("bound", ["by a thumbprint", "by a proof", "by both"])
def test_a_code_is_for_the_key_it_was_asked_for_with(client: FapiClient, bound: str) -> None:
    named = {} if bound == "by a proof" else {"dpop_jkt": client.dpop.thumbprint}
    proof = bound != "by a thumbprint"
    mine, stolen = (client.code(proof=proof, **named) for _ in range(2))

    assert client.redeem(mine).status_code == 200
    client.dpop = DpopKey()
    assert refused(client.redeem(stolen)) == (400, "invalid_grant")


def test_a_request_is_not_pushed_by_one_key_for_another(client: FapiClient) -> None:
    asked = client.asked(dpop_jkt=DpopKey().thumbprint)

    assert refused(client.push(asked, proof=True)) == (400, "invalid_request")


@pytest.mark.parametrize(
    "changes", [{"nbf": 0, "exp": 300}, {"iat": -10}, {"iat": 10}, {"more": 3600}], ids=["nbf", "early", "late", "more"]
)
def test_a_proof_may_say_more_and_clocks_may_differ(client: FapiClient, changes: dict[str, int]) -> None:
    now = int(time.time())
    said = {name: now + value for name, value in changes.items()}

    token = client.tokens()["access_token"]

    assert client.resource(token, proof=said).status_code == 200


def _right(client: FapiClient) -> dict[str, dict[str, Any]]:
    address = f"{client.base}/userinfo" if client else "https://localhost:1/userinfo"
    return {
        "more in its header": {"header": {"tx_id": 1}},
        "query and fragment": {"htu": f"{address}?x=y#z"},
        "capitals": {"htu": address.replace("https://localhost", "HTTPS://LOCALHOST")},
    }


@pytest.mark.parametrize("name", _right(None).keys())  # type: ignore[arg-type]  # only its names are looked at here
def test_a_proof_is_read_as_the_standard_has_it(client: FapiClient, name: str) -> None:
    assert client.resource(client.tokens()["access_token"], proof=_right(client)[name]).status_code == 200


def _wrong(client: FapiClient) -> dict[str, dict[str, Any]]:
    private = client.dpop.key.as_dict(private=True) if client else {}
    return {
        "no typ": {"header": {"typ": GONE}},
        "another typ": {"header": {"typ": "dpop+jwt+wrongyousee"}},
        "no alg": {"header": {"alg": GONE}},
        "alg none": {"header": {"alg": "none"}},
        "no jwk": {"header": {"jwk": GONE}},
        "a private jwk": {"header": {"jwk": private}},
        "no jti": {"jti": GONE},
        "no htm": {"htm": GONE},
        "another htm": {"htm": "PUT"},
        "no htu": {"htu": GONE},
        "another htu": {"htu": f"{client.base if client else ''}/userinfoohnonotagain"},
        "no iat": {"iat": GONE},
        "an hour ahead": {"iat": int(time.time()) + 3600},
        "no ath": {"ath": GONE},
        "another ath": {"ath": "x" * 43},
        "another key": {"signer": DpopKey()},
    }


@pytest.mark.parametrize("name", _wrong(None).keys())  # type: ignore[arg-type]  # only its names are looked at here
def test_an_unfit_proof_opens_nothing_and_a_fit_one_still_does(client: FapiClient, name: str) -> None:
    token = client.tokens()["access_token"]

    assert client.resource(token, proof=_wrong(client)[name]).status_code == 401
    assert client.resource(token).status_code == 200


def test_no_proof_two_proofs_and_one_twice_open_nothing(client: FapiClient) -> None:
    token = client.tokens()["access_token"]
    assert client.resource(token).status_code == 200
    address = f"{client.base}/userinfo"
    proofs = [client.proof("GET", address, of="rs", access_token=token) for _ in range(3)]

    assert client.resource(token, headers={"DPoP": ""}).status_code == 401
    assert client.resource(token, headers={"DPoP": ""}, scheme="Bearer").status_code == 401
    assert client.resource(token, headers={"DPoP": f"{proofs[0]}, {proofs[1]}"}).status_code == 401
    assert client.resource(token, headers={"DPoP": proofs[0].rpartition(".")[0]}).status_code == 401
    assert [client.resource(token, headers={"DPoP": proofs[2]}).status_code for _ in range(2)] == [200, 401]


def test_a_slow_clock_is_made_good_by_the_nonce(client: FapiClient) -> None:
    token = client.tokens()["access_token"]

    assert client.resource(token, proof={"iat": int(time.time()) - 3600}).status_code == 200
