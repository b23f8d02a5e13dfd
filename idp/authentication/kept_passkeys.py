"""The passkeys citizens have: what is kept of each, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from idp.authentication import levels

MOST = 20
"""Passkeys one citizen may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """One WebAuthn credential of one citizen."""

    credential_id: str
    """Base64url, as browsers write it."""
    citizen_id: str
    public_key: bytes
    """COSE, as the authenticator gave it."""
    sign_count: int
    transports: tuple[str, ...] = ()
    aaguid: str = ""
    """The authenticator's model; zeros when it does not say."""
    backup_eligible: bool
    backed_up: bool
    name: str
    created_at: datetime
    last_used_at: datetime | None = None

    @property
    def amr(self) -> tuple[str, ...]:
        """The methods that making or using it proves (RFC 8176); the device has asked for the person."""
        kind = levels.SYNCED_PASSKEY if self.backup_eligible else levels.DEVICE_BOUND_PASSKEY
        return levels.combined(kind, levels.USER_VERIFIED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What a passkey has just proved."""

    passkey: Passkey
    sign_count: int
    backed_up: bool
    counter_fell_back: bool
    """The counter did not rise although it is in use: perhaps a cloned authenticator. Recorded as a risk."""

    @property
    def amr(self) -> tuple[str, ...]:
        """The methods to report."""
        return self.passkey.amr


class PasskeyStore(Protocol):
    """Passkeys of all citizens."""

    def find(self, credential_id: str) -> Passkey | None:
        """Return the passkey of this id, or None."""

    def of_citizen(self, citizen_id: str) -> Sequence[Passkey]:
        """Return a citizen's passkeys, oldest first."""

    def add(self, passkey: Passkey) -> bool:
        """Keep a new passkey; False when the id is taken, by anyone."""

    def used(self, assertion: Assertion, at: datetime) -> bool:
        """Note a use: counter, backup state and time; False when it was removed meanwhile."""

    def rename(self, citizen_id: str, credential_id: str, name: str) -> bool:
        """Give a citizen's own passkey another name; False when there is none."""

    def remove(self, citizen_id: str, credential_id: str) -> bool:
        """Remove a citizen's own passkey; False when there is none."""
