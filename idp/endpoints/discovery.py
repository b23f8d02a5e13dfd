"""The two well-known addresses by which clients set themselves up (OIDC Discovery 1.0 and RFC 8414)."""

import hashlib
import json
from dataclasses import dataclass

from flask import Blueprint, Response, current_app, request

from federation.discovery import document
from idp.citizens.attributes import TOLD
from idp.web import cross_origin
from idp.web.access import anyone
from idp.web.language import NAMES
from idp.web.services import services

bp = Blueprint("discovery", __name__)
bp.before_request(anyone)
cross_origin.allow(bp)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The document as bytes that are ready to send, and their strong entity tag."""

    body: bytes
    etag: str


@bp.get("/.well-known/openid-configuration")
@bp.get("/.well-known/oauth-authorization-server")
def configuration() -> Response:
    """Serve the document, or 304 to whoever has it already."""
    prepared = _prepared()
    answer = Response(prepared.body, content_type="application/json")
    answer.headers["Cache-Control"] = f"public, max-age={services().settings.jwks_max_age}"
    answer.set_etag(prepared.etag)
    answer.make_conditional(request)
    return answer


def _prepared() -> Prepared:
    """Return the document of this process, made from what is mounted when it is first asked for."""
    made: Prepared | None = current_app.extensions.get("countersign.discovery")
    if made is None:
        made = _prepare()
        current_app.extensions["countersign.discovery"] = made
    return made


def _prepare() -> Prepared:
    mounted = frozenset(rule.rule for rule in current_app.url_map.iter_rules())
    told = document(services().settings.issuer, mounted=mounted, claims=TOLD, locales=NAMES)
    body = json.dumps(told, separators=(",", ":")).encode()
    return Prepared(body, hashlib.sha256(body).hexdigest()[:32])
