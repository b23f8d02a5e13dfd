"""A citizen corrects their name: told by letter, and told to no service before they have agreed to the new one."""

from datetime import timedelta
from typing import Any

import pytest

from idp.audit.log import Entry
from tests.idp.pages.conftest import Person, fill
from tests.idp.pages.test_account import enter
from tests.idp.pages.test_sign_up import code_in, letter_to
from tests.support.signing_out import service
from tests.support.site import Browser, Site, hidden_fields
from tests.support.token_office import VERIFIER

NAMED = "openid profile email"


@pytest.fixture(scope="module", autouse=True)
def parking(site: Site) -> None:
    site.register(service("parking", scope=("openid", "profile", "email", "offline_access")))


def go_to(browser: Browser, scope: str) -> str:
    """Come from the agency, signed in; return where the browser is sent."""
    return browser.authorize(
        {"client_id": "parking", "redirect_uri": "https://parking.example/cb", "scope": scope}
    ).location


def redeem(site: Site, code: str) -> Any:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "https://parking.example/cb"}
    client = site.app.test_client(use_cookies=False)
    return client.post(
        "/token", data=form | {"client_id": "parking", "code_verifier": VERIFIER}, base_url="https://id.example"
    )


def agree(browser: Browser, scope: str) -> str:
    """Agree to what the service asks, and return the code it is brought."""
    there = go_to(browser, scope)
    browser.press(there, "allow")
    back = browser.get(there.replace("/consent/", "/authorize/")).location
    assert back.startswith("https://parking.example/cb?code=")
    return back.partition("code=")[2].partition("&")[0]


def userinfo(site: Site, tokens: Any) -> Any:
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return site.app.test_client().get("/userinfo", headers=headers, base_url="https://id.example")


def name_changes(site: Site, person: Person) -> list[Entry]:
    with site.use.database.work() as stores:
        return list(stores.audit.of_citizen(person.citizen.citizen_id, ["citizen.name_changed"], 10))


def test_the_new_name_is_kept_recorded_and_told_by_letter(site: Site, browser: Browser, ada: Person) -> None:
    enter(browser, ada)

    changed = fill(browser, "/account/name", given_name="  Augusta   Ada ", family_name="King")

    assert changed.location == "/account"
    assert "Augusta Ada King" in browser.get("/account").text
    assert "name in your account was changed" in letter_to(site, ada.email)
    assert len(name_changes(site, ada)) == 1
    assert "The name was changed" in browser.get("/account/history").text


@pytest.mark.parametrize(
    ("given_name", "family_name"), [("", " "), ("x" * 101, "King"), ("Ada", "Ki\x07ng"), ("\u202eada", "")]
)
def test_what_is_no_name_changes_nothing(
    site: Site, browser: Browser, ada: Person, given_name: str, family_name: str
) -> None:
    enter(browser, ada)

    answer = fill(browser, "/account/name", given_name=given_name, family_name=family_name)

    assert answer.status_code in (400, 422)
    assert name_changes(site, ada) == []


def test_the_same_name_again_is_no_change(site: Site, browser: Browser, ada: Person) -> None:
    enter(browser, ada)

    assert fill(browser, "/account/name", given_name="Ada", family_name="").location == "/account"

    assert name_changes(site, ada) == []


def test_a_service_that_knows_the_name_asks_again_with_the_new_one(site: Site, browser: Browser, ada: Person) -> None:
    enter(browser, ada)
    tokens = redeem(site, agree(browser, f"{NAMED} offline_access")).json
    in_flight = told_code(browser)
    assert userinfo(site, tokens).json["name"] == "Ada"

    fill(browser, "/account/name", given_name="Augusta", family_name="King")

    assert userinfo(site, tokens).status_code == 401
    assert redeem(site, in_flight).status_code == 400
    asked = go_to(browser, NAMED)
    assert asked.startswith("/consent/")
    assert "Augusta King" in browser.get(asked).text
    assert userinfo(site, redeem(site, agree(browser, NAMED)).json).json["name"] == "Augusta King"
    [change] = name_changes(site, ada)
    assert "parking" in change.body


def told_code(browser: Browser) -> str:
    """Return a code brought without a question, because everything was agreed to."""
    back = go_to(browser, NAMED)
    assert back.startswith("https://parking.example/cb?code=")
    return back.partition("code=")[2].partition("&")[0]


def test_a_service_that_does_not_know_the_name_goes_on_as_before(site: Site, browser: Browser, ada: Person) -> None:
    enter(browser, ada)
    tokens = redeem(site, agree(browser, "openid email")).json

    fill(browser, "/account/name", given_name="Augusta", family_name="King")

    assert userinfo(site, tokens).status_code == 200
    assert go_to(browser, "openid email").startswith("https://parking.example/cb?code=")


def test_what_was_shown_before_the_change_cannot_be_agreed_to_after_it(
    site: Site, browser: Browser, ada: Person
) -> None:
    enter(browser, ada)
    there = go_to(browser, NAMED)
    form = hidden_fields(browser.get(there).text)
    site.clock.pass_by(timedelta(seconds=1))
    fill(browser, "/account/name", given_name="Augusta", family_name="King")

    browser.post(there, {**form, "decision": "allow"})

    assert browser.get(there.replace("/consent/", "/authorize/")).location == there
    assert "Augusta King" in browser.get(there).text


def test_a_changed_address_is_asked_about_again_too(site: Site, browser: Browser, ada: Person) -> None:
    enter(browser, ada)
    agree(browser, "openid email")
    with site.use.database.work() as stores:
        assert stores.consents.find(ada.citizen.citizen_id, "parking")

    fill(browser, "/account/email", email=f"other-{ada.email}")
    fill(browser, "/account/email/code", code=code_in(letter_to(site, f"other-{ada.email}")))

    assert go_to(browser, "openid email").startswith("/consent/")
