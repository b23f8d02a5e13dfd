"""Fifty requests that reach a running service within a millisecond, and what a race over a browser's forms needs.

Each waits on a connection of its own, whole but for the end of its head; then all ends are sent. So the service's
threads start together and have the machine to themselves, where fifty clients would keep them apart.
"""

import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPMessage, HTTPResponse
from json import loads
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.support.site import hidden_fields

RACERS = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """What one racer got."""

    status_code: int
    headers: HTTPMessage
    text: str

    @property
    def location(self) -> str:
        """Where it was sent; empty if nowhere."""
        return self.headers.get("Location", "")

    def json(self) -> Any:
        """Return the body, read as JSON."""
        return loads(self.text)


def race(act: Callable[[int], requests.Request]) -> list[Answer]:
    """Send what `act` makes of 0 to 49, all at once, and return the answers in that order."""
    prepared = [_octets(act(number)) for number in range(RACERS)]
    with ExitStack() as stack:
        lines = [stack.enter_context(socket.create_connection(address, timeout=30)) for address, _, _ in prepared]
        for line, (_, head, _) in zip(lines, prepared, strict=True):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.sendall(head)
        for line, (_, _, end) in zip(lines, prepared, strict=True):
            line.sendall(end)
        return [_answer(line) for line in lines]


def get(address: str, cookies: Mapping[str, str]) -> requests.Request:
    """Return the request for a page, with a copy of a browser's cookies."""
    return requests.Request("GET", address, cookies=dict(cookies))


def post(address: str, form: Mapping[str, str], cookies: Mapping[str, str] | None = None) -> requests.Request:
    """Return the request that sends a form."""
    return requests.Request("POST", address, data=dict(form), cookies=dict(cookies or {}))


def send(request: requests.Request) -> requests.Response:
    """Send one alone."""
    with requests.Session() as session:
        return session.send(request.prepare(), allow_redirects=False, timeout=30)


def fill(browser: requests.Session, address: str, **typed: str) -> requests.Response:
    """Open a page and send its form, as the one browser."""
    page = browser.get(address, allow_redirects=False, timeout=30)
    assert page.status_code == requests.codes.ok, (page.status_code, page.headers.get("Location"))
    return browser.post(address, hidden_fields(page.text) | typed, allow_redirects=False, timeout=30)


def signed_in(answers: list[Answer]) -> list[Answer]:
    """Return the answers that gave a session's key."""
    return [
        answer
        for answer in answers
        if any(given.startswith("session=") and not given.startswith("session=;") for given in _cookies(answer))
    ]


def _cookies(answer: Answer) -> list[str]:
    return answer.headers.get_all("Set-Cookie", [])


def _octets(request: requests.Request) -> tuple[tuple[str, int], bytes, bytes]:
    """Return where to, the head without its last octet, and that octet with the body."""
    made = request.prepare()
    there = urlsplit(str(made.url))
    fields = "".join(f"{name}: {value}\r\n" for name, value in made.headers.items())
    head = f"{made.method} {made.path_url} HTTP/1.1\r\nHost: {there.netloc}\r\nConnection: close\r\n{fields}\r\n"
    body = made.body or b""
    end = b"\n" + (body if isinstance(body, bytes) else str(body).encode())
    return (there.hostname or "", there.port or 80), head.encode()[:-1], end


def _answer(line: socket.socket) -> Answer:
    response = HTTPResponse(line)
    response.begin()
    return Answer(response.status, response.headers, response.read().decode())
