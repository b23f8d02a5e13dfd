"""POST /register: a service registers itself (RFC 7591 section 3)."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from federation.dynamic_registration.registering import register_itself
from federation.tokens import bearer
from idp.audit.agencies import AgencyRegistered
from idp.web.access import anyone
from idp.web.registration_desk import registration_desk
from idp.web.services import services
from idp.web.transaction import stores

NOT_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}

bp = Blueprint("register", __name__)
bp.before_request(anyone)


@bp.post("/register")
def register() -> ResponseReturnValue:
    """Judge what is said, keep it, and answer with all that is registered; its secrets are told only now."""
    now = services().clock.now()
    authorization = request.headers.get("Authorization")
    token = None if authorization is None else bearer.plain(authorization)
    told, by = register_itself(request.get_data(), token, registration_desk(), now)
    made = told.relying_party
    stores().audit.record(AgencyRegistered(at=now, client_id=made.client_id, agency=made.agency, by=by))
    return jsonify(told.body), 201, NOT_KEPT
