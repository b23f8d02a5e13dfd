"""Whatever refuses a service names a page that explains it, and the page says nothing of the case."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.agency import Agency, agency, told_to
from tests.support.site import Browser, Site

__all__ = ["agency"]

HELP = "https://id.example/help/errors/"


def leads_to_its_page(site: Site, error: Any) -> str:
    """Follow error_uri; return the code."""
    assert error["error_uri"] == HELP + error["error"]
    path = error["error_uri"].removeprefix(site.use.settings.issuer)
    page = site.app.test_client().get(path, base_url=site.use.settings.issuer)
    assert page.status_code == 200
    code: str = error["error"]
    return code


def call(permits: Agency, path: str, form: dict[str, str], **headers: str) -> TestResponse:
    return permits.post(path, form, **headers)


@pytest.mark.parametrize(
    ("path", "form", "code"),
    [
        ("/token", {}, "invalid_request"),
        ("/token", {"grant_type": "password"}, "unsupported_grant_type"),
        ("/token", {"grant_type": "authorization_code", "code": "x"}, "invalid_grant"),
        ("/token", {"grant_type": "client_credentials", "scope": "openid"}, "invalid_scope"),
        ("/par", {"response_type": "code"}, "invalid_request"),
        ("/par", {"request_uri": "urn:x"}, "invalid_request"),
        ("/introspect", {}, "invalid_request"),
        ("/revoke", {}, "invalid_request"),
    ],
)
def test_a_refusal_names_its_page(agency: Any, site: Site, path: str, form: dict[str, str], code: str) -> None:
    assert leads_to_its_page(site, call(agency(), path, form).get_json()) == code


@pytest.mark.parametrize("path", ["/token", "/par", "/introspect", "/revoke"])
def test_who_proves_nothing_is_told_so_with_a_page(site: Site, path: str) -> None:
    answer = site.app.test_client().post(path, data={"client_id": "x"}, base_url=site.use.settings.issuer)

    assert leads_to_its_page(site, answer.get_json()) == "invalid_client"


def test_userinfo_without_a_token_names_a_page(site: Site) -> None:
    answer = site.app.test_client().get("/userinfo", base_url=site.use.settings.issuer)

    assert leads_to_its_page(site, answer.get_json()) == "invalid_token"


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("DELETE", "/token", {}),
        ("POST", "/token", {"data": "{}", "content_type": "application/json"}),
        ("POST", "/token", {"data": "a=1&a=2", "content_type": "application/x-www-form-urlencoded"}),
        ("POST", "/introspect", {"data": "a=%00", "content_type": "application/x-www-form-urlencoded"}),
        ("GET", "/userinfo?x=%ff", {}),
        ("GET", "/nowhere", {}),
    ],
)
def test_what_is_malformed_is_refused_with_a_page(site: Site, method: str, path: str, more: dict[str, Any]) -> None:
    answer = site.app.test_client().open(path, method=method, base_url=site.use.settings.issuer, **more)

    assert 400 <= answer.status_code < 500
    assert leads_to_its_page(site, answer.get_json()) == "invalid_request"


def test_an_error_that_the_browser_takes_back_names_its_page(agency: Any, site: Site, browser: Browser) -> None:
    permits = agency()

    told = told_to(browser.authorize(permits.asked() | {"prompt": "none"}))

    assert leads_to_its_page(site, told) == "login_required"


def test_two_reasons_for_one_code_lead_to_one_page(agency: Any) -> None:
    permits, other = agency(), agency()

    anothers = permits.redeem(other.code()).get_json()
    made_up = permits.redeem("made.up").get_json()

    assert anothers == made_up
