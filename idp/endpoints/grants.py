"""GET and DELETE /grants/<grant_id>: an agency looks at a grant it holds, or gives it back (FAPI Grant Management)."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from federation.tokens.grants import management
from idp.audit.tokens import GrantGivenBack
from idp.web import possession
from idp.web.access import bearer, token_bearers_only
from idp.web.services import services
from idp.web.transaction import stores

bp = Blueprint("grants", __name__)
bp.before_request(token_bearers_only)
possession.renew(bp)


@bp.get("/grants", defaults={"grant_id": ""})
@bp.get("/grants/<grant_id>")
def look_at(grant_id: str) -> ResponseReturnValue:
    """Say what was granted."""
    now = services().clock.now()
    found = management.find(grant_id, bearer(), stores().grants, now, scope=management.QUERY)
    return jsonify(management.describe(found)), {"Cache-Control": "no-store"}


@bp.delete("/grants/<grant_id>")
def give_back(grant_id: str) -> ResponseReturnValue:
    """End a grant and all that was issued for it."""
    now = services().clock.now()
    found = management.find(grant_id, bearer(), stores().grants, now, scope=management.REVOKE)
    stores().grants.end(found.grant_id, now)
    stores().audit.record(GrantGivenBack(at=now, client_id=found.client_id, grant_id=found.grant_id))
    return "", 204, {"Cache-Control": "no-store"}
