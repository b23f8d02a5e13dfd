"""The plan RP-Initiated Logout OP: a client of the suite sends its citizen to sign out, well and badly."""

import time
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jwt

from tests.specs.openid_plans.conftest import NewClient
from tests.support.certification import LONG_STATE, ODD_STATE, OUT, Client, in_query, unsigned
from tests.support.visitor import Citizen


@pytest.fixture
def client(new_client: NewClient, stranger: Citizen) -> Client:
    return new_client(citizen=stranger, post_logout_redirect_uris=[OUT])


def address(client: Client, **asked: str) -> str:
    return f"{client.service.base_url}/logout?{urlencode(asked)}"


def signed_in(client: Client) -> bool:
    """Whether the browser still has somebody signed in, asked as the suite asks."""
    told = client.ask(client.asked(prompt="none", state=LONG_STATE))
    assert told["state"] == LONG_STATE
    assert told.get("error") in (None, "login_required")
    return "code" in told


@pytest.mark.parametrize("state", [ODD_STATE, None], ids=["every sign there is", "no state"])
def test_a_citizen_is_signed_out_and_comes_back_with_state_alone(client: Client, state: str | None) -> None:
    tokens, _ = client.sign_in()
    asked = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": OUT}
    asked |= {} if state is None else {"state": state}

    there = client.citizen.come_back(address(client, **asked), to=OUT)

    if state is None:
        assert there == OUT
    else:
        assert in_query(there) == {"state": state}
    assert client.citizen.pages == ["continue", "allow"]
    assert not signed_in(client)


def _unsigned(client: Client, tokens: dict[str, Any]) -> str:
    return unsigned(client.check_id_token(tokens, None))


def _of_the_client(client: Client, _: dict[str, Any]) -> str:
    """An ID token that a client issues to us."""
    now = int(time.time())
    claims = {"iss": client.registered["client_id"], "aud": client.service.base_url, "sub": "SubjectID"}
    return jwt.encode({"alg": "RS256"}, {**claims, "nonce": "flibble", "iat": now, "exp": now + 300}, client.key)


@pytest.mark.parametrize("make", [_unsigned, _of_the_client])
def test_with_a_hint_that_is_not_ours_the_citizen_is_asked_and_stays_here(client: Client, make: Any) -> None:
    tokens, _ = client.sign_in(nonce=None)
    asked = {"id_token_hint": make(client, tokens), "post_logout_redirect_uri": OUT, "state": "s"}

    page = client.citizen.visit(address(client, **asked))

    assert client.citizen.pages[-1] == "sign-out"
    assert "You are signed out" in page.text
    assert OUT not in page.text


@pytest.mark.parametrize("wrong", [f"{OUT}?foo=bar", f"{OUT}/x9Q2"])
def test_an_address_with_something_added_is_not_gone_to(client: Client, wrong: str) -> None:
    tokens, _ = client.sign_in()
    asked = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": wrong, "state": "s"}

    page = client.citizen.visit(address(client, **asked))

    assert page.url.startswith(f"{client.service.base_url}/signed-out/")
    assert "an address it has not registered" in page.text
    assert OUT not in page.text


@pytest.mark.parametrize("asked", [{}, {"state": "s"}, {"post_logout_redirect_uri": OUT, "state": "s"}], ids=" ".join)
def test_who_is_not_named_by_a_hint_is_asked_and_then_signed_out_here(client: Client, asked: dict[str, str]) -> None:
    client.sign_in()

    page = client.citizen.visit(address(client, **asked))

    assert client.citizen.pages[-1] == "sign-out"
    assert "You are signed out" in page.text
    assert OUT not in page.text
    assert not signed_in(client)


def test_without_an_address_the_citizen_is_signed_out_at_once_and_told_so(client: Client) -> None:
    tokens, _ = client.sign_in()

    page = client.citizen.visit(address(client, id_token_hint=tokens["id_token"], state="s"))

    assert client.citizen.pages == ["continue", "allow"]
    assert "You are signed out" in page.text
    assert not signed_in(client)
