"""GET /account: who you are, and the way to everything else."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from idp.pages.account import entrance
from idp.web.access import citizens_only
from idp.web.rendering import render
from idp.web.transaction import stores

bp = Blueprint("account", __name__, url_prefix="/account")
bp.before_request(citizens_only)
entrance.leads_back(bp)


@bp.get("")
def show() -> ResponseReturnValue:
    """Show the name, the address, and what the citizen signs in with."""
    citizen = entrance.owner()
    name = " ".join(filter(None, (citizen.given_name, citizen.family_name)))
    return render(
        "pages/account/home.html",
        citizen=citizen,
        name=name,
        factors=stores().credentials.factors(citizen.citizen_id),
    )
