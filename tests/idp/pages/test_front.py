"""The bare address, as letters give it and people type it."""

from tests.support.site import Browser


def test_the_address_in_every_letter_leads_to_the_citizens_own_pages(browser: Browser) -> None:
    way, answer = ["/"], browser.get("/")
    while answer.status_code == 303:
        way.append(answer.location)
        answer = browser.get(answer.location)

    assert way[1] == "/account"
    assert way[-1].startswith("/sign-in/")
    assert (answer.status_code, 'id="email"' in answer.text) == (200, True)


def test_nothing_in_the_address_decides_where_it_leads(browser: Browser) -> None:
    assert browser.get("/", {"next": "https://evil.example"}).location == "/account"
