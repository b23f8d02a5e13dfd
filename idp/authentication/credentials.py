"""What a citizen holds to prove who they are, and where it is kept."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from idp.authentication.factors import Factors
from idp.authentication.passwords import StoredPassword


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTotp:
    """A citizen's code generator."""

    envelope: str
    """The seed, sealed for the row `totp:<citizen id>`."""
    last_step: int
    """The latest 30-second step whose code was used; none at or before it is accepted again."""
    added_at: datetime


class CredentialStore(Protocol):
    """Keeps credentials by citizen. Each `spend_` succeeds once however many race, over all processes."""

    def hold(self, citizen_id: str) -> None:
        """Let every other change of this citizen's credentials wait until this transaction is over.

        What is read after it is decided upon in peace: of two removals the second sees what the first left.
        """

    def find_password(self, citizen_id: str) -> StoredPassword | None:
        """Return what is kept of the citizen's password, or None."""

    def set_password(self, citizen_id: str, password: StoredPassword) -> None:
        """Keep a password in the place of any other."""

    def rehash_password(self, citizen_id: str, old: StoredPassword, new: StoredPassword) -> bool:
        """Put a newer hash of the same password, unless the password was changed meanwhile."""

    def find_totp(self, citizen_id: str) -> StoredTotp | None:
        """Return the citizen's code generator, or None."""

    def set_totp(self, citizen_id: str, totp: StoredTotp) -> None:
        """Keep a code generator in the place of any other."""

    def spend_totp_step(self, citizen_id: str, step: int) -> bool:
        """Use up a time step and all before it; say whether it was still unused."""

    def remove_totp(self, citizen_id: str) -> bool:
        """Forget the code generator; say whether there was one."""

    def set_backup_codes(self, citizen_id: str, digests: Collection[str], at: datetime) -> None:
        """Keep a fresh set of codes and forget every earlier one."""

    def spend_backup_code(self, citizen_id: str, digests: Collection[str], at: datetime) -> bool:
        """Use up the code that has one of these digests; say whether it was there and unused."""

    def factors(self, citizen_id: str) -> Factors:
        """Return what the citizen has, in numbers."""
