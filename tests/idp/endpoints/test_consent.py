"""The consent page and the ledger say the same: nothing is agreed to that the citizen was not shown."""

import json
from typing import Any

import pytest

from federation.claims import OF_SCOPE
from federation.relying_parties.model import RelyingParty
from idp.citizens.model import Citizen
from idp.consent.telling import told as told_by
from tests.support.site import REDIRECT_URI, Browser, Site

LONE = [f"claim:{name}" for names in OF_SCOPE.values() for name in names]
SCOPES = [f"scope:{name}" for name in ("profile", "email", "address", "phone", "payments:write")]


@pytest.fixture(scope="module")
def curious(site: Site) -> RelyingParty:
    return site.register(
        RelyingParty(
            client_id="curious",
            client_name="Curious",
            agency="City",
            redirect_uris=(REDIRECT_URI,),
            scope=("openid", "profile", "email", "phone", "payments:write"),
            sector="curious.example",
        )
    )


def page_for(browser: Browser, scope: str, claims: dict[str, Any] | None = None) -> str:
    asked = {"client_id": "curious", "scope": scope, "claims": json.dumps({"userinfo": claims or {}})}
    return browser.get(f"/consent/{browser.begin(asked)}").text


@pytest.mark.parametrize("item", LONE + SCOPES)
def test_every_item_that_is_recorded_has_a_row(item: str) -> None:
    told = told_by([item], {})

    assert told.facts or told.permissions


@pytest.mark.usefixtures("curious")
def test_a_wished_value_hides_nothing_from_the_citizen(browser: Browser, citizen: Citizen) -> None:
    browser.sign_in(citizen)
    wrong = {"value": "-"}

    page = page_for(browser, "openid profile email", {"name": wrong, "email": wrong, "birthdate": {"values": ["-"]}})

    for row in ("Full name", "Email address", "Date of birth", "Language"):
        assert row in page
    assert page.count(citizen.email) == 2


@pytest.mark.usefixtures("curious")
def test_a_guess_at_a_single_claim_is_shown_as_that_claim(browser: Browser, citizen: Citizen) -> None:
    browser.sign_in(citizen)

    page = page_for(browser, "openid", {"given_name": {"value": "Eve"}})

    assert "Given names" in page
    assert "Ada" in page


@pytest.mark.usefixtures("curious")
def test_what_is_not_known_yet_is_not_agreed_to_unseen(browser: Browser, citizen: Citizen) -> None:
    browser.sign_in(citizen)

    page = page_for(browser, "openid phone")

    assert "Phone number" in page
    assert "None yet" in page


@pytest.mark.usefixtures("curious")
def test_a_permission_that_is_no_fact_is_not_agreed_to_unseen(browser: Browser, citizen: Citizen) -> None:
    browser.sign_in(citizen)

    page = page_for(browser, "openid payments:write")

    assert "payments:write" in page
    assert "told nothing else" not in page


def test_the_services_own_terms_and_privacy_notice_are_linked(site: Site, browser: Browser, citizen: Citizen) -> None:
    home = "https://wordy.example"
    site.register(
        RelyingParty(
            client_id="wordy",
            client_name="Wordy",
            agency="City",
            redirect_uris=(f"{home}/cb",),
            policy_uri=f"{home}/privacy?a=1&b=2",
            tos_uri=f"{home}/terms",
            logo_uri=f"{home}/logo.png",
            sector="wordy.example",
        )
    )
    browser.sign_in(citizen)

    asked = {"client_id": "wordy", "redirect_uri": f"{home}/cb", "scope": "openid"}
    page = browser.get(f"/consent/{browser.begin(asked)}").text

    for link in (f"{home}/privacy?a=1&amp;b=2", f"{home}/terms"):
        assert f'href="{link}" target="_blank" rel="noopener noreferrer"' in page
    assert "logo.png" not in page


@pytest.mark.usefixtures("curious")
def test_a_service_without_terms_has_no_links_to_them(browser: Browser, citizen: Citizen) -> None:
    browser.sign_in(citizen)

    page = page_for(browser, "openid email")

    assert "opens in new tab" not in page
