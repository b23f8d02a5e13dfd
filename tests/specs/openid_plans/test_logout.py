"""The plans RP-Initiated and Back-Channel Logout OP: a client sends its citizen to sign out, and is told of it."""

import secrets
import time
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.specs.openid_plans.conftest import NewClient
from tests.support import server
from tests.support.certification import LONG_STATE, ODD_STATE, OUT, Client, in_query, unsigned
from tests.support.listener import Listener, answer
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


def test_a_client_that_registered_itself_is_told_behind_the_scenes(
    new_client: NewClient, stranger: Citizen, suite: Listener
) -> None:
    path = f"/{secrets.token_hex(4)}"
    suite.answers[path] = answer(b"", headers="Cache-Control: no-store\r\n")
    told = {"backchannel_logout_uri": suite.url(path), "backchannel_logout_session_required": True}
    client = new_client(citizen=stranger, post_logout_redirect_uris=[OUT], **told)
    tokens, claims = client.sign_in()

    asked = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": OUT, "state": ODD_STATE}
    there = stranger.come_back(address(client, **asked), to=OUT)

    server.wait_until(lambda: bool(_calls(suite, path)), seconds=20, what="the client is told")
    [(headers, body)] = _calls(suite, path)
    [(name, [token])] = parse_qs(body.decode()).items()
    published = requests.get(f"{client.service.base_url}/jwks", timeout=20).json()
    said = jwt.decode(token, KeySet.import_key_set(published), algorithms=["RS256"]).claims
    assert (headers["content-type"], name) == ("application/x-www-form-urlencoded", "logout_token")
    assert {known: said[known] for known in ("iss", "aud", "sub", "sid")} == {
        known: claims[known] for known in ("iss", "aud", "sub", "sid")
    }
    assert said["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert (bool(said["jti"]), "nonce" in said) == (True, False)
    assert in_query(there) == {"state": ODD_STATE}
    assert not signed_in(client)


def _calls(suite: Listener, path: str) -> list[tuple[dict[str, str], bytes]]:
    return [(headers, body) for called, headers, body in suite.calls if called == path]
