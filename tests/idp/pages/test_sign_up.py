"""Making an account: the address proved, one thing a page, nobody half made, nobody told who exists."""

import re

import pyotp
import pytest
from werkzeug.test import TestResponse

from idp.authentication.email_codes import ALPHABET, LENGTH, LETTERS_OF_BROWSER
from idp.citizens.model import Citizen
from idp.notices.letters import from_payload
from idp.notices.outbox import read
from idp.notices.rendering import render
from tests.idp.pages.conftest import Person, fill
from tests.support.site import Browser, Site, hidden_fields

LONG = "orchard tram velvet nine"
SHORT = "blue-kettle-9"


def letter_to(site: Site, email: str) -> str:
    """Return the newest letter to an address, as it is read."""
    with site.use.database.work() as stores:
        for message in stores.outbox.latest("letter", 50):
            payload = read(message, site.use.sealer)
            if payload is not None and payload["to"] == email:
                return render(from_payload(payload), service=site.use.settings.issuer).text
    raise AssertionError(f"no letter to {email}")


def find_code(text: str) -> re.Match[str] | None:
    return re.search(rf"\b[{ALPHABET}]{{{LENGTH}}}\b", text)


def code_in(text: str) -> str:
    found = find_code(text)
    assert found is not None, text
    return found[0]


def find(site: Site, email: str) -> Citizen | None:
    with site.use.database.work() as stores:
        return stores.citizens.find_by_email(email)


def prove_address(browser: Browser, here: str, email: str) -> TestResponse:
    fill(browser, f"/sign-up/{here}", email=email)
    return fill(browser, f"/sign-up/{here}/code", code=code_in(letter_to(browser.site, email)))


def come_to_second_factor(browser: Browser, here: str, email: str, password: str) -> str:
    """Return the seed that is shown."""
    prove_address(browser, here, email)
    fill(browser, f"/sign-up/{here}/name", given_name="Zo\u00eb", family_name="\u00d3 Briain")
    answer = fill(browser, f"/sign-up/{here}/password", password=password)
    assert answer.location == f"/sign-up/{here}/second-factor", answer.text
    shown = re.search(r'id="seed">([A-Z2-7 ]+)<', browser.get(f"/sign-up/{here}/second-factor").text)
    assert shown is not None
    return shown[1].replace(" ", "")


def code_of(site: Site, seed: str) -> str:
    return pyotp.TOTP(seed).at(site.clock.now())


def test_an_account_with_a_code_app_is_made_and_signed_in(site: Site, browser: Browser) -> None:
    here = browser.begin()
    seed = come_to_second_factor(browser, here, "zoe@example.org", SHORT)

    assert fill(browser, f"/sign-up/{here}/second-factor", code=code_of(site, seed)).location.endswith("/backup-codes")
    assert find(site, "zoe@example.org") is None
    page = browser.get(f"/sign-up/{here}/backup-codes")
    codes = re.findall(r"<li>([a-z0-9-]{19})</li>", page.text)
    done = fill(browser, f"/sign-up/{here}/backup-codes")

    assert (done.status_code, done.location) == (303, f"/authorize/{here}")
    citizen = find(site, "ZOE@example.org")
    assert citizen is not None
    assert (citizen.given_name, citizen.family_name) == ("Zo\u00eb", "\u00d3 Briain")
    assert citizen.email_verified_at is not None
    with site.use.database.work() as stores:
        factors = stores.credentials.factors(citizen.citizen_id)
        (session,) = stores.sessions.list_for_citizen(citizen.citizen_id, site.clock.now())
    assert (factors.password, factors.password_stands_alone, factors.totp, factors.backup_codes) == (
        True,
        False,
        True,
        10,
    )
    assert session.acr == "aal2"
    assert len(set(codes)) == 10

    again = site.browser()
    there = again.begin()
    assert (
        fill(again, f"/sign-in/{there}", email="zoe@example.org", password=SHORT).location == f"/sign-in/{there}/code"
    )
    assert fill(again, f"/sign-in/{there}/code", code=code_of(site, seed)).status_code == 422
    assert fill(again, f"/sign-in/{there}/backup-code", code=codes[0]).location == f"/authorize/{there}"


def test_a_long_password_may_stand_alone(site: Site, browser: Browser) -> None:
    here = browser.begin()
    come_to_second_factor(browser, here, "lone@example.org", LONG)

    done = fill(browser, f"/sign-up/{here}/second-factor", skip="1")

    assert done.location == f"/authorize/{here}"
    citizen = find(site, "lone@example.org")
    assert citizen is not None
    with site.use.database.work() as stores:
        factors = stores.credentials.factors(citizen.citizen_id)
    assert (factors.password_stands_alone, factors.totp) == (True, False)


def test_a_short_password_cannot_skip_the_second_factor(site: Site, browser: Browser) -> None:
    here = browser.begin()
    come_to_second_factor(browser, here, "short@example.org", SHORT)

    page = browser.get(f"/sign-up/{here}/second-factor")
    assert 'name="skip"' not in page.text
    assert fill(browser, f"/sign-up/{here}/second-factor", skip="1").status_code == 422
    token = hidden_fields(page.text)
    assert browser.post(f"/sign-up/{here}/backup-codes", token).location == f"/authorize/{here}"
    assert find(site, "short@example.org") is None


def test_going_back_to_a_shorter_password_does_not_slip_past_the_second_factor(site: Site, browser: Browser) -> None:
    here = browser.begin()
    come_to_second_factor(browser, here, "back@example.org", LONG)
    token = hidden_fields(browser.get(f"/sign-up/{here}/second-factor").text)
    fill(browser, f"/sign-up/{here}/password", password=SHORT)

    answer = browser.post(f"/sign-up/{here}/second-factor", {**token, "skip": "1"})

    assert answer.status_code == 422
    assert find(site, "back@example.org") is None


def test_the_browser_is_not_told_that_an_address_has_an_account_and_its_owner_is(
    site: Site, browser: Browser, ada: Person
) -> None:
    unknown = f"no-{ada.email}"
    pages = []
    for email in (ada.email, unknown):
        here = browser.begin()
        sent = fill(browser, f"/sign-up/{here}", email=email)
        asked = browser.get(f"/sign-up/{here}/code")
        wrong = fill(browser, f"/sign-up/{here}/code", code="000000")
        told = [
            re.sub(r"[A-Za-z0-9_.-]{30,}", "RANDOM", text).replace(email, "EMAIL") for text in (asked.text, wrong.text)
        ]
        pages.append((sent.status_code, sent.location.replace(here, ""), asked.status_code, wrong.status_code, *told))

    assert pages[0] == pages[1]
    assert code_in(letter_to(site, unknown))
    assert find_code(letter_to(site, ada.email)) is None


def test_the_letter_goes_to_the_address_of_the_account_not_to_the_spelling_typed(
    site: Site, browser: Browser, ada: Person
) -> None:
    fill(browser, f"/sign-up/{browser.begin()}", email=ada.email.upper())

    assert letter_to(site, ada.email)


@pytest.mark.parametrize("page", ["name", "password", "second-factor", "backup-codes", "seed.svg"])
def test_no_page_is_shown_before_the_address_is_proved(browser: Browser, page: str) -> None:
    here = browser.begin()
    fill(browser, f"/sign-up/{here}", email="early@example.org")

    answer = browser.get(f"/sign-up/{here}/{page}")

    assert (answer.status_code, answer.location) == (303, f"/authorize/{here}")


@pytest.mark.parametrize("page", ["name", "password", "second-factor", "backup-codes"])
def test_no_form_is_taken_before_the_address_is_proved(site: Site, browser: Browser, page: str) -> None:
    here = browser.begin()
    token = hidden_fields(browser.get(f"/sign-up/{here}").text)
    form = {**token, "given_name": "A", "password": LONG, "code": "000000", "skip": "1"}

    assert browser.post(f"/sign-up/{here}/{page}", form).location == f"/authorize/{here}"


def test_a_proof_belongs_to_its_interaction(browser: Browser) -> None:
    here, there = browser.begin(), browser.begin()
    prove_address(browser, here, "mine@example.org")

    assert browser.get(f"/sign-up/{there}/name").location == f"/authorize/{there}"


def test_a_code_is_tried_five_times(site: Site, browser: Browser) -> None:
    here = browser.begin()
    fill(browser, f"/sign-up/{here}", email="tries@example.org")
    code = code_in(letter_to(site, "tries@example.org"))
    wrong = code[1:] + ("B" if code[0] != "B" else "C")

    for _ in range(5):
        assert fill(browser, f"/sign-up/{here}/code", code=wrong).status_code == 422
    assert fill(browser, f"/sign-up/{here}/code", code=code).status_code == 422
    assert browser.get(f"/sign-up/{here}/name").location == f"/authorize/{here}"


def test_an_address_is_not_flooded_with_letters(site: Site) -> None:
    statuses = []
    for _ in range(12):
        browser = site.browser()
        statuses.append(fill(browser, f"/sign-up/{browser.begin()}", email="flood@example.org").status_code)

    assert statuses == [303] * 10 + [429] * 2


def test_one_browser_does_not_use_up_the_letters_of_an_address(site: Site, browser: Browser) -> None:
    here = browser.begin()
    asked = [fill(browser, f"/sign-up/{here}", email="mia@example.org").status_code for _ in range(10)]
    own = site.browser()

    assert asked == [303] * LETTERS_OF_BROWSER + [429] * (10 - LETTERS_OF_BROWSER)
    assert fill(own, f"/sign-up/{own.begin()}", email="mia@example.org").status_code == 303


def test_nothing_typed_is_lost_on_an_error_and_the_password_is_never_shown(browser: Browser) -> None:
    here = browser.begin()
    bad = fill(browser, f"/sign-up/{here}", email="not an address")
    assert (bad.status_code, 'value="not an address"' in bad.text) == (422, True)
    prove_address(browser, here, "keep@example.org")

    named = fill(browser, f"/sign-up/{here}/name", given_name="Grace", family_name="x" * 101)
    refused = fill(browser, f"/sign-up/{here}/password", password="keep@example.org")

    assert named.status_code == 422
    assert 'value="Grace"' in named.text
    assert refused.status_code == 422
    assert "Error: " in refused.text
    assert 'name="password" type="password" value' not in refused.text


def test_back_shows_what_was_given(browser: Browser) -> None:
    here = browser.begin()
    seed = come_to_second_factor(browser, here, "again@example.org", SHORT)

    assert 'value="Zo\u00eb"' in browser.get(f"/sign-up/{here}/name").text
    assert seed in browser.get(f"/sign-up/{here}/second-factor").text.replace(" ", "")


def test_two_sign_ups_of_one_address_make_one_citizen(site: Site, browser: Browser) -> None:
    here, there = browser.begin(), browser.begin()
    for each in (here, there):
        come_to_second_factor(browser, each, "twice@example.org", LONG)
    first = fill(browser, f"/sign-up/{here}/second-factor", skip="1")
    citizen = find(site, "twice@example.org")

    second = fill(browser, f"/sign-up/{there}/second-factor", skip="1")

    assert (first.location, second.location) == (f"/authorize/{here}", f"/authorize/{there}")
    assert citizen is not None
    assert find(site, "twice@example.org") == citizen


def test_the_picture_holds_the_seed_that_is_shown(site: Site, browser: Browser) -> None:
    here = browser.begin()
    come_to_second_factor(browser, here, "picture@example.org", SHORT)

    picture = browser.get(f"/sign-up/{here}/seed.svg")

    assert picture.mimetype == "image/svg+xml"
    assert b"<svg" in picture.data
    assert b"style=" not in picture.data
    assert picture.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "fields",
    [
        {"given_name": ""},
        {"given_name": " \t "},
        {"given_name": "a\0b"},
        {"given_name": "a\u202eb"},
        {"given_name": "a\nb\u0007"},
        {"given_name": "x" * 70_000},
    ],
)
def test_bad_names_are_refused(browser: Browser, fields: dict[str, str]) -> None:
    here = browser.begin()
    prove_address(browser, here, f"n{len(fields['given_name'])}{hash(fields['given_name'])}@example.org")

    assert 400 <= fill(browser, f"/sign-up/{here}/name", **fields).status_code < 500


def test_after_a_flush_the_sign_up_starts_again(site: Site, browser: Browser) -> None:
    here = browser.begin()
    come_to_second_factor(browser, here, "flushed@example.org", LONG)
    site.flush()

    assert browser.get(f"/sign-up/{here}/second-factor").status_code == 410
    assert find(site, "flushed@example.org") is None


def test_a_full_worker_judges_no_password_either(site: Site, browser: Browser) -> None:
    here = browser.begin()
    prove_address(browser, here, "busy@example.org")
    fill(browser, f"/sign-up/{here}/name", given_name="Zo\u00eb")

    with site.use.hashing.admitted():
        answer = fill(browser, f"/sign-up/{here}/password", password="password1")

    assert answer.status_code == 503
