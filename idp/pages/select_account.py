"""/select-account/<interaction>: continue as the one signed in here, or as someone else."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from idp.pages.visit import visit
from idp.signin.steps import Step
from idp.web.access import anyone
from idp.web.answering import step_due
from idp.web.browser import current_session, mark_of, return_to, update_interaction
from idp.web.transaction import stores

bp = Blueprint("select_account", __name__, url_prefix="/select-account/<interaction_id>")
bp.before_request(anyone)


@bp.get("")
def show(interaction_id: str) -> ResponseReturnValue:
    """Name the citizen who is signed in, and offer both ways on."""
    here = visit(interaction_id)
    session = current_session()
    citizen = None if session is None else stores().citizens.find(session.citizen_id)
    if session is None or citizen is None or step_due(here.interaction) is not Step.SELECT_ACCOUNT:
        return return_to(interaction_id)
    return here.render("pages/consent/select_account.html", email=citizen.email, citizen=mark_of(session))


@bp.post("")
def choose(interaction_id: str) -> ResponseReturnValue:
    """Note the choice and go on. A choice made for another session than today's is asked again."""
    here = visit(interaction_id)
    session = current_session()
    if session is None or request.form.get("citizen") != mark_of(session):
        return return_to(interaction_id)
    if step_due(here.interaction) is not Step.SELECT_ACCOUNT:
        return return_to(interaction_id)
    if request.form.get("decision") == "continue":
        update_interaction(here.interaction, account_chosen=session.session_id)
    else:
        update_interaction(here.interaction, another_wanted=True)
    return return_to(interaction_id)
