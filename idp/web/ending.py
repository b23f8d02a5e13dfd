"""End sessions and tell their agencies: the one way in which any session ends before its time.

Order of acts: the session first, so that no grant can join it any more; then its grants are read, and ended
unless they have `offline_access`; then one message a service goes into the outbox. All of it is one transaction,
the caller's; the worker delivers afterwards, so no agency keeps a citizen waiting.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from federation.authorization.response import address_with
from federation.relying_parties.model import RelyingParty
from federation.tokens.grants.model import Grant
from idp.audit.citizens import AccessRevoked, CitizenDisabled
from idp.audit.sessions import SessionEnded
from idp.notices import logouts
from idp.notices.logouts import LogoutNotice
from idp.sessions.model import Session
from idp.web.services import Services
from idp.web.stores import Stores

SIGNED_OUT = "signed_out"
SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
REPLACED = "replaced"
DISABLED = "citizen_disabled"
REVOKED = "access_revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What the browser of a session opens, so that a service ends its part (OIDC Front-Channel Logout 1.0)."""

    service: RelyingParty
    session_id: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The services that were used in what has ended."""

    told: tuple[RelyingParty, ...] = ()
    """Those that will hear of it from us."""
    untold: tuple[RelyingParty, ...] = ()
    """Those that registered no address for that."""
    calls: tuple[Call, ...] = ()
    """Those that a browser can tell: each in the browser of its session alone."""


def end_session(stores: Stores, use: Services, session: Session, *, because: str) -> Ended:
    """End one session; if somebody else has ended it already, do nothing."""
    now = use.clock.now()
    if not stores.sessions.end(session.session_id, now):
        return Ended()
    return _end_what_stood_on(stores, use, session.citizen_id, [session.session_id], because=because, now=now)


def sign_out_everywhere(
    stores: Stores,
    use: Services,
    citizen_id: str,
    *,
    except_session_id: str | None = None,
    because: str = SIGNED_OUT_EVERYWHERE,
    offline_too: bool = False,
) -> Ended:
    """End every session of a citizen but one.

    `offline_too` ends every grant as well, those that outlive sessions included: for a changed
    credential and for a citizen who is disabled (who is disabled first).
    """
    now = use.clock.now()
    if offline_too:
        stores.credentials.hold(citizen_id)
    session_ids = stores.sessions.end_for_citizen(citizen_id, now, keep=except_session_id)
    ended = _end_what_stood_on(stores, use, citizen_id, session_ids, because=because, now=now)
    if offline_too:
        stores.grants.end_for_citizen(citizen_id, now)
    return ended


def disable_citizen(stores: Stores, use: Services, citizen_id: str, *, reason: str | None = None) -> bool:
    """Bar a citizen and end all that stands on their identity, codes in flight too; say whether this call did it.

    They are barred first: a sign-in that is under way waits for this, and then finds them barred.
    """
    now = use.clock.now()
    if not stores.citizens.disable(citizen_id, now):
        return False
    stores.audit.record(CitizenDisabled(at=now, citizen_id=citizen_id, reason=reason))
    sign_out_everywhere(stores, use, citizen_id, because=DISABLED, offline_too=True)
    return True


def revoke_access(stores: Stores, use: Services, citizen_id: str, *, by: str) -> None:
    """End all that stands on a citizen's identity, codes in flight too, for a service that asks; they sign in anew."""
    stores.audit.record(AccessRevoked(at=use.clock.now(), citizen_id=citizen_id, client_id=by))
    sign_out_everywhere(stores, use, citizen_id, because=REVOKED, offline_too=True)


def take_back(stores: Stores, use: Services, citizen_id: str, client_id: str, items: Collection[str] | None) -> bool:
    """Withdraw what a citizen agreed to with a service, some items or all; say whether there was anything.

    Every grant the service holds of them ends with it, and their codes in flight: none may tell what is withdrawn.
    """
    now = use.clock.now()
    if not stores.consents.withdraw(citizen_id, client_id, now, items=items):
        return False
    stores.grants.end_for_consent(citizen_id, client_id, now)
    return True


def _end_what_stood_on(
    stores: Stores, use: Services, citizen_id: str, session_ids: Iterable[str], *, because: str, now: datetime
) -> Ended:
    used: dict[str, RelyingParty] = {}
    calls: list[Call] = []
    for session_id in session_ids:
        grants = stores.grants.list_for_session(session_id)
        stores.grants.end_for_session(session_id, now)
        services = _services_of(stores, grants)
        told = {client_id for client_id, service in services.items() if service.backchannel_logout_uri is not None}
        for over in sorted({_over(grant) for grant in grants if grant.client_id in told}, key=lambda each: each.sid):
            logouts.send(stores.outbox, use.sealer, over, now)
        used |= services
        calls += _calls(services, grants, issuer=use.settings.issuer)
        stores.audit.record(
            SessionEnded(
                at=now, citizen_id=citizen_id, session_id=session_id, because=because, telling=tuple(sorted(told))
            )
        )
    return Ended(
        told=tuple(service for service in used.values() if service.backchannel_logout_uri is not None),
        untold=tuple(service for service in used.values() if service.backchannel_logout_uri is None),
        calls=tuple(calls),
    )


def _calls(services: Mapping[str, RelyingParty], grants: Iterable[Grant], *, issuer: str) -> list[Call]:
    """Return one call a service that wants them, with the names of issuer and session (section 2)."""
    latest = {grant.client_id: grant for grant in grants}
    return [
        Call(
            service=service,
            session_id=latest[client_id].session_id,
            address=address_with(service.frontchannel_logout_uri, {"iss": issuer, "sid": latest[client_id].sid}),
        )
        for client_id, service in services.items()
        if service.frontchannel_logout_uri is not None
    ]


def _services_of(stores: Stores, grants: Iterable[Grant]) -> dict[str, RelyingParty]:
    """Return the services, by `client_id`, that are still registered."""
    found = {client_id: stores.relying_parties.find(client_id) for client_id in {g.client_id for g in grants}}
    return {client_id: service for client_id, service in found.items() if service is not None}


def _over(grant: Grant) -> LogoutNotice:
    return LogoutNotice(client_id=grant.client_id, subject=grant.subject, sid=grant.sid, session_id=grant.session_id)
