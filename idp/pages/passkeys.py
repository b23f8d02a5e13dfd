"""/sign-in/<interaction>/passkey: a passkey, instead of a password or on top of a session."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.audit.authentication import AuthenticationFailed, PasskeyCounterFellBack
from idp.authentication import passkeys
from idp.authentication.factors import Factor
from idp.authentication.kept_passkeys import Passkey
from idp.authentication.passkeys import PasskeyRefused
from idp.pages import refusals
from idp.pages.arrival import arrive, steps_up
from idp.pages.visit import Visit, visit
from idp.web.access import anyone
from idp.web.browser import return_to
from idp.web.services import services
from idp.web.transaction import stores, undo

bp = Blueprint("passkeys", __name__, url_prefix="/sign-in/<interaction_id>/passkey")
bp.before_request(anyone)


@bp.get("")
def show(interaction_id: str) -> ResponseReturnValue:
    """Ask a signed-in citizen for one of their passkeys, when the service needs more than they proved so far."""
    here = visit(interaction_id)
    session = steps_up(here.interaction)
    own = stores().passkeys.of_citizen(session.citizen_id) if session else ()
    return _page(here, own) if own else return_to(interaction_id)


@bp.post("")
def prove(interaction_id: str) -> ResponseReturnValue:
    """Let in the citizen whose passkey answered."""
    here = visit(interaction_id)
    use = services()
    now = use.clock.now()
    try:
        assertion = passkeys.check_assertion(
            use.ephemeral,
            stores().passkeys,
            request.form.get("credential", ""),
            origin=use.settings.issuer,
            rp_id=use.rp_id,
            bound_to=interaction_id,
        )
    except PasskeyRefused as refused:
        return _refused(here, refused.citizen_id)
    citizen = stores().citizens.find(assertion.passkey.citizen_id)
    if citizen is None or not citizen.active:
        return _refused(here, assertion.passkey.citizen_id)
    stores().credentials.hold(citizen.citizen_id)
    if not stores().passkeys.used(assertion, now):
        undo()
        return _refused(here, citizen.citizen_id)
    if assertion.counter_fell_back:
        stores().audit.record(PasskeyCounterFellBack(at=now, citizen_id=citizen.citizen_id))
    return arrive(here.interaction, citizen, assertion.amr)


def options(interaction_id: str, allowed: tuple[Passkey, ...] = ()) -> dict[str, Any]:
    """Return what a page needs to ask the browser for a passkey in this interaction."""
    use = services()
    return passkeys.request_options(use.ephemeral, rp_id=use.rp_id, bound_to=interaction_id, allowed=allowed)


def _refused(here: Visit, citizen_id: str | None) -> ResponseReturnValue:
    """Say that it did not work, and record it of the citizen whose passkey was named: junk anybody may send."""
    if citizen_id is not None:
        failed = AuthenticationFailed(at=services().clock.now(), citizen_id=citizen_id, method=Factor.PASSKEY)
        with services().database.work() as own:
            own.audit.record(failed)
    wrong = _("That passkey did not work here. Try again, or sign in another way.")
    return _page(here, (), {"": wrong}), refusals.WRONG


def _page(here: Visit, own: Any, errors: dict[str, str] | None = None) -> str:
    asked = options(here.interaction.interaction_id, tuple(own))
    return here.render("pages/sign_in/passkey.html", options=asked, errors=errors)
