"""/account/email: another address, proved by a code sent to it; the old one is told.

As at sign-up the browser does not learn whether an address is somebody's: the letter tells its reader.
"""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.audit.citizens import CitizenEmailChanged
from idp.authentication import email_codes
from idp.authentication.email_codes import NoCode, TriesSpent
from idp.citizens.email import Address, InvalidEmail, find_canonical, parse
from idp.citizens.model import Citizen
from idp.citizens.store import EmailTaken
from idp.notices.letters import EmailChanged, send
from idp.pages import address_letters, refusals
from idp.pages.account import entrance
from idp.pages.changing import ask_again, begin_change, check_proved, end_others
from idp.web.access import citizens_only, session
from idp.web.rendering import render
from idp.web.services import services
from idp.web.transaction import stores, undo

FACTS = frozenset({"email"})
"""The claim that tells it."""

bp = Blueprint("account_email", __name__, url_prefix="/account/email")
bp.before_request(citizens_only)
entrance.leads_back(bp)


@bp.get("")
def show() -> ResponseReturnValue:
    """Ask for the new address."""
    check_proved(session())
    return _page(entrance.owner(), "")


@bp.post("")
def send_letter() -> ResponseReturnValue:
    """Send a code to the new address, or word that it has an account already."""
    check_proved(session())
    citizen, typed = entrance.owner(), request.form.get("email", "").strip()
    try:
        address = parse(typed)
    except InvalidEmail:
        return _page(citizen, typed, _("Enter your email address, like name@example.org")), refusals.WRONG
    if address.canonical == find_canonical(citizen.email):
        return _page(citizen, typed, _("This is your address already")), refusals.WRONG
    if not email_codes.may_send_to_citizen(services().ephemeral, address, _purpose()):
        many = _("We have sent several emails already. Use the newest, or try again later.")
        return _page(citizen, typed, many), 429
    address_letters.write(_purpose(), address)
    return redirect(url_for("account_email.show_code"), 303)


@bp.get("/code")
def show_code() -> ResponseReturnValue:
    """Ask for the code in the letter."""
    address = email_codes.find_address(services().ephemeral, _purpose())
    return redirect(url_for("account_email.show"), 303) if address is None else _code_page(address)


@bp.post("/code")
def change() -> ResponseReturnValue:
    """Take the address whose letter held this code."""
    check_proved(session())
    use = services()
    address = email_codes.find_address(use.ephemeral, _purpose())
    if address is None:
        return redirect(url_for("account_email.show"), 303)
    try:
        proved = email_codes.prove(use.ephemeral, use.hashing.peppers, _purpose(), request.form.get("code", ""))
    except TriesSpent:
        return _code_page(address, _("This code was tried too often. Ask for a new one.")), refusals.WRONG
    except NoCode:
        return redirect(url_for("account_email.show"), 303)
    if proved is None:
        wrong = _("That code is not right. Check the newest email and try again.")
        return _code_page(address, wrong), refusals.WRONG
    return _take(begin_change(session()), proved)


def _take(citizen: Citizen, address: Address) -> ResponseReturnValue:
    now = services().clock.now()
    try:
        stores().citizens.change_email(citizen.citizen_id, address, now)
    except EmailTaken:
        undo()
        taken = _("This address belongs to another account. Sign in to that one, or use another address.")
        return _page(citizen, address.written, taken), refusals.WRONG
    asking = ask_again(citizen, FACTS)
    stores().audit.record(CitizenEmailChanged(at=now, citizen_id=citizen.citizen_id, asking=asking))
    for to in (citizen.email, address.written):
        send(stores().outbox, services().sealer, EmailChanged(to=to, language=citizen.locale, at=now), now)
    end_others(session())
    return redirect(url_for("account.show"), 303)


def _purpose() -> str:
    return f"email:{session().session_id}"


def _page(citizen: Citizen, typed: str, wrong: str = "") -> str:
    errors = {"email": wrong} if wrong else None
    return render("pages/account/email.html", current=citizen.email, email=typed, errors=errors)


def _code_page(address: Address, wrong: str = "") -> str:
    errors = {"code": wrong} if wrong else None
    return render("pages/account/email_code.html", email=address.written, errors=errors)
