"""The plans Dynamic OP, as far as a provider of the code flow goes, and Third-Party-Initiated Login OP."""

import json
import secrets
from typing import Any

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.specs.openid_plans.conftest import NewClient
from tests.support.certification import BACK, PLACE, new_key, public, unsigned
from tests.support.listener import Listener, answer

BY_KEY = {"token_endpoint_auth_method": "private_key_jwt"}
BROWSER = {"Accept": "text/html"}
JSON_TYPE = "Content-Type: application/json\r\n"


@pytest.mark.parametrize("alg", ["RS256", None])
def test_rs256_is_had_by_asking_and_by_silence(new_client: NewClient, alg: str | None) -> None:
    client = new_client(**BY_KEY, id_token_signed_response_alg=alg)

    tokens, _ = client.sign_in()

    assert client.header(tokens)["alg"] == "RS256"


def test_userinfo_is_signed_by_a_published_key_for_who_registered_rs256(new_client: NewClient) -> None:
    client = new_client(**BY_KEY, userinfo_signed_response_alg="RS256")
    tokens, claims = client.sign_in()

    told = client.userinfo(tokens)

    published = requests.get(f"{client.service.base_url}/jwks", timeout=20).json()
    said = jwt.decode(told.text, KeySet.import_key_set(published), algorithms=["RS256"])
    assert told.headers["Content-Type"] == "application/jwt"
    assert said.claims == {"iss": client.service.base_url, "aud": claims["aud"], "sub": claims["sub"]}


def test_the_query_of_a_registered_address_comes_back_with_the_answer(new_client: NewClient) -> None:
    client = new_client(**BY_KEY, redirect_uris=[f"{BACK}?foo=bar"])

    told = client.ask(client.asked())

    assert told.pop("foo") == "bar"
    assert set(told) == {"code", "state", "iss"}
    assert client.redeem(told["code"]).status_code == 200


@pytest.mark.parametrize(
    ("registered", "asked"),
    [
        (f"{BACK}?foo=bar", f"{BACK}?foo=other"),
        (f"{BACK}?foo=bar", BACK),
        (BACK, f"{BACK}?foo=bar"),
        (BACK, f"{BACK}/callback/x9Q2"),
        (BACK, None),
    ],
)
def test_no_other_address_is_gone_back_to_and_the_citizen_is_told(
    new_client: NewClient, registered: str, asked: str | None
) -> None:
    client = new_client(**BY_KEY, redirect_uris=[registered])

    page = requests.get(
        f"{client.service.base_url}/authorize", params=client.asked(redirect_uri=asked), timeout=20, headers=BROWSER
    )

    assert (page.status_code, page.history) == (400, [])
    assert page.headers["Content-Type"].startswith("text/html")
    assert PLACE not in page.text


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"redirect_uris": [f"{BACK}#foobar"]}, "invalid_redirect_uri"),
        ({"initiate_login_uri": "http://service.example/login"}, "invalid_client_metadata"),
        ({"id_token_signed_response_alg": "none"}, "invalid_client_metadata"),
    ],
)
def test_what_cannot_be_registered_is_refused_by_the_codes_of_the_standard(
    new_client: NewClient, said: dict[str, Any], error: str
) -> None:
    client = new_client()

    refused = client.register(**said)

    assert (refused.status_code, refused.headers["Content-Type"]) == (400, "application/json")
    assert refused.json()["error"] == error


def test_a_client_is_told_all_that_it_registered_and_can_end_it(new_client: NewClient) -> None:
    client = new_client(initiate_login_uri="https://service.example/login")
    told = client.registered
    bearer = {"Authorization": f"Bearer {told['registration_access_token']}"}

    read = requests.get(told["registration_client_uri"], headers=bearer, timeout=20)
    bearer = {"Authorization": f"Bearer {read.json()['registration_access_token']}"}
    ended = requests.delete(told["registration_client_uri"], headers=bearer, timeout=20)

    assert told["client_secret_expires_at"] == 0
    assert (read.status_code, read.headers["Content-Type"]) == (200, "application/json")
    for answered in (told, read.json()):
        assert answered["initiate_login_uri"] == "https://service.example/login"
        assert answered["contacts"] == ["certification@oidf.org"]
    assert (ended.status_code, ended.content) == (204, b"")


def test_keys_at_an_address_prove_a_client(new_client: NewClient, suite: Listener) -> None:
    key, path = new_key(kid="first"), f"/{secrets.token_hex(4)}"
    suite.answers[path] = answer(json.dumps(public(key)).encode(), headers=JSON_TYPE)
    client = new_client(**BY_KEY, jwks=None, jwks_uri=suite.url(path))
    client.key = key

    client.sign_in()


@pytest.mark.parametrize("listed", [True, False])
def test_a_sector_is_one_that_lists_every_address_of_the_client(
    new_client: NewClient, suite: Listener, *, listed: bool
) -> None:
    path = f"/{secrets.token_hex(4)}"
    document = [f"{PLACE}/elsewhere", *([BACK] if listed else [])]
    suite.answers[path] = answer(json.dumps(document).encode(), headers=JSON_TYPE)
    client = new_client()

    told = client.register(**BY_KEY, subject_type="pairwise", sector_identifier_uri=suite.url(path))

    assert told.status_code == (201 if listed else 400)
    assert told.json().get("error") == (None if listed else "invalid_client_metadata")


@pytest.mark.parametrize("audience", ["", "/token"], ids=["issuer", "token endpoint"])
def test_a_client_on_nobodys_word_may_name_us_by_either_address(new_client: NewClient, audience: str) -> None:
    client = new_client(**BY_KEY)
    assertion = client.assertion(client.service.base_url + audience)
    code = client.ask(client.asked())["code"]

    told = client.token(grant_type="authorization_code", code=code, redirect_uri=BACK, client_assertion=assertion)

    assert told.status_code == 200, told.text


@pytest.mark.parametrize("parameter", ["request_uri", "request"])
def test_a_request_by_reference_and_one_without_a_signature_are_said_not_to_be_read(
    new_client: NewClient, suite: Listener, parameter: str
) -> None:
    client = new_client(**BY_KEY)
    there = suite.url(f"/{secrets.token_hex(4)}")
    calls = len(suite.calls)

    told = client.ask(client.asked(**{parameter: there if parameter == "request_uri" else unsigned(client.asked())}))

    assert told["error"] == ("request_uri_not_supported" if parameter == "request_uri" else "invalid_request_object")
    assert len(suite.calls) == calls
