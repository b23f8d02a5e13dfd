"""/device: the code in any spelling, guesses that run out, one browser a code, and words that warn."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from federation.authorization import device
from federation.relying_parties.rules import DEVICE_CODE
from idp.pages.device import TRIES_OF_ADDRESS, TRIES_OF_CITIZEN
from tests.support.pair import PUBLIC
from tests.support.site import Browser, Site, hidden_fields

KIOSK = replace(PUBLIC, client_id="kiosk", client_name="Kiosk <b>", grant_types=(DEVICE_CODE,), redirect_uris=())


@pytest.fixture
def site(tmp_path: Any) -> Site:
    """An installation for each test: wrong codes are counted by address, and all tests have one."""
    made = Site.at(tmp_path)
    made.register(KIOSK)
    return made


@pytest.fixture
def browser(site: Site) -> Browser:
    return site.browser()


def begin(site: Site) -> Any:
    form = {"client_id": "kiosk", "scope": "openid"}
    client = site.app.test_client(use_cookies=False)
    return client.post("/device_authorization", data=form, base_url="https://id.example").json


def enter(browser: Browser, user_code: str) -> TestResponse:
    return browser.post("/device", {**hidden_fields(browser.get("/device").text), "user_code": user_code})


def wrong(browser: Browser, times: int) -> list[int]:
    form = hidden_fields(browser.get("/device").text)
    return [browser.post("/device", {**form, "user_code": f"{number:09}"}).status_code for number in range(times)]


@pytest.mark.parametrize(
    "spelling", ["{}", "{}-{}-{}", " {} {} {} ", "{}.{}.{}", "{}\u2013{}\u2013{}", "code: {}/{}/{}!"]
)
def test_a_code_is_taken_in_any_spelling(site: Site, browser: Browser, spelling: str) -> None:
    digits = begin(site)["user_code"].replace("-", "")
    parts = [digits] if spelling == "{}" else [digits[:3], digits[3:6], digits[6:]]

    assert enter(browser, spelling.format(*parts)).status_code == 303


@pytest.mark.parametrize("zero", ["\u0660", "\uff10", "\u0966"], ids=["Arabic", "full width", "Devanagari"])
def test_a_code_is_taken_in_any_script(site: Site, browser: Browser, zero: str) -> None:
    digits = begin(site)["user_code"].replace("-", "")

    assert enter(browser, "".join(chr(ord(zero) + int(digit)) for digit in digits)).status_code == 303


@pytest.mark.parametrize("typed", ["", "12345678", "1234567890", "a" * 9, "1" * 10_000, "\u00b2" * 9, "\u2460" * 9])
def test_what_is_no_code_is_said_to_be_wrong(browser: Browser, typed: str) -> None:
    page = enter(browser, typed)

    assert page.status_code == 422
    assert "Error: Enter the code" in page.text


def test_the_page_that_asks_names_service_and_code_and_warns(site: Site, browser: Browser) -> None:
    begun = begin(site)

    page = browser.get(enter(browser, begun["user_code"]).location).text

    assert "Kiosk &lt;b&gt;" in page
    assert "City" in page
    assert begun["user_code"] in page
    assert "Stop if a stranger asked you" in page


def test_a_code_in_the_address_is_filled_in_and_no_more(site: Site, browser: Browser) -> None:
    begun = begin(site)

    page = browser.get("/device", {"user_code": begun["user_code"]})
    nonsense = browser.get("/device", {"user_code": "<script>"})

    assert f'value="{begun["user_code"]}"' in page.text
    assert "Check that this is the code" in page.text
    assert "<script>" not in nonsense.text.partition("<main")[2]


def test_guesses_run_out_for_an_address_and_not_for_who_is_signed_in(site: Site, browser: Browser) -> None:
    """Section 5.1. A stranger in the same library takes no try of a citizen who is signed in."""
    stranger, begun = site.browser(), begin(site)
    statuses = wrong(stranger, TRIES_OF_ADDRESS + 2)

    refused = enter(site.browser(), begun["user_code"])
    browser.sign_in(site.add_citizen("ada@example.org"))

    assert statuses == [422] * TRIES_OF_ADDRESS + [429] * 2
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "600")
    assert 'href="/device/sign-in"' in refused.text
    assert enter(browser, begun["user_code"]).status_code == 303


def test_guesses_run_out_for_a_citizen_in_all_their_browsers(site: Site) -> None:
    citizen, begun, browsers = site.add_citizen("ada@example.org"), begin(site), [site.browser() for _ in range(2)]
    for each in browsers:
        each.sign_in(citizen)

    statuses = wrong(browsers[0], TRIES_OF_CITIZEN)

    assert statuses == [422] * TRIES_OF_CITIZEN
    assert enter(browsers[1], begun["user_code"]).status_code == 429


def test_a_burst_of_guesses_gets_no_more_tries(site: Site) -> None:
    browsers = [site.browser() for _ in range(TRIES_OF_ADDRESS + 10)]
    forms = [hidden_fields(each.get("/device").text) for each in browsers]

    def guess(number: int) -> int:
        form = {**forms[number], "user_code": f"{number:09}"}
        return browsers[number].post("/device", form).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(guess, range(len(browsers))))

    assert statuses.count(422) == TRIES_OF_ADDRESS
    assert statuses.count(429) == 10


def test_right_codes_use_up_no_tries(site: Site) -> None:
    """Everybody in a library types a code, and all have one address."""
    statuses = {enter(site.browser(), begin(site)["user_code"]).status_code for _ in range(TRIES_OF_ADDRESS + 5)}

    assert statuses == {303}


def test_of_racing_browsers_one_takes_a_code_up(site: Site) -> None:
    begun, browsers = begin(site), [site.browser() for _ in range(8)]
    pages = [enter(each, begun["user_code"]).location for each in browsers]
    forms = [hidden_fields(each.get(page).text) for each, page in zip(browsers, pages, strict=True)]

    def take_up(number: int) -> str:
        form = {**forms[number], "decision": "continue"}
        return str(browsers[number].post(pages[number], form).location)

    with ThreadPoolExecutor(8) as pool:
        places = list(pool.map(take_up, range(8)))

    assert sum(place.startswith("/authorize/") for place in places) == 1
    assert places.count("/device/expired") == 7
    assert enter(site.browser(), begun["user_code"]).status_code == 422


@pytest.mark.parametrize("has_one_of_its_own", [False, True])
def test_a_visit_is_of_the_browser_in_which_the_code_was_typed(
    site: Site, browser: Browser, has_one_of_its_own: bool
) -> None:
    """Section 5.4. A link to the last page, past the one where a citizen compares the code, is worth nothing."""
    begun, other = begin(site), site.browser()
    confirm = enter(browser, begun["user_code"]).location
    if has_one_of_its_own:
        enter(other, begin(site)["user_code"])

    seen = other.get(confirm)
    form = hidden_fields(other.get("/device").text)
    pressed = [other.post(confirm, {**form, "decision": decision}) for decision in ("continue", "stop")]

    assert [answer.status_code for answer in (seen, *pressed)] == [403] * 3
    assert "Kiosk" not in seen.text + pressed[0].text
    assert browser.press(confirm, "continue").location.startswith("/authorize/")


def test_another_site_can_neither_enter_nor_decide(site: Site, browser: Browser) -> None:
    begun = begin(site)
    confirm = enter(browser, begun["user_code"]).location
    form = hidden_fields(browser.get(confirm).text)

    answers = [
        browser.post("/device", {**form, "user_code": begun["user_code"]}, site="cross-site"),
        browser.post(confirm, {**form, "decision": "continue"}, site="cross-site"),
        browser.post(confirm, {"decision": "continue"}),
    ]

    assert [answer.status_code for answer in answers] == [400] * 3
    assert device.find(site.use.ephemeral, begun["user_code"].replace("-", ""), site.clock.now()) is not None


@pytest.mark.parametrize("visit", ["x", "a" * 43, "%00", "done/x"])
def test_a_page_of_nobody_leads_on(browser: Browser, visit: str) -> None:
    answer = browser.get(f"/device/{visit}")

    assert answer.status_code in (303, 400, 404)
    assert answer.location in ("/device/expired", None)


def test_the_picture_holds_the_address_with_the_code(site: Site, browser: Browser) -> None:
    begun = begin(site)

    picture = browser.get(f"/device/qr/{begun['user_code']}.svg")

    assert (picture.status_code, picture.mimetype) == (200, "image/svg+xml")
    assert picture.data != browser.get("/device/qr/000-000-000.svg").data
    assert browser.get(f"/device/qr/{secrets.token_hex(20)}x.svg").status_code == 404


def test_signing_in_first_leads_back_to_the_code(site: Site, browser: Browser) -> None:
    here = browser.get("/device/sign-in").location.rsplit("/", 1)[1]
    browser.get(f"/authorize/{here}")
    browser.sign_in(site.add_citizen("ada@example.org"))

    assert browser.get(f"/authorize/{here}").location == "https://id.example/device"
