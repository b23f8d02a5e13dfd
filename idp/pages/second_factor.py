"""/sign-in/<interaction>/code and /backup-code: the second factor, after a password or on top of a session."""

from dataclasses import dataclass

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.authentication import first_proofs, levels
from idp.authentication.throttle import Throttled
from idp.citizens.model import Citizen
from idp.pages import refusals
from idp.pages.arrival import arrive, steps_up
from idp.pages.proofs import prove_backup_code, prove_totp
from idp.pages.visit import Visit, visit
from idp.sessions.model import Session
from idp.signin.errors import PageError, SessionOver
from idp.web.access import anyone
from idp.web.browser import return_to
from idp.web.services import services
from idp.web.transaction import stores, undo

bp = Blueprint("second_factor", __name__, url_prefix="/sign-in/<interaction_id>")
bp.before_request(anyone)


class NoSecondFactor(PageError):
    """The service asks for more than this citizen can prove."""

    status = 403
    template = "pages/errors/level_not_reached.html"


@bp.errorhandler(SessionOver)
def go_on(_over: SessionOver) -> ResponseReturnValue:
    """Let the interaction decide."""
    undo()
    return return_to((request.view_args or {})["interaction_id"])


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A citizen of whom only the second factor is missing."""

    citizen: Citizen
    amr: tuple[str, ...]
    session: Session | None = None
    """What they add to; None if they come from the password page."""


@bp.get("/code")
def show(interaction_id: str) -> ResponseReturnValue:
    """Ask for the generator's code."""
    return _show(interaction_id, "pages/sign_in/code.html")


@bp.get("/backup-code")
def show_backup(interaction_id: str) -> ResponseReturnValue:
    """Ask for a printed code."""
    return _show(interaction_id, "pages/sign_in/backup_code.html")


@bp.post("/code")
def prove(interaction_id: str) -> ResponseReturnValue:
    """Use up the generator's code."""
    return _prove(interaction_id, backup=False)


@bp.post("/backup-code")
def prove_backup(interaction_id: str) -> ResponseReturnValue:
    """Use up a printed code."""
    return _prove(interaction_id, backup=True)


def _show(interaction_id: str, template: str) -> ResponseReturnValue:
    here = visit(interaction_id)
    waiting = _find_waiting(here)
    return return_to(interaction_id) if waiting is None else here.render(template)


def _prove(interaction_id: str, *, backup: bool) -> ResponseReturnValue:
    here = visit(interaction_id)
    waiting = _find_waiting(here)
    if waiting is None:
        return return_to(interaction_id)
    template = "pages/sign_in/backup_code.html" if backup else "pages/sign_in/code.html"
    code = request.form.get("code", "")
    if not code.strip():
        return here.render(template, errors={"code": _("Enter the code")}), refusals.WRONG
    try:
        right = prove_backup_code(waiting.citizen, code) if backup else prove_totp(waiting.citizen, code)
    except Throttled as error:
        refused = refusals.of(error, services().clock.now())
        return here.render(template, errors={"code": refused.sentence}), refused.status, refused.headers
    if not right:
        return here.render(template, errors={"code": _wrong(backup=backup)}), refusals.WRONG
    if waiting.session is None and not first_proofs.spend(services().ephemeral, interaction_id):
        return return_to(interaction_id)
    methods = (*waiting.amr, levels.ONE_TIME_CODE)
    return arrive(here.interaction, waiting.citizen, methods, on_top_of=waiting.session)


def _find_waiting(here: Visit) -> _Waiting | None:
    """Return who is waiting to give a second factor here, or None: then the interaction decides what is next."""
    proof = first_proofs.find(services().ephemeral, here.interaction.interaction_id)
    if proof is not None:
        citizen = stores().citizens.find(proof.citizen_id)
        if citizen is None or not citizen.active or citizen.access_epoch != proof.access_epoch:
            return None
        return _Waiting(citizen, proof.amr)
    session = steps_up(here.interaction)
    citizen = stores().citizens.find(session.citizen_id) if session else None
    if session is None or citizen is None or not citizen.active:
        return None
    if not stores().credentials.factors(citizen.citizen_id).totp:
        way_back = f"/cancel/{here.interaction.interaction_id}?because=level"
        raise NoSecondFactor(service=here.service, return_url=way_back)
    return _Waiting(citizen, session.amr, session=session)


def _wrong(*, backup: bool) -> str:
    if backup:
        return str(_("That code is not one of yours, or was used before. Try the next one on your list."))
    return str(_("That code is not right, or was used before. Wait for the next one in your app."))
