"""A form that is refused for its age is no dead end: reloading sends it again, so the page leads to a fresh one."""

import re

from tests.idp.pages.conftest import Person, fill
from tests.support.site import Browser


def again(page: str) -> str | None:
    found = re.search(r'href="([^"]+)"[^>]*id="again"', page)
    return None if found is None else found[1]


def test_a_stale_form_leads_to_the_same_page_afresh(browser: Browser, ada: Person) -> None:
    here = f"/sign-in/{browser.begin()}"

    refused = browser.post(here, {"csrf_token": "stale", "email": ada.email, "password": "four words or more"})

    assert refused.status_code == 400
    assert again(refused.text) == here
    assert ada.email not in refused.text
    assert fill(browser, here, email=ada.email, password="four words or more").status_code == 303


def test_a_stale_form_of_an_address_that_shows_no_page_leads_nowhere(browser: Browser) -> None:
    refused = browser.post("/account/services/withdraw", {"csrf_token": "stale"})

    assert refused.status_code == 400
    assert again(refused.text) is None
