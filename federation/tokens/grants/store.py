"""Where grants and their refresh families are kept: one row each."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from federation.tokens.grants.model import Grant

KEPT = timedelta(hours=13)
"""How long a grant stays on record after its end: longer than a session, whose sign-out its agency must hear of."""


class GrantStore(Protocol):
    """Grants by id. A grant stands while all of this holds.

    - It was not ended and its `expires_at` has not come.
    - Its citizen is active.
    - Without `offline_access`: its session was not ended.

    The citizen and the session are looked at in the same statement as the grant, so whoever disables
    a citizen or ends a session has thereby ended the grants, codes in flight included.
    """

    def add(self, grant: Grant, *, access_epoch: int) -> bool:
        """Keep a new grant; say False, and keep nothing, if it can no longer stand.

        That is so when its id was ended before it came (its code was used twice), when its
        session was ended, `offline_access` or not, when its citizen is not active, or when
        `end_for_citizen` or `end_for_consent` came for its citizen since: each raises the citizen's access epoch.
        Whoever ends a session or a citizen's access holds or changes the citizen first, then ends
        sessions, and the grants after, in one transaction: a grant being added meanwhile is either
        refused or ended, and nobody waits for each other in a circle.
        """

    def find(self, grant_id: str, now: datetime) -> Grant | None:
        """Return the grant while it stands, or None. One round trip."""

    def rotate(self, grant: Grant, successor_hash: str, now: datetime) -> bool:
        """Make the successor the family's head if `grant.refresh_hash` still is; say whether it became so."""

    def end(self, grant_id: str, at: datetime) -> None:
        """End a grant, whether or not it was added yet: one that comes later is refused by `add`."""

    def is_ended(self, grant_id: str) -> bool:
        """Whether `end` was called for this id, within the last thirty days."""

    def end_for_session(self, session_id: str, at: datetime) -> int:
        """End the grants of a session that have no `offline_access`; return how many."""

    def end_for_citizen(self, citizen_id: str, at: datetime) -> int:
        """End every grant of a citizen; return how many."""

    def end_for_consent(self, citizen_id: str, client_id: str, at: datetime) -> int:
        """End every grant of a citizen with one relying party; return how many."""

    def end_for_relying_party(self, client_id: str, at: datetime) -> int:
        """End every grant of one relying party; return how many. Looks at all grants: for operators, seldom."""

    def list_for_session(self, session_id: str) -> Sequence[Grant]:
        """Return the grants begun in a session, ended or not: those whose agencies hear of its sign-out."""

    def last_used(self, citizen_id: str) -> Mapping[str, datetime]:
        """Return when each relying party, by `client_id`, was last given a grant for this citizen, as far as kept."""

    def purge(self, before: datetime, limit: int) -> int:
        """Remove up to `limit` grants whose `expires_at` came before then; return how many."""
