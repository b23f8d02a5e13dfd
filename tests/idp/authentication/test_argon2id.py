"""Our own way into Argon2, held against the library's: what one writes the other reads, and memory goes back."""

import resource
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from idp.authentication.argon2id import PARAMETERS, Argon2id

SECRET = b"four words \0 or more"
THEIRS = PasswordHasher.from_parameters(PARAMETERS)
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def ours() -> Argon2id:
    return Argon2id()


@pytest.mark.parametrize("secret", [b"", SECRET, b"\xff" * 4096])
def test_the_library_reads_what_we_write(ours: Argon2id, secret: bytes) -> None:
    encoded = ours.hash(secret)

    assert THEIRS.verify(encoded, secret)
    assert not THEIRS.check_needs_rehash(encoded)
    with pytest.raises(VerifyMismatchError):
        THEIRS.verify(encoded, secret + b"!")


@pytest.mark.parametrize(
    "costs",
    [
        {},
        {"time_cost": 1, "memory_cost": 8},
        {"time_cost": 1, "memory_cost": 40 * 1024, "parallelism": 2},
        {"time_cost": 3, "memory_cost": 1024, "hash_len": 16, "salt_len": 24},
    ],
)
def test_we_read_what_the_library_writes(ours: Argon2id, costs: dict[str, int]) -> None:
    known = {name: getattr(PARAMETERS, name) for name in ("time_cost", "memory_cost", "parallelism", "hash_len")}
    encoded = PasswordHasher(**(known | costs)).hash(SECRET)

    assert ours.verify(encoded, SECRET)
    assert not ours.verify(encoded, SECRET + b"!")
    assert ours.is_outdated(encoded) is bool(costs)


def test_no_two_hashes_are_alike(ours: Argon2id) -> None:
    assert ours.hash(SECRET) != ours.hash(SECRET)


@pytest.mark.parametrize(
    ("found", "put"),
    [
        ("m=19456", "m=99999999999"),
        ("m=19456", "m=-1"),
        ("m=19456", "m=1"),
        ("t=2", "t=0"),
        ("p=1", "p=0"),
        ("v=19", "v=16"),
        ("$argon2id", "$argon2i"),
        ("$argon2id", "$argon2x"),
        ("$argon2id$", "$argon2id$v=19$"),
    ],
)
def test_a_damaged_text_was_made_of_nothing(ours: Argon2id, found: str, put: str) -> None:
    encoded = ours.hash(SECRET)
    assert found in encoded

    assert not ours.verify(encoded.replace(found, put, 1), SECRET)


@pytest.mark.parametrize("cut", range(1, 90, 7))
def test_a_text_cut_short_was_made_of_nothing(ours: Argon2id, cut: int) -> None:
    assert not ours.verify(ours.hash(SECRET)[:-cut], SECRET)


def test_a_lack_of_memory_calls_no_password_wrong(ours: Argon2id) -> None:
    with pytest.raises(MemoryError):
        ours.verify(ours.hash(SECRET).replace("m=19456", "m=4294967295"), SECRET)


def test_the_memory_goes_back_after_each_hash() -> None:
    ours, before = Argon2id(), _resident()

    for _ in range(3):
        ours.hash(SECRET)

    assert _resident() < before + 4 * MEBIBYTE


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
