"""The letters a citizen may get: a closed list of typed values, each in the citizen's language.

The words are in `templates/emails/<name>.txt`; the first line is the subject.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, ClassVar

from idp.notices.outbox import Envelopes, Outbox, Payload, post

KIND = "letter"
LIFETIME = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """To whom, and in which language (BCP 47)."""

    name: ClassVar[str]
    lifetime: ClassVar[timedelta] = LIFETIME
    """How long it is worth delivering."""
    to: str = field(repr=False)
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailCode(Letter):
    """The code that proves an address."""

    name: ClassVar[str] = "email_code"
    lifetime: ClassVar[timedelta] = timedelta(minutes=15)
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressInUse(Letter):
    """Someone began to sign up with an address that has an identity already; only its owner learns that."""

    name: ClassVar[str] = "address_in_use"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDevice(Letter):
    """A sign-in from a device not seen before."""

    name: ClassVar[str] = "new_device"
    at: datetime
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialChanged(Letter):
    """A way of signing in was added, changed or removed."""

    name: ClassVar[str] = "credential_changed"
    at: datetime
    change: str
    """One of `CHANGES`."""

    def __post_init__(self) -> None:
        """Refuse a change that has no words."""
        if self.change not in CHANGES:
            raise ValueError(f"no letter tells of {self.change}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChanged(Letter):
    """The address was replaced; sent to the old one and to the new one."""

    name: ClassVar[str] = "email_changed"
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NameChanged(Letter):
    """The name was corrected."""

    name: ClassVar[str] = "name_changed"
    at: datetime


CHANGES = frozenset(
    {
        "password_set",
        "password_changed",
        "passkey_added",
        "passkey_removed",
        "totp_added",
        "totp_removed",
        "backup_codes_made",
        "backup_code_used",
    }
)
LETTERS: Mapping[str, type[Letter]] = {
    letter.name: letter for letter in (EmailCode, AddressInUse, NewDevice, CredentialChanged, EmailChanged, NameChanged)
}


def send(outbox: Outbox, envelopes: Envelopes, letter: Letter, now: datetime) -> None:
    """Put a letter into the outbox, in the caller's transaction."""
    post(outbox, envelopes, KIND, to_payload(letter), now=now, lifetime=letter.lifetime)


def to_payload(letter: Letter) -> Payload:
    """Return the letter as a JSON object."""
    return {"letter": letter.name} | {each.name: _plain(getattr(letter, each.name)) for each in fields(letter)}


def from_payload(payload: Payload) -> Letter:
    """Return the letter that `to_payload` wrote."""
    values = dict(payload)
    kind = LETTERS[values.pop("letter")]
    if "at" in values:
        values["at"] = datetime.fromisoformat(values["at"])
    return kind(**values)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
