"""/logout: an agency sends its citizen to sign out everywhere (OpenID Connect RP-Initiated Logout 1.0).

With an ID token of the very session of this browser the citizen is signed out at once, and returned to a
registered address. Without one anybody could have sent them, so they are asked first.
"""

import structlog
from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from federation.authorization.parameters import Parameters
from federation.logout.request import check
from idp.web import browser, signing_out
from idp.web.access import anyone
from idp.web.hints import read_hint
from idp.web.services import services
from idp.web.signing_out import SignOut
from idp.web.transaction import stores

bp = Blueprint("logout", __name__)
bp.before_request(anyone)

_log = structlog.get_logger("countersign.logout")


@bp.get("/logout")
def logout() -> ResponseReturnValue:
    """Sign out at once if nothing must be asked; keep the request for its page otherwise."""
    asked = _asked(request.args)
    if signing_out.must_ask(asked, browser.held_session()):
        return signing_out.keep(asked)
    return signing_out.sign_out(asked)


@bp.post("/logout")
def logout_posted() -> ResponseReturnValue:
    """Check the request, keep it and come back by GET: a post from another site carries no Lax cookie."""
    return signing_out.keep(_asked(request.form))


def _asked(given: MultiDict[str, str]) -> SignOut:
    """Return what may be believed of a request; what may not is only logged."""
    params = Parameters.of(given.items(multi=True))
    checked = check(params, stores().relying_parties, read_hint, issuer=services().settings.issuer)
    if checked.refused:
        client_id = None if checked.relying_party is None else checked.relying_party.client_id
        _log.info("logout.refused", client_id=client_id, reasons=checked.refused)
    return signing_out.of(checked)
