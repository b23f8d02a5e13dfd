"""GET /help/errors and /help/errors/<code>: the errors that services are told, where every `error_uri` leads."""

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue

from idp.pages.agency_errors.at_endpoints import AT_ENDPOINTS
from idp.pages.agency_errors.at_sign_in import AT_SIGN_IN
from idp.web.access import anyone
from idp.web.rendering import render

EXPLAINED = {**AT_ENDPOINTS, **AT_SIGN_IN}

bp = Blueprint("agency_errors", __name__, url_prefix="/help/errors")
bp.before_request(anyone)


@bp.get("")
def every() -> ResponseReturnValue:
    """List the codes, each with what it means."""
    return render("pages/help/agency_errors.html", explained=EXPLAINED)


@bp.get("/<code>")
def one(code: str) -> ResponseReturnValue:
    """Explain one code; 404 for one that nobody is told."""
    explained = EXPLAINED.get(code) or abort(404)
    return render("pages/help/agency_error.html", code=code, explained=explained)
