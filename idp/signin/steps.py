"""What a citizen must do next: one pure function, the policy of every sign-in."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from idp.authentication.levels import at_least
from idp.consent.ledger import Consent
from idp.sessions.model import Session
from idp.signin.interaction import Interaction
from idp.signin.trust import covers


class Step(StrEnum):
    """What is missing before the agency can have its answer."""

    SIGN_IN = "sign_in"
    WRONG_CITIZEN = "wrong_citizen"
    """Nothing the citizen can do: the agency asked about somebody else."""
    TOO_LITTLE_KNOWN = "too_little_known"
    """Nor here: the agency wants us to be surer of who the citizen is."""
    SELECT_ACCOUNT = "select_account"
    STEP_UP = "step_up"
    CONSENT = "consent"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who is signed in in the browser, as far as one relying party is concerned."""

    session: Session
    subject: str
    """What the relying party knows the citizen by."""
    consent: Consent | None
    confidence: str | None = None
    """How sure we are who the citizen is; looked up only where it is asked for."""
    expected: bool = True
    """False when the login hint names somebody else."""


def next_step(asked: Interaction, visitor: Visitor | None, now: datetime) -> Step:  # noqa: PLR0911 - one a step
    """Return the first thing still missing before the agency can have its answer.

    In silence, an agency that its citizen has not agreed to sees that somebody is signed in and nothing more: not when
    or how, or how well they are known. Who is too little known is asked before their agency hears of it.
    """
    if visitor is None or not visitor.session.live(now):
        return Step.SIGN_IN
    session = visitor.session
    agreed = not asked.lacks_consent(session.citizen_id, visitor.consent)
    veiled = asked.asked.silent and not agreed
    if not veiled and not asked.accepts_age_of(session, now):
        return Step.SIGN_IN
    if asked.asked.hinted_subject not in (None, visitor.subject):
        return Step.WRONG_CITIZEN if asked.signed_in_here(session) else Step.SIGN_IN
    if veiled:
        return Step.CONSENT
    if asked.asks_as_whom(session, expected=visitor.expected):
        return Step.SELECT_ACCOUNT
    if not at_least(session.acr, asked.level):
        return Step.STEP_UP
    if not agreed:
        return Step.CONSENT
    if not covers(visitor.confidence, asked.confidence):
        return Step.TOO_LITTLE_KNOWN
    return Step.ANSWER
