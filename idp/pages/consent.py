"""/consent/<interaction>: the citizen sees exactly what the agency would be told, and says yes or no."""

from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, lazy_gettext
from flask_babel import gettext as _
from flask_babel.speaklater import LazyString

from federation.authorization import details
from federation.authorization.errors import AccessDenied, DetailsRefused
from federation.authorization.names import subject_for
from federation.errors import InvalidAuthorizationDetails
from idp.audit.sessions import ConsentDeclined, ConsentGiven
from idp.citizens.attributes import claims_of
from idp.citizens.model import Citizen
from idp.consent.telling import Told, told
from idp.pages.detail_words import Allowed, in_words
from idp.pages.visit import Visit, visit
from idp.sessions.model import Session
from idp.signin.interactions import hashed
from idp.signin.steps import Step
from idp.web.access import anyone
from idp.web.answering import relying_party_of, step_due
from idp.web.answers import give_up
from idp.web.browser import current_session, finish_interaction, mark_of, return_to, update_interaction
from idp.web.dates import day
from idp.web.services import services
from idp.web.transaction import stores

NAMES: dict[str, LazyString] = {
    "name": lazy_gettext("Full name"),
    "given_name": lazy_gettext("Given names"),
    "family_name": lazy_gettext("Family name"),
    "birthdate": lazy_gettext("Date of birth"),
    "email": lazy_gettext("Email address"),
    "phone_number": lazy_gettext("Phone number"),
    "address": lazy_gettext("Address"),
    "locale": lazy_gettext("Language"),
    "email_verified": lazy_gettext("Whether your email address was checked"),
    "phone_number_verified": lazy_gettext("Whether your phone number was checked"),
    "updated_at": lazy_gettext("When your details last changed"),
}
"""How each fact is called on the page, in the order in which they are shown."""

bp = Blueprint("consent", __name__, url_prefix="/consent/<interaction_id>")
bp.before_request(anyone)


@bp.get("")
def show(interaction_id: str) -> ResponseReturnValue:
    """Show each value that would be told; send on those who must do something else first."""
    here = visit(interaction_id)
    session = current_session()
    if session is None or step_due(here.interaction) is not Step.CONSENT:
        return return_to(interaction_id)
    return _page(here, session)


@bp.post("")
def decide(interaction_id: str) -> ResponseReturnValue:
    """Remember a yes and go on; on a no, tell the agency."""
    here = visit(interaction_id)
    session = current_session()
    if session is None:
        return return_to(interaction_id)
    _check_details(here)
    stores().credentials.hold(session.citizen_id)
    if request.form.get("citizen") != _mark(here, session, stores().citizens.find(session.citizen_id)):
        return return_to(interaction_id)
    if step_due(here.interaction) is not Step.CONSENT:
        return return_to(interaction_id)
    if request.form.get("decision") == "allow":
        return _allow(here, session)
    return _deny(here, session)


def _allow(here: Visit, session: Session) -> ResponseReturnValue:
    now, asked = services().clock.now(), here.interaction
    update_interaction(asked, consented_by=session.citizen_id)
    subject = subject_for(relying_party_of(asked), session.citizen_id, services().pairwise_salt)
    stores().citizens.know_as(session.citizen_id, subject)
    stores().consents.agree(session.citizen_id, asked.client_id, asked.items, now)
    stores().audit.record(
        ConsentGiven(
            at=now,
            citizen_id=session.citizen_id,
            client_id=asked.client_id,
            items=tuple(sorted(asked.items)),
            details=details.marks(asked.asked.authorization_details),
        )
    )
    return return_to(asked.interaction_id)


def _deny(here: Visit, session: Session) -> ResponseReturnValue:
    asked = here.interaction
    finish_interaction(asked)
    stores().audit.record(
        ConsentDeclined(
            at=services().clock.now(),
            citizen_id=session.citizen_id,
            client_id=asked.client_id,
            items=tuple(sorted(asked.items)),
        )
    )
    return give_up(AccessDenied(asked.asked.return_address))


def _page(here: Visit, session: Session) -> str:
    _check_details(here)
    citizen = stores().citizens.find(session.citizen_id)
    asking = stores().relying_parties.find(here.interaction.client_id)
    bringing = told(here.interaction.items, {} if citizen is None else claims_of(citizen))
    return here.render(
        "pages/consent/consent.html",
        rows=_rows(bringing),
        allowed=_allowed(here),
        apis=_apis(here),
        policy_uri=asking and asking.policy_uri,
        tos_uri=asking and asking.tos_uri,
        email="" if citizen is None else citizen.email,
        offline="offline_access" in here.interaction.asked.scope,
        citizen=_mark(here, session, citizen),
    )


def _check_details(here: Visit) -> None:
    """Refuse what could not be asked for any more: its type, or what the service may ask for, changed meanwhile."""
    asked = here.interaction.asked
    try:
        details.check_each(asked.authorization_details, relying_party_of(here.interaction), services().detail_types)
    except InvalidAuthorizationDetails as error:
        raise DetailsRefused(asked.return_address, str(error)) from error


def _allowed(here: Visit) -> list[Allowed]:
    """Return what the citizen is asked to allow."""
    types = services().detail_types
    return [in_words(each, types[each["type"]]) for each in here.interaction.asked.authorization_details]


def _apis(here: Visit) -> list[str]:
    """Return whose APIs the service may use."""
    return [api_name(address) for address in sorted(here.interaction.asked.resources)]


def api_name(address: str) -> str:
    """Return what citizens read of an API: the service it belongs to, or its host where that has closed."""
    owner = stores().relying_parties.owner_of(address)
    if owner is None:
        return urlsplit(address).netloc
    return owner.client_name if owner.agency == owner.client_name else f"{owner.client_name}, {owner.agency}"


def _mark(here: Visit, session: Session, citizen: Citizen | None) -> str:
    """Return what the form carries to show to whom, of whom and of what it was rendered.

    Older values, and words that were others then, are not agreed to.
    """
    values = "" if citizen is None else citizen.updated_at.isoformat()
    return hashed(f"{mark_of(session)} {values} {_allowed(here)} {_apis(here)}")


def _rows(bringing: Told) -> list[dict[str, str]]:
    order = [*NAMES, *bringing.facts]
    names = sorted(bringing.facts, key=order.index)
    rows = [{"key": str(NAMES.get(name, name)), "value": _written(name, bringing.facts[name])} for name in names]
    return rows + [{"key": name, "value": _("A permission that the service asks for")} for name in bringing.permissions]


def _written(name: str, value: Any) -> str:
    """Return a value as its owner would write it, in the language of the page."""
    locale = get_locale()
    if value is None:
        return str(_("None yet"))
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if name == "birthdate":
        return day(date.fromisoformat(value))
    if name == "updated_at":
        return day(datetime.fromtimestamp(value, UTC))
    if name == "locale" and locale is not None:
        return str(locale.languages.get(value, value))
    return str(value)
