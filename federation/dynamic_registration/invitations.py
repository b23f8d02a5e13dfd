"""Initial access tokens: an operator invites an agency to register its services (RFC 7591 section 3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What one initial access token is good for. Its token is kept as a hash, and not here."""

    invitation_id: str
    """Names it for operators; proves nothing."""
    agency: str
    """The organisation that every service registered with it belongs to."""
    scope: tuple[str, ...]
    """What these services may ask for."""
    profile: str
    """The least they keep to."""
    uses: int
    """How many services may be registered with it in all."""
    used: int = 0
    created_at: datetime
    ends_at: datetime
    withdrawn_at: datetime | None = None

    def state(self, now: datetime) -> str:
        """Return `open`, or why nobody registers with it any more: `withdrawn`, `used up`, `ended`."""
        if self.withdrawn_at is not None:
            return "withdrawn"
        if self.used >= self.uses:
            return "used up"
        return "open" if now < self.ends_at else "ended"


class InvitationStore(Protocol):
    """Invitations by the hash of their token."""

    def add(self, invitation: Invitation, token_hash: str) -> None:
        """Keep a new one."""

    def find(self, token_hash: str) -> Invitation | None:
        """Return the invitation, whatever its state, or None."""

    def use(self, invitation_id: str, now: datetime) -> bool:
        """Take one of its uses; say False, and take none, unless it is `open` still. Never more than `uses` succeed."""

    def list(self) -> Sequence[Invitation]:
        """Return every one, newest first."""

    def withdraw(self, invitation_id: str, at: datetime) -> bool:
        """End one; say whether this call did it."""
