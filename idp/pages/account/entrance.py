"""/account/sign-in, and how every page of the account lets its citizen in: by a sign-in, by a fresh proof."""

from urllib.parse import quote

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from idp.citizens.model import Citizen
from idp.pages.changing import FRESH, ProofNeeded
from idp.web import access, own_sign_in
from idp.web.access import SignInNeeded, anyone
from idp.web.transaction import stores, undo

bp = Blueprint("account_entrance", __name__, url_prefix="/account/sign-in")
bp.before_request(anyone)


@bp.get("")
def sign_in() -> ResponseReturnValue:
    """Sign in, and come to the account's first page; at once for who is signed in."""
    return own_sign_in.begin(own_sign_in.HOME)


def leads_back(blueprint: Blueprint) -> None:
    """Send who is not signed in, or must prove it anew, through the sign-in and then to the page they wanted.

    Who sent a form comes to the first page of this blueprint: nothing that was sent is kept.
    """

    def page() -> str:
        wanted = request.method == "GET" and not request.path.endswith(".svg")
        return quote(request.path) if wanted else blueprint.url_prefix or own_sign_in.HOME

    @blueprint.errorhandler(SignInNeeded)
    def sign_in_first(_: SignInNeeded) -> ResponseReturnValue:
        undo()
        return own_sign_in.begin(page())

    @blueprint.errorhandler(ProofNeeded)
    def prove_first(needed: ProofNeeded) -> ResponseReturnValue:
        undo()
        return own_sign_in.begin(page(), level=needed.level, within=FRESH)


def owner() -> Citizen:
    """Return the citizen whose account this is."""
    citizen = stores().citizens.find(access.session().citizen_id)
    if citizen is None:
        raise SignInNeeded
    return citizen
