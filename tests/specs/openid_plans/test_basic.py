"""The plans Basic OP and Form Post OP: a client that knows OpenID Connect Core alone asks for its parts one by one."""

import secrets
import time
from typing import Any

import pytest
import requests

from tests.specs.openid_plans.conftest import PHONE_NUMBER, NewClient
from tests.support.certification import LONG_STATE, ODD_STATE
from tests.support.visitor import Citizen

NEEDS_A_PAGE = {"interaction_required", "login_required", "account_selection_required", "consent_required"}
"""OIDC Core section 3.1.2.6."""
TOLD_OF_AN_ERROR = {"error", "error_description", "error_uri", "state", "iss"}


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "private_key_jwt"])
def test_a_client_that_knows_openid_connect_alone_gets_what_passes_every_check(
    new_client: NewClient, mode: str, method: str
) -> None:
    client = new_client(mode=mode, token_endpoint_auth_method=method)

    told = client.ask(asked := client.asked())
    answer = client.redeem(told["code"])

    assert set(told) == {"code", "state", "iss"}
    assert len(set(told["code"])) > 16
    assert "no-store" in answer.headers["Cache-Control"]
    assert (answer.headers["Content-Type"], answer.json()["token_type"]) == ("application/json", "Bearer")
    assert 0 < answer.json()["expires_in"] <= 600
    claims = client.check_id_token(answer.json(), asked["nonce"])
    assert set(claims) == {*("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash")}
    assert client.userinfo(answer.json()).json() == {"sub": claims["sub"]}


def test_a_request_without_a_response_type_is_told_so_the_way_it_wanted_its_answer(
    new_client: NewClient, mode: str
) -> None:
    client = new_client(mode=mode)

    told = client.ask(asked := client.asked(response_type=None, state=ODD_STATE))

    assert set(told) == TOLD_OF_AN_ERROR
    assert (told["error"], told["state"]) == ("invalid_request", asked["state"])


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_userinfo_takes_the_token_in_the_header_by_either_method(new_client: NewClient, method: str) -> None:
    client = new_client()
    tokens, claims = client.sign_in()

    answer = client.userinfo(tokens, method)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json()["sub"] == claims["sub"]


def test_a_code_may_be_asked_for_without_a_nonce(new_client: NewClient, mode: str) -> None:
    new_client(mode=mode).sign_in(nonce=None)


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        ("email", {"email": "conformance@example.org", "email_verified": True}),
        ("phone", {"phone_number": PHONE_NUMBER, "phone_number_verified": False}),
        (
            "profile",
            {
                "name": "Ada Lovelace",
                "given_name": "Ada",
                "family_name": "Lovelace",
                "birthdate": "1975-11-02",
                "locale": "en",
            },
        ),
    ],
)
def test_a_scope_is_told_at_userinfo_and_not_in_the_id_token(
    new_client: NewClient, scope: str, told: dict[str, Any]
) -> None:
    client = new_client()

    tokens, claims = client.sign_in(scope=f"openid {scope}")

    known = client.userinfo(tokens).json()
    assert {name: value for name, value in known.items() if name not in ("sub", "updated_at")} == told
    assert ("updated_at" in known) == (scope == "profile")
    assert set(told).isdisjoint(claims)
    assert known["sub"] == claims["sub"]


def test_neither_the_order_of_parameters_nor_that_of_scopes_matters(new_client: NewClient, mode: str) -> None:
    client = new_client(mode=mode)
    asked = client.asked(scope="email openid")

    told = client.ask(dict(reversed(asked.items())))

    tokens = client.redeem(told["code"]).json()
    assert "email" not in client.check_id_token(tokens, asked["nonce"])
    assert "email" in client.userinfo(tokens).json()


@pytest.mark.parametrize(
    "parameter",
    [
        {"display": "page"},
        {"display": "popup"},
        {"ui_locales": "se"},
        {"ui_locales": "cy-GB en"},
        {"claims_locales": "se"},
        {"extra": "foobar"},
        {"acr_values": "1 2"},
    ],
    ids=str,
)
def test_what_asks_for_nothing_we_can_give_is_no_error(
    new_client: NewClient, mode: str, parameter: dict[str, str]
) -> None:
    new_client(mode=mode).sign_in(**parameter)


def test_a_hint_at_somebody_who_has_no_account_is_no_error(new_client: NewClient, mode: str, stranger: Citizen) -> None:
    new_client(mode=mode, citizen=stranger).sign_in(login_hint="buffy@localhost")


def test_prompt_login_has_the_citizen_sign_in_again_and_says_when(
    new_client: NewClient, mode: str, stranger: Citizen
) -> None:
    client = new_client(mode=mode, citizen=stranger)
    _, before = client.sign_in()
    time.sleep(1.1)

    _, after = client.sign_in(prompt="login")

    assert stranger.pages == ["continue", "allow", "continue"]
    assert after["auth_time"] > before["auth_time"]
    assert after["sub"] == before["sub"]


def test_prompt_none_tells_that_nobody_is_signed_in(new_client: NewClient, mode: str, stranger: Citizen) -> None:
    client = new_client(mode=mode, citizen=stranger)

    told = client.ask(client.asked(prompt="none", state=LONG_STATE))

    assert set(told) == TOLD_OF_AN_ERROR
    assert told["error"] in NEEDS_A_PAGE
    assert (told["state"], told["iss"]) == (LONG_STATE, client.service.base_url)
    assert stranger.pages == []


@pytest.mark.parametrize("hinted", [False, True], ids=["prompt=none", "with id_token_hint"])
def test_prompt_none_answers_for_one_who_is_signed_in(new_client: NewClient, mode: str, *, hinted: bool) -> None:
    client = new_client(mode=mode)
    tokens, before = client.sign_in()

    hint = {"id_token_hint": tokens["id_token"]} if hinted else {}
    _, after = client.sign_in(prompt="none", **hint)

    assert (after["sub"], after["auth_time"]) == (before["sub"], before["auth_time"])


def test_a_sign_in_older_than_max_age_is_made_anew(new_client: NewClient, mode: str, stranger: Citizen) -> None:
    client = new_client(mode=mode, citizen=stranger)
    _, before = client.sign_in()
    time.sleep(2.1)

    _, after = client.sign_in(max_age="1")

    assert stranger.pages == ["continue", "allow", "continue"]
    assert before["auth_time"] < after["auth_time"] <= time.time()


def test_a_sign_in_younger_than_max_age_stays(new_client: NewClient, mode: str) -> None:
    client = new_client(mode=mode)
    _, before = client.sign_in(max_age="15000")

    _, after = client.sign_in(max_age="10000")

    assert (after["auth_time"], after["sub"]) == (before["auth_time"], before["sub"])


def test_of_all_levels_there_are_the_one_reached_is_told(new_client: NewClient, mode: str) -> None:
    client = new_client(mode=mode)
    promised = requests.get(f"{client.service.base_url}/.well-known/openid-configuration", timeout=20).json()

    _, claims = client.sign_in(acr_values=" ".join(promised["acr_values_supported"]))

    assert claims["acr"] in promised["acr_values_supported"]


def test_a_request_may_be_posted_by_one_who_was_never_here(new_client: NewClient, mode: str, stranger: Citizen) -> None:
    client = new_client(mode=mode, citizen=stranger)

    told = client.post(asked := client.asked())

    assert told["state"] == asked["state"]
    client.check_id_token(client.redeem(told["code"]).json(), asked["nonce"])


def test_a_claim_asked_for_at_userinfo_is_told_there_alone(new_client: NewClient, mode: str) -> None:
    client = new_client(mode=mode)

    tokens, claims = client.sign_in(claims='{"userinfo":{"name":{"essential":true}}}')

    assert client.userinfo(tokens).json()["name"] == "Ada Lovelace"
    assert "name" not in claims


def test_a_refreshed_id_token_is_about_the_same_sign_in_and_no_other_client_gets_one(
    new_client: NewClient, mode: str
) -> None:
    grant_types = ["authorization_code", "refresh_token"]
    client, other = (new_client(mode=mode, grant_types=grant_types) for _ in range(2))
    tokens, before = client.sign_in(scope="openid offline_access", prompt="consent")
    theirs, _ = other.sign_in(scope="openid offline_access", prompt="consent", nonce=f"{secrets.token_hex(19)}-._~")
    time.sleep(1.1)

    answer = client.token(
        grant_type="refresh_token", refresh_token=tokens["refresh_token"], scope="openid offline_access"
    )
    stolen = client.token(grant_type="refresh_token", refresh_token=theirs["refresh_token"])

    assert (answer.status_code, answer.json()["token_type"]) == (200, "Bearer")
    assert "no-store" in answer.headers["Cache-Control"]
    after = client.check_id_token(answer.json(), nonce=None)
    assert [after[name] for name in ("sub", "auth_time", "sid")] == [before[n] for n in ("sub", "auth_time", "sid")]
    assert after["iat"] > before["iat"]
    assert client.userinfo(answer.json()).status_code == 200
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
