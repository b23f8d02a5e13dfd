"""The bare address, as letters give it and people type it."""

from tests.support.site import Browser


def test_the_address_in_every_letter_leads_to_the_citizens_own_pages(browser: Browser) -> None:
    first = browser.get("/")

    assert (first.status_code, first.location) == (303, "/account")
    assert "/sign-in" in browser.get("/account").location


def test_nothing_in_the_address_decides_where_it_leads(browser: Browser) -> None:
    assert browser.get("/", {"next": "https://evil.example"}).location == "/account"
