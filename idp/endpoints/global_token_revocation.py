"""POST /global-token-revocation: a service has a citizen signed out everywhere.

draft-parecki-oauth-global-token-revocation-06.
"""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from federation.authorization.names import subject_for
from federation.errors import UnknownSubject
from federation.tokens.global_revocation import SCOPE, named
from federation.tokens.standing import check_for_itself
from idp.web import ending, possession
from idp.web.access import bearer, token_bearers_only
from idp.web.services import services
from idp.web.transaction import stores

bp = Blueprint("global_token_revocation", __name__)
bp.before_request(token_bearers_only)
possession.renew(bp)


@bp.post("/global-token-revocation")
def revoke_all() -> ResponseReturnValue:
    """End every session, grant and code of the citizen whom the asking service knows by the name it gives."""
    use, asker = services(), bearer().relying_party
    check_for_itself(bearer(), SCOPE)
    subject = named(request.get_data(), issuer=use.settings.issuer)
    citizen = stores().citizens.find_by_subject(subject)
    if citizen is None or subject_for(asker, citizen.citizen_id, use.pairwise_salt) != subject:
        raise UnknownSubject("the subject is nobody's, or another sector's")
    ending.revoke_access(stores(), use, citizen.citizen_id, by=asker.client_id)
    return "", 204, {"Cache-Control": "no-store"}
