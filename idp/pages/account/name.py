"""/account/name: correct one's name. Services that were told it ask again, with the new one in sight."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from idp.audit.citizens import CitizenNameChanged
from idp.notices.letters import NameChanged, send
from idp.pages import refusals
from idp.pages.account import entrance
from idp.pages.changing import ask_again, begin_change, check_proved
from idp.pages.naming import TypedName, read_name
from idp.web.access import citizens_only, session
from idp.web.rendering import render
from idp.web.services import services
from idp.web.transaction import stores

FACTS = frozenset({"name", "given_name", "family_name"})
"""The claims that tell it."""

bp = Blueprint("account_name", __name__, url_prefix="/account/name")
bp.before_request(citizens_only)
entrance.leads_back(bp)


@bp.get("")
def show() -> ResponseReturnValue:
    """Show the name there is, to be corrected."""
    check_proved(session())
    citizen = entrance.owner()
    return _page(
        TypedName(given_name=citizen.given_name or "", family_name=citizen.family_name or "", errors={}),
    )


@bp.post("")
def change() -> ResponseReturnValue:
    """Keep the name, write to the citizen, and let services that know the old one ask again."""
    check_proved(session())
    typed = read_name()
    if typed.errors:
        return _page(typed), refusals.WRONG
    citizen, now = begin_change(session()), services().clock.now()
    given_name, family_name = typed.given_name or None, typed.family_name or None
    if (given_name, family_name) == (citizen.given_name, citizen.family_name):
        return redirect(url_for("account.show"), 303)
    stores().citizens.change_name(citizen.citizen_id, given_name=given_name, family_name=family_name, at=now)
    asking = ask_again(citizen, FACTS)
    stores().audit.record(CitizenNameChanged(at=now, citizen_id=citizen.citizen_id, asking=asking))
    letter = NameChanged(to=citizen.email, language=citizen.locale, at=now)
    send(stores().outbox, services().sealer, letter, now)
    return redirect(url_for("account.show"), 303)


def _page(typed: TypedName) -> str:
    return render(
        "pages/account/name.html",
        given_name=typed.given_name,
        family_name=typed.family_name,
        errors=typed.errors or None,
    )
