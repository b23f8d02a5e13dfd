"""/account/sessions: where the citizen is signed in; end one, or all of them, this one too."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from idp.pages.account import entrance
from idp.web import browser, cookies, ending, signing_out
from idp.web.access import citizens_only, session
from idp.web.rendering import render
from idp.web.services import services
from idp.web.transaction import stores

ENDED_BY_CITIZEN = "ended_by_citizen"

bp = Blueprint("account_sessions", __name__, url_prefix="/account/sessions")
bp.before_request(citizens_only)
entrance.leads_back(bp)


@bp.get("")
def show() -> ResponseReturnValue:
    """List the devices, this one first."""
    own = stores().sessions.list_for_citizen(session().citizen_id, services().clock.now())
    rows = [(each, browser.mark_of(each), each.session_id == session().session_id) for each in own]
    return render("pages/account/sessions.html", rows=sorted(rows, key=lambda row: not row[2]))


@bp.post("/end")
def end() -> ResponseReturnValue:
    """End one of the citizen's own other sessions."""
    mark = request.form.get("session", "")
    for each in stores().sessions.list_for_citizen(session().citizen_id, services().clock.now()):
        if browser.mark_of(each) == mark and each.session_id != session().session_id:
            ending.end_session(stores(), services(), each, because=ENDED_BY_CITIZEN)
    return redirect(url_for("account_sessions.show"), 303)


@bp.post("/everywhere")
def end_all() -> ResponseReturnValue:
    """Sign out on every device, and take back what services may still renew."""
    ended = browser.sign_out_everywhere(session().citizen_id, offline_too=True)
    cookies.drop(browser.SESSION)
    calls = [call for call in ended.calls if call.session_id == session().session_id][: signing_out.MOST_CALLS]
    told, untold = signing_out.heard(ended, calls)
    done = signing_out.SignedOut(
        service=None,
        return_url=None,
        told=[service.client_name for service in told],
        untold=[service.client_name for service in untold],
        calls=[call.address for call in calls],
    )
    return signing_out.page(done)
