"""More proof asked than a citizen has: they add it on the way, on a fresh proof alone, or go back."""

import re
from datetime import timedelta

import pytest

from tests.idp.pages.conftest import PASSWORD, Person, fill
from tests.idp.pages.test_sign_up import code_of, letter_to
from tests.support.site import Browser, Site, hidden_fields, told


def come(browser: Browser, person: Person) -> str:
    """Sign in with a password to a service that asks for more; return the interaction."""
    here = browser.begin({"acr_values": "aal2"})
    fill(browser, f"/sign-in/{here}", email=person.email, password=PASSWORD)
    return here


def seed_of(browser: Browser, here: str) -> str:
    shown = re.search(r'id="seed">([A-Z2-7 ]+)<', browser.get(f"/sign-in/{here}/stronger/code-app").text)
    assert shown is not None
    return shown[1].replace(" ", "")


def level(site: Site, person: Person) -> str:
    with site.use.database.work() as stores:
        (session,) = stores.sessions.list_for_citizen(person.citizen.citizen_id, site.clock.now())
    return session.acr


def test_a_code_app_is_added_on_the_way_and_the_service_gets_its_level(
    site: Site, browser: Browser, ada: Person
) -> None:
    here = come(browser, ada)
    assert browser.get(f"/sign-in/{here}").location == f"/sign-in/{here}/stronger"
    seed = seed_of(browser, here)
    assert b"<svg" in browser.get(f"/sign-in/{here}/stronger/seed.svg").data
    assert fill(browser, f"/sign-in/{here}/stronger/code-app", code="000 00x").status_code == 422

    added = fill(browser, f"/sign-in/{here}/stronger/code-app", code=code_of(site, seed))

    assert len(re.findall(r"<li>([a-z0-9-]{19})</li>", added.text)) == 10
    assert f'href="/authorize/{here}"' in added.text
    assert level(site, ada) == "aal2"
    assert browser.get(f"/authorize/{here}").location == f"/consent/{here}"
    assert "was added" in letter_to(site, ada.email)


def test_other_sessions_end_when_a_factor_is_added(site: Site, browser: Browser, ada: Person) -> None:
    elsewhere = site.browser()
    come(elsewhere, ada)
    here = come(browser, ada)
    fill(browser, f"/sign-in/{here}/stronger/code-app", code=code_of(site, seed_of(browser, here)))

    assert elsewhere.get("/account").status_code == 303
    assert browser.get("/account").status_code == 200


def test_who_goes_back_is_told_to_the_service_as_a_level_not_reached(browser: Browser, ada: Person) -> None:
    here = come(browser, ada)
    assert f"/cancel/{here}?because=level" in browser.get(f"/sign-in/{here}/stronger").text

    assert told(browser.get(f"/cancel/{here}?because=level"))["error"] == "unmet_authentication_requirements"


@pytest.mark.parametrize("form", ["", "/code-app"])
def test_a_proof_of_some_minutes_ago_adds_nothing(site: Site, browser: Browser, ada: Person, form: str) -> None:
    here = come(browser, ada)
    seed = seed_of(browser, here)
    token = hidden_fields(browser.get(f"/sign-in/{here}/stronger").text)
    site.clock.pass_by(timedelta(minutes=6))

    answer = browser.post(f"/sign-in/{here}/stronger{form}", {**token, "code": code_of(site, seed)})

    assert answer.location == f"/sign-in/{here}?another=1"
    with site.use.database.work() as stores:
        assert not stores.credentials.factors(ada.citizen.citizen_id).totp


@pytest.mark.parametrize("page", ["", "/code-app", "/seed.svg"])
def test_nothing_is_offered_to_who_is_not_signed_in_or_has_a_factor(browser: Browser, eve: Person, page: str) -> None:
    here = browser.begin({"acr_values": "aal2"})
    assert browser.get(f"/sign-in/{here}/stronger{page}").location == f"/authorize/{here}"

    browser.sign_in(eve.citizen)

    assert browser.get(f"/sign-in/{here}/stronger{page}").location == f"/authorize/{here}"


@pytest.mark.parametrize("form", ["", "/code-app"])
def test_nothing_is_added_for_who_is_not_signed_in_or_by_another_site(
    site: Site, browser: Browser, ada: Person, form: str
) -> None:
    here = browser.begin({"acr_values": "aal2"})
    token = hidden_fields(browser.get(f"/sign-in/{here}").text)["csrf_token"]
    wrong = {"csrf_token": token, "code": "000000", "credential": "{}"}
    assert browser.post(f"/sign-in/{here}/stronger{form}", wrong).location == f"/authorize/{here}"

    here = come(browser, ada)

    assert browser.post(f"/sign-in/{here}/stronger{form}", wrong, site="cross-site").status_code == 400
    assert browser.post(f"/sign-in/{here}/stronger{form}", {"code": "1"}).status_code == 400
    assert browser.post(f"/sign-in/{here}/stronger{form}", wrong).status_code == 422


def test_a_short_password_whose_code_app_is_gone_lets_nobody_in(site: Site, browser: Browser, eve: Person) -> None:
    use, whose = site.use, eve.citizen.citizen_id
    with use.database.work() as stores:
        hashed = use.hashing.hash(PASSWORD, stands_alone=False, now=site.clock.now())
        stores.credentials.set_password(whose, hashed)
        stores.credentials.remove_totp(whose)
    here = browser.begin()

    answer = fill(browser, f"/sign-in/{here}", email=eve.email, password=PASSWORD)

    assert answer.status_code == 422
    assert browser.get("/account").status_code == 303
