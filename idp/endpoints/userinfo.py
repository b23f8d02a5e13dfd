"""GET and POST /userinfo: what an access token lets its agency know of the citizen (OIDC Core section 5.3)."""

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from federation.tokens import userinfo
from idp.endpoints.protected_resource import PATH
from idp.web import cross_origin, possession
from idp.web.access import bearer, token_bearers_only
from idp.web.services import services
from idp.web.token_desk import told_of

bp = Blueprint("userinfo", __name__)
bp.before_request(token_bearers_only)
cross_origin.allow(bp)
possession.renew(bp)


@bp.after_request
def point_to_metadata(answer: Response) -> Response:
    """Beside every challenge, name where clients read how to get a token (RFC 9728 section 5.1)."""
    challenge = answer.headers.get("WWW-Authenticate")
    if challenge is not None:
        where = f'resource_metadata="{services().settings.issuer}{PATH}"'
        first, alone, others = challenge.partition("Bearer, ")
        challenge = f"Bearer {where}, {others}" if alone and not first else f"{challenge}, {where}"
        answer.headers["WWW-Authenticate"] = challenge
    return answer


@bp.route("/userinfo", methods=["GET", "POST"])
def tell() -> ResponseReturnValue:
    """Tell the agency what was granted, signed and encrypted if it registered so."""
    use = services()
    by = bearer()
    if by.grant is not None:
        userinfo.check_level(by.token, by.relying_party)
    told = userinfo.tell(by, told_of)
    secured = userinfo.secure(
        told, by.relying_party, signer=use.signer, keys=use.relying_party_keys, issuer=use.settings.issuer
    )
    answer = jsonify(told) if secured is None else Response(secured, mimetype="application/jwt")
    answer.headers["Cache-Control"] = "no-store"
    return answer
