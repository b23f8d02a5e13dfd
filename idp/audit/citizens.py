"""What happened to citizens' identities."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenRegistered:
    """A citizen made an identity, or an operator made it for them."""

    name: ClassVar[str] = "citizen.registered"
    at: datetime
    citizen_id: str
    by: str
    """`citizen` or `operator`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenEmailChanged:
    """A citizen proved another address and took it in the place of the old one."""

    name: ClassVar[str] = "citizen.email_changed"
    at: datetime
    citizen_id: str
    asking: tuple[str, ...]
    """The relying parties that must ask the citizen again before they are told it, by `client_id`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenNameChanged:
    """A citizen changed their name."""

    name: ClassVar[str] = "citizen.name_changed"
    at: datetime
    citizen_id: str
    asking: tuple[str, ...]
    """As for an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenUnlocked:
    """An operator began the counts of a citizen's failed attempts anew."""

    name: ClassVar[str] = "citizen.unlocked"
    at: datetime
    citizen_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRevoked:
    """A service with the right to do so had a citizen signed out everywhere, and all tokens ended."""

    name: ClassVar[str] = "access.revoked"
    at: datetime
    citizen_id: str
    client_id: str
    """Who asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenDisabled:
    """An operator barred a citizen: they can no longer sign in, and whatever stood ended."""

    name: ClassVar[str] = "citizen.disabled"
    at: datetime
    citizen_id: str
    reason: str | None = None
    """As the operator gave it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenEnabled:
    """An operator let a citizen sign in again; nothing that ended came back."""

    name: ClassVar[str] = "citizen.enabled"
    at: datetime
    citizen_id: str
    reason: str | None = None
    """As the operator gave it."""
