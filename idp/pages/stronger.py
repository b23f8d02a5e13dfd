"""/sign-in/<interaction>/stronger: a service asks for more than this citizen has, so they may add it now.

Whoever holds only the password could do the same; so the proof must be a few minutes old at most, and the
citizen is told by letter.
"""

from datetime import timedelta

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from idp.authentication.levels import AAL1, ONE_TIME_CODE
from idp.authentication.passkeys import Owner, PasskeyRefused
from idp.citizens.model import Citizen
from idp.pages import code_app, refusals
from idp.pages.arrival import arrive, steps_up
from idp.pages.changing import ProofNeeded, add_passkey, begin_change, check_proved
from idp.pages.passkey_making import check_made, creation, not_made
from idp.pages.visit import Visit, visit
from idp.sessions.model import Session
from idp.signin.errors import SessionOver
from idp.web.access import SignInNeeded, anyone
from idp.web.browser import return_to
from idp.web.transaction import stores, undo

FRESH = timedelta(minutes=5)

bp = Blueprint("stronger", __name__, url_prefix="/sign-in/<interaction_id>/stronger")
bp.before_request(anyone)


class NothingToAdd(Exception):
    """The citizen has what it takes, or nobody is signed in: the interaction decides what is next."""


@bp.errorhandler(NothingToAdd)
@bp.errorhandler(SignInNeeded)
@bp.errorhandler(SessionOver)
def go_on(_: Exception) -> ResponseReturnValue:
    """Let the interaction decide."""
    undo()
    return return_to((request.view_args or {})["interaction_id"])


@bp.errorhandler(ProofNeeded)
def prove_again(_: ProofNeeded) -> ResponseReturnValue:
    """Ask for the password again; the way leads back here."""
    undo()
    return redirect(f"/sign-in/{(request.view_args or {})['interaction_id']}?another=1", 303)


@bp.get("")
def show(interaction_id: str) -> ResponseReturnValue:
    """Offer a passkey or a code app, or to go back to the service."""
    here, session, citizen = _who(interaction_id)
    return _page(here, session, citizen)


@bp.post("")
def make_passkey(interaction_id: str) -> ResponseReturnValue:
    """Keep the passkey the browser has just made, and go on with it."""
    here, session, citizen = _who(interaction_id)
    try:
        passkey = check_made(_owner(citizen), session.session_id)
    except PasskeyRefused:
        return _page(here, session, citizen, not_made()), refusals.WRONG
    citizen = begin_change(session, FRESH)
    if not add_passkey(citizen, session, passkey):
        return _page(here, session, citizen, not_made()), refusals.WRONG
    return arrive(here.interaction, citizen, (*session.amr, *passkey.amr), on_top_of=session)


@bp.get("/code-app")
def show_code_app(interaction_id: str) -> ResponseReturnValue:
    """Show the seed of a code app."""
    here, session, _ = _who(interaction_id)
    return _code_page(here, session)


@bp.post("/code-app")
def add_code_app(interaction_id: str) -> ResponseReturnValue:
    """Take the code app once it has shown a right code; show its backup codes, and then go on."""
    here, session, _ = _who(interaction_id)
    found = code_app.find_step(session, request.form.get("code", ""))
    if found is None:
        return _code_page(here, session, code_app.wrong()), refusals.WRONG
    citizen = begin_change(session, FRESH)
    codes = code_app.add(citizen, session, *found)
    if codes is None:
        raise NothingToAdd
    arrive(here.interaction, citizen, (*session.amr, ONE_TIME_CODE), on_top_of=session)
    return here.render("pages/account/new_backup_codes.html", codes=codes, then=f"/authorize/{interaction_id}")


@bp.get("/seed.svg")
def show_seed(interaction_id: str) -> ResponseReturnValue:
    """Draw the seed for a phone's camera."""
    _, session, citizen = _who(interaction_id)
    return code_app.drawn(code_app.offered(session), citizen.email)


def _who(interaction_id: str) -> tuple[Visit, Session, Citizen]:
    """Return the visit of a citizen who lacks a stronger factor and has just proved the other one."""
    here = visit(interaction_id)
    session = steps_up(here.interaction)
    citizen = stores().citizens.find(session.citizen_id) if session else None
    if session is None or citizen is None:
        raise NothingToAdd
    if stores().credentials.factors(citizen.citizen_id).best_level != AAL1:
        raise NothingToAdd
    check_proved(session, FRESH)
    return here, session, citizen


def _owner(citizen: Citizen) -> Owner:
    return Owner(citizen_id=citizen.citizen_id, email=citizen.email)


def _page(here: Visit, session: Session, citizen: Citizen, errors: dict[str, str] | None = None) -> str:
    options = creation(_owner(citizen), session.session_id, stores().passkeys.of_citizen(citizen.citizen_id))
    return here.render("pages/sign_in/stronger.html", options=options, errors=errors)


def _code_page(here: Visit, session: Session, errors: dict[str, str] | None = None) -> str:
    seed = code_app.grouped(code_app.offered(session))
    return here.render("pages/sign_in/stronger_code_app.html", seed=seed, errors=errors)
