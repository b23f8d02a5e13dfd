"""A citizen answers for a device: an interaction like any other, whose answer waits to be fetched (RFC 8628).

Its response mode is one that no authorization request can name, so no agency can have an answer taken for a device.
"""

from flask import redirect
from werkzeug.wrappers import Response as BaseResponse

from federation.authorization import codes, device
from federation.authorization.device import DeviceRequest
from federation.authorization.request import AuthorizationRequest
from federation.authorization.response import AuthorizationAnswer
from federation.relying_parties.model import RelyingParty
from idp.consent.items import items_of
from idp.signin.interaction import Interaction
from idp.signin.levels import wanted_level
from idp.web.marked_ids import draw_marked_id
from idp.web.services import services

MODE = "device"
PAGE = "/device"


def address_of(user_code: str) -> str:
    """Return the address of the page with the code in it: `verification_uri_complete`."""
    return f"{services().settings.issuer}{PAGE}?user_code={device.written(user_code)}"


def interaction_for(waiting: DeviceRequest, relying_party: RelyingParty) -> Interaction:
    """Return what the citizen must do before the device has its answer; they agree anew whatever they did before.

    Raises UnmetAuthenticationRequirements.
    """
    use = services()
    asked = AuthorizationRequest(
        client_id=waiting.client_id,
        redirect_uri=use.settings.issuer + PAGE,
        response_mode=MODE,
        state=waiting.key,
        scope=waiting.scope,
        prompt=("consent",),
        max_age=relying_party.default_max_age,
        acr_values=relying_party.default_acr_values,
        resources=waiting.resources,
        authorization_details=waiting.authorization_details,
    )
    return Interaction(
        interaction_id=draw_marked_id(),
        asked=asked,
        level=wanted_level(asked, relying_party),
        items=items_of(asked.scope, asked.claims, asked.resources, asked.authorization_details),
        began_at=use.clock.now(),
    )


def keep(answer: AuthorizationAnswer) -> BaseResponse:
    """Let the device have an answer, which never leaves this place, and say to the citizen how it ended."""
    use, key, code = services(), answer.parameters["state"], answer.parameters.get("code")
    now = use.clock.now()
    record = None if code is None else use.ephemeral.take(codes.KIND, codes.key_of(code))
    if record is not None:
        kept, ending = device.allow(use.ephemeral, key, codes.from_record(record), now), "done"
    else:
        kept, ending = device.refuse(use.ephemeral, key, now), "stopped"
    return redirect(f"{PAGE}/{ending if kept else 'expired'}", code=303)
