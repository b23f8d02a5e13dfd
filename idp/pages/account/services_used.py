"""/account/services: the services a citizen has agreed to tell something, what that is, and taking it back."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from federation.authorization.response import address_with
from federation.relying_parties.model import RelyingParty
from idp.audit.sessions import ConsentWithdrawn
from idp.consent.items import DETAILS, RESOURCE
from idp.consent.ledger import Consent
from idp.consent.telling import facts_in, kind_of, name_in
from idp.pages.account import entrance
from idp.pages.consent import NAMES, api_name
from idp.pages.detail_words import said
from idp.web import ending
from idp.web.access import citizens_only, session
from idp.web.rendering import render
from idp.web.services import services
from idp.web.transaction import stores

SIGN_IN = "scope:openid"
"""The item without which nothing else can be told: it goes with all the others."""

bp = Blueprint("account_services", __name__, url_prefix="/account/services")
bp.before_request(citizens_only)
entrance.leads_back(bp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """One service, as its citizen sees it."""

    client_id: str
    name: str
    agency: str
    url: str | None
    last_used: datetime
    items: tuple[tuple[str, str], ...]
    """Each item with its words."""


@bp.get("")
def show() -> ResponseReturnValue:
    """List the services, latest used first."""
    last_used = stores().grants.last_used(session().citizen_id)
    consents = stores().consents.list_for_citizen(session().citizen_id)
    used = [_used(consent, last_used.get(consent.client_id, consent.agreed_at)) for consent in consents]
    return render("pages/account/services.html", used=sorted(used, key=lambda each: each.last_used, reverse=True))


@bp.post("/withdraw")
def withdraw() -> ResponseReturnValue:
    """Take one item back, or everything; what the service may still renew ends with it."""
    client_id, item = request.form.get("service", ""), request.form.get("item", SIGN_IN)
    now, whose = services().clock.now(), session().citizen_id
    items = None if item == SIGN_IN else (item,)
    if ending.take_back(stores(), services(), whose, client_id, items):
        stores().audit.record(ConsentWithdrawn(at=now, citizen_id=whose, client_id=client_id, items=items or ()))
    return redirect(url_for("account_services.show"), 303)


def _used(consent: Consent, last_used: datetime) -> Used:
    service = stores().relying_parties.find(consent.client_id)
    items = sorted((item for item in consent.items if item != SIGN_IN), key=_order)
    return Used(
        client_id=consent.client_id,
        name=service.client_name if service else _("A service that has closed"),
        agency=service.agency if service else "",
        url=_way_in(service) if service else None,
        last_used=last_used,
        items=tuple((item, _words(item)) for item in items),
    )


def _way_in(service: RelyingParty) -> str | None:
    """Return where the service signs citizens in on our word (OIDC Core section 4), or else its own page."""
    if service.initiate_login_uri is None:
        return service.client_uri
    return address_with(service.initiate_login_uri, {"iss": services().settings.issuer})


def _order(item: str) -> tuple[bool, str]:
    return item.startswith("claim:"), item


def _words(item: str) -> str:
    """Return what an item tells: for a scope, all that is told of a citizen under it."""
    if item == "scope:offline_access":
        return str(_("Checking these details when you are not using the service"))
    if kind_of(item) == RESOURCE:
        return str(_("Using %(name)s in your name", name=api_name(name_in(item))))
    if kind_of(item) == DETAILS:
        known = services().detail_types.get(name_in(item))
        return str(_("%(what)s: you are asked each time", what=said(known.words) if known else name_in(item)))
    order = [*NAMES]
    facts = sorted(facts_in(item), key=lambda fact: order.index(fact) if fact in NAMES else len(order))
    return ", ".join(str(NAMES.get(fact, fact)) for fact in facts) or name_in(item)
