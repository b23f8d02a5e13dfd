"""The two well-known addresses by which clients set themselves up (OIDC Discovery 1.0 and RFC 8414)."""

import hashlib
import json

from flask import Blueprint, Flask, Response, current_app

from federation.discovery import document
from idp.citizens.attributes import TOLD
from idp.web import published
from idp.web.access import anyone
from idp.web.language import NAMES
from idp.web.published import Document, Place
from idp.web.services import services_of

OPENID = "/.well-known/openid-configuration"
OAUTH = "/.well-known/oauth-authorization-server"
_MADE = "countersign.discovery"

bp = Blueprint("discovery", __name__)
bp.before_request(anyone)


@bp.get(OPENID)
@bp.get(OAUTH)
def configuration() -> Response:
    """Serve the document, or 304 to whoever has it already."""
    return published.answer(_document(current_app))


def _document(app: Flask) -> Document:
    """Return the document of this process, made from what is mounted when it is first asked for."""
    made: Document | None = app.extensions.get(_MADE)
    if made is None:
        made = app.extensions[_MADE] = _make(app)
    return made


def _make(app: Flask) -> Document:
    settings = services_of(app).settings
    mounted = frozenset(rule.rule for rule in app.url_map.iter_rules())
    told = document(
        settings.issuer, mounted=mounted, claims=TOLD, locales=NAMES, must_push=settings.pushed_requests == "required"
    )
    body = json.dumps(told, separators=(",", ":")).encode()
    return Document(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"', settings.jwks_max_age)


PLACES = dict.fromkeys((OPENID, OAUTH), Place("discovery.configuration", _document))
