"""Whole sign-ins of people in browsers that were never here: pages are opened, forms filled, the code is redeemed."""

import json
import re
import secrets
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.load.driver import Answer, Operation
from tests.load.scenarios import BACK, Person, Target, check, redeemed
from tests.support.site import hidden_fields
from tests.support.visitor import PASSWORD

_OPTIONS = re.compile(r'data-options="([^"]*)"')
Filled = Callable[[Person, str, str], tuple[str, Mapping[str, str]]]
"""Of a person, the path of a page and the page: where its form goes, and what they put into it."""


def begun(target: Target) -> Operation:
    """A sign-in begun: sent here, and shown the page."""

    def operation() -> Generator[bytes, Answer, None]:
        browser = Browser(target)
        sent = yield browser.get(question(target))
        browser.keep(sent)
        check((yield browser.get(sent.header("Location"))), 200, True)

    return operation


def question(target: Target) -> str:
    """Return the address at which a sign-in with pages begins."""
    asked = {name: value for name, value in target.asked.items() if name != "prompt"}
    return f"{urlsplit(str(target.endpoints['authorization_endpoint'])).path}?{urlencode(asked)}"


def password_sign_in(target: Target) -> Operation:
    """Email address and password; each person in one browser at a time."""
    return _signing_in(target, with_password)


def passkey_sign_in(target: Target) -> Operation:
    """A passkey, offered by the same page."""
    return _signing_in(target, _with_passkey)


def with_password(person: Person, path: str, _: str) -> tuple[str, Mapping[str, str]]:
    return path, {"email": person.email, "password": PASSWORD}


def _with_passkey(person: Person, path: str, page: str) -> tuple[str, Mapping[str, str]]:
    shown = _OPTIONS.search(page)
    if shown is None:
        raise AssertionError(page)
    challenge = json.loads(unescape(shown[1]))["challenge"]
    return f"{path}/passkey", {"credential": person.passkey.get(challenge)}


def _agreed(_: Person, path: str, __: str) -> tuple[str, Mapping[str, str]]:
    return path, {"decision": "allow"}


@dataclass
class Browser:
    """Cookies, and requests that carry them."""

    target: Target
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, address: str) -> bytes:
        there = urlsplit(address)
        return self._request("GET", f"{there.path}?{there.query}" if there.query else there.path, "")

    def post(self, path: str, form: Mapping[str, str]) -> bytes:
        body = urlencode(form)
        kind = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        return self._request("POST", path, f"Origin: http://localhost:{self.target.port}\r\n{kind}") + body.encode()

    def keep(self, answer: Answer) -> None:
        for line in answer.head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            if name.lower() == "set-cookie":
                cookie, _, kept = value.partition(";")[0].partition("=")
                self.cookies[cookie] = kept

    def _request(self, method: str, path: str, headers: str) -> bytes:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return (
            f"{method} {path} HTTP/1.1\r\nHost: localhost:{self.target.port}\r\nCookie: {cookies}\r\n{headers}\r\n"
        ).encode()


def _signing_in(target: Target, fill: Filled) -> Operation:
    free = list(target.people)

    def operation() -> Generator[bytes, Answer, None]:
        person = free.pop()
        yield from signed_in(Browser(target), fill, person)
        free.append(person)

    return operation


def signed_in(browser: Browser, fill: Filled, person: Person, **more: str) -> Generator[bytes, Answer, dict[str, Any]]:
    """Go through pages until the code is redeemed; the value is what the token endpoint told.

    `more` is what the authorization request says beside, or otherwise.
    """
    target = browser.target
    asked = {name: value for name, value in target.asked.items() if name != "prompt"}
    asked |= {"state": secrets.token_urlsafe(12), "nonce": secrets.token_urlsafe(12)} | more
    path = urlsplit(str(target.endpoints["authorization_endpoint"])).path
    answer = yield browser.get(f"{path}?{urlencode(asked)}")
    while not (address := _sent_to(answer)).startswith(BACK):
        browser.keep(answer)
        answer = yield browser.get(address)
        if answer.status == 200:
            browser.keep(answer)
            page = answer.body.decode()
            there, filled = (_agreed if 'name="decision"' in page else fill)(person, urlsplit(address).path, page)
            answer = yield browser.post(there, hidden_fields(page) | dict(filled))
    told = parse_qs(urlsplit(address).query)
    check(answer, 303, told.get("state") == [asked["state"]] and "code" in told)
    return (yield from redeemed(target, told["code"][0]))


def _sent_to(answer: Answer) -> str:
    check(answer, 303, True)
    return answer.header("Location")
