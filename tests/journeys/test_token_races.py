"""Codes and refresh tokens raced over HTTP, against the real service with two workers, on each pair of stores."""

from collections import Counter
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.support.dpop import DpopKey
from tests.support.insider import Insider
from tests.support.public_app import BACK, client_id, question
from tests.support.racing import post, race, send
from tests.support.service import Service
from tests.support.token_office import VERIFIER
from tests.support.visitor import PASSWORD, sign_in

__all__ = ["client_id"]


@pytest.fixture(scope="module")
def insider(service: Service) -> Insider:
    return Insider(service)


@pytest.fixture
def code(service: Service, client_id: str, insider: Insider) -> str:
    email = insider.new_citizen(PASSWORD).email
    back = sign_in(question(service, client_id, prompt="consent"), email, back=BACK)
    return parse_qs(urlsplit(back).query)["code"][0]


def redeem(service: Service, client_id: str, code: str) -> requests.Request:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return post(f"{service.base_url}/token", form | {"client_id": client_id})


def refresh(service: Service, client_id: str, token: str) -> requests.Request:
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": client_id}
    return post(f"{service.base_url}/token", form)


def test_fifty_racing_redemptions_have_one_success_and_its_tokens_are_ended(
    service: Service, client_id: str, code: str
) -> None:
    answers = race(lambda _: redeem(service, client_id, code))

    outcomes = Counter(answer.status_code for answer in answers)
    assert outcomes == {200: 1, 400: len(answers) - 1}, outcomes
    (won,) = (answer.json() for answer in answers if answer.status_code == 200)
    bearer = {"Authorization": f"Bearer {won['access_token']}"}
    assert requests.get(f"{service.base_url}/userinfo", headers=bearer, timeout=10).status_code == 401
    assert send(refresh(service, client_id, won["refresh_token"])).json()["error"] == "invalid_grant"


def test_a_raced_proof_is_good_once(service: Service, client_id: str, code: str) -> None:
    key = DpopKey()
    at_token, at_userinfo = f"{service.base_url}/token", f"{service.base_url}/userinfo"
    asking = redeem(service, client_id, code)
    asking.headers["DPoP"] = key.proof("POST", at_token)
    nonce = send(asking).headers["DPoP-Nonce"]
    asking.headers["DPoP"] = key.proof("POST", at_token, nonce=nonce)
    token = send(asking).json()["access_token"]
    headers = {
        "Authorization": f"DPoP {token}",
        "DPoP": key.proof("GET", at_userinfo, nonce=nonce, access_token=token),
    }

    answers = race(lambda _: requests.Request("GET", at_userinfo, headers=headers))

    outcomes = Counter(answer.status_code for answer in answers)
    assert outcomes == {200: 1, 401: len(answers) - 1}, outcomes


def test_a_raced_refresh_token_has_one_successor(service: Service, client_id: str, code: str) -> None:
    first = send(redeem(service, client_id, code)).json()["refresh_token"]

    answers = race(lambda _: refresh(service, client_id, first))

    assert {answer.status_code for answer in answers} == {200}
    successors = {answer.json()["refresh_token"] for answer in answers}
    assert len(successors) == 1
    assert send(refresh(service, client_id, successors.pop())).status_code == 200
