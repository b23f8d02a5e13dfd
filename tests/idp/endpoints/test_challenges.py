"""Who knows only userinfo finds its way (RFC 9728), and is told when its citizen must prove more (RFC 9470)."""

import re
import secrets
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from federation.relying_parties.model import RelyingParty
from idp.citizens.model import Citizen
from tests.support.site import REDIRECT_URI, Browser, Site, told
from tests.support.token_office import VERIFIER

METADATA = 'resource_metadata="https://id.example/.well-known/oauth-protected-resource/userinfo"'


@pytest.fixture
def public(site: Site) -> RelyingParty:
    known = site.use.database.open().stores.relying_parties.find("rp")
    assert known is not None
    named = {"client_id": f"api-{secrets.token_hex(4)}", "token_endpoint_auth_method": "none"}
    return site.register(replace(known, **named))  # type: ignore[arg-type]  # two fields of text


def userinfo(site: Site, token: str | None = None) -> TestResponse:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return site.app.test_client().get("/userinfo", headers=headers, base_url="https://id.example")


def access_token(browser: Browser, citizen: Citizen, by: RelyingParty, *, acr: str, **asked: str) -> str:
    browser.sign_in(citizen, acr=acr)
    interaction = browser.begin({"client_id": by.client_id, "prompt": "consent", **asked})
    browser.press(f"/consent/{interaction}", "allow")
    code = told(browser.get(f"/authorize/{interaction}"))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
    client = browser.site.app.test_client()
    answer: Any = client.post("/token", data=form | {"client_id": by.client_id}, base_url=browser.base_url).get_json()
    return str(answer["access_token"])


def test_every_challenge_leads_to_the_metadata_and_that_to_us(site: Site) -> None:
    bare, wrong = userinfo(site), userinfo(site, "x")

    assert bare.headers["WWW-Authenticate"].startswith(f"Bearer {METADATA}")
    assert METADATA in wrong.headers["WWW-Authenticate"]
    client = site.app.test_client()
    metadata = client.get("/.well-known/oauth-protected-resource/userinfo", base_url="https://id.example").get_json()
    discovery = client.get("/.well-known/oauth-authorization-server", base_url="https://id.example").get_json()
    assert metadata["resource"] == discovery["userinfo_endpoint"]
    assert metadata["authorization_servers"] == [discovery["issuer"]]
    assert discovery["protected_resources"] == [metadata["resource"]]
    assert set(metadata["scopes_supported"]) <= set(discovery["scopes_supported"])


def test_a_good_answer_has_no_challenge(site: Site, browser: Browser, citizen: Citizen, public: RelyingParty) -> None:
    answer = userinfo(site, access_token(browser, citizen, public, acr="aal1"))

    assert answer.status_code == 200
    assert "WWW-Authenticate" not in answer.headers


def test_a_token_of_too_little_proof_is_sent_back_for_more_and_more_is_enough(
    site: Site, browser: Browser, citizen: Citizen, public: RelyingParty
) -> None:
    weak = access_token(browser, citizen, public, acr="aal1")
    with site.use.database.work() as stores:
        current = stores.relying_parties.find_registered(public.client_id)
        assert current is not None
        assert stores.relying_parties.change(replace(current, default_acr_values=("aal2",)))

    refused = userinfo(site, weak)
    challenge = refused.headers["WWW-Authenticate"]
    acr_values = re.search('acr_values="([^"]+)"', challenge)
    assert acr_values is not None
    stepped_up = access_token(browser, citizen, public, acr="aal2", acr_values=acr_values[1])

    assert (refused.status_code, refused.get_json()["error"]) == (401, "insufficient_user_authentication")
    assert 'error="insufficient_user_authentication"' in challenge
    assert METADATA in challenge
    assert userinfo(site, stepped_up).status_code == 200


def test_the_acr_values_of_a_challenge_are_stepped_up_to(
    browser: Browser, citizen: Citizen, public: RelyingParty
) -> None:
    browser.sign_in(citizen, acr="aal1")

    answer = browser.authorize({"client_id": public.client_id, "acr_values": "aal2"})

    assert answer.location.startswith("/sign-in/")
