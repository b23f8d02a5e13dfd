"""Signing in with the real page: the browser's key is new every time, and stands for one person alone."""

import re
import secrets
from datetime import timedelta
from pathlib import Path

import pytest

from federation.ephemeral import StoreUnavailable
from federation.relying_parties.model import RelyingParty
from idp.citizens.model import Citizen
from idp.sessions.devices import describe
from idp.sessions.model import Session
from idp.signin.errors import SessionOver
from idp.signin.interactions import hashed
from idp.web.browser import begin_session, current_session, end_session
from tests.support.site import REDIRECT_URI, Browser, Site, hidden_fields, told

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder: Path = tmp_path_factory.mktemp("site")
    made = Site.at(folder)
    service = RelyingParty(
        client_id="rp",
        client_name="Parking",
        agency="City",
        redirect_uris=(REDIRECT_URI,),
        scope=("openid", "email"),
        sector="rp.example",
    )
    made.register(service)
    made.app.add_url_rule("/end-for-test", view_func=_end, methods=["POST"])
    made.app.add_url_rule("/end-without-store", view_func=_end_without_store, methods=["POST"])
    return made


def _end() -> str:
    end_session()
    return "ended"


def _end_without_store() -> str:
    end_session()
    raise StoreUnavailable("away before the commit")


def newcomer(site: Site) -> Citizen:
    citizen = site.add_citizen(f"ada-{secrets.token_hex(8)}@example.org")
    password = site.use.hashing.hash(PASSWORD, stands_alone=True, now=site.clock.now())
    with site.use.database.work() as stores:
        stores.credentials.set_password(citizen.citizen_id, password)
    return citizen


def sign_in(browser: Browser, citizen: Citizen, interaction_id: str) -> None:
    page = browser.get(f"/sign-in/{interaction_id}")
    form = {**hidden_fields(page.text), "email": citizen.email, "password": PASSWORD}
    answer = browser.post(f"/sign-in/{interaction_id}", form)
    assert answer.location == f"/authorize/{interaction_id}", answer.text


def session_of(site: Site, browser: Browser) -> Session | None:
    with site.use.database.work() as stores:
        return stores.sessions.find(hashed(browser.cookies()["__Host-session"]))


def test_a_password_leads_to_consent_and_to_a_code(site: Site) -> None:
    browser, citizen = site.browser(), newcomer(site)
    interaction_id = browser.begin()

    sign_in(browser, citizen, interaction_id)

    assert browser.get(f"/authorize/{interaction_id}").location == f"/consent/{interaction_id}"
    browser.press(f"/consent/{interaction_id}", "allow")
    assert "code" in told(browser.get(f"/authorize/{interaction_id}"))


def test_a_key_the_browser_came_with_is_not_the_one_it_leaves_with(site: Site) -> None:
    browser, citizen = site.browser(), newcomer(site)
    planted = secrets.token_urlsafe(32)
    browser.client.set_cookie("__Host-session", planted, domain="id.example", secure=True)

    sign_in(browser, citizen, browser.begin())

    assert browser.cookies()["__Host-session"] != planted
    with site.use.database.work() as stores:
        assert stores.sessions.find(hashed(planted)) is None


def test_proving_again_changes_the_key_and_goes_on_with_the_session(site: Site) -> None:
    browser, citizen = site.browser(), newcomer(site)
    sign_in(browser, citizen, browser.begin())
    key, before = browser.cookies()["__Host-session"], session_of(site, browser)
    site.clock.pass_by(timedelta(minutes=2))

    sign_in(browser, citizen, browser.begin({"prompt": "login"}))

    after = session_of(site, browser)
    assert before is not None
    assert after is not None
    assert (after.session_id, after.citizen_id) == (before.session_id, citizen.citizen_id)
    assert after.authenticated_at > before.authenticated_at
    with site.use.database.work() as stores:
        assert stores.sessions.find(hashed(key)) is None


def test_someone_elses_sign_in_ends_the_session_before_it(site: Site) -> None:
    browser, ada, eve = site.browser(), newcomer(site), newcomer(site)
    sign_in(browser, ada, browser.begin())
    key, before = browser.cookies()["__Host-session"], session_of(site, browser)

    sign_in(browser, eve, browser.begin({"prompt": "login"}))

    after = session_of(site, browser)
    assert before is not None
    assert after is not None
    assert after.citizen_id == eve.citizen_id
    assert after.session_id != before.session_id
    with site.use.database.work() as stores:
        old = stores.sessions.find(hashed(key))
        assert old is not None
        assert old.ended_at is not None


def test_an_interaction_goes_on_as_who_signed_in_last_and_asks_them(site: Site) -> None:
    browser, ada, eve = site.browser(), newcomer(site), newcomer(site)
    first, second = browser.begin(), browser.begin({"prompt": "login"})
    sign_in(browser, ada, first)
    browser.press(f"/consent/{first}", "allow")

    sign_in(browser, eve, second)

    assert browser.get(f"/authorize/{first}").location == f"/consent/{first}"
    assert eve.email in browser.get(f"/consent/{first}").text


def test_signing_out_ends_the_session_and_takes_the_key(site: Site) -> None:
    browser, citizen = site.browser(), newcomer(site)
    sign_in(browser, citizen, browser.begin())
    key = browser.cookies()["__Host-session"]

    browser.post("/end-for-test", {"a": "b"})

    assert "__Host-session" not in browser.cookies()
    browser.client.set_cookie("__Host-session", key, domain="id.example", secure=True)
    assert browser.authorize().location.startswith("/sign-in/")


def test_a_sign_out_that_was_not_stored_leaves_the_browser_its_key_to_try_again(site: Site) -> None:
    browser, citizen = site.browser(), newcomer(site)
    sign_in(browser, citizen, browser.begin())

    failed = browser.post("/end-without-store", {"a": "b"})

    assert failed.status_code == 503
    assert session_of(site, browser) is not None
    browser.post("/end-for-test", {"a": "b"})
    assert "__Host-session" not in browser.cookies()


@pytest.mark.parametrize("meanwhile", ["ended", "key changed", "someone else's"])
def test_nothing_is_added_to_a_session_that_no_longer_stands(site: Site, meanwhile: str) -> None:
    browser, ada, eve = site.browser(), newcomer(site), newcomer(site)
    browser.sign_in(ada)
    key = browser.cookies()["__Host-session"]
    cookie = {"Cookie": f"__Host-session={key}"}

    with site.app.test_request_context("/", base_url="https://id.example", headers=cookie):
        session = current_session()
        assert session is not None
        with site.use.database.work() as stores:
            if meanwhile == "ended":
                stores.sessions.end(session.session_id, site.clock.now())
            if meanwhile == "key changed":
                stores.sessions.renew(session, key_hash=hashed(key), new_key_hash=hashed("another"))
        whose = eve if meanwhile == "someone else's" else ada
        with pytest.raises(SessionOver):
            begin_session(whose.citizen_id, amr=("pwd", "otp"), acr="aal2", on_top_of=session)

    with site.use.database.work() as stores:
        sessions = [s for who in (ada, eve) for s in stores.sessions.list_for_citizen(who.citizen_id, site.clock.now())]
    assert "aal2" not in [session.acr for session in sessions]


def test_a_wrong_password_begins_nothing(site: Site) -> None:
    browser, citizen = site.browser(), newcomer(site)
    interaction_id = browser.begin()
    form = hidden_fields(browser.get(f"/sign-in/{interaction_id}").text)

    answer = browser.post(f"/sign-in/{interaction_id}", {**form, "email": citizen.email, "password": PASSWORD + "!"})

    assert answer.status_code == 422
    assert "__Host-session" not in browser.cookies()
    assert browser.get(f"/authorize/{interaction_id}").location == f"/sign-in/{interaction_id}"


def test_on_loopback_http_cookies_work_without_the_prefix(tmp_path: Path) -> None:
    site = Site.at(tmp_path, "http://localhost:8000")
    site.register(
        RelyingParty(
            client_id="rp",
            client_name="P",
            agency="C",
            redirect_uris=(REDIRECT_URI,),
            scope=("openid", "email"),
            sector="rp.example",
        )
    )

    cookies = site.browser().authorize().headers.getlist("Set-Cookie")

    assert [re.split("[-=]", cookie)[0] for cookie in cookies] == ["browser", "return"]
    assert not any("Secure" in cookie for cookie in cookies)


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari, iPhone"),
        ("curl/8", ""),
        ("", ""),
    ],
)
def test_a_device_is_told_in_a_few_words(user_agent: str, device: str) -> None:
    assert describe(user_agent) == device
