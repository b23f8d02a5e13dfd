"""/sign-up/<interaction>: an address proved by the code in a letter, then the citizen's name.

The browser is never told whether an address has an account: the letter tells its reader.
"""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.authentication import email_codes, enrolment
from idp.authentication.email_codes import NoCode, TriesSpent
from idp.authentication.enrolment import Enrolment
from idp.citizens.email import Address, InvalidEmail, parse
from idp.pages import address_letters, refusals
from idp.pages.naming import read_name
from idp.pages.visit import Visit, visit
from idp.web.access import anyone
from idp.web.browser import return_to
from idp.web.services import services

bp = Blueprint("sign_up", __name__, url_prefix="/sign-up/<interaction_id>")
bp.before_request(anyone)


@bp.get("")
def show(interaction_id: str) -> ResponseReturnValue:
    """Ask for the address."""
    here = visit(interaction_id)
    waiting = email_codes.find_address(services().ephemeral, interaction_id)
    return _email_page(here, waiting.written if waiting else here.interaction.login_hint or "")


@bp.post("")
def send_letter(interaction_id: str) -> ResponseReturnValue:
    """Send the letter: a code, or word that there is an account already. The browser cannot tell which."""
    here = visit(interaction_id)
    typed = request.form.get("email", "").strip()
    try:
        address = parse(typed)
    except InvalidEmail:
        wrong = _("Enter your email address, like name@example.org")
        return _email_page(here, typed, {"email": wrong}), refusals.WRONG
    if not email_codes.may_send(services().ephemeral, address, here.interaction.browser or interaction_id):
        many = _("We have sent several emails already. Use the newest, or try again later.")
        return _email_page(here, typed, {"email": many}), 429
    address_letters.write(interaction_id, address)
    return redirect(url_for("sign_up.show_code", interaction_id=interaction_id), 303)


@bp.get("/code")
def show_code(interaction_id: str) -> ResponseReturnValue:
    """Ask for the code in the letter."""
    here = visit(interaction_id)
    address = email_codes.find_address(services().ephemeral, interaction_id)
    if address is None:
        return redirect(url_for("sign_up.show", interaction_id=interaction_id), 303)
    return _code_page(here, address)


@bp.post("/code")
def prove_code(interaction_id: str) -> ResponseReturnValue:
    """Begin the sign-up of the address whose letter held this code."""
    here = visit(interaction_id)
    use = services()
    address = email_codes.find_address(use.ephemeral, interaction_id)
    if address is None:
        return redirect(url_for("sign_up.show", interaction_id=interaction_id), 303)
    code = request.form.get("code", "")
    if not code.strip():
        return _code_page(here, address, {"code": _("Enter the code")}), refusals.WRONG
    try:
        proved = email_codes.prove(use.ephemeral, use.hashing.peppers, interaction_id, code)
    except TriesSpent:
        spent = _("This code was tried too often. Ask for a new one.")
        return _code_page(here, address, {"code": spent}), refusals.WRONG
    except NoCode:
        return redirect(url_for("sign_up.show", interaction_id=interaction_id), 303)
    if proved is None:
        wrong = _("That code is not right. Check the newest email and try again.")
        return _code_page(here, address, {"code": wrong}), refusals.WRONG
    enrolment.keep(use.ephemeral, use.sealer, interaction_id, Enrolment(address=proved))
    return redirect(url_for("sign_up.show_name", interaction_id=interaction_id), 303)


@bp.get("/name")
def show_name(interaction_id: str) -> ResponseReturnValue:
    """Ask for the name."""
    here = visit(interaction_id)
    so_far = enrolment.find(services().ephemeral, services().sealer, interaction_id)
    if so_far is None:
        return return_to(interaction_id)
    return _name_page(here, so_far.given_name or "", so_far.family_name or "")


@bp.post("/name")
def keep_name(interaction_id: str) -> ResponseReturnValue:
    """Keep the name."""
    here = visit(interaction_id)
    use, typed = services(), read_name()
    if typed.errors:
        return _name_page(here, typed.given_name, typed.family_name, typed.errors), refusals.WRONG
    known = {"given_name": typed.given_name or None, "family_name": typed.family_name or None}
    if enrolment.update(use.ephemeral, use.sealer, interaction_id, **known) is None:
        return return_to(interaction_id)
    return redirect(url_for("sign_up_passkey.show", interaction_id=interaction_id), 303)


def _email_page(here: Visit, email: str, errors: dict[str, str] | None = None) -> str:
    return here.render("pages/sign_up/email.html", email=email, errors=errors)


def _code_page(here: Visit, address: Address, errors: dict[str, str] | None = None) -> str:
    return here.render("pages/sign_up/code.html", email=address.written, errors=errors)


def _name_page(here: Visit, given_name: str, family_name: str, errors: dict[str, str] | None = None) -> str:
    page = "pages/sign_up/name.html"
    return here.render(page, given_name=given_name, family_name=family_name, errors=errors)
