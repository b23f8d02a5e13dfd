"""What may be used once is used once, however many race; on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from idp.authentication.credentials import StoredTotp
from idp.authentication.factors import Factors
from idp.authentication.passwords import StoredPassword
from idp.citizens.email import parse
from idp.citizens.registration import register
from idp.storage.sql.database import SqlDatabase
from idp.web.stores import Stores

AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
PASSWORD = StoredPassword(encoded="$argon2id$one", pepper=1, stands_alone=True, changed_at=AT)
TOTP = StoredTotp(envelope="sealed", last_step=100, added_at=AT)


@pytest.fixture
def ada(durable: SqlDatabase) -> str:
    with durable.work() as stores:
        return register(stores.citizens, parse("ada@example.org"), now=AT).citizen_id


@pytest.fixture
def eve(durable: SqlDatabase) -> str:
    with durable.work() as stores:
        return register(stores.citizens, parse("eve@example.org"), now=AT).citizen_id


def raced(durable: SqlDatabase, act: Callable[[Stores, int], bool], times: int = 16) -> int:
    def run(number: int) -> bool:
        with durable.work() as stores:
            return act(stores, number)

    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(run, range(times)))


def test_a_password_takes_the_place_of_another(durable: SqlDatabase, ada: str) -> None:
    newer = replace(PASSWORD, encoded="$argon2id$two", stands_alone=False)

    with durable.work() as stores:
        stores.credentials.set_password(ada, PASSWORD)
        stores.credentials.set_password(ada, newer)
        assert stores.credentials.find_password(ada) == newer


def test_a_rehash_never_undoes_a_change_of_password(durable: SqlDatabase, ada: str) -> None:
    changed = replace(PASSWORD, encoded="$argon2id$changed")
    rehashed = replace(PASSWORD, encoded="$argon2id$again", pepper=2)

    with durable.work() as stores:
        stores.credentials.set_password(ada, changed)
        assert not stores.credentials.rehash_password(ada, PASSWORD, rehashed)
        assert stores.credentials.find_password(ada) == changed
        assert stores.credentials.rehash_password(ada, changed, rehashed)
        assert stores.credentials.find_password(ada) == rehashed


def test_racing_uses_of_one_time_step_get_one_winner(durable: SqlDatabase, ada: str, eve: str) -> None:
    with durable.work() as stores:
        stores.credentials.set_totp(ada, TOTP)
        stores.credentials.set_totp(eve, TOTP)

    assert raced(durable, lambda stores, _: stores.credentials.spend_totp_step(ada, 101)) == 1

    with durable.work() as stores:
        assert stores.credentials.spend_totp_step(eve, 101)


@pytest.mark.parametrize("step", [99, 100, 101])
def test_no_step_at_or_before_the_last_one_used_is_spent(durable: SqlDatabase, ada: str, step: int) -> None:
    with durable.work() as stores:
        stores.credentials.set_totp(ada, TOTP)
        stores.credentials.spend_totp_step(ada, 101)

        assert not stores.credentials.spend_totp_step(ada, step)


def test_racing_uses_of_one_backup_code_get_one_winner(durable: SqlDatabase, ada: str) -> None:
    with durable.work() as stores:
        stores.credentials.set_backup_codes(ada, ["a", "b"], AT)

    assert raced(durable, lambda stores, _: stores.credentials.spend_backup_code(ada, ["x", "a"], AT)) == 1

    with durable.work() as stores:
        assert stores.credentials.factors(ada).backup_codes == 1


def test_a_backup_code_is_its_owners_alone(durable: SqlDatabase, ada: str, eve: str) -> None:
    with durable.work() as stores:
        stores.credentials.set_backup_codes(ada, ["a"], AT)

        assert not stores.credentials.spend_backup_code(eve, ["a"], AT)
        assert stores.credentials.spend_backup_code(ada, ["a"], AT)


def test_new_backup_codes_end_the_old_ones(durable: SqlDatabase, ada: str) -> None:
    with durable.work() as stores:
        stores.credentials.set_backup_codes(ada, ["a", "b"], AT)
        stores.credentials.set_backup_codes(ada, ["c"], AT + timedelta(days=1))

        assert not stores.credentials.spend_backup_code(ada, ["a"], AT)
        assert stores.credentials.factors(ada).backup_codes == 1


def test_factors_count_what_a_citizen_has(durable: SqlDatabase, ada: str) -> None:
    with durable.work() as stores:
        assert stores.credentials.factors(ada) == Factors()

        stores.credentials.set_password(ada, PASSWORD)
        stores.credentials.set_totp(ada, TOTP)
        stores.credentials.set_backup_codes(ada, ["a", "b"], AT)

        assert stores.credentials.factors(ada) == Factors(
            password=True, password_stands_alone=True, totp=True, backup_codes=2
        )
        assert stores.credentials.remove_totp(ada)
        assert not stores.credentials.factors(ada).totp
