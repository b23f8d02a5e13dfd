"""POST /introspect: what a token means, for those it concerns (RFC 7662, RFC 9701)."""

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from federation.tokens.introspection import TYPE, introspect, secure
from idp.web.access import relying_parties_only, relying_party
from idp.web.services import services
from idp.web.token_desk import token_desk

SIGNED = f"application/{TYPE}"

bp = Blueprint("introspect", __name__)
bp.before_request(relying_parties_only)


@bp.post("/introspect")
def look_into() -> ResponseReturnValue:
    """Say what the token means now, signed for whoever wants it so."""
    desk, now = token_desk(), services().clock.now()
    told = introspect(request.form, relying_party(), desk, now)
    secured = secure(told, relying_party(), desk, asked=_asked_for_jwt(), now=now)
    answer = jsonify(told) if secured is None else Response(secured, mimetype=SIGNED)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _asked_for_jwt() -> bool:
    """Whether the caller would rather have a JWT; weighing what it takes costs, and few name one."""
    named = SIGNED in request.headers.get("Accept", "").lower()
    return named and request.accept_mimetypes.best_match(("application/json", SIGNED)) == SIGNED
