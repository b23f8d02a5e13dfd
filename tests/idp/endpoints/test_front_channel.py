"""Services told by the browser itself (OpenID Connect Front-Channel Logout 1.0), over the whole application."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import TestResponse

from idp.citizens.model import Citizen
from idp.sessions.model import IDLE
from idp.web import signing_out
from tests.support.signing_out import service, sign_in, signed_in
from tests.support.site import Browser, Site, hidden_fields
from tests.support.token_office import claims_in

OUT = "https://parking.example/out"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder: Path = tmp_path_factory.mktemp("site")
    made = Site.at(folder)
    made.register(service("parking"))
    for name in ("library", "museum"):
        uri = f"https://{name}.example/front?a=b"
        made.register(service(name, backchannel_logout_uri=None, frontchannel_logout_uri=uri))
    return made


def frames(page: TestResponse) -> dict[str, dict[str, list[str]]]:
    """Return the queries of the frames of a page, by origin."""
    found = (urlsplit(unescape(address)) for address in re.findall(r'<iframe src="([^"]*)"', page.text))
    return {f"{parts.scheme}://{parts.netloc}": parse_qs(parts.query) for parts in found}


def policy(page: TestResponse) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in page.headers["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


def test_services_of_this_session_are_opened_with_issuer_and_their_own_sid(browser: Browser, citizen: Citizen) -> None:
    parking, library = sign_in(browser, citizen, "parking"), sign_in(browser, citizen, "library")

    answer = browser.get("/logout", {"id_token_hint": parking["id_token"], "post_logout_redirect_uri": OUT})
    page = browser.get(answer.location)

    sid = claims_in(library["id_token"])["sid"]
    assert answer.location.startswith("/signed-out/")
    assert frames(page) == {"https://library.example": {"a": ["b"], "iss": ["https://id.example"], "sid": [sid]}}
    assert policy(page)["frame-src"] == "https://library.example"
    assert not signed_in(browser)


def test_the_citizen_goes_back_by_themselves_and_need_no_scripts_for_it(browser: Browser, citizen: Citizen) -> None:
    tokens = sign_in(browser, citizen, "library")
    asked = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": "https://library.example/out"}

    page = browser.get(browser.get("/logout", asked | {"state": "a&\"';url=x"}).location).text

    back = "https://library.example/out?state=a%26%22%27%3Burl%3Dx"
    assert f'<meta http-equiv="refresh" content="2; url={back}">' in page
    assert f'href="{back}"' in page
    assert "/signed-out.js" in page


def test_nobody_goes_on_unasked_who_was_asked_before(browser: Browser, citizen: Citizen) -> None:
    sign_in(browser, citizen, "library")
    sign_in(browser, citizen, "parking")
    question = browser.get("/logout", {"client_id": "parking", "post_logout_redirect_uri": OUT})

    answer = browser.post(question.location, hidden_fields(browser.get(question.location).text))
    page = browser.get(answer.location)

    told, untold = page.text.partition('id="told"')[2].partition('id="untold"')[::2]
    assert "Library" in told
    assert "Parking" in told
    assert untold == ""
    assert list(frames(page)) == ["https://library.example"]
    assert 'http-equiv="refresh"' not in page.text


def test_no_other_page_may_open_a_frame(browser: Browser, citizen: Citizen) -> None:
    tokens = sign_in(browser, citizen, "parking")

    question = browser.get(browser.get("/logout").location)
    at_once = browser.get("/logout", {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": OUT})
    end = browser.get("/signed-out/" + "a" * 43)

    assert at_once.location == OUT
    assert all("frame-src" not in policy(page) for page in (question, at_once, end))
    assert "<iframe" not in end.text


def test_a_session_elsewhere_is_never_opened_here(site: Site, browser: Browser, citizen: Citizen) -> None:
    elsewhere = site.browser()
    sign_in(elsewhere, citizen, "museum")
    here = sign_in(browser, citizen, "library")
    account = browser.get("/account/sessions")

    page = browser.post("/account/sessions/everywhere", hidden_fields(account.text))

    assert frames(page)["https://library.example"]["sid"] == [claims_in(here["id_token"])["sid"]]
    assert list(frames(page)) == ["https://library.example"]
    assert "Museum" in page.text.partition('id="untold"')[2]
    assert not signed_in(elsewhere)


def test_after_a_long_pause_services_are_told_and_none_is_named(site: Site, citizen: Citizen) -> None:
    browser = site.browser()
    tokens = sign_in(browser, citizen, "library")
    site.clock.pass_by(2 * IDLE)

    page = browser.get(browser.get("/logout", {"id_token_hint": tokens["id_token"]}).location)

    assert list(frames(page)) == ["https://library.example"]
    assert 'id="told"' not in page.text


def test_the_page_opens_no_more_services_than_a_header_can_name(site: Site, citizen: Citizen) -> None:
    browser, names = site.browser(), [f"many{number}" for number in range(signing_out.MOST_CALLS + 2)]
    for name in names:
        uri = f"https://{name}.example/front"
        site.register(service(name, backchannel_logout_uri=None, frontchannel_logout_uri=uri))
        tokens = sign_in(browser, citizen, name)

    page = browser.get(browser.get("/logout", {"id_token_hint": tokens["id_token"]}).location)

    assert len(frames(page)) == signing_out.MOST_CALLS
    assert len(policy(page)["frame-src"].split()) == signing_out.MOST_CALLS
