"""What happens when more come than can be served: the application behind a `Gate`, and how those outside are answered.

Order of calls: `Admission` tells the rank of a request by its path and cookies alone, waits for a place, and lets the
application answer; or it answers itself, out of what was made ready. Documents, health and assets need no place.
"""

import json
import re
import threading
from collections.abc import Iterable, Mapping
from io import BytesIO
from random import randint
from typing import TYPE_CHECKING

from flask import Flask

from federation.errors import error_uri
from idp.web import telemetry
from idp.web.bounds import BODY_BYTES
from idp.web.gate import Gate, Rank
from idp.web.language import guessed
from idp.web.rendering import render
from idp.web.waiting import Outlook, Tickets

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MACHINES = frozenset(
    {
        "device_authorization",
        "global-token-revocation",
        "grants",
        "introspect",
        "par",
        "register",
        "revoke",
        "token",
        "userinfo",
    }
)
"""The first part of the paths that only services call."""
_DOCUMENTS = ("jwks", ".well-known", "openapi.json", "static", "healthz", "readyz", "metrics")
_PAGES = (
    "account",
    "authorize",
    "cancel",
    "consent",
    "device",
    "help",
    "logout",
    "return",
    "select-account",
    "sign-in",
    "sign-out",
    "signed-out",
    "stay",
)
_RANKS: Mapping[str, Rank | None] = {
    **dict.fromkeys(_DOCUMENTS),
    **dict.fromkeys(MACHINES, Rank.TOKENS),
    **dict.fromkeys(_PAGES, Rank.UNDER_WAY),
    **dict.fromkeys(("par", "device_authorization"), Rank.NEW),
    **dict.fromkeys(("register", "sign-up"), Rank.LAST),
}
"""By the first part of the path; None needs no place. What is not here is nothing, or can wait."""
_SESSION = re.compile(r"(?:^|; ?)(?:__Host-)?session=")
_DIGITS = 10
_AGAIN_SECONDS = (3, 9)
"""After which services ask again: drawn, so that those who were refused together do not come back together."""
_CROWDS = frozenset({Rank.WAITED, Rank.NEW, Rank.LAST})
"""Those who may be so many that how long they wait depends on it."""


def rank_of(path: str, cookies: str) -> Rank | None:
    """Return who goes first by where a request goes: whoever has a session or an interaction is under way."""
    first, _, rest = path[1:].partition("/")
    if first == "authorize" and not rest and not _SESSION.search(cookies):
        return Rank.NEW
    return _RANKS.get(first, Rank.LAST)


def _take_body(environ: "WSGIEnvironment") -> None:
    """Read what was sent before a place is taken: it may come slowly. What is too long is refused later."""
    length = environ.get("CONTENT_LENGTH", "")
    if length.isascii() and length.isdigit() and len(length) < _DIGITS and int(length) <= BODY_BYTES:
        environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(int(length)))


class Admission:
    """The application, with a gate before it."""

    def __init__(self, app: Flask, gate: Gate, tickets: Tickets, *, issuer: str) -> None:
        self._app = app
        self._behind: WSGIApplication = app.wsgi_app
        self._gate = gate
        self._tickets = tickets
        self._outlook = Outlook()
        self._one_by_one = threading.Lock()
        """Refusals are cheap as long as not all of them want the interpreter at once."""
        self._pages: dict[tuple[str, bool, int], bytes] = {}
        told = {
            "error": "temporarily_unavailable",
            "error_description": "More is asked of this service than it can answer now. Nothing was done.",
            "error_uri": error_uri(issuer, "temporarily_unavailable"),
        }
        self._told = json.dumps(told).encode()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        cookies = environ.get("HTTP_COOKIE", "")
        rank = rank_of(environ["PATH_INFO"], cookies)
        if rank is None:
            return self._behind(environ, start_response)
        if rank is Rank.NEW and cookies and self._tickets.shown(cookies):
            rank = Rank.WAITED
        _take_body(environ)
        if not self._gate.enter(rank):
            return self._refuse(rank, environ, start_response)
        if rank in _CROWDS:
            self._outlook.serve()
        try:
            return self._behind(environ, start_response)
        finally:
            self._gate.leave()

    def _refuse(self, rank: Rank, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        with self._one_by_one:
            return self._told_to_wait(rank, environ, start_response)

    def _told_to_wait(self, rank: Rank, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        machine = environ["PATH_INFO"][1:].partition("/")[0] in MACHINES
        crowd = rank in _CROWDS and not machine
        seconds = self._outlook.send_away() if crowd else randint(*_AGAIN_SECONDS)  # noqa: S311 - no secret
        body = self._told if machine else self._page(environ, seconds)
        headers = [
            ("Content-Type", "application/json" if machine else "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Retry-After", str(seconds)),
        ]
        if machine:
            headers.append(("Access-Control-Allow-Origin", "*"))
        elif rank is Rank.NEW:
            headers.append(("Set-Cookie", self._tickets.cookie()))
        start_response("503 Service Unavailable", headers)
        telemetry.count(f"refused.{rank.name.lower()}", environ["REQUEST_METHOD"], 503)
        return [body]

    def _page(self, environ: "WSGIEnvironment", seconds: int) -> bytes:
        """Return a page that tries the same address again by itself; what a form sent is sent again by hand."""
        shown = guessed(environ), environ["REQUEST_METHOD"] == "GET", seconds
        if shown not in self._pages:
            waits = "pages/errors/waiting.html" if shown[1] else "pages/errors/too_busy.html"
            with self._app.test_request_context("/", headers={"Accept-Language": shown[0]}):
                self._pages[shown] = render(waits, seconds=seconds).encode()
        return self._pages[shown]
