"""Codes of RFC 6238: right within one step, each step once."""

from base64 import b32encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from idp.authentication import totp
from idp.citizens.email import parse
from idp.citizens.registration import register
from idp.storage.sql.database import SqlDatabase
from idp.web.stores import Stores
from keys.errors import EnvelopeError
from keys.wrapping import Wrapping

AT = datetime(2026, 3, 1, 12, 0, 10, tzinfo=UTC)
SEALER = Wrapping((bytes(range(32)),))
SEED = b32encode(b"12345678901234567890").decode()


def code_at(when: datetime) -> str:
    return pyotp.TOTP(SEED).at(when)


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_the_published_vectors_hold(seconds: int, code: str) -> None:
    """RFC 6238 appendix B, SHA-1, the last six digits."""
    assert totp.find_step(SEED, code, datetime.fromtimestamp(seconds, UTC)) == seconds // 30


@pytest.mark.parametrize(("seconds", "found"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_off_by_one_step_either_way(seconds: int, found: bool) -> None:
    code = code_at(AT + timedelta(seconds=seconds))

    assert (totp.find_step(SEED, code, AT) is not None) is found


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "\u0661\u0662\u0663\u0664\u0665\u0666", "-12345", "1" * 9999]
)
def test_what_is_no_code_is_none(code: str) -> None:
    assert totp.find_step(SEED, code, AT) is None


@pytest.mark.parametrize("text", ["", "A", "not base32!", "AAAA", "A" * 400, "\u00e4" * 32])
def test_what_is_no_seed_is_refused(text: str) -> None:
    with pytest.raises(totp.InvalidSeed):
        totp.parse_seed(text)


def test_a_seed_is_read_however_it_is_spaced() -> None:
    assert totp.parse_seed("gezd gnbv gy3t qojq gezd gnbv gy3t qojq ") == SEED


@pytest.fixture
def stores(durable: SqlDatabase) -> Iterator[Stores]:
    with durable.work() as stores:
        yield stores


@pytest.fixture
def ada(stores: Stores) -> str:
    citizen = register(stores.citizens, parse("ada@example.org"), now=AT)
    kept = totp.sealed(SEALER, citizen.citizen_id, SEED, last_step=0, now=AT)
    stores.credentials.set_totp(citizen.citizen_id, kept)
    return citizen.citizen_id


def test_a_code_is_good_once(stores: Stores, ada: str) -> None:
    assert totp.spend(stores.credentials, SEALER, ada, code_at(AT), AT)
    assert not totp.spend(stores.credentials, SEALER, ada, code_at(AT), AT + timedelta(seconds=20))


def test_an_older_code_is_no_good_after_a_newer_one(stores: Stores, ada: str) -> None:
    assert totp.spend(stores.credentials, SEALER, ada, code_at(AT), AT)
    assert not totp.spend(stores.credentials, SEALER, ada, code_at(AT - timedelta(seconds=30)), AT)
    assert totp.spend(stores.credentials, SEALER, ada, code_at(AT + timedelta(seconds=30)), AT)


def test_who_has_no_generator_has_no_right_code(stores: Stores) -> None:
    assert not totp.spend(stores.credentials, SEALER, "nobody", code_at(AT), AT)


def test_a_seed_copied_to_another_citizen_does_not_open(stores: Stores, ada: str) -> None:
    eve = register(stores.citizens, parse("eve@example.org"), now=AT).citizen_id
    copied = stores.credentials.find_totp(ada)
    assert copied is not None
    stores.credentials.set_totp(eve, copied)

    with pytest.raises(EnvelopeError):
        totp.spend(stores.credentials, SEALER, eve, code_at(AT), AT)
