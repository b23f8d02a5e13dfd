"""What every request must fit before anybody looks at it: host, size, encoding, one value a name.

Order of calls: `check_request`, made by `install`, runs first of all, before a blueprint names its callers.
"""

from collections.abc import Iterable

from flask import Flask, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, MisdirectedRequest, RequestURITooLarge, UnsupportedMediaType

BODY_BYTES = 64 * 1024
QUERY_BYTES = 16 * 1024
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
HEALTH = "health"
"""The one blueprint that answers whatever host it is asked for: a balancer knows only addresses."""


def install(app: Flask, *, host: str) -> None:
    """Check every request of `app`, which answers to `host` alone: the host and port of the issuer."""
    app.config.update(MAX_CONTENT_LENGTH=BODY_BYTES, MAX_FORM_MEMORY_SIZE=BODY_BYTES)

    @app.before_request
    def check_request() -> None:
        if request.blueprint != HEALTH:
            if request.environ.get("HTTP_HOST") != host:
                raise MisdirectedRequest
            check_content()


def check_content() -> None:
    """Refuse what no endpoint should have to think about."""
    if len(request.query_string) > QUERY_BYTES:
        raise RequestURITooLarge
    _check_text([request.path])
    _check_parameters(request.args)
    if request.method == "POST" and request.content_length != 0:
        _check_body()


def _check_body() -> None:
    if request.mimetype not in (FORM, JSON):
        raise UnsupportedMediaType
    _check_parameters(request.form)


def _check_parameters(given: MultiDict[str, str]) -> None:
    for name, values in given.lists():
        if len(values) > 1:
            raise BadRequest(f"{name[:40]!r} is given more than once")
        _check_text((name, *values))


def _check_text(texts: Iterable[str]) -> None:
    """NUL is refused by one database and kept by the other; U+FFFD stands where bytes were no UTF-8."""
    for text in texts:
        if "\0" in text or "\N{REPLACEMENT CHARACTER}" in text:
            raise BadRequest("not valid text")
