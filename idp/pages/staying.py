"""POST /stay/<interaction>: a citizen who needs more time gets it, by one action (WCAG 2.2.1)."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from idp.authentication import enrolment
from idp.web.access import anyone
from idp.web.browser import find_interaction, update_interaction
from idp.web.returning import expired
from idp.web.services import services

bp = Blueprint("staying", __name__)
bp.before_request(anyone)


@bp.post("/stay/<interaction_id>")
def stay(interaction_id: str) -> ResponseReturnValue:
    """Begin the 90 minutes anew, for what was chosen in a sign-up too; answer with the seconds there are now."""
    use = services()
    now = use.clock.now()
    interaction = find_interaction(interaction_id)
    if interaction.ends_at <= now:
        raise expired(interaction_id)
    stays = update_interaction(interaction, extended_at=now)
    enrolment.update(use.ephemeral, use.sealer, interaction_id)
    return jsonify(seconds=int((stays.ends_at - now).total_seconds()))
