"""Where sessions are kept. A browser holds the key; only the key's hash is stored."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from idp.sessions.model import Session

SEEN_EVERY = timedelta(minutes=5)
"""`last_seen_at` is written at most this often."""


class SessionStore(Protocol):
    """Sessions by the hash of the key their browser holds (SHA-256, base64url)."""

    def add(self, session: Session, key_hash: str) -> None:
        """Keep a new session."""

    def find(self, key_hash: str) -> Session | None:
        """Return the session of this key, ended or not, of a citizen who is active; or None. One round trip."""

    def renew(self, session: Session, *, key_hash: str, new_key_hash: str) -> bool:
        """Store what was proved anew and change the key; say whether the old key still opened it.

        Of any number of callers with one old key, one is told True. An ended session is never renewed.
        """

    def touch(self, session: Session, now: datetime) -> None:
        """Note that the citizen was seen, unless that was noted in the last `SEEN_EVERY`."""

    def end(self, session_id: str, at: datetime) -> bool:
        """End one session; of any number of callers, one is told True."""

    def end_for_citizen(self, citizen_id: str, at: datetime, *, keep: str | None = None) -> Sequence[str]:
        """End every session of a citizen but `keep`; return the ids of those ended by this call."""

    def list_for_citizen(self, citizen_id: str, now: datetime) -> Sequence[Session]:
        """Return the live sessions of a citizen, last seen first."""

    def purge(self, ended_before: datetime, limit: int) -> int:
        """Remove up to `limit` sessions that ended, or could no longer be used, before then; return how many."""
