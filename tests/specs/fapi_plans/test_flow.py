"""Whole sign-ins as the plans of FAPI 2.0 make them, in each way to prove oneself and to bind tokens."""

import json
import secrets
from typing import Any

import pytest
from joserfc import jwt

from tests.specs.fapi_plans.conftest import NewFapiClient
from tests.support.fapi import FAPI_ALGORITHMS, SECOND_BACK
from tests.support.token_office import claims_in

STATE, NONCE = 1_000, 384
"""Characters of the longest that the suite sends; FAPI 2.0 section 5.3.2.2 speaks of both."""


def test_a_client_gets_tokens_that_it_alone_can_use(
    new_fapi_client: NewFapiClient, variant: dict[str, Any], signed: bool
) -> None:
    client = new_fapi_client(signed=signed, **variant)
    other = new_fapi_client(signed=signed, back=SECOND_BACK, **variant)
    tokens = other.tokens()

    used, stolen = other.resource(tokens["access_token"]), client.resource(tokens["access_token"])

    assert used.status_code == 200, used.text
    assert "Date" in used.headers
    assert stolen.status_code == 401
    assert claims_in(tokens["id_token"])["sub"] == used.json()["sub"]
    assert (tokens["token_type"], tokens["expires_in"]) == ("DPoP" if variant["sender"] == "dpop" else "Bearer", 600)


@pytest.mark.parametrize("alg", FAPI_ALGORITHMS)
def test_each_algorithm_of_fapi_signs_assertions_and_requests(new_fapi_client: NewFapiClient, alg: str) -> None:
    client = new_fapi_client(signed=True, alg=alg)

    tokens = client.tokens()

    assert jwt.decode(tokens["id_token"], client.published_keys(), algorithms=["ES256"]).header["kid"]


def test_what_a_request_leaves_out_is_not_in_the_answer(new_fapi_client: NewFapiClient, signed: bool) -> None:
    client = new_fapi_client(signed=signed)

    tokens = client.tokens(state=None, nonce=None)

    assert "nonce" not in claims_in(tokens["id_token"])


@pytest.mark.parametrize(("state", "nonce"), [(8, 64), (STATE, 43), (8, NONCE)])
def test_long_states_and_nonces_come_back_whole(
    new_fapi_client: NewFapiClient, signed: bool, state: int, nonce: int
) -> None:
    client = new_fapi_client(signed=signed)
    asked = {"state": secrets.token_hex(state // 2), "nonce": secrets.token_hex(nonce)[:nonce]}

    tokens = client.tokens(**asked)

    assert claims_in(tokens["id_token"])["nonce"] == asked["nonce"]


def test_the_order_of_scopes_does_not_matter(new_fapi_client: NewFapiClient) -> None:
    assert set(new_fapi_client().tokens(scope="email openid")["scope"].split()) == {"openid", "email"}


def test_beside_a_reference_nothing_is_read(new_fapi_client: NewFapiClient, signed: bool) -> None:
    client = new_fapi_client(signed=signed)
    asked = client.asked(state=None)
    pushed = client.push(asked)

    told = client.answered(client.address_of(pushed, state="beside", nonce="beside", response_mode="query"))

    assert "state" not in told
    assert claims_in(client.redeem(told["code"]).json()["id_token"])["nonce"] == asked["nonce"]


def test_identity_is_asked_for_by_the_claims_parameter(new_fapi_client: NewFapiClient) -> None:
    client = new_fapi_client()
    wanted = {"email": None, "given_name": {"essential": True}, "a_claim_nobody_knows": None}

    tokens = client.tokens(claims=json.dumps({"id_token": wanted, "userinfo": wanted}), scope="openid")

    told = client.resource(tokens["access_token"]).json()
    for claims in (claims_in(tokens["id_token"]), told):
        assert {"email", "given_name"} <= claims.keys()
        assert "a_claim_nobody_knows" not in claims


def test_a_token_in_the_address_is_not_taken(new_fapi_client: NewFapiClient, variant: dict[str, Any]) -> None:
    client = new_fapi_client(**variant)
    token = client.tokens()["access_token"]

    answer = client.resource(token, headers={"Authorization": ""}, query=f"?access_token={token}")

    assert answer.status_code in (400, 401)


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "application/json; charset=UTF-8", "Accept-Charset": "UTF-8"},
        {"Accept": "*/*"},
        {
            "x-fapi-interaction-id": "5f7a6b2e-95c5-4a5a-9d1e-0b8b0e0d8f11",
            "x-fapi-customer-ip-address": "198.51.100.119",
        },
        {"x-fapi-auth-date": "Tue, 11 Sep 2012 19:43:31 UTC"},
    ],
)
def test_headers_of_fapi_and_kinds_of_json_are_no_error(
    new_fapi_client: NewFapiClient, headers: dict[str, str]
) -> None:
    client = new_fapi_client()

    answer = client.resource(client.tokens()["access_token"], headers=headers)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize(("sender", "scheme"), [("dpop", "dpOP"), ("mtls", "bEARER")])
def test_the_scheme_is_read_in_any_case(new_fapi_client: NewFapiClient, sender: str, scheme: str) -> None:
    client = new_fapi_client(sender=sender)

    assert client.resource(client.tokens()["access_token"], scheme=scheme).status_code == 200
