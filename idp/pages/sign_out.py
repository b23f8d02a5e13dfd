"""/sign-out/<id> asks whether to sign out where an agency's word does not suffice; /signed-out/<id> says it is done."""

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from idp.web import browser, signing_out
from idp.web.access import anyone
from idp.web.rendering import render
from idp.web.transaction import stores

bp = Blueprint("sign_out", __name__)
bp.before_request(anyone)


@bp.get("/sign-out/<sign_out_id>")
def ask(sign_out_id: str) -> ResponseReturnValue:
    """Ask; do at once what need not be asked. Who has long been away is not named: somebody else may sit there now."""
    present = browser.current_session() is not None
    asked, held = signing_out.find(sign_out_id), browser.held_session()
    if held is None or not signing_out.must_ask(asked, held):
        return signing_out.sign_out(asked)
    service = signing_out.service_of(asked)
    citizen = stores().citizens.find(held.citizen_id) if present else None
    return render(
        "pages/sign_out/sign_out.html",
        email=None if citizen is None else citizen.email,
        citizen=browser.mark_of(held),
        service=None if service is None else service.client_name,
        service_url=None if service is None else service.client_uri,
        address_refused=asked.address_refused,
    )


@bp.post("/sign-out/<sign_out_id>")
def sign_out(sign_out_id: str) -> ResponseReturnValue:
    """Sign out. A form made for another session than today's is shown again."""
    held = browser.held_session()
    if held is not None and request.form.get("citizen") != browser.mark_of(held):
        return redirect(f"/sign-out/{sign_out_id}", code=303)
    return signing_out.sign_out(signing_out.find(sign_out_id), confirmed=True)


@bp.get("/signed-out/<signed_out_id>")
def done(signed_out_id: str) -> ResponseReturnValue:
    """Say what was done and offer the way back. Nobody is told so who is signed in and did nothing."""
    found = signing_out.find_done(signed_out_id)
    if found is None and browser.held_session() is not None:
        return redirect("/logout", code=303)
    return signing_out.page(found or signing_out.SignedOut(service=None, return_url=None))
