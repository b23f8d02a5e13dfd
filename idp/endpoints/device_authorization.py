"""POST /device_authorization: a device without a browser begins a sign-in (RFC 8628 section 3.1)."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from federation.authorization import device
from federation.authorization.parameters import Parameters
from idp.web.access import relying_parties_only, relying_party
from idp.web.devices import PAGE, address_of
from idp.web.services import services

bp = Blueprint("device_authorization", __name__)
bp.before_request(relying_parties_only)


@bp.post("/device_authorization")
def begin() -> ResponseReturnValue:
    """Give the device a code to ask with, and one for its citizen."""
    use = services()
    issuer = use.settings.issuer
    params = Parameters.of(request.form.items(multi=True))
    device_code, user_code = device.begin(
        use.ephemeral,
        params,
        relying_party(),
        issuer=issuer,
        detail_types=use.detail_types,
        now=use.clock.now(),
    )
    answer = {
        "device_code": device_code,
        "user_code": device.written(user_code),
        "verification_uri": issuer + PAGE,
        "verification_uri_complete": address_of(user_code),
        "expires_in": int(device.LIFETIME.total_seconds()),
        "interval": int(device.PACE.total_seconds()),
    }
    return jsonify(answer), {"Cache-Control": "no-store"}
