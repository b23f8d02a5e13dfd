"""/sign-up/<interaction>/passkey: a passkey, offered first; who makes one needs no password."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from idp.authentication import enrolment
from idp.authentication.enrolment import Enrolment
from idp.authentication.passkeys import Owner, PasskeyRefused
from idp.pages import refusals
from idp.pages.newcomer import welcome
from idp.pages.passkey_making import check_made, creation, not_made
from idp.pages.visit import Visit, visit
from idp.web.access import anyone
from idp.web.browser import return_to
from idp.web.services import services

bp = Blueprint("sign_up_passkey", __name__, url_prefix="/sign-up/<interaction_id>/passkey")
bp.before_request(anyone)


@bp.get("")
def show(interaction_id: str) -> ResponseReturnValue:
    """Offer to make a passkey, with the password as the other way."""
    here, so_far = _both(interaction_id)
    return return_to(interaction_id) if so_far is None else _page(here, so_far)


@bp.post("")
def make(interaction_id: str) -> ResponseReturnValue:
    """Make the citizen, with the passkey the browser has just made."""
    here, so_far = _both(interaction_id)
    if so_far is None:
        return return_to(interaction_id)
    try:
        passkey = check_made(_owner(so_far), interaction_id)
    except PasskeyRefused:
        return _page(here, so_far, not_made()), refusals.WRONG
    return welcome(here.interaction, passkey)


def _both(interaction_id: str) -> tuple[Visit, Enrolment | None]:
    here = visit(interaction_id)
    so_far = enrolment.find(services().ephemeral, services().sealer, interaction_id)
    return here, so_far if so_far is not None and so_far.named else None


def _owner(so_far: Enrolment) -> Owner:
    return Owner(citizen_id=so_far.citizen_id, email=so_far.address.written)


def _page(here: Visit, so_far: Enrolment, errors: dict[str, str] | None = None) -> str:
    options = creation(_owner(so_far), here.interaction.interaction_id)
    return here.render("pages/sign_up/passkey.html", options=options, errors=errors)
