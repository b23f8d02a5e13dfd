"""GET and POST /userinfo: what an access token lets its agency know of the citizen (OIDC Core section 5.3)."""

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from federation.tokens import userinfo
from idp.web import cross_origin, possession
from idp.web.access import bearer, token_bearers_only
from idp.web.services import services
from idp.web.token_desk import told_of

bp = Blueprint("userinfo", __name__)
bp.before_request(token_bearers_only)
cross_origin.allow(bp)
possession.renew(bp)


@bp.route("/userinfo", methods=["GET", "POST"])
def tell() -> ResponseReturnValue:
    """Tell the agency what was granted, signed and encrypted if it registered so."""
    use = services()
    by = bearer()
    told = userinfo.tell(by.token, by.grant, told_of)
    secured = userinfo.secure(
        told, by.relying_party, signer=use.signer, keys=use.relying_party_keys, issuer=use.settings.issuer
    )
    answer = jsonify(told) if secured is None else Response(secured, mimetype="application/jwt")
    answer.headers["Cache-Control"] = "no-store"
    return answer
