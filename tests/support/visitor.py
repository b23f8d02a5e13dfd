"""A citizen with the plainest of browsers: no scripts, only cookies, forms and redirects."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest
import requests

PASSWORD = "correct horse battery staple 42"
PRESSED = ("continue", "allow", "sign-out")
"""Ids of the buttons that lead on."""
MOST_PAGES = 6
MOST_REDIRECTS = 12
REDIRECTS = (301, 302, 303, 307, 308)


class Citizen:
    """One person in one browser, who signs in, agrees and signs out wherever a page asks for it."""

    def __init__(self, email: str, password: str = PASSWORD) -> None:
        self._typed = {"email": email, "password": password}
        self.browser = requests.Session()
        self.pages: list[str] = []
        """The ids of the buttons pressed so far."""

    def come_back(self, address: str, *, to: str) -> str:
        """Open an address and do what pages ask, until the browser is sent to `to`; return that whole address."""
        answer = self._on(address, to)
        return answer if isinstance(answer, str) else pytest.fail(f"never came back from {answer.url}:\n{answer.text}")

    def visit(self, address: str) -> requests.Response:
        """Open an address and do what pages ask, until one asks nothing; return its answer."""
        answer = self._on(address, None)
        assert not isinstance(answer, str)
        return answer

    def _on(self, address: str, to: str | None) -> requests.Response | str:
        answer = self._open(address, to)
        for _ in range(MOST_PAGES):
            if isinstance(answer, str):
                return answer
            form = _form_of(answer.text)
            if form is None:
                return answer
            self.pages.append(form.button)
            sent = form.fields | {name: value for name, value in self._typed.items() if name in form.fields}
            answer = self._followed(
                self.browser.post(urljoin(answer.url, form.action), data=sent, allow_redirects=False, timeout=20), to
            )
        pytest.fail(f"still asked something after {MOST_PAGES} pages")

    def _open(self, address: str, to: str | None) -> requests.Response | str:
        return self._followed(self.browser.get(address, allow_redirects=False, timeout=20), to)

    def _followed(self, answer: requests.Response, to: str | None) -> requests.Response | str:
        for _ in range(MOST_REDIRECTS):
            if answer.status_code not in REDIRECTS:
                return answer
            there = urljoin(answer.url, answer.headers["Location"])
            if to is not None and there.startswith(to):
                return there
            answer = self.browser.get(there, allow_redirects=False, timeout=20)
        pytest.fail(f"was sent on {MOST_REDIRECTS} times, last to {answer.url}")


def sign_in(address: str, email: str, *, back: str) -> str:
    """Be the browser: sign in, agree, and return the address the agency is called back at."""
    return Citizen(email).come_back(address, to=back)


@dataclass
class _Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    button: str = ""


class _Forms(HTMLParser):
    """Finds the form that one of the known buttons sends."""

    def __init__(self) -> None:
        super().__init__()
        self.form: _Form | None = None
        self.found: _Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = _Form(given.get("action", ""))
        elif self.form is not None and tag == "input":
            self.form.fields[given.get("name", "")] = given.get("value", "")
        elif self.form is not None and tag == "button" and given.get("id") in PRESSED and not self.form.button:
            self.form.button = given["id"]
            if given.get("name"):
                self.form.fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            if self.found is None and self.form is not None and self.form.button:
                self.found = self.form
            self.form = None


def _form_of(page: str) -> _Form | None:
    reader = _Forms()
    reader.feed(page)
    return reader.found
