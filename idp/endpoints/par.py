"""POST /par: take an authorization request off the browser (RFC 9126 section 2)."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from federation.authorization import pushed
from idp.web import cross_origin, possession
from idp.web.access import relying_parties_only, relying_party
from idp.web.hints import read_hint
from idp.web.services import services

bp = Blueprint("par", __name__)
bp.before_request(possession.ask_for_nonce)
bp.before_request(relying_parties_only)
cross_origin.allow(bp)
possession.renew(bp)


@bp.post("/par")
def push() -> ResponseReturnValue:
    """Check the request now, keep it, and answer with a reference to it."""
    use = services()
    request_uri = pushed.push(
        use.ephemeral,
        request.form.items(multi=True),
        relying_party(),
        read_hint,
        keys=use.relying_party_keys,
        issuer=use.settings.issuer,
        pkce=use.settings.pkce,
        detail_types=use.detail_types,
        dpop_key=possession.dpop_key(),
        now=use.clock.now(),
    )
    answer = {"request_uri": request_uri, "expires_in": int(pushed.LIFETIME.total_seconds())}
    return jsonify(answer), 201, {"Cache-Control": "no-store"}
