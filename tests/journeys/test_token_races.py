"""Codes and refresh tokens raced over HTTP, against the real service with two workers, on each pair of stores."""

import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.support.service import Service
from tests.support.token_office import CHALLENGE, VERIFIER
from tests.support.visitor import PASSWORD, sign_in

BACK = "http://localhost:7/back"
RACERS = 50


@pytest.fixture(scope="module")
def client_id(service: Service) -> str:
    metadata = {
        "client_name": "App",
        "redirect_uris": [BACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
    }
    made: str = service.cli_json("agencies", "add", stdin=metadata)["client_id"]
    return made


@pytest.fixture
def code(service: Service, client_id: str) -> str:
    email = f"ada-{secrets.token_hex(6)}@example.org"
    service.cli("citizens", "add", "--email", email, "--password", PASSWORD)
    asked = {
        "client_id": client_id,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "openid offline_access",
        "prompt": "consent",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    back = sign_in(f"{service.base_url}/authorize?{urlencode(asked)}", email, back=BACK)
    return parse_qs(urlsplit(back).query)["code"][0]


def redeem(service: Service, client_id: str, code: str) -> requests.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return requests.post(f"{service.base_url}/token", form | {"client_id": client_id}, timeout=30)


def refresh(service: Service, client_id: str, token: str) -> requests.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": client_id}
    return requests.post(f"{service.base_url}/token", form, timeout=30)


def race(act: Any) -> list[requests.Response]:
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(lambda _: act(), range(RACERS)))


def test_fifty_racing_redemptions_have_one_success_and_its_tokens_are_ended(
    service: Service, client_id: str, code: str
) -> None:
    answers = race(lambda: redeem(service, client_id, code))

    outcomes = Counter(answer.status_code for answer in answers)
    assert outcomes == {200: 1, 400: len(answers) - 1}, outcomes
    (won,) = (answer.json() for answer in answers if answer.status_code == 200)
    bearer = {"Authorization": f"Bearer {won['access_token']}"}
    assert requests.get(f"{service.base_url}/userinfo", headers=bearer, timeout=10).status_code == 401
    assert refresh(service, client_id, won["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_raced_refresh_token_has_one_successor(service: Service, client_id: str, code: str) -> None:
    first = redeem(service, client_id, code).json()["refresh_token"]

    answers = race(lambda: refresh(service, client_id, first))

    assert {answer.status_code for answer in answers} == {200}
    successors = {answer.json()["refresh_token"] for answer in answers}
    assert len(successors) == 1
    assert refresh(service, client_id, successors.pop()).status_code == 200
