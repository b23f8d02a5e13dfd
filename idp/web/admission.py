"""What happens when more come than can be served: the application behind a `Gate`, and how those outside are answered.

Order of calls: `Admission` tells the rank of a request by its path and cookies alone, waits for a place, and lets the
application answer; or it answers itself, out of what was made ready. Documents, health and assets need no place.
"""

import json
import threading
from collections.abc import Iterable
from io import BytesIO
from random import randint
from typing import TYPE_CHECKING

from flask import Flask

from federation.errors import error_uri
from idp.web import telemetry
from idp.web.bounds import BODY_BYTES
from idp.web.gate import Gate, Rank
from idp.web.language import guessed
from idp.web.ranks import Ranks, is_of_services
from idp.web.rendering import render
from idp.web.waiting import Outlook, Ticket, Tickets

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_DIGITS = 10
_AGAIN_SECONDS = (3, 9)
"""After which services ask again: drawn, so that those who were refused together do not come back together."""
_CROWDS = frozenset({Rank.WAITED, Rank.NEW, Rank.LAST})
"""Those who may be so many that how long they wait depends on it."""


def _take_body(environ: "WSGIEnvironment") -> None:
    """Read what was sent before a place is taken: it may come slowly. What is too long is refused later."""
    length = environ.get("CONTENT_LENGTH", "")
    if length.isascii() and length.isdigit() and len(length) < _DIGITS and int(length) <= BODY_BYTES:
        environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(int(length)))


class Admission:
    """The application, with a gate before it."""

    def __init__(self, app: Flask, gate: Gate, ranks: Ranks, tickets: Tickets, *, issuer: str) -> None:
        self._app = app
        self._behind: WSGIApplication = app.wsgi_app
        self._gate = gate
        self._ranks = ranks
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
        path, cookies = environ["PATH_INFO"], environ.get("HTTP_COOKIE", "")
        rank = self._ranks.of(path, cookies)
        if rank is None:
            return self._behind(environ, start_response)
        ticket = self._tickets.held(cookies) if rank is Rank.NEW and not is_of_services(path) else None
        if ticket is not None and self._tickets.redeem(ticket):
            rank = Rank.WAITED
        _take_body(environ)
        if not self._gate.enter(rank):
            if ticket is not None and rank is Rank.WAITED:
                self._tickets.give_back(ticket)
            return self._refuse(rank, ticket, environ, start_response)
        if rank in _CROWDS:
            self._outlook.serve()
        try:
            return self._behind(environ, start_response)
        finally:
            self._gate.leave()

    def _refuse(
        self, rank: Rank, ticket: Ticket | None, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        with self._one_by_one:
            return self._told_to_wait(rank, ticket, environ, start_response)

    def _told_to_wait(
        self, rank: Rank, ticket: Ticket | None, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        machine = is_of_services(environ["PATH_INFO"])
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
        elif rank is Rank.NEW and ticket is None:
            headers.append(("Set-Cookie", self._tickets.cookie(seconds)))
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
