"""/account/code-app: add a code app, or remove it together with its backup codes."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.audit.authentication import FactorRemoved
from idp.authentication.factors import Factor, LastFactor, check_removal
from idp.pages import code_app, refusals
from idp.pages.account import entrance
from idp.pages.changing import begin_change, changed, check_proved
from idp.web.access import citizens_only, session
from idp.web.rendering import render
from idp.web.services import services
from idp.web.transaction import stores, undo

bp = Blueprint("account_code_app", __name__, url_prefix="/account/code-app")
bp.before_request(citizens_only)
entrance.leads_back(bp)


@bp.get("")
def show() -> ResponseReturnValue:
    """Show the seed of a code app, or that there is one."""
    check_proved(session())
    return _page()


@bp.post("")
def add() -> ResponseReturnValue:
    """Take the code app once it has shown a right code; show its backup codes."""
    check_proved(session())
    found = code_app.find_step(session(), request.form.get("code", ""))
    if found is None:
        return _page(code_app.wrong()), refusals.WRONG
    codes = code_app.add(begin_change(session()), session(), *found)
    if codes is None:
        return redirect(url_for("account_code_app.show"), 303)
    return render("pages/account/new_backup_codes.html", codes=codes, then="/account")


@bp.post("/remove")
def remove() -> ResponseReturnValue:
    """Remove the code app and its backup codes, unless that leaves no way in or a short password alone."""
    citizen = begin_change(session())
    try:
        check_removal(stores().credentials.factors(citizen.citizen_id), Factor.TOTP)
    except LastFactor:
        undo()
        needed = _("Without the code app your password would be too short. Choose one of at least 15 characters first.")
        return _page({"": needed}), refusals.WRONG
    if stores().credentials.remove_totp(citizen.citizen_id):
        now = services().clock.now()
        stores().credentials.set_backup_codes(citizen.citizen_id, (), now)
        removed = FactorRemoved(at=now, citizen_id=citizen.citizen_id, factor=Factor.TOTP)
        changed(citizen, session(), "totp_removed", removed)
    return redirect(url_for("account.show"), 303)


@bp.get("/seed.svg")
def show_seed() -> ResponseReturnValue:
    """Draw the seed for a phone's camera."""
    check_proved(session())
    return code_app.drawn(code_app.offered(session()), entrance.owner().email)


def _page(errors: dict[str, str] | None = None) -> str:
    if stores().credentials.factors(session().citizen_id).totp:
        return render("pages/account/code_app.html", errors=errors)
    return render("pages/account/new_code_app.html", seed=code_app.grouped(code_app.offered(session())), errors=errors)
