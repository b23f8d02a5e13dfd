"""Where citizens are kept."""

from datetime import datetime
from typing import Protocol

from idp.citizens.email import Address
from idp.citizens.model import Citizen


class EmailTaken(Exception):
    """Another citizen has this address. Told to nobody who has not proved it to be theirs."""


class CitizenStore(Protocol):
    """Finds and keeps citizens. One address, in whatever spelling, belongs to at most one of them."""

    def find(self, citizen_id: str) -> Citizen | None:
        """Return the citizen, disabled ones too, or None."""

    def find_by_email(self, email: str) -> Citizen | None:
        """Return the citizen with this address in any spelling, disabled ones too, or None."""

    def find_by_subject(self, subject: str) -> Citizen | None:
        """Return the citizen whom services of one sector know by this `sub`, disabled ones too, or None."""

    def know_as(self, citizen_id: str, subject: str) -> None:
        """Remember a `sub` under which a citizen is told of: it can be reckoned from them, but not they from it."""

    def add(self, citizen: Citizen) -> None:
        """Keep a new citizen; raise `EmailTaken` if the address is another's, however they race."""

    def change_email(self, citizen_id: str, address: Address, at: datetime) -> None:
        """Replace the address by one just proved; raise `EmailTaken`, after which the transaction is of no more use."""

    def change_name(self, citizen_id: str, *, given_name: str | None, family_name: str | None, at: datetime) -> None:
        """Replace both names."""

    def change_locale(self, citizen_id: str, locale: str, at: datetime) -> None:
        """Replace the language of pages and letters."""

    def disable(self, citizen_id: str, at: datetime) -> bool:
        """Bar the citizen from signing in; say whether this call did it."""

    def enable(self, citizen_id: str, at: datetime) -> bool:
        """Let a barred citizen sign in again; say whether this call did it."""
