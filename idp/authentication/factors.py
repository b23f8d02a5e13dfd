"""Which factors a citizen has, and that the last way in is never taken away."""

from dataclasses import dataclass, replace
from enum import StrEnum

from idp.authentication.levels import AAL1, AAL2


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

    @property
    def best_level(self) -> str:
        """The level this citizen can prove."""
        return AAL2 if self.passkeys or self.totp else AAL1

    @property
    def short_password_alone(self) -> bool:
        """Whether there is a password that must not let this citizen in, since its second factor is gone."""
        return self.password and not self.password_stands_alone and not self.totp

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
    bared = left.short_password_alone and not factors.short_password_alone
    if bared or not left.can_sign_in:
        raise LastFactor(factor)
