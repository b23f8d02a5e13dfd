"""/cancel/<interaction> and /return/<interaction>: back to the agency without a sign-in."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from federation.authorization.errors import (
    AuthorizationRefused,
    SignInCancelled,
    SignInExpired,
    UnmetAuthenticationRequirements,
)
from idp.audit import sessions as events
from idp.signin import interactions
from idp.web import own_sign_in, returning
from idp.web.access import anyone
from idp.web.answers import give_up
from idp.web.browser import current_session, find_interaction, finish_interaction, return_to
from idp.web.services import services
from idp.web.transaction import stores

REASONS: dict[str, type[AuthorizationRefused]] = {"level": UnmetAuthenticationRequirements}
"""What `because` may say beside that the citizen simply turned back."""

bp = Blueprint("leaving", __name__)
bp.before_request(anyone)


@bp.route("/cancel/<interaction_id>", methods=["GET", "POST"])
def cancel(interaction_id: str) -> ResponseReturnValue:
    """End an interaction and tell the agency; `?because=level` when the level asked for is out of reach.

    Recorded where somebody is signed in: strangers can begin and cancel as often as they like.
    """
    someone = current_session()
    interaction = find_interaction(interaction_id)
    if own_sign_in.is_ours(interaction):
        return own_sign_in.turn_back(interaction)
    finish_interaction(interaction)
    refused = REASONS.get(request.args.get("because", ""), SignInCancelled)(interaction.asked.return_address)
    if someone is not None:
        now = services().clock.now()
        stores().audit.record(events.SignInCancelled(at=now, client_id=interaction.client_id, error=refused.code))
    return give_up(refused)


@bp.get("/return/<interaction_id>")
def leave(interaction_id: str) -> ResponseReturnValue:
    """Send the citizen of an expired interaction back, by the return envelope alone."""
    if interactions.find(services().ephemeral, interaction_id) is not None:
        return return_to(interaction_id)
    way = returning.find_way_back(interaction_id)
    if way is None:
        raise returning.expired(interaction_id)
    return give_up(SignInExpired(way.address))
