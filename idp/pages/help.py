"""GET /help and what it leads to: how signing in works, cookies, privacy, accessibility, levels of trust."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from idp.web.access import anyone
from idp.web.rendering import render

bp = Blueprint("help", __name__, url_prefix="/help")
bp.before_request(anyone)


@bp.get("")
def help_page() -> ResponseReturnValue:
    """Answer what people ask most."""
    return render("pages/help/help.html")


@bp.get("/cookies")
def cookies() -> ResponseReturnValue:
    """List the cookies; all are essential."""
    return render("pages/help/cookies.html")


@bp.get("/privacy")
def privacy() -> ResponseReturnValue:
    """Say what is kept and who is told what."""
    return render("pages/help/privacy.html")


@bp.get("/accessibility")
def accessibility() -> ResponseReturnValue:
    """Say for whom these pages work and how."""
    return render("pages/help/accessibility.html")


@bp.get("/trust")
def trust() -> ResponseReturnValue:
    """Say what the vectors of trust mean: the trustmark (RFC 8485 section 3.2)."""
    return render("pages/help/trust.html")
