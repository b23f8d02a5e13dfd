"""What every change of a credential has in common: a fresh proof before it, and who hears of it after it."""

from collections.abc import Collection
from datetime import timedelta

from idp.audit.authentication import FactorAdded
from idp.audit.log import Event
from idp.authentication.factors import Factor
from idp.authentication.kept_passkeys import MOST, Passkey
from idp.authentication.levels import at_least
from idp.citizens.model import Citizen
from idp.consent.telling import facts_in
from idp.notices.letters import CredentialChanged, send
from idp.sessions.model import Session
from idp.signin.errors import PageError
from idp.web import browser, ending
from idp.web.access import SignInNeeded
from idp.web.services import services
from idp.web.transaction import stores

FRESH = timedelta(minutes=10)
"""How old the proof may be on which a credential is changed."""
BECAUSE = "credential_changed"


class ProofNeeded(PageError):
    """The citizen must prove again, as strongly as they can, who they are."""

    status = 403
    template = "pages/errors/sign_in_needed.html"

    def __init__(self, level: str) -> None:
        super().__init__(f"no fresh proof of {level}")
        self.level = level


def check_proved(session: Session, within: timedelta = FRESH) -> None:
    """Raise `ProofNeeded` unless the proof is fresh and as strong as this citizen can give."""
    best = stores().credentials.factors(session.citizen_id).best_level
    fresh = services().clock.now() - session.authenticated_at < within
    if not (fresh and at_least(session.acr, best)):
        raise ProofNeeded(best)


def begin_change(session: Session, within: timedelta = FRESH) -> Citizen:
    """Check the proof, and begin as `hold` does."""
    check_proved(session, within)
    return hold(session)


def hold(session: Session) -> Citizen:
    """Let every other change of this citizen wait; from here on what is read stays so.

    The session is looked at again: a change that came before this one may have ended it.
    """
    stores().credentials.hold(session.citizen_id)
    held, citizen = browser.held_session(), stores().citizens.find(session.citizen_id)
    if held is None or held.session_id != session.session_id or citizen is None or not citizen.active:
        raise SignInNeeded
    return citizen


def end_others(session: Session) -> None:
    """End every other session, and whatever agencies may still collect or renew for this citizen."""
    browser.sign_out_everywhere(session.citizen_id, session.session_id, because=BECAUSE, offline_too=True)


def changed(citizen: Citizen, session: Session, change: str, *events: Event) -> None:
    """Record a change, write to the citizen, and end all but the session it was made in."""
    now = services().clock.now()
    for event in events:
        stores().audit.record(event)
    letter = CredentialChanged(to=citizen.email, language=citizen.locale, at=now, change=change)
    send(stores().outbox, services().sealer, letter, now)
    end_others(session)


def ask_again(citizen: Citizen, facts: Collection[str]) -> tuple[str, ...]:
    """Take back what was agreed with services that are told one of these facts; return their `client_id`s.

    A citizen agrees to the values they see. Once one is another, nothing that rests on the old one may fetch
    it: the next sign-in there shows the new value and asks.
    """
    whose, asking = citizen.citizen_id, []
    for consent in stores().consents.list_for_citizen(whose):
        items = [item for item in consent.items if set(facts).intersection(facts_in(item))]
        if items and ending.take_back(stores(), services(), whose, consent.client_id, items):
            asking.append(consent.client_id)
    return tuple(sorted(asking))


def add_passkey(citizen: Citizen, session: Session, passkey: Passkey) -> bool:
    """Keep a passkey just made; False if there are too many or its id is taken."""
    if len(stores().passkeys.of_citizen(citizen.citizen_id)) >= MOST or not stores().passkeys.add(passkey):
        return False
    added = FactorAdded(at=passkey.created_at, citizen_id=citizen.citizen_id, factor=Factor.PASSKEY)
    changed(citizen, session, "passkey_added", added)
    return True
