"""What every request must fit before anybody looks at it: host, size, encoding, one value a name.

Order of calls: `check_request`, made by `install`, runs first of all, before a blueprint names its callers.
"""

from urllib.parse import unquote_to_bytes

from flask import Flask, Request, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import (
    BadRequest,
    ClientDisconnected,
    LengthRequired,
    MethodNotAllowed,
    MisdirectedRequest,
    RequestURITooLarge,
    UnsupportedMediaType,
)

from federation.authorization.parameters import RESOURCE
from federation.authorization.resources import MOST as MOST_RESOURCES

MOST_OF_A_NAME = {RESOURCE: MOST_RESOURCES}
"""How often a parameter may come, if not once (RFC 8707 section 2)."""
BODY_BYTES = 64 * 1024
QUERY_BYTES = 16 * 1024
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
TAKES_JSON = frozenset({"global_token_revocation", "register", "registered"})
"""The blueprints that are sent JSON, by POST and PUT."""
MTLS = frozenset({"device_authorization", "grants", "introspect", "par", "revoke", "token", "userinfo"})
"""The blueprints that a service may call with a client certificate."""
HEALTH = "health"
"""The one blueprint that answers whatever host it is asked for: a balancer knows only addresses."""


def install(app: Flask, *, host: str, mtls_host: str | None) -> None:
    """Check every request of `app`, which answers to `host` alone: the host and port of the issuer.

    What services call answers at `mtls_host` too, where they show certificates (RFC 8705 section 5).
    """
    app.config.update(MAX_CONTENT_LENGTH=BODY_BYTES, MAX_FORM_MEMORY_SIZE=BODY_BYTES)

    @app.before_request
    def check_request() -> None:
        asked = request._get_current_object()  # type: ignore[attr-defined]  # the proxy asks again at every look
        asked_for = asked.environ.get("HTTP_HOST")
        if asked_for != host and asked.blueprint != HEALTH and not (asked_for == mtls_host and asked.blueprint in MTLS):
            raise MisdirectedRequest
        _check_content(asked)


def _check_content(request: Request) -> None:
    """Refuse what no endpoint should have to think about."""
    query = request.query_string
    if len(query) > QUERY_BYTES:
        raise RequestURITooLarge
    _check_text(request.environ["PATH_INFO"].encode("latin-1"))
    if query:
        _check_text(unquote_to_bytes(query))
        _check_once(request.args)
    if request.blueprint in TAKES_JSON and request.method in ("POST", "PUT"):
        _check_body(request, JSON)
    elif request.method == "POST":
        _check_form(request)
    elif isinstance(request.routing_exception, MethodNotAllowed):
        raise request.routing_exception  # whatever came along (RFC 9126 section 2.3)
    elif request.content_length or "Transfer-Encoding" in request.headers:
        raise BadRequest("only a POST carries a body")


def _check_form(request: Request) -> None:
    """Check a form before it is parsed: the parser drops or keeps undecoded what is no UTF-8, and says nothing."""
    body = _check_body(request, FORM)
    if body:
        _check_text(unquote_to_bytes(body))
        _check_once(request.form)


def _check_body(request: Request, mimetype: str) -> bytes:
    """Return a body of the one type there may be, whole.

    Its length must be told: of chunks, the framework takes what came until an error for the whole.
    With neither length nor chunks there is no body (RFC 9112 section 6.3).
    """
    if "Transfer-Encoding" in request.headers:
        raise LengthRequired
    length = request.content_length
    if not length:
        return b""
    if request.mimetype != mimetype:
        raise UnsupportedMediaType
    body = request.get_data()
    if len(body) < length:
        raise ClientDisconnected
    return body


def _check_once(given: MultiDict[str, str]) -> None:
    for name, values in given.lists():
        if len(values) > MOST_OF_A_NAME.get(name, 1):
            raise BadRequest(f"{name[:40]!r} is given too often")


def _check_text(octets: bytes) -> None:
    """Refuse what is no UTF-8, and NUL, which one database refuses and the other keeps."""
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        raise BadRequest("not UTF-8") from None
    if "\0" in text:
        raise BadRequest("not valid text")
