"""What can be told of a citizen (OIDC Core section 5.1)."""

from datetime import UTC, date, datetime

from idp.citizens.attributes import claims_of
from idp.citizens.model import Citizen

AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def test_every_known_attribute_has_its_standard_name_and_type() -> None:
    citizen = Citizen(
        citizen_id="c1",
        email="ada@example.org",
        email_verified_at=AT,
        given_name="Ada",
        family_name="Lovelace",
        birthdate=date(1815, 12, 10),
        phone_number="+441632960000",
        locale="cy",
        created_at=AT,
        updated_at=AT,
    )

    assert claims_of(citizen) == {
        "name": "Ada Lovelace",
        "given_name": "Ada",
        "family_name": "Lovelace",
        "birthdate": "1815-12-10",
        "email": "ada@example.org",
        "email_verified": True,
        "phone_number": "+441632960000",
        "phone_number_verified": False,
        "locale": "cy",
        "updated_at": 1772366400,
    }


def test_what_is_unknown_is_left_out_and_the_id_is_never_told() -> None:
    citizen = Citizen(citizen_id="c1", email="ada@example.org", email_verified_at=None, created_at=AT, updated_at=AT)

    assert claims_of(citizen) == {
        "email": "ada@example.org",
        "email_verified": False,
        "locale": "en",
        "updated_at": 1772366400,
    }
