"""Fifty who do the same at the same moment, and what a race over a browser's forms needs."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import requests

from tests.support.site import hidden_fields

RACERS = 50


def race(act: Callable[[int], requests.Response]) -> list[requests.Response]:
    """Call `act` with 0 to 49, all at once, and return the answers in that order."""
    line = Barrier(RACERS)

    def run(number: int) -> requests.Response:
        line.wait(timeout=30)
        return act(number)

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(run, range(RACERS)))


def get(address: str, cookies: Mapping[str, str]) -> requests.Response:
    """Open a page with a copy of a browser's cookies, on a connection of its own."""
    return requests.get(address, cookies=dict(cookies), allow_redirects=False, timeout=30)


def post(address: str, form: Mapping[str, str], cookies: Mapping[str, str] | None = None) -> requests.Response:
    """Send a form likewise."""
    return requests.post(address, dict(form), cookies=dict(cookies or {}), allow_redirects=False, timeout=30)


def fill(browser: requests.Session, address: str, **typed: str) -> requests.Response:
    """Open a page and send its form, as the one browser."""
    page = browser.get(address, allow_redirects=False, timeout=30)
    assert page.status_code == requests.codes.ok, (page.status_code, page.headers.get("Location"))
    return browser.post(address, hidden_fields(page.text) | typed, allow_redirects=False, timeout=30)


def signed_in(answers: list[requests.Response]) -> list[requests.Response]:
    """Return the answers that gave a session's key."""
    return [answer for answer in answers if answer.cookies.get("session")]
