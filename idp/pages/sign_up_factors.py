"""/sign-up/<interaction>/password, /second-factor, /backup-codes: what a new citizen will sign in with.

The citizen is made when the last page is sent, in one transaction, so that nobody is ever half made.
"""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from idp.authentication import backup_codes, enrolment, password_rules, totp
from idp.authentication.breached_passwords import BreachedPasswords
from idp.authentication.enrolment import Enrolment
from idp.authentication.password_rules import UnfitPassword
from idp.authentication.passwords import TooBusy
from idp.pages import code_app, refusals
from idp.pages.newcomer import welcome
from idp.pages.unfit import why
from idp.pages.visit import Visit, visit
from idp.web.access import anyone
from idp.web.browser import return_to
from idp.web.services import services
from idp.web.transaction import undo

bp = Blueprint("sign_up_factors", __name__, url_prefix="/sign-up/<interaction_id>")
bp.before_request(anyone)


@bp.get("/password")
def show_password(interaction_id: str) -> ResponseReturnValue:
    """Ask for a password."""
    here, so_far = _both(interaction_id)
    return return_to(interaction_id) if so_far is None else _password_page(here, so_far)


@bp.post("/password")
def keep_password(interaction_id: str) -> ResponseReturnValue:
    """Keep the hash of a fit one. One of 8 to 14 characters obliges to a second factor on the next page."""
    here, so_far = _both(interaction_id)
    if so_far is None:
        return return_to(interaction_id)
    use = services()
    password = request.form.get("password", "")
    own = [so_far.address.canonical, so_far.given_name or "", so_far.family_name or ""]
    breached = BreachedPasswords(use.settings.breached_passwords)
    undo()  # no connection is held while hashing
    try:
        with use.hashing.admitted():
            stands_alone = password_rules.check(password, second_factor=True, own=own, breached=breached)
            hashed = use.hashing.hash(password, stands_alone=stands_alone, now=use.clock.now())
    except UnfitPassword as error:
        return _password_page(here, so_far, {"password": why(error.why)}), refusals.WRONG
    except TooBusy as error:
        refused = refusals.of(error, use.clock.now())
        return _password_page(here, so_far, {"password": refused.sentence}), refused.status, refused.headers
    if enrolment.update(use.ephemeral, use.sealer, interaction_id, password=hashed) is None:
        return return_to(interaction_id)
    return redirect(url_for("sign_up_factors.show_second_factor", interaction_id=interaction_id), 303)


@bp.get("/second-factor")
def show_second_factor(interaction_id: str) -> ResponseReturnValue:
    """Show the seed of a code generator; reloading shows the same."""
    here, so_far = _with_password(interaction_id)
    if so_far is not None and so_far.seed is None:
        so_far = enrolment.update(services().ephemeral, services().sealer, interaction_id, seed=totp.new_seed())
    return return_to(interaction_id) if so_far is None else _totp_page(here, so_far)


@bp.post("/second-factor")
def confirm_second_factor(interaction_id: str) -> ResponseReturnValue:
    """Take the generator once it has shown a right code, or go on without where the password suffices."""
    here, so_far = _with_password(interaction_id)
    if so_far is None or so_far.seed is None or so_far.password is None:
        return return_to(interaction_id)
    use = services()
    if "skip" in request.form and so_far.password.stands_alone:
        without = enrolment.update(
            use.ephemeral, use.sealer, interaction_id, seed=None, confirmed_step=None, backup_codes=()
        )
        return return_to(interaction_id) if without is None else welcome(here.interaction)
    step = totp.find_step(so_far.seed, "".join(request.form.get("code", "").split()), use.clock.now())
    if step is None:
        return _totp_page(here, so_far, code_app.wrong()), refusals.WRONG
    chosen = {"confirmed_step": step, "backup_codes": so_far.backup_codes or backup_codes.new_codes()}
    if enrolment.update(use.ephemeral, use.sealer, interaction_id, **chosen) is None:
        return return_to(interaction_id)
    return redirect(url_for("sign_up_factors.show_backup_codes", interaction_id=interaction_id), 303)


@bp.get("/seed.svg")
def show_seed(interaction_id: str) -> ResponseReturnValue:
    """Draw the seed for a phone's camera."""
    _, so_far = _with_password(interaction_id)
    if so_far is None or so_far.seed is None:
        return return_to(interaction_id)
    return code_app.drawn(so_far.seed, so_far.address.written)


@bp.get("/backup-codes")
def show_backup_codes(interaction_id: str) -> ResponseReturnValue:
    """Show the codes to print. Until the citizen goes on, they can be shown again."""
    here, so_far = _with_password(interaction_id)
    if so_far is None or not so_far.backup_codes:
        return return_to(interaction_id)
    return here.render("pages/sign_up/backup_codes.html", codes=so_far.backup_codes)


@bp.post("/backup-codes")
def finish(interaction_id: str) -> ResponseReturnValue:
    """Make the citizen."""
    here, so_far = _with_password(interaction_id)
    if so_far is None or not so_far.backup_codes:
        return return_to(interaction_id)
    return welcome(here.interaction)


def _both(interaction_id: str) -> tuple[Visit, Enrolment | None]:
    here = visit(interaction_id)
    return here, enrolment.find(services().ephemeral, services().sealer, interaction_id)


def _with_password(interaction_id: str) -> tuple[Visit, Enrolment | None]:
    here, so_far = _both(interaction_id)
    return here, so_far if so_far is not None and so_far.password is not None else None


def _password_page(here: Visit, so_far: Enrolment, errors: dict[str, str] | None = None) -> str:
    return here.render("pages/sign_up/password.html", email=so_far.address.written, errors=errors)


def _totp_page(here: Visit, so_far: Enrolment, errors: dict[str, str] | None = None) -> str:
    may_skip = so_far.password is not None and so_far.password.stands_alone
    return here.render(
        "pages/sign_up/second_factor.html", seed=code_app.grouped(so_far.seed or ""), may_skip=may_skip, errors=errors
    )
