"""/account/passkeys: list, add, rename and remove one's own passkeys; the last way in is never removed."""

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.audit.authentication import FactorRemoved
from idp.authentication.factors import Factor, LastFactor, check_removal
from idp.authentication.kept_passkeys import MOST, Passkey
from idp.authentication.passkey_names import LONGEST, fit_name
from idp.authentication.passkeys import Owner, PasskeyRefused
from idp.citizens.model import Citizen
from idp.pages import refusals
from idp.pages.account import entrance
from idp.pages.changing import add_passkey, begin_change, changed, check_proved
from idp.pages.passkey_making import check_made, creation, not_made
from idp.web.access import citizens_only, session
from idp.web.rendering import render
from idp.web.services import services
from idp.web.transaction import stores, undo

bp = Blueprint("account_passkeys", __name__, url_prefix="/account/passkeys")
bp.before_request(citizens_only)
entrance.leads_back(bp)


@bp.get("")
def show() -> ResponseReturnValue:
    """List the passkeys."""
    own = stores().passkeys.of_citizen(session().citizen_id)
    return render("pages/account/passkeys.html", passkeys=own, may_add=len(own) < MOST)


@bp.get("/new")
def show_new() -> ResponseReturnValue:
    """Offer to make one more."""
    check_proved(session())
    return _new_page(entrance.owner())


@bp.post("/new")
def make() -> ResponseReturnValue:
    """Keep the passkey the browser has just made."""
    check_proved(session())
    citizen = entrance.owner()
    try:
        passkey = check_made(_owner(citizen), session().session_id)
    except PasskeyRefused:
        return _new_page(citizen, not_made()), refusals.WRONG
    if not add_passkey(begin_change(session()), session(), passkey):
        undo()
        return _new_page(citizen, not_made()), refusals.WRONG
    return redirect(url_for("account_passkeys.show"), 303)


@bp.get("/<credential_id>")
def show_one(credential_id: str) -> ResponseReturnValue:
    """Show one passkey, with its name to change and the button that removes it."""
    return _page(_find_own(credential_id))


@bp.post("/<credential_id>/name")
def rename(credential_id: str) -> ResponseReturnValue:
    """Give it another name."""
    passkey = _find_own(credential_id)
    name = fit_name(request.form.get("name", ""))
    if name is None:
        wrong = _("Enter a name of at most %(num)d letters", num=LONGEST)
        return _page(passkey, {"name": wrong}), refusals.WRONG
    stores().passkeys.rename(session().citizen_id, credential_id, name)
    return redirect(url_for("account_passkeys.show"), 303)


@bp.post("/<credential_id>/remove")
def remove(credential_id: str) -> ResponseReturnValue:
    """Remove it, unless it is the last way in."""
    passkey = _find_own(credential_id)
    citizen = begin_change(session())
    try:
        check_removal(stores().credentials.factors(citizen.citizen_id), Factor.PASSKEY)
    except LastFactor:
        undo()
        last = _("This is your only way to sign in. Add another passkey or a password first.")
        return _page(passkey, {"": last}), refusals.WRONG
    if stores().passkeys.remove(citizen.citizen_id, credential_id):
        removed = FactorRemoved(at=services().clock.now(), citizen_id=citizen.citizen_id, factor=Factor.PASSKEY)
        changed(citizen, session(), "passkey_removed", removed)
    return redirect(url_for("account_passkeys.show"), 303)


def _find_own(credential_id: str) -> Passkey:
    passkey = stores().passkeys.find(credential_id)
    if passkey is None or passkey.citizen_id != session().citizen_id:
        abort(404)
    return passkey


def _owner(citizen: Citizen) -> Owner:
    return Owner(citizen_id=citizen.citizen_id, email=citizen.email)


def _page(passkey: Passkey, errors: dict[str, str] | None = None) -> str:
    return render("pages/account/passkey.html", passkey=passkey, errors=errors)


def _new_page(citizen: Citizen, errors: dict[str, str] | None = None) -> str:
    existing = stores().passkeys.of_citizen(citizen.citizen_id)
    options = creation(_owner(citizen), session().session_id, existing)
    return render("pages/account/new_passkey.html", options=options, errors=errors)
