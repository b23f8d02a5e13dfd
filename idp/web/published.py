"""Documents for everybody, answered from memory before the framework is asked.

Agencies fetch them more often than anything else, and there is nothing in them to protect. They are counted like
every request, but neither timed nor logged: that would cost more than the answer and tell nothing. Order of calls:
`Published` stands before the application and answers a plain GET for one of its documents; whatever else a
request is or carries (a condition, a body, a query, another host or scheme), the application looks at it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, Response, request

from federation.ephemeral import StoreUnavailable
from idp.web import telemetry
from idp.web.headers import Saying, always
from keys.errors import CannotSign

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_SAYS_MORE = ("HTTP_IF_NONE_MATCH", "HTTP_TRANSFER_ENCODING", "CONTENT_LENGTH")


@dataclass(frozen=True, slots=True)
class Document:
    """JSON that is the same for everybody."""

    body: bytes
    etag: str
    """Strong, quotes included."""
    max_age: int
    """Seconds for which anybody may cache it."""

    def headers(self) -> list[tuple[str, str]]:
        """Return what is said of it; scripts of any site may read it, and caches hold one answer for all sites."""
        return [
            ("Content-Type", "application/json"),
            ("ETag", self.etag),
            ("Cache-Control", f"public, max-age={self.max_age}"),
            ("Access-Control-Allow-Origin", "*"),
        ]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document is, and who makes it."""

    endpoint: str
    """As the application names it."""
    document: Callable[[Flask], Document]


def answer(document: Document) -> Response:
    """Give a document, or 304 to whoever has it already (RFC 9110 section 13.1.2)."""
    response = Response(document.body, headers=document.headers())
    response.make_conditional(request)
    return response


class Published:
    """The application with its documents before it."""

    def __init__(self, app: Flask, places: Mapping[str, Place], *, host: str, secure: bool) -> None:
        self._app = app
        self._behind = Saying(app.wsgi_app, secure=secure)
        self._places = places
        self._host = host
        self._scheme = "https" if secure else "http"
        self._always = list(always(secure=secure).items())

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        place = self._places.get(environ["PATH_INFO"])
        if place is None or not self._is_plain(environ):
            return self._behind(environ, start_response)
        try:
            document = place.document(self._app)
        except (StoreUnavailable, CannotSign):
            return self._behind(environ, start_response)
        length = ("Content-Length", str(len(document.body)))
        start_response("200 OK", [*document.headers(), length, *self._always])
        telemetry.count(place.endpoint, "GET", HTTPStatus.OK)
        return [document.body]

    def _is_plain(self, environ: "WSGIEnvironment") -> bool:
        return (
            environ["REQUEST_METHOD"] == "GET"
            and environ.get("HTTP_HOST") == self._host
            and environ.get("HTTP_X_FORWARDED_PROTO", self._scheme) == self._scheme
            and not environ.get("QUERY_STRING")
            and not any(environ.get(name) for name in _SAYS_MORE)
        )
