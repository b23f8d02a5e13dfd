"""GET /: the bare address, as letters give it and people type it, leads to the citizen's own pages."""

from flask import Blueprint, redirect
from flask.typing import ResponseReturnValue

from idp.web.access import anyone
from idp.web.own_sign_in import HOME

bp = Blueprint("front", __name__)
bp.before_request(anyone)


@bp.get("/")
def enter() -> ResponseReturnValue:
    """Send everybody to the account, which asks who they are."""
    return redirect(HOME, code=303)
