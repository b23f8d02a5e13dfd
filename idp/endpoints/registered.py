"""/register/<client_id>: a service reads, changes or ends what it registered (RFC 7592 section 2)."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed

from federation.dynamic_registration import managing
from idp.audit.agencies import AgencyChanged, AgencyDisabled, AgencyRead
from idp.endpoints.register import NOT_KEPT
from idp.web.access import registrants_only, relying_party
from idp.web.registration_desk import registration_desk
from idp.web.services import services
from idp.web.transaction import stores

BY = "itself"

bp = Blueprint("registered", __name__)
bp.before_request(registrants_only)


@bp.get("/register/<client_id>")
def read(client_id: str) -> ResponseReturnValue:
    """Tell what is registered. Not to a HEAD, whose answer has no room for the token that takes the old one's place."""
    if request.method == "HEAD":
        raise MethodNotAllowed(["GET", "PUT", "DELETE"])
    told = managing.read(relying_party(), registration_desk())
    stores().audit.record(AgencyRead(at=services().clock.now(), client_id=client_id, by=BY))
    return jsonify(told.body), 200, NOT_KEPT


@bp.put("/register/<client_id>")
def update(client_id: str) -> ResponseReturnValue:
    """Write it anew and tell what became of it."""
    now = services().clock.now()
    told = managing.update(request.get_data(), relying_party(), registration_desk(), now)
    stores().audit.record(AgencyChanged(at=now, client_id=client_id, by=BY))
    return jsonify(told.body), 200, NOT_KEPT


@bp.delete("/register/<client_id>")
def delete(client_id: str) -> ResponseReturnValue:
    """End it for good."""
    now = services().clock.now()
    managing.delete(relying_party(), registration_desk(), now)
    stores().audit.record(AgencyDisabled(at=now, client_id=client_id, by=BY))
    return "", 204, NOT_KEPT
