"""Vectors of trust over the whole application: stepped up to, refused, and told in the ID token (RFC 8485)."""

import secrets
from dataclasses import replace
from typing import Any

import pytest

from idp.citizens.model import Citizen
from idp.signin.interactions import draw_id
from tests.support.site import REDIRECT_URI, Browser, Site, told
from tests.support.token_office import VERIFIER, claims_in


@pytest.fixture(scope="module")
def public(site: Site) -> str:
    known = site.use.database.open().stores.relying_parties.find("rp")
    assert known is not None
    site.register(replace(known, client_id="trusting", token_endpoint_auth_method="none"))
    return "trusting"


def known_as(site: Site, confidence: str) -> Citizen:
    now = site.clock.now()
    citizen = Citizen(
        citizen_id=draw_id(),
        email=f"ada-{secrets.token_hex(6)}@example.org",
        email_verified_at=now,
        identity_confidence=confidence,
        created_at=now,
        updated_at=now,
    )
    with site.use.database.work() as stores:
        stores.citizens.add(citizen)
    return citizen


def id_token(browser: Browser, public: str, **asked: str) -> dict[str, Any]:
    interaction = browser.begin({"client_id": public, "scope": "openid", "prompt": "consent", **asked})
    browser.press(f"/consent/{interaction}", "allow")
    code = told(browser.get(f"/authorize/{interaction}"))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
    answer = browser.site.app.test_client().post("/token", data=form | {"client_id": public}, base_url=browser.base_url)
    return claims_in(answer.get_json()["id_token"])


def agree(browser: Browser, public: str) -> None:
    browser.press(f"/consent/{browser.begin({'client_id': public, 'scope': 'openid'})}", "allow")


@pytest.mark.parametrize(
    ("known", "acr", "vtr", "vot"),
    [
        ("P0", "aal1", '["Cl"]', "Cl"),
        ("P0", "aal2", '["Cl"]', "Cl.Cm"),
        ("P0", "aal2", '["Cl.Cm"]', "Cl.Cm"),
        ("P0", "aal1", '["P0.Cl"]', "P0.Cl"),
        ("P2", "aal2", '["P2.Cl.Cm", "P9.Cl"]', "P2.Cl.Cm"),
        ("P3", "aal1", '["P1.Cl"]', "P3.Cl"),
    ],
)
def test_the_id_token_says_what_is_so(browser: Browser, public: str, known: str, acr: str, vtr: str, vot: str) -> None:  # noqa: PLR0917 - as the table names them
    browser.sign_in(known_as(browser.site, known), acr=acr)

    told = id_token(browser, public, vtr=vtr)

    assert (told["vot"], told["vtm"], told["acr"]) == (vot, f"{browser.base_url}/help/trust", acr)
    assert browser.get("/help/trust").status_code == 200


def test_nobody_is_told_who_did_not_ask(browser: Browser, citizen: Citizen, public: str) -> None:
    browser.sign_in(citizen)

    assert not {"vot", "vtm"} & id_token(browser, public).keys()


def test_one_factor_is_stepped_up_and_not_called_two(browser: Browser, citizen: Citizen, public: str) -> None:
    browser.sign_in(citizen)
    asked = {"client_id": public, "scope": "openid", "vtr": '["Cl.Cm"]'}
    agree(browser, public)

    assert browser.authorize(asked).location.startswith("/sign-in/")
    assert told(browser.authorize(asked | {"prompt": "none"}))["error"] == "interaction_required"


@pytest.mark.parametrize(("confidence", "vtr"), [("P0", '["P1.Cl"]'), ("P1", '["P2", "P3"]'), ("P2", '["P3.Cl"]')])
def test_who_is_less_known_is_refused_and_not_called_better_known(
    site: Site, browser: Browser, public: str, confidence: str, vtr: str
) -> None:
    browser.sign_in(known_as(site, confidence), acr="aal2")
    asked = {"client_id": public, "scope": "openid", "vtr": vtr}
    agree(browser, public)

    for more in ({}, {"prompt": "none"}):
        assert told(browser.authorize(asked | more))["error"] == "unmet_authentication_requirements"


@pytest.mark.parametrize("asks", [{"vtr": '["P3"]'}, {"vtr": '["Cl.Cm"]'}, {"acr_values": "aal2"}, {"max_age": "0"}])
@pytest.mark.parametrize("known", [("P0", "aal1"), ("P3", "aal2")])
def test_a_service_that_nobody_agreed_to_learns_nothing_of_who_is_there(
    browser: Browser, public: str, known: tuple[str, str], asks: dict[str, str]
) -> None:
    confidence, acr = known
    browser.sign_in(known_as(browser.site, confidence), acr=acr)
    asked = {"client_id": public, "scope": "openid"} | asks

    assert told(browser.authorize(asked | {"prompt": "none"}))["error"] == "consent_required"
    assert browser.authorize(asked).location.startswith("/"), "a page comes first"


@pytest.mark.parametrize("vtr", ['["Ch"]', '["P4"]', '["Cl.Ma"]'])
def test_what_nobody_can_reach_is_refused_at_once(browser: Browser, public: str, vtr: str) -> None:
    answer = browser.authorize({"client_id": public, "vtr": vtr})

    assert told(answer)["error"] == "unmet_authentication_requirements"


def test_malformed_vectors_are_refused(browser: Browser, public: str) -> None:
    assert told(browser.authorize({"client_id": public, "vtr": "Cl.Cm"}))["error"] == "invalid_request"
