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
"""Drawn between these, so that those who were refused together do not come back together."""


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

    def __init__(self, app: Flask, gate: Gate, *, issuer: str) -> None:
        self._app = app
        self._behind: WSGIApplication = app.wsgi_app
        self._gate = gate
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
        rank = rank_of(environ["PATH_INFO"], environ.get("HTTP_COOKIE", ""))
        if rank is None:
            return self._behind(environ, start_response)
        _take_body(environ)
        if not self._gate.enter(rank):
            return self._refuse(rank, environ, start_response)
        try:
            return self._behind(environ, start_response)
        finally:
            self._gate.leave()

    def _refuse(self, rank: Rank, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        with self._one_by_one:
            return self._told_to_wait(rank, environ, start_response)

    def _told_to_wait(self, rank: Rank, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        seconds = randint(*_AGAIN_SECONDS)  # noqa: S311 - no secret
        machine = environ["PATH_INFO"][1:].partition("/")[0] in MACHINES
        body = self._told if machine else self._page(environ, seconds)
        headers = [
            ("Content-Type", "application/json" if machine else "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Retry-After", str(seconds)),
        ]
        if machine:
            headers.append(("Access-Control-Allow-Origin", "*"))
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
