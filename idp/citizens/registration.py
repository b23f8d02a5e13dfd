"""Make a citizen: how an identity begins."""

import secrets
from datetime import date, datetime

from idp.citizens.email import Address
from idp.citizens.model import Citizen
from idp.citizens.store import CitizenStore


def draw_citizen_id() -> str:
    """Return a new id: 192 random bits, base64url."""
    return secrets.token_urlsafe(24)


def register(
    citizens: CitizenStore,
    address: Address,
    *,
    now: datetime,
    given_name: str | None = None,
    family_name: str | None = None,
    birthdate: date | None = None,
    phone_number: str | None = None,
    locale: str = "en",
    citizen_id: str | None = None,
) -> Citizen:
    """Keep and return a new citizen whose address has been proved; raise `EmailTaken`.

    Call it only after the proof (the code in the letter) or on an operator's word. `citizen_id` is one that
    was drawn beforehand, because a passkey was made for it.
    """
    citizen = Citizen(
        citizen_id=citizen_id or draw_citizen_id(),
        email=address.written,
        email_verified_at=now,
        given_name=given_name,
        family_name=family_name,
        birthdate=birthdate,
        phone_number=phone_number,
        locale=locale,
        created_at=now,
        updated_at=now,
    )
    citizens.add(citizen)
    return citizen
