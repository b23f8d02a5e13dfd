"""The two well-known addresses by which clients set themselves up (OIDC Discovery 1.0 and RFC 8414)."""

import hashlib
import json
from dataclasses import dataclass
from time import monotonic

import structlog
from flask import Blueprint, Flask, Response, current_app

from federation.discovery import document, sign
from federation.ephemeral import StoreUnavailable
from idp.citizens.attributes import TOLD
from idp.web import published
from idp.web.access import anyone
from idp.web.language import NAMES
from idp.web.published import Document, Place
from idp.web.services import services_of
from keys.errors import KeysError
from keys.signer import Signer

OPENID = "/.well-known/openid-configuration"
OAUTH = "/.well-known/oauth-authorization-server"
RETRY_SECONDS = 5.0
"""How long a document that could not be signed is given before it is tried again."""
_MADE = "countersign.discovery"
_log = structlog.get_logger("countersign.discovery")

bp = Blueprint("discovery", __name__)
bp.before_request(anyone)


@bp.get(OPENID)
@bp.get(OAUTH)
def configuration() -> Response:
    """Serve the document, or 304 to whoever has it already."""
    return published.answer(_document(current_app))


@dataclass(frozen=True, slots=True)
class _Made:
    """The document of this process, and how long it stands."""

    document: Document
    epoch: int | None
    """Of the keys it was signed at; None when they could not be had, for which nobody waits."""
    made_at: float

    def stands(self, signer: Signer) -> bool:
        """Whether the keys are those it was signed with, or it is too early to look for keys again."""
        if self.epoch is None:
            return monotonic() - self.made_at < RETRY_SECONDS
        return signer.epoch() == self.epoch


def _document(app: Flask) -> Document:
    """Return the document, made from what is mounted when it is first asked for and again when the keys change."""
    made: _Made | None = app.extensions.get(_MADE)
    if made is None or not made.stands(services_of(app).signer):
        made = app.extensions[_MADE] = _make(app)
    return made.document


def _make(app: Flask) -> _Made:
    use = services_of(app)
    told = document(
        use.settings.issuer,
        mounted=frozenset(rule.rule for rule in app.url_map.iter_rules()),
        claims=TOLD,
        locales=NAMES,
        must_push=use.settings.pushed_requests == "required",
        detail_types=tuple(use.detail_types),
        mtls_url=use.settings.mtls_url,
    )
    epoch = None
    try:
        before = use.signer.epoch()
        told["signed_metadata"] = sign(told, use.signer)
        epoch = before
    except (KeysError, StoreUnavailable) as error:
        _log.warning("discovery.unsigned", error=type(error).__name__, reason=str(error))
    body = json.dumps(told, separators=(",", ":")).encode()
    made = Document(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"', use.settings.jwks_max_age)
    return _Made(made, epoch, monotonic())


PLACES = dict.fromkeys((OPENID, OAUTH), Place("discovery.configuration", _document))
