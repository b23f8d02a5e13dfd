"""POST /token: tokens for a code, for another token, or for the relying party itself (RFC 6749 section 3.2)."""

from datetime import datetime
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from federation.authorization.parameters import Parameters
from federation.binding import confirmation
from federation.relying_parties.rules import TOKEN_EXCHANGE
from federation.tokens.decision import decide
from federation.tokens.desk import Answer
from idp.audit.log import Event
from idp.audit.tokens import ClientCredentialsIssued, CodeRedeemed, TokenExchanged, TokenRefreshed
from idp.web import cross_origin, possession
from idp.web.access import relying_parties_only, relying_party
from idp.web.services import services
from idp.web.token_desk import token_desk
from idp.web.transaction import stores

bp = Blueprint("token", __name__)
bp.before_request(possession.ask_for_nonce)
bp.before_request(relying_parties_only)
cross_origin.allow(bp)
possession.renew(bp)


@bp.post("/token")
def redeem() -> ResponseReturnValue:
    """Exchange what came for tokens, and note it in the same transaction."""
    now = services().clock.now()
    dpop_key, certificate = possession.dpop_key(), possession.thumbprint()
    bound_to = confirmation.of_request(relying_party(), dpop_key=dpop_key, certificate=certificate)
    form = Parameters.of(request.form.items(multi=True))
    answer = decide(form, relying_party(), token_desk(bound_to), now)
    stores().audit.record(_event(answer, now))
    return jsonify(answer.body), {"Cache-Control": "no-store", "Pragma": "no-cache"}


def _event(answer: Answer, now: datetime) -> Event:
    grant = answer.grant
    about: dict[str, Any] = {
        "at": now,
        "client_id": relying_party().client_id,
        "scope": answer.body["scope"],
        "audience": answer.audience,
    }
    if grant is None:
        return ClientCredentialsIssued(**about)
    about |= {"citizen_id": grant.citizen_id, "grant_id": grant.grant_id}
    if request.form["grant_type"] == "refresh_token":
        return TokenRefreshed(**about)
    if request.form["grant_type"] == TOKEN_EXCHANGE:
        return TokenExchanged(**about)
    return CodeRedeemed(**about, acr=grant.acr)
