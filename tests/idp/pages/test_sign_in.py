"""Signing in by password and second factor: nobody in by half, nobody told who exists."""

import re
from datetime import timedelta

import pytest
from flask import g
from werkzeug.test import TestResponse

from federation.authorization.request import AuthorizationRequest
from idp.authentication.throttle import HALF
from idp.pages.arrival import arrive
from idp.pages.proofs import prove_password
from idp.sessions.model import Session
from idp.signin.interaction import Interaction
from idp.signin.interactions import hashed
from idp.web.ending import sign_out_everywhere
from idp.web.transaction import stores, undo
from tests.idp.pages.conftest import PASSWORD, Person, fill
from tests.support.site import REDIRECT_URI, Browser, Site, hidden_fields


def session_of(browser: Browser) -> Session | None:
    cookie = browser.client.get_cookie("__Host-session", domain="id.example")
    if cookie is None:
        return None
    with browser.site.use.database.work() as stores:
        return stores.sessions.find(hashed(cookie.value))


def prove(browser: Browser, here: str, email: str, password: str = PASSWORD) -> TestResponse:
    return fill(browser, f"/sign-in/{here}", email=email, password=password)


def change_password(site: Site, person: Person) -> None:
    """As /account/password and the attendant do, at the same instant by every clock."""
    new = site.use.hashing.hash("another set of words", stands_alone=True, now=site.clock.now())
    with site.use.database.work() as durable:
        durable.credentials.hold(person.citizen.citizen_id)
        durable.credentials.set_password(person.citizen.citizen_id, new)
        sign_out_everywhere(durable, site.use, person.citizen.citizen_id, offline_too=True)


def plain(answer: TestResponse, email: str) -> str:
    """Return the page without what may differ: what was typed, and values drawn at random."""
    text = re.sub(r"[A-Za-z0-9_.-]{30,}", "RANDOM", answer.text)
    return text.replace(email, "EMAIL")


def test_a_password_alone_signs_in_and_goes_on_to_the_service(browser: Browser, ada: Person) -> None:
    here = browser.begin()

    answer = prove(browser, here, f" {ada.email.upper()} ")

    assert (answer.status_code, answer.location) == (303, f"/authorize/{here}")
    session = session_of(browser)
    assert session is not None
    assert (session.citizen_id, session.amr, session.acr) == (ada.citizen.citizen_id, ("pwd",), "aal1")


def test_a_citizen_with_a_code_app_has_no_session_before_the_code(site: Site, browser: Browser, eve: Person) -> None:
    here = browser.begin()

    half = prove(browser, here, eve.email)

    assert (half.status_code, half.location) == (303, f"/sign-in/{here}/code")
    assert session_of(browser) is None
    assert browser.get(f"/authorize/{here}").location == f"/sign-in/{here}"

    whole = fill(browser, f"/sign-in/{here}/code", code=f"{eve.code(site)[:3]} {eve.code(site)[3:]}")

    assert (whole.status_code, whole.location) == (303, f"/authorize/{here}")
    session = session_of(browser)
    assert session is not None
    assert (session.amr, session.acr) == (("pwd", "otp", "mfa"), "aal2")


def test_a_code_signs_in_once(site: Site, browser: Browser, eve: Person) -> None:
    code = eve.code(site)
    here = browser.begin()
    prove(browser, here, eve.email)
    fill(browser, f"/sign-in/{here}/code", code=code)
    other = site.browser()
    there = other.begin()
    prove(other, there, eve.email)

    again = fill(other, f"/sign-in/{there}/code", code=code)

    assert again.status_code == 422
    assert session_of(other) is None


def test_a_backup_code_signs_in_once_and_a_letter_tells(site: Site, browser: Browser, eve: Person) -> None:
    here = browser.begin()
    prove(browser, here, eve.email)

    assert fill(browser, f"/sign-in/{here}/backup-code", code=eve.backup_codes[0]).location == f"/authorize/{here}"
    assert session_of(browser) is not None

    other = site.browser()
    there = other.begin()
    prove(other, there, eve.email)
    assert fill(other, f"/sign-in/{there}/backup-code", code=eve.backup_codes[0]).status_code == 422
    with site.use.database.work() as stores:
        assert stores.outbox.latest("letter", 1)


@pytest.mark.parametrize("password", ["wrong password", "x" * 257, "\u2028", " "])
def test_known_and_unknown_people_get_the_same_page(browser: Browser, ada: Person, password: str) -> None:
    here = browser.begin()
    unknown = f"no-{ada.email}"

    answers = [(email, prove(browser, here, email, password)) for email in (ada.email, unknown)]

    (known_page, unknown_page) = (plain(answer, email) for email, answer in answers)
    assert known_page == unknown_page
    assert [answer.status_code for _, answer in answers] == [422, 422]
    assert session_of(browser) is None


def test_known_and_unknown_people_are_slowed_alike(browser: Browser, ada: Person) -> None:
    here = browser.begin()
    unknown = f"no-{ada.email}"

    pages = {email: [prove(browser, here, email, "wrong password") for _ in range(6)] for email in (ada.email, unknown)}

    statuses = [[answer.status_code for answer in answers] for answers in pages.values()]
    assert statuses == [[422] * 5 + [429]] * 2
    assert pages[ada.email][5].headers["Retry-After"] == pages[unknown][5].headers["Retry-After"] == "15"
    assert plain(pages[ada.email][5], ada.email) == plain(pages[unknown][5], unknown)


def test_spellings_browsers_and_interactions_share_one_counter(site: Site, ada: Person) -> None:
    spellings = [ada.email, ada.email.upper(), f" {ada.email}", ada.email.replace("A", "\uff21"), ada.email.lower()]
    for spelling in spellings:
        stranger = site.browser()
        assert prove(stranger, stranger.begin(), spelling, "wrong password").status_code == 422

    own = site.browser()
    assert prove(own, own.begin(), ada.email).status_code == 429
    assert session_of(own) is None


def test_the_right_password_works_again_after_the_wait_and_clears_the_counter(site: Site, ada: Person) -> None:
    browser = site.browser()
    here = browser.begin()
    for _ in range(5):
        prove(browser, here, ada.email, "wrong password")

    site.clock.pass_by(timedelta(seconds=15))

    assert prove(browser, here, ada.email).status_code == 303
    with site.use.database.work() as stores:
        assert stores.failures.failures(f"password:{ada.citizen.citizen_id}") == 0


def test_what_was_typed_is_kept_but_never_the_password(browser: Browser, ada: Person) -> None:
    answer = prove(browser, browser.begin(), ada.email, "a wrong secret")

    assert f'value="{ada.email}"' in answer.text
    assert "a wrong secret" not in answer.text
    assert "Error: " in answer.text


def test_a_full_worker_refuses_at_once_counts_nothing_and_keeps_the_address(
    site: Site, browser: Browser, ada: Person
) -> None:
    here = browser.begin()

    with site.use.hashing.admitted():
        answer = prove(browser, here, ada.email)

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert f'value="{ada.email}"' in answer.text
    with site.use.database.work() as stores:
        assert stores.failures.failures(f"password:{ada.citizen.citizen_id}") == 0


def test_a_disabled_citizen_is_as_unknown(site: Site, browser: Browser, ada: Person) -> None:
    with site.use.database.work() as stores:
        stores.citizens.disable(ada.citizen.citizen_id, site.clock.now())

    assert prove(browser, browser.begin(), ada.email).status_code == 422
    assert session_of(browser) is None


def test_the_code_page_before_the_password_leads_back_to_the_start(site: Site, browser: Browser, eve: Person) -> None:
    here = browser.begin()
    token = hidden_fields(browser.get(f"/sign-in/{here}").text)

    assert browser.get(f"/sign-in/{here}/code").location == f"/authorize/{here}"
    answer = browser.post(f"/sign-in/{here}/code", {**token, "code": eve.code(site)})

    assert (answer.status_code, answer.location) == (303, f"/authorize/{here}")
    assert session_of(browser) is None


def test_a_proof_of_one_interaction_is_none_in_another(site: Site, browser: Browser, eve: Person) -> None:
    here, there = browser.begin(), browser.begin()
    prove(browser, here, eve.email)
    token = hidden_fields(browser.get(f"/sign-in/{here}/code").text)

    answer = browser.post(f"/sign-in/{there}/code", {**token, "code": eve.code(site)})

    assert answer.location == f"/authorize/{there}"
    assert session_of(browser) is None


def test_another_browser_cannot_take_up_a_half_proved_sign_in(site: Site, browser: Browser, eve: Person) -> None:
    here = browser.begin()
    prove(browser, here, eve.email)

    stranger = site.browser()
    stranger.begin()

    assert stranger.get(f"/sign-in/{here}/code").status_code == 403


def test_a_password_changed_between_the_two_pages_ends_the_half_proved_sign_in(
    site: Site, browser: Browser, eve: Person
) -> None:
    here = browser.begin()
    prove(browser, here, eve.email)
    change_password(site, eve)

    assert browser.get(f"/sign-in/{here}/code").location == f"/authorize/{here}"


def test_a_proof_begun_before_a_change_of_password_begins_no_session_after_it(site: Site, ada: Person) -> None:
    asked = AuthorizationRequest(client_id="rp", redirect_uri=REDIRECT_URI, scope=("openid",))
    here = Interaction(interaction_id="here", asked=asked, level="aal1", items=frozenset(), began_at=site.clock.now())

    with site.app.test_request_context("/", base_url="https://id.example"):
        proved = prove_password(ada.email, PASSWORD)
        assert proved is not None
        undo()
        change_password(site, ada)
        answer = site.app.make_response(arrive(here, proved, ("pwd",)))
        stores()
        g.work.commit()

    assert answer.location == "/authorize/here"
    with site.use.database.work() as durable:
        assert durable.sessions.list_for_citizen(ada.citizen.citizen_id, site.clock.now()) == ()


def test_codes_are_slowed_like_passwords_and_across_interactions(site: Site, eve: Person) -> None:
    for _ in range(5):
        browser = site.browser()
        here = browser.begin()
        prove(browser, here, eve.email)
        assert fill(browser, f"/sign-in/{here}/code", code="000000").status_code == 422

    assert fill(browser, f"/sign-in/{here}/code", code=eve.code(site)).status_code == 429
    assert session_of(browser) is None


def test_step_up_asks_for_the_code_alone(site: Site, browser: Browser, eve: Person) -> None:
    browser.sign_in(eve.citizen)
    site.clock.pass_by(timedelta(seconds=1))
    here = browser.begin({"acr_values": "aal2"})

    assert browser.get(f"/sign-in/{here}").location == f"/sign-in/{here}/code"
    fill(browser, f"/sign-in/{here}/code", code=eve.code(site))

    session = session_of(browser)
    assert session is not None
    assert session.acr == "aal2"


def test_a_code_alone_never_renews_a_session_that_the_service_wants_proved_anew(
    site: Site, browser: Browser, eve: Person
) -> None:
    browser.sign_in(eve.citizen)
    site.clock.pass_by(timedelta(seconds=1))
    here = browser.begin({"acr_values": "aal2", "prompt": "login"})

    assert browser.get(f"/sign-in/{here}").status_code == 200
    assert browser.get(f"/sign-in/{here}/code").location == f"/authorize/{here}"


@pytest.mark.parametrize("page", ["code", "backup-code"])
def test_a_code_alone_makes_no_old_session_a_fresh_one(site: Site, browser: Browser, eve: Person, page: str) -> None:
    browser.sign_in(eve.citizen)
    began = session_of(browser)
    site.clock.pass_by(timedelta(minutes=40))
    here = browser.begin({"acr_values": "aal2"})

    fill(browser, f"/sign-in/{here}/{page}", code=eve.code(site) if page == "code" else eve.backup_codes[0])

    session = session_of(browser)
    assert began is not None
    assert session is not None
    assert (session.acr, session.authenticated_at) == ("aal2", began.authenticated_at)
    assert browser.get(f"/authorize/{here}").location == f"/consent/{here}"
    assert browser.authorize({"max_age": "1200"}).location.startswith("/sign-in/")
    assert browser.get("/account/passkeys/new").status_code != 200


def test_a_password_and_a_code_together_do(site: Site, browser: Browser, eve: Person) -> None:
    browser.sign_in(eve.citizen)
    site.clock.pass_by(timedelta(minutes=40))
    here = browser.begin({"acr_values": "aal2", "prompt": "login"})

    prove(browser, here, eve.email)
    fill(browser, f"/sign-in/{here}/code", code=eve.code(site))

    session = session_of(browser)
    assert session is not None
    assert session.authenticated_at == site.clock.now()
    assert browser.get(f"/authorize/{here}").location == f"/consent/{here}"


def test_who_has_nothing_stronger_is_told_and_can_go_back(browser: Browser, site: Site, ada: Person) -> None:
    browser.sign_in(ada.citizen)
    site.clock.pass_by(timedelta(seconds=1))
    here = browser.begin({"acr_values": "aal2"})

    page = browser.get(f"/sign-in/{here}/code")

    assert page.status_code == 403
    assert f"/cancel/{here}?because=level" in page.text


def test_an_expired_interaction_says_so(site: Site, browser: Browser) -> None:
    here = browser.begin()
    fields = hidden_fields(browser.get(f"/sign-in/{here}").text)
    site.flush()

    assert browser.get(f"/sign-in/{here}").status_code == 410
    assert browser.post(f"/sign-in/{here}", {**fields, "email": "a@example.org", "password": "x"}).status_code == 410


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("", ""),
        ("ada", "x"),
        ("ada@example.org", ""),
        ("ada@example.org\0", "four words or more"),
        ("ada@example.org", "nul\0nul"),
        ("a" * 5000 + "@example.org", "x"),
        ("ada@example.org", "x" * 70_000),
        ("<script>@example.org", "x"),
        ("' OR 1=1 --@example.org", "x"),
    ],
)
def test_bad_input_is_refused_and_nobody_is_let_in(browser: Browser, email: str, password: str) -> None:
    answer = prove(browser, browser.begin(), email, password)

    assert 400 <= answer.status_code < 500
    assert "<script>@" not in answer.text
    assert session_of(browser) is None


def test_a_form_without_its_token_is_refused(browser: Browser, ada: Person) -> None:
    here = browser.begin()
    browser.get(f"/sign-in/{here}")

    answer = browser.post(f"/sign-in/{here}", {"email": ada.email, "password": PASSWORD})

    assert answer.status_code == 400
    assert session_of(browser) is None


def test_a_stranger_cannot_lock_a_citizen_out_of_the_browser_they_sign_in_in(
    site: Site, browser: Browser, ada: Person
) -> None:
    assert prove(browser, browser.begin(), ada.email).status_code == 303
    browser.client.delete_cookie("__Host-session", domain="id.example", path="/")
    with site.use.database.work() as stores:
        for _ in range(HALF):
            later = site.clock.now()
            assert stores.failures.count(f"password:{ada.citizen.citizen_id}", later, HALF).admitted
            site.clock.pass_by(timedelta(minutes=15))

    stranger = site.browser()
    assert prove(stranger, stranger.begin(), ada.email).status_code == 429
    assert prove(browser, browser.begin(), ada.email).status_code == 303


def test_wrong_passwords_in_ones_own_browser_are_slowed_too_and_count_for_no_other(
    site: Site, browser: Browser, ada: Person
) -> None:
    assert prove(browser, browser.begin(), ada.email).status_code == 303
    browser.client.delete_cookie("__Host-session", domain="id.example", path="/")
    here, other = browser.begin(), site.browser()

    wrong = [prove(browser, here, ada.email, "wrong password").status_code for _ in range(6)]

    assert wrong == [422] * 5 + [429]
    assert prove(other, other.begin(), ada.email).status_code == 303
