"""/account/password: choose a password, or another one; by the old one or by a fresh proof."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.audit.authentication import PasswordChanged
from idp.authentication import password_rules
from idp.authentication.breached_passwords import BreachedPasswords
from idp.authentication.levels import at_least
from idp.authentication.password_rules import Unfit, UnfitPassword
from idp.authentication.passwords import StoredPassword, TooBusy
from idp.authentication.throttle import Throttled
from idp.citizens.model import Citizen
from idp.pages import refusals
from idp.pages.account import entrance
from idp.pages.changing import ProofNeeded, changed, check_proved, hold
from idp.pages.proofs import forget_failures, prove_password
from idp.pages.unfit import why
from idp.web.access import citizens_only, session
from idp.web.rendering import render
from idp.web.services import services
from idp.web.transaction import stores, undo

bp = Blueprint("account_password", __name__, url_prefix="/account/password")
bp.before_request(citizens_only)
entrance.leads_back(bp)


@bp.get("")
def show() -> ResponseReturnValue:
    """Ask for the new password, and for the old one unless the proof is fresh."""
    return _page(entrance.owner())


@bp.post("")
def change() -> ResponseReturnValue:
    """Keep the new password; everywhere else the citizen is signed out."""
    citizen = entrance.owner()
    needs_old = _needs_old(citizen)
    try:
        hashed = _hash(citizen)
        if needs_old and prove_password(citizen.email, request.form.get("current", "")) is None:
            return _page(citizen, {"current": _("That is not your password. Check it and try again.")}), refusals.WRONG
        return _keep(hashed)
    except (Throttled, TooBusy) as error:
        refused = refusals.of(error, services().clock.now())
        return _page(citizen, {"password": refused.sentence}), refused.status, refused.headers
    except UnfitPassword as error:
        undo()
        return _page(citizen, {"password": why(error.why)}), refusals.WRONG


def _hash(citizen: Citizen) -> StoredPassword:
    """Return what to keep of a fit password. No connection is held while hashing, and nothing was written before."""
    use, password = services(), request.form.get("password", "")
    own = (citizen.email, citizen.given_name or "", citizen.family_name or "")
    beside_code_app = stores().credentials.factors(citizen.citizen_id).totp
    undo()
    breached = BreachedPasswords(use.settings.breached_passwords)
    with use.hashing.admitted():
        stands_alone = password_rules.check(password, second_factor=beside_code_app, own=own, breached=breached)
        return use.hashing.hash(password, stands_alone=stands_alone, now=use.clock.now())


def _keep(hashed: StoredPassword) -> ResponseReturnValue:
    """Keep it, if what makes it long enough is still there."""
    citizen = hold(session())
    factors = stores().credentials.factors(citizen.citizen_id)
    if not (hashed.stands_alone or factors.totp):
        raise UnfitPassword(Unfit.SHORT_ALONE)
    stores().credentials.set_password(citizen.citizen_id, hashed)
    forget_failures(citizen.citizen_id)
    event = PasswordChanged(at=hashed.changed_at, citizen_id=citizen.citizen_id)
    changed(citizen, session(), "password_changed" if factors.password else "password_set", event)
    return render("pages/account/password_changed.html")


def _needs_old(citizen: Citizen) -> bool:
    """Say whether the old password must be typed; raise `ProofNeeded` where it would not be enough."""
    factors = stores().credentials.factors(citizen.citizen_id)
    try:
        check_proved(session())
    except ProofNeeded:
        if not factors.password or not at_least(session().acr, factors.best_level):
            raise
        return True
    return False


def _page(citizen: Citizen, errors: dict[str, str] | None = None) -> str:
    factors = stores().credentials.factors(citizen.citizen_id)
    return render(
        "pages/account/password.html",
        email=citizen.email,
        needs_old=_needs_old(citizen),
        has_password=factors.password,
        shorter=factors.totp,
        errors=errors,
    )
