"""id_token_hint: the one it names is answered about, and nobody else; nothing but our own ID token is one."""

from typing import Any

import pytest

from federation.authorization.names import subject_for
from idp.citizens.model import Citizen
from keys.states import Purpose
from tests.support.site import Browser, Site, told


def hint(site: Site, subject: str, *, purpose: Purpose = Purpose.ID_TOKEN, typ: str = "JWT", **claims: Any) -> str:
    """Return a token of ours that ended long ago, as agencies keep them."""
    body = {"iss": "https://id.example", "aud": "rp", "sub": subject, "exp": 1, **claims}
    return site.use.signer.sign(purpose, "ES256", body, typ=typ)


def known_as(site: Site, citizen: Citizen) -> str:
    with site.use.database.work() as stores:
        service = stores.relying_parties.find("rp")
    assert service is not None
    return subject_for(service, citizen.citizen_id, site.use.pairwise_salt)


@pytest.fixture
def ready(browser: Browser, citizen: Citizen) -> Browser:
    """Return a browser in which nothing is missing."""
    browser.sign_in(citizen)
    browser.press(f"/consent/{browser.begin()}", "allow")
    return browser


def test_the_citizen_it_names_is_answered_about_though_it_expired(site: Site, ready: Browser, citizen: Citizen) -> None:
    answer = ready.authorize({"prompt": "none", "id_token_hint": hint(site, known_as(site, citizen))})

    assert "code" in told(answer)


def test_another_citizen_is_not(site: Site, ready: Browser) -> None:
    other = known_as(site, site.add_citizen("somebody.else@example.org"))

    answer = ready.authorize({"prompt": "none", "id_token_hint": hint(site, other)})

    assert told(answer)["error"] == "login_required"
    assert ready.authorize({"id_token_hint": hint(site, other)}).location.startswith("/sign-in/")


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "other"},
        {"iss": "https://evil.example"},
        {"purpose": Purpose.ACCESS_TOKEN, "typ": "at+jwt"},
        {"typ": "logout+jwt"},
    ],
)
def test_no_other_token_is_a_hint(site: Site, ready: Browser, citizen: Citizen, changes: dict[str, Any]) -> None:
    token = hint(site, known_as(site, citizen), **changes)

    assert told(ready.authorize({"prompt": "none", "id_token_hint": token}))["error"] == "invalid_request"


def test_a_silent_login_hint_tells_nobody_whether_an_address_is_the_citizens(
    browser: Browser, citizen: Citizen
) -> None:
    browser.sign_in(citizen)
    browser.press(f"/consent/{browser.begin({'scope': 'openid'})}", "allow")
    silent = {"scope": "openid", "prompt": "none"}

    answers = [
        told(browser.authorize({**silent, "login_hint": guess})).get("error")
        for guess in (citizen.email, "eve@example.org")
    ]

    assert answers == [None, None]


def test_who_knows_the_address_may_ask_silently_for_the_citizen_who_has_it(browser: Browser, citizen: Citizen) -> None:
    browser.sign_in(citizen)
    browser.press(f"/consent/{browser.begin()}", "allow")

    answer = told(browser.authorize({"prompt": "none", "login_hint": "eve@example.org"}))

    assert answer["error"] == "account_selection_required"
