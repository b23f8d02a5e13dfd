"""An interaction: an authorization request waiting for its citizen, in one browser."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from federation.authorization.request import AuthorizationRequest
from idp.consent.ledger import Consent
from idp.sessions.model import Session

LIFETIME = timedelta(minutes=90)
LONGEST = timedelta(hours=12)
"""Since it began, however often more time was asked for: no longer than a session."""
TIME_TO_FINISH = timedelta(minutes=15)
"""How long a proof made in an interaction is fresh enough for it."""
CLOCK_SKEW = timedelta(seconds=10)
"""How far the clocks of two workers' machines may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """What is asked, in which browser, and what has been done about it."""

    interaction_id: str
    """In the URL of every page of it: /sign-in/<id>, /consent/<id>, /authorize/<id>."""
    asked: AuthorizationRequest
    level: str
    """The level of assurance the session must have: one of those that can be reached."""
    confidence: str | None = None
    """How sure we must be who the citizen is, `P0` to `P3`; None where nobody asked."""
    items: frozenset[str]
    """What the citizen must have agreed to, as `idp.consent.ledger` names it."""
    began_at: datetime
    browser: str | None = None
    """Hash of the browser's own cookie; None until its browser has first come with its cookies."""
    authenticated_before: datetime | None = None
    """`authenticated_at` of the session the browser brought along, if any."""
    account_chosen: str | None = None
    """The session the citizen said to continue with."""
    another_wanted: bool = False
    """The citizen said to continue as someone else."""
    finished: bool = False
    """The agency has its answer."""
    consented_by: str | None = None
    """The citizen who agreed in this interaction, for whom `prompt=consent` is met."""
    extended_at: datetime | None = None
    """When the citizen last asked for more time."""

    @property
    def ends_at(self) -> datetime:
        """When it expires."""
        return min((self.extended_at or self.began_at) + LIFETIME, self.began_at + LONGEST)

    @property
    def client_id(self) -> str:
        """The relying party that asks."""
        return self.asked.client_id

    @property
    def login_hint(self) -> str | None:
        """Who the agency thinks is coming: usually an email address."""
        return self.asked.login_hint

    @property
    def prompt(self) -> tuple[str, ...]:
        """What the citizen must be asked again."""
        return self.asked.prompt

    @property
    def ui_locales(self) -> tuple[str, ...]:
        """Languages the citizen prefers, best first."""
        return self.asked.ui_locales

    def signed_in_here(self, session: Session) -> bool:
        """Whether the citizen proved who they are since this interaction began.

        Both must hold: another proof than the browser came with, and one made since then. So
        neither a clock that runs behind nor an older session put in its place counts.
        """
        return (
            session.authenticated_at != self.authenticated_before
            and session.authenticated_at >= self.began_at - CLOCK_SKEW
        )

    def accepts_age_of(self, session: Session, now: datetime) -> bool:
        """Whether the citizen need not prove anew who they are.

        Having done so here is enough for as long as a citizen needs to finish, however little `max_age` is.
        """
        here = self.signed_in_here(session)
        if not here and (self.another_wanted or "login" in self.prompt):
            return False
        if self.asked.max_age is None:
            return True
        allowed = timedelta(seconds=self.asked.max_age)
        return now - session.authenticated_at < (max(allowed, TIME_TO_FINISH) if here else allowed)

    def asks_as_whom(self, session: Session, *, expected: bool) -> bool:
        """Whether the citizen must still say as whom they continue; `expected` is what the login hint tells."""
        if self.signed_in_here(session) or self.account_chosen == session.session_id:
            return False
        return "select_account" in self.prompt or not expected

    def lacks_consent(self, citizen_id: str, consent: Consent | None) -> bool:
        """Whether the citizen must still agree to something. Authorization details are agreed to each time."""
        if ("consent" in self.prompt or self.asked.authorization_details) and self.consented_by != citizen_id:
            return True
        return consent is None or consent.citizen_id != citizen_id or not consent.covers(self.items)
