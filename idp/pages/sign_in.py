"""/sign-in/<interaction>: email and password, on one page that works without JavaScript."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.audit.authentication import FirstFactorProved
from idp.authentication import first_proofs, levels
from idp.authentication.first_proofs import FirstProof
from idp.authentication.passwords import TooBusy
from idp.authentication.throttle import Throttled
from idp.citizens.email import InvalidEmail, parse
from idp.citizens.model import Citizen
from idp.pages import refusals
from idp.pages.arrival import arrive, steps_up
from idp.pages.passkeys import options
from idp.pages.proofs import prove_password
from idp.pages.visit import Visit, visit
from idp.sessions.devices import describe
from idp.sessions.model import Session
from idp.web.access import anyone
from idp.web.services import services
from idp.web.transaction import stores

bp = Blueprint("sign_in", __name__, url_prefix="/sign-in/<interaction_id>")
bp.before_request(anyone)


@bp.get("")
def show(interaction_id: str) -> ResponseReturnValue:
    """Ask for a passkey or email and password, or at once for the factor that alone is missing."""
    here = visit(interaction_id)
    session = steps_up(here.interaction)
    if session is not None and "another" not in request.args:
        return redirect(url_for(_missing_factor(session), interaction_id=interaction_id), 303)
    return _page(here, email=here.interaction.login_hint or "")


@bp.post("")
def prove(interaction_id: str) -> ResponseReturnValue:
    """Check both together; whatever is wrong, the page says the same."""
    here = visit(interaction_id)
    email, password = request.form.get("email", "").strip(), request.form.get("password", "")
    errors = _missing(email, password)
    if errors:
        return _page(here, email=email, errors=errors), refusals.WRONG
    try:
        citizen = prove_password(email, password)
    except (Throttled, TooBusy) as error:
        refused = refusals.of(error, services().clock.now())
        return _page(here, email=email, errors={"password": refused.sentence}), refused.status, refused.headers
    if citizen is None:
        wrong = _("The email address or the password is not right. Check both and try again.")
        return _page(here, email=email, errors={"email": wrong}), refusals.WRONG
    factors = stores().credentials.factors(citizen.citizen_id)
    if factors.short_password_alone:
        short = _("This password is too short to sign in with alone. Use your passkey.")
        return _page(here, email=email, errors={"password": short}), refusals.WRONG
    if factors.second_factor:
        _keep_first_proof(here, citizen)
        return redirect(url_for("second_factor.show", interaction_id=interaction_id), 303)
    return arrive(here.interaction, citizen, (levels.PASSWORD,))


def _keep_first_proof(here: Visit, citizen: Citizen) -> None:
    """Let the next page go on from the password; a citizen can see that somebody knew it, whoever does not go on."""
    now = services().clock.now()
    proof = FirstProof(citizen_id=citizen.citizen_id, amr=(levels.PASSWORD,), access_epoch=citizen.access_epoch)
    first_proofs.keep(services().ephemeral, here.interaction.interaction_id, proof)
    device = describe(request.headers.get("User-Agent", ""))
    client_id = here.interaction.client_id or None
    event = FirstFactorProved(at=now, citizen_id=citizen.citizen_id, client_id=client_id, device=device)
    stores().audit.record(event)


def _missing_factor(session: Session) -> str:
    """Return the page of what this citizen can still prove, or of what they may add to be able to."""
    factors = stores().credentials.factors(session.citizen_id)
    if factors.passkeys:
        return "passkeys.show"
    return "second_factor.show" if factors.totp else "stronger.show"


def _missing(email: str, password: str) -> dict[str, str]:
    errors = {}
    try:
        parse(email)
    except InvalidEmail:
        errors["email"] = _("Enter your email address, like name@example.org")
    if not password:
        errors["password"] = _("Enter your password")
    return errors


def _page(here: Visit, *, email: str, errors: dict[str, str] | None = None) -> str:
    asked = options(here.interaction.interaction_id)
    return here.render("pages/sign_in/password.html", email=email, options=asked, errors=errors)
