"""A session: one browser in which a citizen is signed in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

IDLE = timedelta(minutes=60)
ABSOLUTE = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What was proved in one browser, and when (SP 800-63B-4 section 5)."""

    session_id: str
    """SHA-256 of the cookie's value, base64url: the value itself is never stored."""
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

    def live(self, now: datetime) -> bool:
        """Whether it still counts: not ended, not idle, not too old."""
        return self.ended_at is None and now < min(self.last_seen_at + IDLE, self.created_at + ABSOLUTE)
