"""Who proved who they are, who failed to, and what they prove it with."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationSucceeded:
    """A citizen proved who they are and was given a session."""

    name: ClassVar[str] = "authentication.succeeded"
    at: datetime
    citizen_id: str
    amr: tuple[str, ...]
    acr: str
    client_id: str | None
    """The relying party on whose behalf, if any."""
    device: str = ""
    """Browser and system in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstFactorProved:
    """Somebody knew a citizen's password and was asked for the second factor; what follows says whether they had it."""

    name: ClassVar[str] = "authentication.first_factor"
    at: datetime
    citizen_id: str
    client_id: str | None
    """The relying party on whose behalf, if any."""
    device: str = ""
    """Browser and system in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationFailed:
    """A proof was evaluated and was wrong."""

    name: ClassVar[str] = "authentication.failed"
    at: datetime
    citizen_id: str | None
    """None when nobody has the name that was given."""
    method: str
    """`password`, `totp`, `backup_code`, `passkey`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationThrottled:
    """An attempt was refused unevaluated: too many before it. Those that follow at once are not recorded again."""

    name: ClassVar[str] = "authentication.throttled"
    at: datetime
    citizen_id: str | None
    method: str
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupCodeUsed:
    """A citizen signed in with a printed code."""

    name: ClassVar[str] = "backup_code.used"
    at: datetime
    citizen_id: str
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged:
    """A citizen has another password."""

    name: ClassVar[str] = "password.changed"
    at: datetime
    citizen_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorAdded:
    """A citizen has one more way to prove who they are."""

    name: ClassVar[str] = "factor.added"
    at: datetime
    citizen_id: str
    factor: str
    """`password`, `totp`, `backup_codes`, `passkey`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorRemoved:
    """A citizen has one way less to prove who they are."""

    name: ClassVar[str] = "factor.removed"
    at: datetime
    citizen_id: str
    factor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyCounterFellBack:
    """A passkey was used whose counter did not rise: perhaps there is a copy of it."""

    name: ClassVar[str] = "passkey.counter_fell_back"
    at: datetime
    citizen_id: str
