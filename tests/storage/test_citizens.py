"""One address, in whatever spelling, is one citizen's; on both databases."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest

from idp.citizens.email import parse
from idp.citizens.model import Citizen
from idp.citizens.registration import register
from idp.citizens.store import EmailTaken
from idp.storage.sql.database import SqlDatabase
from idp.web.stores import Stores

AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
LATER = AT + timedelta(days=1)


@pytest.fixture
def stores(durable: SqlDatabase) -> Iterator[Stores]:
    with durable.work() as stores:
        yield stores


def make(stores: Stores, email: str = "Ada@Example.org") -> Citizen:
    return register(
        stores.citizens, parse(email), now=AT, given_name="Ada", family_name="Lovelace", birthdate=date(1815, 12, 10)
    )


def test_a_citizen_comes_back_as_kept(stores: Stores) -> None:
    made = make(stores)

    assert stores.citizens.find(made.citizen_id) == made
    assert made.email_verified_at == AT


@pytest.mark.parametrize(
    "spelling", ["ada@example.org", "ADA@EXAMPLE.ORG", " Ada@example.org ", "\uff41da@example.org"]
)
def test_every_spelling_finds_the_citizen(stores: Stores, spelling: str) -> None:
    made = make(stores)

    assert stores.citizens.find_by_email(spelling) == made


@pytest.mark.parametrize("spelling", ["", "ada", "ada@example.org\0", "eve@example.org", "a" * 10_000 + "@example.org"])
def test_what_is_no_address_of_anybody_finds_nobody(stores: Stores, spelling: str) -> None:
    make(stores)

    assert stores.citizens.find_by_email(spelling) is None


def test_a_second_spelling_of_an_address_is_refused_and_the_transaction_goes_on(stores: Stores) -> None:
    made = make(stores)

    with pytest.raises(EmailTaken):
        make(stores, "ADA@example.ORG")

    assert stores.citizens.find_by_email("ada@example.org") == made


def test_racing_registrations_of_one_address_make_one_citizen(durable: SqlDatabase) -> None:
    def run(number: int) -> bool:
        try:
            with durable.work() as stores:
                make(stores, "ada@example.org" if number % 2 else "ADA@EXAMPLE.ORG")
        except EmailTaken:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(run, range(16)))

    assert sum(made) == 1


def test_a_changed_address_replaces_the_old_one(stores: Stores) -> None:
    made = make(stores)

    stores.citizens.change_email(made.citizen_id, parse("Countess@example.org"), LATER)

    changed = stores.citizens.find_by_email("countess@example.org")
    assert changed is not None
    assert (changed.citizen_id, changed.email, changed.updated_at) == (made.citizen_id, "Countess@example.org", LATER)
    assert stores.citizens.find_by_email("ada@example.org") is None


def test_an_address_cannot_be_changed_to_that_of_another(durable: SqlDatabase) -> None:
    with durable.work() as stores:
        ada, eve = make(stores), make(stores, "eve@example.org")

    with pytest.raises(EmailTaken), durable.work() as stores:
        stores.citizens.change_email(eve.citizen_id, parse("ADA@example.org"), LATER)

    with durable.work() as stores:
        assert stores.citizens.find_by_email("ada@example.org") == ada


def test_names_and_language_change_for_one_citizen_alone(stores: Stores) -> None:
    ada, eve = make(stores), make(stores, "eve@example.org")

    stores.citizens.change_name(ada.citizen_id, given_name="Augusta", family_name=None, at=LATER)
    stores.citizens.change_locale(ada.citizen_id, "cy", LATER)

    changed = stores.citizens.find(ada.citizen_id)
    assert changed is not None
    assert (changed.given_name, changed.family_name, changed.locale) == ("Augusta", None, "cy")
    assert stores.citizens.find(eve.citizen_id) == eve


def test_a_citizen_is_disabled_once_and_stays_found(stores: Stores) -> None:
    made = make(stores)

    assert stores.citizens.disable(made.citizen_id, LATER)
    assert not stores.citizens.disable(made.citizen_id, LATER)

    found = stores.citizens.find(made.citizen_id)
    assert found is not None
    assert not found.active


def test_a_disabled_citizen_is_enabled_once(stores: Stores) -> None:
    ada, eve = make(stores), make(stores, "eve@example.org")
    assert not stores.citizens.enable(ada.citizen_id, LATER)
    for each in (ada, eve):
        stores.citizens.disable(each.citizen_id, LATER)

    assert stores.citizens.enable(ada.citizen_id, LATER)
    assert not stores.citizens.enable(ada.citizen_id, LATER)

    assert [each.active for each in map(stores.citizens.find, (ada.citizen_id, eve.citizen_id)) if each] == [
        True,
        False,
    ]
