"""A citizen who is signed in says once which language they read; letters then come in it."""

import secrets
from pathlib import Path

import pytest

from idp.citizens.model import Citizen
from tests.support.site import Browser, Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder: Path = tmp_path_factory.mktemp("site")
    return Site.at(folder)


@pytest.fixture
def citizen(site: Site) -> Citizen:
    return site.add_citizen(f"ada-{secrets.token_hex(8)}@example.org")


def locale_of(site: Site, citizen: Citizen) -> str:
    with site.use.database.work() as stores:
        found = stores.citizens.find(citizen.citizen_id)
    assert found is not None
    return found.locale


@pytest.fixture
def browser(site: Site, citizen: Citizen) -> Browser:
    made = site.browser()
    made.sign_in(citizen)
    return made


@pytest.mark.parametrize("page", ["/account", "/help"])
def test_what_is_picked_while_signed_in_is_remembered(
    site: Site, browser: Browser, citizen: Citizen, page: str
) -> None:
    assert browser.get(page, {"lang": "cy"}).status_code == 200
    assert locale_of(site, citizen) == "cy"

    browser.get(page)
    assert locale_of(site, citizen) == "cy"
    browser.get(page, {"lang": "en"})
    assert locale_of(site, citizen) == "en"


@pytest.mark.parametrize(
    ("path", "lang"), [("/account", "fr"), ("/account", ""), ("/authorize", "cy"), ("/healthz", "cy")]
)
def test_what_is_no_language_of_ours_or_no_page_changes_nothing(
    site: Site, browser: Browser, citizen: Citizen, path: str, lang: str
) -> None:
    browser.get(path, {"lang": lang})

    assert locale_of(site, citizen) == "en"


def test_a_link_on_another_site_changes_nothing(site: Site, browser: Browser, citizen: Citizen) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Accept": "text/html"}

    browser.client.get("/account?lang=cy", base_url=browser.base_url, headers=headers)

    assert locale_of(site, citizen) == "en"


def test_who_is_not_signed_in_changes_nobody(site: Site, citizen: Citizen) -> None:
    assert site.browser().get("/help", {"lang": "cy"}).status_code == 200

    assert locale_of(site, citizen) == "en"
