"""The citizen's own pages: shown to nobody else, changed on a fresh proof alone, told to everyone concerned."""

import re
from datetime import timedelta

import pytest

from tests.idp.pages.conftest import PASSWORD, Person, fill, make
from tests.idp.pages.test_sign_up import code_in, code_of, find_code, letter_to
from tests.support.site import Browser, Site, hidden_fields

PAGES = [
    "",
    "/passkeys",
    "/passkeys/new",
    "/password",
    "/code-app",
    "/backup-codes",
    "/name",
    "/email",
    "/sessions",
    "/services",
    "/history",
]
FORMS = [
    "/passkeys/new",
    "/passkeys/some/name",
    "/passkeys/some/remove",
    "/password",
    "/code-app",
    "/code-app/remove",
    "/backup-codes",
    "/name",
    "/email",
    "/email/code",
    "/sessions/end",
    "/sessions/everywhere",
    "/services/withdraw",
]
BETTER = "orchard tram velvet nine"
FRESH = timedelta(minutes=11)


def enter(browser: Browser, person: Person, page: str = "/account") -> None:
    """Come to a page of the account through the sign-in."""
    here = browser.get(page).location.rsplit("/", 1)[1]
    next_page = browser.get(f"/authorize/{here}").location
    if browser.get(next_page).status_code == 200:
        next_page = fill(browser, next_page, email=person.email, password=PASSWORD).location
    if "/authorize/" not in next_page:
        next_page = fill(browser, f"/sign-in/{here}/code", code=person.code(browser.site)).location
    arrived = browser.get(next_page)
    assert arrived.status_code == 303, arrived.text
    assert arrived.location == browser.base_url + page


def live_sessions(site: Site, person: Person) -> int:
    with site.use.database.work() as stores:
        return len(stores.sessions.list_for_citizen(person.citizen.citizen_id, site.clock.now()))


@pytest.mark.parametrize("page", PAGES)
def test_who_is_not_signed_in_signs_in_and_comes_to_the_page(browser: Browser, ada: Person, page: str) -> None:
    if page == "/backup-codes":
        return
    enter(browser, ada, f"/account{page}")

    assert browser.get(f"/account{page}").status_code == 200


@pytest.mark.parametrize("form", FORMS)
def test_no_form_does_anything_without_a_session(browser: Browser, form: str) -> None:
    token = hidden_fields(browser.get(f"/sign-up/{browser.begin()}").text)["csrf_token"]

    answer = browser.post(f"/account{form}", {"csrf_token": token})

    assert (answer.status_code, answer.location[:11]) == (303, "/authorize/")


@pytest.mark.parametrize("form", FORMS)
def test_no_form_is_taken_from_another_page_or_site(site: Site, browser: Browser, ada: Person, form: str) -> None:
    enter(browser, ada)
    before = live_sessions(site, ada)

    assert browser.post(f"/account{form}", {"code": "1"}).status_code == 400
    assert browser.post(f"/account{form}", {"csrf_token": "forged"}).status_code == 400
    assert browser.post(f"/account{form}", {"csrf_token": "forged"}, site="cross-site").status_code == 400
    assert live_sessions(site, ada) == before


def test_turning_back_ends_where_nobody_need_sign_in(browser: Browser) -> None:
    here = browser.get("/account").location.rsplit("/", 1)[1]

    assert browser.get(f"/cancel/{here}").location == "/help"
    assert browser.get(f"/authorize/{here}").status_code == 409


@pytest.mark.parametrize("page", ["/passkeys/new", "/code-app", "/name", "/email"])
def test_what_is_sensitive_asks_for_a_fresh_proof_and_leads_back(
    site: Site, browser: Browser, ada: Person, page: str
) -> None:
    enter(browser, ada)
    site.clock.pass_by(FRESH)

    answer = browser.get(f"/account{page}")

    assert answer.location.startswith("/authorize/")
    assert browser.get(answer.location).location.startswith("/sign-in/")


@pytest.mark.parametrize("form", ["/passkeys/new", "/code-app", "/code-app/remove", "/backup-codes", "/name", "/email"])
def test_a_form_shown_when_the_proof_was_fresh_is_refused_when_it_is_not(
    site: Site, browser: Browser, eve: Person, form: str
) -> None:
    enter(browser, eve)
    token = hidden_fields(browser.get("/account/sessions").text)["csrf_token"]
    site.clock.pass_by(FRESH)

    answer = browser.post(f"/account{form}", {"csrf_token": token, "email": "new@example.org", "code": "000000"})

    assert answer.location.startswith("/authorize/")
    with site.use.database.work() as stores:
        factors = stores.credentials.factors(eve.citizen.citizen_id)
    assert (factors.totp, factors.backup_codes) == (True, 10)


def test_a_weak_proof_does_not_change_what_a_strong_one_guards(site: Site, browser: Browser, eve: Person) -> None:
    browser.sign_in(eve.citizen, acr="aal1")

    answer = browser.get("/account/code-app")

    assert answer.location.startswith("/authorize/")
    here = answer.location.rsplit("/", 1)[1]
    assert browser.get(f"/sign-in/{here}").location == f"/sign-in/{here}/code"


def test_a_new_password_ends_every_other_session_and_is_told(site: Site, browser: Browser, ada: Person) -> None:
    elsewhere = site.browser()
    enter(elsewhere, ada)
    enter(browser, ada)

    assert fill(browser, "/account/password", password=BETTER).status_code == 200

    assert elsewhere.get("/account").status_code == 303
    assert browser.get("/account").status_code == 200
    assert "password was changed" in letter_to(site, ada.email)
    here = site.browser()
    there = here.begin()
    assert fill(here, f"/sign-in/{there}", email=ada.email, password=PASSWORD).status_code == 422
    assert fill(here, f"/sign-in/{there}", email=ada.email, password=BETTER).status_code == 303


def test_the_old_password_is_enough_and_nothing_less_when_the_proof_is_old(
    site: Site, browser: Browser, ada: Person
) -> None:
    enter(browser, ada)
    site.clock.pass_by(FRESH)

    assert 'id="current"' in browser.get("/account/password").text
    assert fill(browser, "/account/password", password=BETTER).status_code == 422
    assert fill(browser, "/account/password", password=BETTER, current="not the right one").status_code == 422
    assert fill(browser, "/account/password", password=BETTER, current=PASSWORD).status_code == 200


@pytest.mark.parametrize("password", ["", "short", "fourteen chars", "x" * 300, "a" * 20])
def test_a_new_password_must_be_fit(browser: Browser, ada: Person, password: str) -> None:
    enter(browser, ada)

    answer = fill(browser, "/account/password", password=password)

    assert answer.status_code == 422
    assert "Error: " in answer.text


def test_a_code_app_is_added_with_backup_codes_and_removed_again(site: Site, browser: Browser, ada: Person) -> None:
    enter(browser, ada)
    shown = re.search(r'id="seed">([A-Z2-7 ]+)<', browser.get("/account/code-app").text)
    assert shown is not None
    assert b"<svg" in browser.get("/account/code-app/seed.svg").data
    assert fill(browser, "/account/code-app", code="12345x").status_code == 422
    added = fill(browser, "/account/code-app", code=code_of(site, shown[1].replace(" ", "")))

    assert len(re.findall(r"<li>([a-z0-9-]{19})</li>", added.text)) == 10
    assert "authenticator app was added" in letter_to(site, ada.email)
    with site.use.database.work() as stores:
        assert stores.credentials.factors(ada.citizen.citizen_id).totp

    there = Person(ada.citizen, shown[1].replace(" ", ""), ())
    site.clock.pass_by(timedelta(seconds=61))
    enter(browser, there, "/account/code-app")
    token = hidden_fields(browser.get("/account/code-app").text)
    assert browser.post("/account/code-app/remove", token).location == "/account"
    with site.use.database.work() as stores:
        factors = stores.credentials.factors(ada.citizen.citizen_id)
    assert (factors.totp, factors.backup_codes) == (False, 0)


def test_new_backup_codes_end_the_old_ones(site: Site, browser: Browser, eve: Person) -> None:
    enter(browser, eve)
    renewed = fill(browser, "/account/backup-codes")
    fresh = re.findall(r"<li>([a-z0-9-]{19})</li>", renewed.text)

    assert len(set(fresh)) == 10
    assert not set(fresh) & set(eve.backup_codes)
    other = site.browser()
    here = other.begin()
    fill(other, f"/sign-in/{here}", email=eve.email, password=PASSWORD)
    assert fill(other, f"/sign-in/{here}/backup-code", code=eve.backup_codes[0]).status_code == 422
    assert fill(other, f"/sign-in/{here}/backup-code", code=fresh[0]).status_code == 303


def test_an_address_is_changed_by_its_code_and_both_addresses_hear(site: Site, browser: Browser, ada: Person) -> None:
    enter(browser, ada)
    fresh = f"new-{ada.email}"
    assert fill(browser, "/account/email", email=fresh).location == "/account/email/code"
    code = code_in(letter_to(site, fresh))
    assert fill(browser, "/account/email/code", code=code[::-1] + "B").status_code == 422
    assert fill(browser, "/account/email/code", code=code).location == "/account"

    assert "was replaced" in letter_to(site, ada.email)
    assert "was replaced" in letter_to(site, fresh)
    assert fresh in browser.get("/account").text
    assert browser.get("/account/email/code").location == "/account/email"


def test_nobody_learns_from_the_page_that_an_address_is_taken(
    site: Site, browser: Browser, ada: Person, eve: Person
) -> None:
    enter(browser, ada)

    taken = fill(browser, "/account/email", email=eve.email)

    assert taken.location == "/account/email/code"
    assert find_code(letter_to(site, eve.email)) is None
    assert fill(browser, "/account/email/code", code="000000").status_code == 422


def test_a_code_for_an_address_belongs_to_its_session(site: Site, browser: Browser, ada: Person, eve: Person) -> None:
    enter(browser, ada)
    enter(other := site.browser(), eve)
    fill(browser, "/account/email", email=f"mine-{ada.email}")

    assert other.get("/account/email/code").location == "/account/email"


def test_a_session_is_ended_by_its_own_citizen_alone(site: Site, ada: Person, eve: Person) -> None:
    phone, laptop, stranger = site.browser(), site.browser(), site.browser()
    for browser, person in ((phone, ada), (laptop, ada), (stranger, eve)):
        enter(browser, person)
    fields = hidden_fields(laptop.get("/account/sessions").text)
    theirs = {**hidden_fields(stranger.get("/account/sessions").text), "session": fields["session"]}

    stranger.post("/account/sessions/end", theirs)
    assert phone.get("/account").status_code == 200
    laptop.post("/account/sessions/end", fields)

    assert phone.get("/account").status_code == 303
    assert laptop.get("/account").status_code == 200


def test_signing_out_everywhere_reaches_this_browser_too(site: Site, browser: Browser, ada: Person) -> None:
    enter(browser, ada)
    enter(other := site.browser(), ada)
    token = hidden_fields(browser.get("/account/sessions").text)

    assert browser.post("/account/sessions/everywhere", token).status_code == 200

    assert (live_sessions(site, ada), browser.get("/account").status_code, other.get("/account").status_code) == (
        0,
        303,
        303,
    )


def test_consent_is_withdrawn_item_by_item_and_is_the_citizens_own(site: Site, ada: Person, eve: Person) -> None:
    mine, theirs = site.browser(), site.browser()
    for browser, person in ((mine, ada), (theirs, eve)):
        enter(browser, person)
        here = browser.begin({"scope": "openid profile email"})
        browser.press(f"/consent/{here}", "allow")
    page = mine.get("/account/services")
    assert "Parking" in page.text
    assert "Email address" in page.text
    token = hidden_fields(page.text)["csrf_token"]

    mine.post("/account/services/withdraw", {"csrf_token": token, "service": "rp", "item": "scope:email"})

    def agreed(person: Person) -> frozenset[str]:
        with site.use.database.work() as stores:
            consent = stores.consents.find(person.citizen.citizen_id, "rp")
        return consent.items if consent else frozenset()

    assert agreed(ada) == {"scope:openid", "scope:profile"}
    assert agreed(eve) == {"scope:openid", "scope:profile", "scope:email"}
    mine.post("/account/services/withdraw", {"csrf_token": token, "service": "rp"})
    assert agreed(ada) == frozenset()
    assert "Stopped sharing details" in mine.get("/account/history").text


def test_the_history_is_ones_own(site: Site, browser: Browser, ada: Person, eve: Person) -> None:
    enter(browser, ada)
    here = site.browser()
    fill(here, f"/sign-in/{here.begin()}", email=eve.email, password="wrong one here")

    assert "Signed in" in browser.get("/account/history").text
    assert "failed" not in browser.get("/account/history").text


def test_a_new_device_is_told_of_once(site: Site) -> None:
    person = make(site, second_factor=False)
    browser = site.browser()
    enter(browser, person)

    assert "not seen before" in letter_to(site, person.email)
    with site.use.database.work() as stores:
        before = len(stores.outbox.latest("letter", 500))
    site.clock.pass_by(timedelta(hours=2))
    enter(browser, person)
    with site.use.database.work() as stores:
        assert len(stores.outbox.latest("letter", 500)) == before
