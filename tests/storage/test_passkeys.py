"""Passkeys on both databases: whose they are, and that two removals never take the last way in."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from idp.authentication.factors import Factor, LastFactor, check_removal
from idp.authentication.kept_passkeys import Assertion, Passkey
from idp.citizens.email import parse
from idp.citizens.registration import register
from idp.storage.sql.database import SqlDatabase

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def passkey(citizen_id: str, credential_id: str) -> Passkey:
    return Passkey(
        credential_id=credential_id,
        citizen_id=citizen_id,
        public_key=b"key",
        sign_count=0,
        transports=("internal",),
        backup_eligible=True,
        backed_up=True,
        name="Phone",
        created_at=AT,
    )


@pytest.fixture
def ada(durable: SqlDatabase) -> str:
    with durable.work() as stores:
        citizen_id = register(stores.citizens, parse("ada@example.org"), now=AT).citizen_id
        stores.passkeys.add(passkey(citizen_id, "one"))
        stores.passkeys.add(passkey(citizen_id, "two"))
    return citizen_id


def test_a_passkey_that_was_removed_is_not_used(durable: SqlDatabase, ada: str) -> None:
    kept = passkey(ada, "one")
    with durable.work() as stores:
        stores.passkeys.remove(ada, "one")

    with durable.work() as stores:
        noted = stores.passkeys.used(Assertion(passkey=kept, sign_count=1, backed_up=True, counter_fell_back=False), AT)

    assert not noted


def test_two_removals_that_race_leave_one_passkey(durable: SqlDatabase, ada: str) -> None:
    def remove(credential_id: str) -> bool:
        with durable.work() as stores:
            stores.credentials.hold(ada)
            try:
                check_removal(stores.credentials.factors(ada), Factor.PASSKEY)
            except LastFactor:
                return False
            return stores.passkeys.remove(ada, credential_id)

    with ThreadPoolExecutor(8) as pool:
        removed = list(pool.map(remove, ["one", "two"] * 8))

    assert removed.count(True) == 1
    with durable.work() as stores:
        assert len(stores.passkeys.of_citizen(ada)) == 1


def test_a_passkey_is_renamed_and_removed_by_its_owner_alone(durable: SqlDatabase, ada: str) -> None:
    with durable.work() as stores:
        eve = register(stores.citizens, parse("eve@example.org"), now=AT).citizen_id

        assert not stores.passkeys.rename(eve, "one", "mine")
        assert not stores.passkeys.remove(eve, "one")
        assert stores.passkeys.rename(ada, "one", "Work")
        assert [each.name for each in stores.passkeys.of_citizen(ada)] == ["Work", "Phone"]


def test_an_id_that_is_taken_is_not_added_again_for_anyone(durable: SqlDatabase, ada: str) -> None:
    with durable.work() as stores:
        assert not stores.passkeys.add(passkey("somebody", "one"))
        kept = stores.passkeys.find("one")

    assert kept is not None
    assert kept.citizen_id == ada


def test_a_counter_only_rises(durable: SqlDatabase, ada: str) -> None:
    with durable.work() as stores:
        before = stores.passkeys.find("one")
        assert before is not None
        for count in (7, 3):
            proved = Assertion(passkey=before, sign_count=count, backed_up=False, counter_fell_back=False)
            stores.passkeys.used(proved, AT + timedelta(minutes=count))
        after = stores.passkeys.find("one")

    assert after is not None
    assert (after.sign_count, after.backed_up) == (7, False)


def test_the_highest_counter_an_authenticator_can_show_is_kept(durable: SqlDatabase, ada: str) -> None:
    with durable.work() as stores:
        (before, _) = stores.passkeys.of_citizen(ada)
        stores.passkeys.used(
            Assertion(passkey=before, sign_count=2**32 - 1, backed_up=True, counter_fell_back=False), AT
        )
        kept = stores.passkeys.find(before.credential_id)

    assert kept is not None
    assert kept.sign_count == 2**32 - 1
