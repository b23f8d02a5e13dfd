"""Printed codes: ten, each once, only their owner's."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from idp.authentication import backup_codes
from idp.authentication.peppers import Peppers
from idp.citizens.email import parse
from idp.citizens.registration import register
from idp.storage.sql.database import SqlDatabase
from idp.web.stores import Stores

AT = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
PEPPERS = Peppers({1: b"o" * 32})


@pytest.fixture
def stores(durable: SqlDatabase) -> Iterator[Stores]:
    with durable.work() as stores:
        yield stores


def owner(stores: Stores, email: str) -> tuple[str, tuple[str, ...]]:
    citizen_id = register(stores.citizens, parse(email), now=AT).citizen_id
    codes = backup_codes.new_codes()
    backup_codes.replace(stores.credentials, PEPPERS, citizen_id, codes, AT)
    return citizen_id, codes


def test_there_are_ten_and_no_two_are_alike() -> None:
    codes = [code for _ in range(20) for code in backup_codes.new_codes()]

    assert len(set(codes)) == 200
    assert len(backup_codes.new_codes()) == 10


def test_each_works_once_however_it_is_typed(stores: Stores) -> None:
    ada, codes = owner(stores, "ada@example.org")

    for code in codes:
        typed = code.upper().replace("-", " ")
        assert backup_codes.spend(stores.credentials, PEPPERS, ada, typed, AT)
        assert not backup_codes.spend(stores.credentials, PEPPERS, ada, code, AT)


def test_the_code_of_another_is_wrong(stores: Stores) -> None:
    ada, _ = owner(stores, "ada@example.org")
    _, of_eve = owner(stores, "eve@example.org")

    assert not backup_codes.spend(stores.credentials, PEPPERS, ada, of_eve[0], AT)


def test_codes_outlive_a_newer_pepper_and_not_their_own(stores: Stores) -> None:
    ada, codes = owner(stores, "ada@example.org")

    assert not backup_codes.spend(stores.credentials, Peppers({2: b"n" * 32}), ada, codes[0], AT)
    assert backup_codes.spend(stores.credentials, Peppers({1: b"o" * 32, 2: b"n" * 32}), ada, codes[0], AT)


@pytest.mark.parametrize("code", ["", "-", "a" * 15, "a" * 5000, "\0" * 16, "aaaa-aaaa-aaaa-aaaa"])
def test_what_is_no_code_is_wrong(stores: Stores, code: str) -> None:
    ada, _ = owner(stores, "ada@example.org")

    assert not backup_codes.spend(stores.credentials, PEPPERS, ada, code, AT)
