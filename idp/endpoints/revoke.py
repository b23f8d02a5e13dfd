"""POST /revoke: a relying party gives a token back (RFC 7009)."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from federation.tokens.revocation import revoke
from idp.audit.tokens import TokenRevoked
from idp.web import cross_origin
from idp.web.access import relying_parties_only, relying_party
from idp.web.services import services
from idp.web.token_desk import token_desk
from idp.web.transaction import stores

bp = Blueprint("revoke", __name__)
bp.before_request(relying_parties_only)
cross_origin.allow(bp)


@bp.post("/revoke")
def take_back() -> ResponseReturnValue:
    """End what the token belongs to; a token nobody knows is as good as revoked (section 2.2)."""
    now = services().clock.now()
    ended = revoke(request.form, relying_party(), token_desk(), now)
    if ended is not None:
        stores().audit.record(TokenRevoked(at=now, client_id=relying_party().client_id, grant_id=ended))
    return "", {"Cache-Control": "no-store"}
