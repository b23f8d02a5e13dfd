"""/device: a citizen types the code of a device, sees who asks, and signs in for it or stops (RFC 8628 section 3.3)."""

import io
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

import segno
from flask import Blueprint, Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from federation.authorization import device
from federation.authorization.device import DeviceRequest
from federation.relying_parties.model import RelyingParty
from idp.authentication.allowance import give_back, take_slot
from idp.pages import refusals
from idp.signin.errors import NotThisBrowser
from idp.signin.interactions import hashed, looks_like_id
from idp.web import browser, devices, own_sign_in
from idp.web.access import anyone
from idp.web.marked_ids import draw_marked_id
from idp.web.rendering import render
from idp.web.services import services
from idp.web.transaction import stores

TRIES = "device_try"
VISIT = "device_visit"
"""Kinds of the ephemeral records."""
WITHIN = timedelta(minutes=10)
TRIES_OF_CITIZEN = 10
TRIES_OF_ADDRESS = 30
"""Wrong codes within that time. Who is signed in has tries of their own, which nobody at the same address uses up."""
_SITE = 64
"""Bits of an IPv6 address that one subscriber has at least."""

bp = Blueprint("device", __name__, url_prefix=devices.PAGE)
bp.before_request(anyone)


@bp.get("")
def show() -> ResponseReturnValue:
    """Ask for the code; one that came with the address is only filled in, and looked up when it is sent."""
    user_code = device.read_user_code(request.args.get("user_code", ""))
    return _page("" if user_code is None else device.written(user_code), given=user_code is not None)


@bp.post("")
def enter() -> ResponseReturnValue:
    """Look the code up, counted before it is looked at (section 5.1), and show who asks."""
    use, typed = services(), request.form.get("user_code", "")
    slot = _take_try()
    if slot is None:
        too_many = _("There were too many wrong codes. Wait 10 minutes, or sign in first and try again.")
        headers = {"Retry-After": str(int(WITHIN.total_seconds()))}
        return _page(typed, spent=True, errors={"user_code": too_many}), 429, headers
    user_code = device.read_user_code(typed)
    waiting = None if user_code is None else device.find(use.ephemeral, user_code, use.clock.now())
    if waiting is None:
        wrong = _("That code is not right, or it is too old. Check it, or ask for a new one where you got it.")
        return _page(typed, errors={"user_code": wrong}), refusals.WRONG
    give_back(use.ephemeral, TRIES, slot)
    visit_id = draw_marked_id()
    visit = {"device": waiting.key, "browser": browser.make_known()}
    use.ephemeral.put(VISIT, hashed(visit_id), visit, device.LIFETIME)
    return redirect(url_for("device.confirm", visit_id=visit_id), 303)


@bp.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Sign in, and come back to type the code."""
    return own_sign_in.begin(devices.PAGE)


@bp.get("/done")
def done() -> ResponseReturnValue:
    """Say that the device may go on."""
    return render("pages/device/done.html")


@bp.get("/stopped")
def stopped() -> ResponseReturnValue:
    """Say that the device was told no."""
    return render("pages/device/stopped.html")


@bp.get("/expired")
def expired() -> ResponseReturnValue:
    """Say that it was too late, or already answered."""
    return render("pages/device/expired.html")


@bp.get("/qr/<typed>.svg")
def picture(typed: str) -> ResponseReturnValue:
    """Draw the address with the code in it, for devices that cannot; whether the code is one is not looked at."""
    user_code = device.read_user_code(typed)
    if user_code is None:
        abort(404)
    drawn = io.BytesIO()
    segno.make(devices.address_of(user_code), error="m", micro=False).save(
        drawn, kind="svg", scale=6, border=4, light="#fff", dark="#000"
    )
    return Response(drawn.getvalue(), mimetype="image/svg+xml")


@bp.get("/<visit_id>")
def confirm(visit_id: str) -> ResponseReturnValue:
    """Show which service asks, with which code, and what to beware of (sections 3.3.1 and 5.4)."""
    found = _find(visit_id)
    if found is None:
        return redirect(url_for("device.expired"), 303)
    waiting, service = found
    return render(
        "pages/device/confirm.html",
        service=service.client_name,
        agency=service.agency,
        user_code=device.written(waiting.user_code),
    )


@bp.post("/<visit_id>")
def decide(visit_id: str) -> ResponseReturnValue:
    """Use the code up: go on to the sign-in, or tell the device no."""
    use, found = services(), _find(visit_id)
    if found is None or not device.take_up(use.ephemeral, found[0]):
        return redirect(url_for("device.expired"), 303)
    waiting, service = found
    if request.form.get("decision") != "continue":
        device.refuse(use.ephemeral, waiting.key, use.clock.now())
        return redirect(url_for("device.stopped"), 303)
    interaction = browser.begin_interaction(devices.interaction_for(waiting, service))
    return browser.return_to(interaction.interaction_id)


def _find(visit_id: str) -> tuple[DeviceRequest, RelyingParty] | None:
    """Return what a visit is about, or None if that is over; raise NotThisBrowser for one of another browser."""
    use = services()
    visit = use.ephemeral.get(VISIT, hashed(visit_id)) if looks_like_id(visit_id) else None
    if visit is not None and visit["browser"] != browser.known_as():
        raise NotThisBrowser
    waiting = None if visit is None else device.find_by_key(use.ephemeral, visit["device"], use.clock.now())
    service = None if waiting is None else stores().relying_parties.find(waiting.client_id)
    return None if waiting is None or service is None else (waiting, service)


def _take_try() -> str | None:
    session = browser.current_session()
    if session is not None:
        name, most = f"citizen:{session.citizen_id}", TRIES_OF_CITIZEN
    else:
        name, most = f"address:{_site_of(request.remote_addr or '')}", TRIES_OF_ADDRESS
    return take_slot(services().ephemeral, TRIES, name, of=most, within=WITHIN)


def _site_of(address: str) -> str:
    """Return whom to count: an address, of IPv6 the part that one subscriber has."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((found, _SITE), strict=False)) if isinstance(found, IPv6Address) else str(found)


def _page(typed: str, *, given: bool = False, spent: bool = False, errors: dict[str, str] | None = None) -> str:
    return render(
        "pages/device/code.html",
        typed=typed[: device.LONGEST_TYPED],
        given=given,
        spent=spent,
        someone=browser.current_session() is not None,
        errors=errors,
    )
