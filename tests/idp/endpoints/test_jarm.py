"""Signed answers to authorization requests (JARM), over the whole application."""

import json
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

from federation.authorization.response import SIGNED_TYPE
from federation.relying_parties.model import RelyingParty
from idp.citizens.model import Citizen
from keys import rotation
from keys.states import Purpose
from tests.support.pair import PUBLIC, on_files
from tests.support.site import REDIRECT_URI, Browser, Site, hidden_fields

ALGORITHMS = ["ES256", "RS256", "EdDSA"]


@pytest.fixture(params=ALGORITHMS)
def asker(request: pytest.FixtureRequest, site: Site) -> RelyingParty:
    known = site.use.database.open().stores.relying_parties.find("rp")
    assert known is not None
    made = replace(known, client_id=f"rp-{secrets.token_hex(4)}", authorization_signed_response_alg=request.param)
    return site.register(made)


def opened(site: Site, response: str, asker: RelyingParty) -> dict[str, Any]:
    """Return what the agency reads, by the published keys and the algorithm it registered alone."""
    keys = KeySet.import_key_set(json.loads(site.use.signer.jwks().body))
    read = jwt.decode(response, keys, algorithms=[asker.authorization_signed_response_alg])
    assert read.header["typ"] == SIGNED_TYPE
    claims: dict[str, Any] = read.claims
    return claims


def in_query(answer: TestResponse) -> str:
    assert answer.location.startswith(REDIRECT_URI + "?"), answer.location
    told = parse_qs(urlsplit(answer.location).query)
    assert set(told) == {"response"}
    return told["response"][0]


@pytest.mark.parametrize("mode", ["jwt", "query.jwt"])
def test_a_code_comes_signed_and_nothing_stands_beside_it(
    site: Site, browser: Browser, citizen: Citizen, asker: RelyingParty, mode: str
) -> None:
    asked = {"client_id": asker.client_id, "response_mode": mode, "state": "s1"}
    browser.sign_in(citizen)
    interaction_id = browser.begin(asked)
    browser.press(f"/consent/{interaction_id}", "allow")

    claims = opened(site, in_query(browser.get(f"/authorize/{interaction_id}")), asker)

    assert set(claims) == {"iss", "aud", "exp", "code", "state"}
    assert (claims["iss"], claims["aud"], claims["state"]) == ("https://id.example", asker.client_id, "s1")
    assert 0 < claims["exp"] - site.clock.now().timestamp() <= 600


def test_a_posted_answer_is_signed_too(site: Site, browser: Browser, asker: RelyingParty) -> None:
    asked = {"client_id": asker.client_id, "response_mode": "form_post.jwt", "prompt": "none"}

    page = browser.authorize(asked)

    fields = hidden_fields(page.text)
    assert (page.status_code, set(fields)) == (200, {"response"})
    claims = opened(site, fields["response"], asker)
    assert (claims["error"], claims["state"], claims["aud"]) == ("login_required", "the state", asker.client_id)


def test_a_refusal_comes_signed(site: Site, browser: Browser, asker: RelyingParty) -> None:
    claims = opened(
        site,
        in_query(browser.authorize({"client_id": asker.client_id, "response_mode": "jwt", "scope": "email"})),
        asker,
    )

    assert claims["error"] == "invalid_scope"
    assert "code" not in claims


def test_a_signed_answer_is_no_id_token_and_no_access_token(site: Site, browser: Browser, asker: RelyingParty) -> None:
    response = in_query(browser.authorize({"client_id": asker.client_id, "response_mode": "jwt", "prompt": "none"}))

    as_hint = browser.authorize({"client_id": asker.client_id, "id_token_hint": response, "prompt": "none"})
    as_bearer = browser.client.get(
        "/userinfo", base_url=browser.base_url, headers={"Authorization": f"Bearer {response}"}
    )

    assert "error=invalid_request" in as_hint.location
    assert as_bearer.status_code == 401


def test_the_modes_and_algorithms_are_told(browser: Browser) -> None:
    metadata = browser.get("/.well-known/openid-configuration").get_json()

    assert {"query.jwt", "form_post.jwt", "jwt"} <= set(metadata["response_modes_supported"])
    assert metadata["authorization_signing_alg_values_supported"] == ALGORITHMS


def test_while_no_key_signs_the_citizen_is_asked_to_wait(tmp_path: Path) -> None:
    site = on_files(tmp_path / "site")
    for _ in range(2):
        with site.use.database.work() as stores:
            signing = stores.keys.read().active(Purpose.ID_TOKEN, "ES256")
            assert signing is not None
            rotation.revoke(stores.keys, site.use.key_provider, signing.kid, "rehearsal", site.clock.now())

    asked = {"redirect_uri": PUBLIC.redirect_uris[0], "response_mode": "jwt", "prompt": "none"}
    answer = site.restarted().browser().authorize(asked)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.location is None
