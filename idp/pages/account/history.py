"""GET /account/history: what happened to this identity lately, out of the audit log."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString

from idp.pages.account import entrance
from idp.web.access import citizens_only, session
from idp.web.rendering import render
from idp.web.transaction import stores

MOST = 100
WORDS: Mapping[str, LazyString] = {
    "access.revoked": lazy_gettext("A service ended every sign-in, on all devices"),
    "authentication.succeeded": lazy_gettext("Signed in"),
    "authentication.failed": lazy_gettext("A sign-in failed: what was entered was wrong"),
    "authentication.throttled": lazy_gettext("A sign-in was refused: too many attempts"),
    "authentication.first_factor": lazy_gettext("The password was entered, and a code was asked for"),
    "backup_code.used": lazy_gettext("A backup code was used"),
    "citizen.email_changed": lazy_gettext("The email address was changed"),
    "citizen.name_changed": lazy_gettext("The name was changed"),
    "citizen.disabled": lazy_gettext("An operator blocked the account"),
    "citizen.enabled": lazy_gettext("An operator unblocked the account"),
    "citizen.unlocked": lazy_gettext("An operator let sign-ins be tried again"),
    "citizen.registered": lazy_gettext("The account was made"),
    "consent.given": lazy_gettext("Agreed to share details"),
    "consent.withdrawn": lazy_gettext("Stopped sharing details"),
    "factor.added": lazy_gettext("A way to sign in was added"),
    "factor.removed": lazy_gettext("A way to sign in was removed"),
    "password.changed": lazy_gettext("The password was changed"),
    "session.ended": lazy_gettext("Signed out"),
}
"""The events a citizen is shown, in words."""
FACTORS: Mapping[str, LazyString] = {
    "password": lazy_gettext("Password"),
    "totp": lazy_gettext("Code app"),
    "backup_code": lazy_gettext("Backup codes"),
    "backup_codes": lazy_gettext("Backup codes"),
    "passkey": lazy_gettext("Passkey"),
}

bp = Blueprint("account_history", __name__, url_prefix="/account/history")
bp.before_request(citizens_only)
entrance.leads_back(bp)


@bp.get("")
def show() -> ResponseReturnValue:
    """List the latest events, newest first."""
    entries = stores().audit.of_citizen(session().citizen_id, WORDS.keys(), MOST)
    rows = [(entry.at, WORDS[entry.name], _about(json.loads(entry.body))) for entry in entries]
    return render("pages/account/history.html", rows=rows)


def _about(body: Mapping[str, Any]) -> str:
    """Return the service, the device and the way it was done, as far as the event tells them."""
    client_id, factor = body.get("client_id"), body.get("factor") or body.get("method")
    service = stores().relying_parties.find(client_id) if client_id else None
    own = _("your account") if "client_id" in body and not client_id else ""
    known = (service.client_name if service else own, body.get("device"), FACTORS.get(factor or ""))
    return ", ".join(str(each) for each in known if each)
