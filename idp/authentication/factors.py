"""Which factors a citizen has, and that the last way in is never taken away."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Factor(StrEnum):
    """A kind of authenticator."""

    PASSWORD = "password"
    TOTP = "totp"
    BACKUP_CODES = "backup_codes"
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """What a citizen holds."""

    password: bool = False
    password_stands_alone: bool = False
    """Long enough to be the only factor."""
    totp: bool = False
    backup_codes: int = 0
    """Unused ones."""
    passkeys: int = 0

    @property
    def can_sign_in(self) -> bool:
        """Whether these suffice on their own: a passkey, or a password that is long or has a second factor.

        Backup codes do not count: they run out.
        """
        return self.passkeys > 0 or (self.password and (self.password_stands_alone or self.totp))

    @property
    def second_factor(self) -> bool:
        """Whether a password alone must not let this citizen in."""
        return self.totp

    def without(self, factor: Factor) -> "Factors":
        """Return what would be left after removing one."""
        match factor:
            case Factor.PASSWORD:
                return replace(self, password=False, password_stands_alone=False)
            case Factor.TOTP:
                return replace(self, totp=False, backup_codes=0)
            case Factor.BACKUP_CODES:
                return replace(self, backup_codes=0)
            case Factor.PASSKEY:
                return replace(self, passkeys=max(0, self.passkeys - 1))


class LastFactor(Exception):
    """Removing this would leave the citizen no way in, or a short password as a way in of its own."""


def check_removal(factors: Factors, factor: Factor) -> None:
    """Raise `LastFactor` if what is left would not suffice to sign in."""
    left = factors.without(factor)
    short_password_bared = factor is Factor.TOTP and left.password and not left.password_stands_alone
    if short_password_bared or not left.can_sign_in:
        raise LastFactor(factor)
