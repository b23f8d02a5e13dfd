"""An interaction: an authorization request waiting for its citizen, in one browser."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from federation.authorization.request import AuthorizationRequest
from idp.sessions.model import Session

LIFETIME = timedelta(minutes=90)
CLOCK_SKEW = timedelta(seconds=10)
"""How far the clocks of two workers' machines may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """What is asked, in which browser, and what has been done about it."""

    interaction_id: str
    """In the URL of every page of it: /sign-in/<id>, /consent/<id>, /authorize/<id>."""
    asked: AuthorizationRequest
    level: str
    """The level of assurance the session must have: `aal1`, `aal2` or `aal3`."""
    began_at: datetime
    browser: str | None = None
    """Hash of the browser's own cookie; None until its browser has first come with its cookies."""
    authenticated_before: datetime | None = None
    """`authenticated_at` of the session the browser brought along, if any."""
    account_chosen: str | None = None
    """The session the citizen said to continue with."""
    another_wanted: bool = False
    """The citizen said to continue as someone else."""
    consented_by: str | None = None
    """The citizen who agreed in this interaction, for whom `prompt=consent` is met."""

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
