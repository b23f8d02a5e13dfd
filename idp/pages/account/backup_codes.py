"""/account/backup-codes: a fresh set of printed codes in the place of the old one."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from idp.audit.authentication import FactorAdded
from idp.authentication import backup_codes
from idp.authentication.factors import Factor
from idp.pages.account import entrance
from idp.pages.changing import begin_change, changed
from idp.web.access import citizens_only, session
from idp.web.rendering import render
from idp.web.services import services
from idp.web.transaction import stores

bp = Blueprint("account_backup_codes", __name__, url_prefix="/account/backup-codes")
bp.before_request(citizens_only)
entrance.leads_back(bp)


@bp.get("")
def show() -> ResponseReturnValue:
    """Say how many are left."""
    factors = stores().credentials.factors(session().citizen_id)
    if not factors.totp:
        return redirect(url_for("account_code_app.show"), 303)
    return render("pages/account/backup_codes.html", left=factors.backup_codes)


@bp.post("")
def renew() -> ResponseReturnValue:
    """Make new ones and show them, once; the old ones no longer work."""
    citizen = begin_change(session())
    if not stores().credentials.factors(citizen.citizen_id).totp:
        return redirect(url_for("account_code_app.show"), 303)
    now, codes = services().clock.now(), backup_codes.new_codes()
    backup_codes.replace(stores().credentials, services().hashing.peppers, citizen.citizen_id, codes, now)
    made = FactorAdded(at=now, citizen_id=citizen.citizen_id, factor=Factor.BACKUP_CODES)
    changed(citizen, session(), "backup_codes_made", made)
    return render("pages/account/new_backup_codes.html", codes=codes, then="/account")
