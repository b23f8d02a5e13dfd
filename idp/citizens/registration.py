"""Make a citizen: how an identity begins."""

import secrets
from datetime import date, datetime

from idp.citizens.email import Address
from idp.citizens.model import Citizen
from idp.citizens.store import CitizenStore


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
) -> Citizen:
    """Keep and return a new citizen whose address has been proved; raise `EmailTaken`.

    Call it only after the proof (the code in the letter) or on an operator's word.
    """
    citizen = Citizen(
        citizen_id=secrets.token_urlsafe(24),
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
