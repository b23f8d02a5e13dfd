"""POST /introspect: what a token means, for those it concerns (RFC 7662)."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from federation.tokens.introspection import introspect
from idp.web.access import relying_parties_only, relying_party
from idp.web.services import services
from idp.web.token_desk import token_desk
from idp.web.transaction import stores

bp = Blueprint("introspect", __name__)
bp.before_request(relying_parties_only)


@bp.post("/introspect")
def look_into() -> ResponseReturnValue:
    """Say what the token means now."""
    told = introspect(request.form, relying_party(), token_desk(), stores().relying_parties, services().clock.now())
    return jsonify(told), {"Cache-Control": "no-store"}
