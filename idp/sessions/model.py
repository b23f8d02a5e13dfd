"""A session: one browser in which a citizen is signed in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

IDLE = timedelta(minutes=60)
ABSOLUTE = timedelta(hours=12)
AHEAD = timedelta(seconds=60)
"""How far ahead of ours the clock of the node may be that wrote one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What was proved in one browser, and when (SP 800-63B-4 section 5).

    The cookie's value is new at every authentication; it is no part of this value and only
    its hash is stored. `session_id` stays while the same citizen proves more in the same
    browser, so that signing out ends everything an agency was told under it.
    """

    session_id: str
    """Internal, random; never in a cookie, never told to an agency."""
    citizen_id: str
    created_at: datetime
    authenticated_at: datetime
    """`auth_time`: the last time the citizen actively proved who they are."""
    acr: str
    amr: tuple[str, ...]
    last_seen_at: datetime
    ended_at: datetime | None = None
    device: str = ""
    """Browser and system in a few words, for the citizen's own list of sessions."""
    access_epoch: int = 0
    """The citizen's when this was found by its key: what is read after it may be granted in that epoch."""

    def live(self, now: datetime) -> bool:
        """Whether it still counts: not ended, not idle, not too long since the last proof, and not from the future."""
        return self.ended_at is None and self.authenticated_at <= now + AHEAD and now < self.expires_at

    @property
    def expires_at(self) -> datetime:
        """When it ends by itself unless the citizen is seen or authenticates again."""
        return min(self.last_seen_at + IDLE, self.authenticated_at + ABSOLUTE)
