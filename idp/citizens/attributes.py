"""What can be told of a citizen, under the names of OIDC Core section 5.1. Who is told what is decided elsewhere."""

from typing import Any

from idp.citizens.model import Citizen

TOLD = (
    "name",
    "given_name",
    "family_name",
    "birthdate",
    "email",
    "email_verified",
    "phone_number",
    "phone_number_verified",
    "locale",
    "updated_at",
)
"""Every claim there may be."""


def claims_of(citizen: Citizen) -> dict[str, Any]:
    """Return every standard claim we hold of this citizen; what is unknown is left out, `sub` too."""
    known = {
        "name": " ".join(filter(None, (citizen.given_name, citizen.family_name))) or None,
        "given_name": citizen.given_name,
        "family_name": citizen.family_name,
        "birthdate": citizen.birthdate.isoformat() if citizen.birthdate else None,
        "email": citizen.email,
        "email_verified": citizen.email_verified_at is not None,
        "phone_number": citizen.phone_number,
        "phone_number_verified": False if citizen.phone_number else None,  # nothing we do proves whose it is
        "locale": citizen.locale,
        "updated_at": int(citizen.updated_at.timestamp()),
    }
    return {name: value for name, value in known.items() if value is not None}
