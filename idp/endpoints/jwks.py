"""GET /jwks: the keys agencies verify our tokens with (RFC 7517 section 5). Answered from memory, store or no store."""

from flask import Blueprint, Flask, Response, current_app

from idp.web import published
from idp.web.access import anyone
from idp.web.published import Document, Place
from idp.web.services import services_of

bp = Blueprint("jwks", __name__)
bp.before_request(anyone)


@bp.get("/jwks")
def keys() -> Response:
    """Give the document, or 304 to whoever has it already."""
    return published.answer(_document(current_app))


def _document(app: Flask) -> Document:
    use = services_of(app)
    found = use.signer.jwks()
    return Document(found.body, found.etag, use.settings.jwks_max_age)


PLACES = {"/jwks": Place("jwks.keys", _document)}
