"""The language of a page: who decides, in which order, and what is remembered."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from idp.web import language


@pytest.fixture
def browser() -> FlaskClient:
    app = Flask(__name__)
    language.install(app, secure=False)

    @app.get("/page")
    def page() -> dict[str, object]:
        return {"language": language.language().code, "urls": [each.url for each in language.languages()]}

    @app.get("/asked-in-welsh")
    def asked() -> str:
        language.language()
        language.prefer(["fr", "cy-GB"])
        return language.language().code

    return app.test_client()


def test_a_browser_that_says_nothing_gets_english(browser: FlaskClient) -> None:
    assert browser.get("/page").get_json()["language"] == "en"


def test_the_browsers_languages_are_honoured(browser: FlaskClient) -> None:
    answer = browser.get("/page", headers={"Accept-Language": "fr, cy;q=0.8, en;q=0.5"})

    assert answer.get_json()["language"] == "cy"


def test_an_agency_may_say_which_language_its_citizen_reads(browser: FlaskClient) -> None:
    assert browser.get("/asked-in-welsh", headers={"Accept-Language": "en"}).text == "cy"


def test_the_citizens_own_choice_is_kept_and_wins(browser: FlaskClient) -> None:
    browser.get("/page?lang=en")

    assert browser.get("/asked-in-welsh").text == "en"


def test_the_toggle_wins_over_the_earlier_choice(browser: FlaskClient) -> None:
    browser.get("/page?lang=en")

    assert browser.get("/page?lang=cy").get_json()["language"] == "cy"
    assert browser.get("/page").get_json()["language"] == "cy"


def test_the_toggle_keeps_the_page_and_its_parameters(browser: FlaskClient) -> None:
    urls = browser.get("/page?id=a%26b&id=c&lang=cy").get_json()["urls"]

    assert urls == ["/page?id=a%26b&id=c&lang=en", "/page?id=a%26b&id=c&lang=cy"]


@pytest.mark.parametrize("lang", ["xx", "", "en%0d%0aX: y", "../../etc", "e" * 3000])
def test_a_language_we_do_not_speak_changes_nothing(browser: FlaskClient, lang: str) -> None:
    answer = browser.get(f"/page?lang={lang}")

    assert answer.get_json()["language"] == "en"
    assert "Set-Cookie" not in answer.headers


def test_the_choice_is_kept_from_scripts_and_other_sites(browser: FlaskClient) -> None:
    cookie = browser.get("/page?lang=cy").headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_over_https_the_cookie_belongs_to_this_host_alone() -> None:
    app = Flask(__name__)
    language.install(app, secure=True)
    app.add_url_rule("/", view_func=lambda: "", endpoint="page")

    cookie = app.test_client().get("/?lang=cy").headers["Set-Cookie"]

    assert cookie.startswith("__Host-language=cy;")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
