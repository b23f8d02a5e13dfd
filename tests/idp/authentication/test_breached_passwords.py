"""A breached password is always found, and a filter that cannot be trusted accepts nothing."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.authentication.breached_passwords import (
    MAGIC,
    BreachedPasswords,
    FilterUnreadable,
    NoEntries,
    Summary,
    build,
    key_of,
)
from idp.authentication.password_rules import Unfit, UnfitPassword, check

STOLEN = "four stolen words here"
FRESH = "x7# kq!p zebra 11"


def unheard(done: int, total: int) -> None:
    """Nobody watches."""


def built(passwords: Iterable[str], path: Path, rate: float = 0.001) -> Summary:
    return build((key_of(password.encode()) for password in passwords), path, rate=rate, told=unheard)


@settings(max_examples=25, deadline=None)
@given(st.sets(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=200))
def test_whatever_was_put_in_is_found(passwords: set[str]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "filter")
        built(passwords, path)

        breached = BreachedPasswords(path)

        assert all(breached.holds(password) for password in passwords)


@pytest.mark.parametrize("rate", [0.05, 0.001])
def test_no_more_are_found_by_mistake_than_was_asked_for(tmp_path: Path, rate: float) -> None:
    summary = built((f"stolen {number}" for number in range(50_000)), tmp_path / "filter", rate)
    breached = BreachedPasswords(tmp_path / "filter")

    by_mistake = sum(breached.holds(f"fresh {number}") for number in range(4_000)) / 4_000

    assert by_mistake < 2 * rate + 0.001
    assert (summary.entries, summary.rate) == (50_000, rate)
    assert breached.summary() == summary


def test_a_breached_password_is_refused_and_another_is_not(tmp_path: Path) -> None:
    built([STOLEN], tmp_path / "filter")
    breached = BreachedPasswords(tmp_path / "filter")

    with pytest.raises(UnfitPassword) as refused:
        check(STOLEN, second_factor=True, own=[], breached=breached)

    assert refused.value.why == Unfit.BREACHED
    assert check(FRESH, second_factor=True, own=[], breached=breached)


def test_another_spelling_of_the_same_password_is_breached_too(tmp_path: Path) -> None:
    built(["caf\u00e9 stolen words"], tmp_path / "filter")

    assert BreachedPasswords(tmp_path / "filter").holds("cafe\u0301\u00a0stolen words")


def test_a_new_file_counts_without_a_restart(tmp_path: Path) -> None:
    built([FRESH], tmp_path / "filter")
    breached = BreachedPasswords(tmp_path / "filter")
    assert not breached.holds(STOLEN)

    built([STOLEN], tmp_path / "filter")

    assert breached.holds(STOLEN)


@pytest.mark.parametrize("content", [b"", b"passwords\n", MAGIC, MAGIC + bytes(100_000)])
def test_a_file_that_is_no_filter_accepts_no_password(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "filter").write_bytes(content)
    breached = BreachedPasswords(tmp_path / "filter")

    with pytest.raises(FilterUnreadable):
        breached.holds(STOLEN)
    with pytest.raises(FilterUnreadable):
        breached.summary()


def test_a_file_that_is_gone_accepts_no_password(tmp_path: Path) -> None:
    with pytest.raises(FilterUnreadable):
        BreachedPasswords(tmp_path / "filter").holds(STOLEN)


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_filter_accepts_no_password(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "filter"
    built([STOLEN], path)
    content = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    else:
        path.write_bytes(content[:-70_000] + bytes(byte ^ 1 for byte in content[-70_000:]))

    with pytest.raises(FilterUnreadable):
        assert all(BreachedPasswords(path).holds(f"{STOLEN} {number}") for number in range(40)), "none was read"


def test_a_build_that_fails_leaves_the_file_that_was_there_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "filter"
    built([STOLEN], path)

    def breaking() -> Iterable[bytes]:
        yield key_of(b"one")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        build(breaking(), path, told=unheard)
    with pytest.raises(NoEntries):
        build([], path, told=unheard)

    assert list(tmp_path.iterdir()) == [path]
    assert BreachedPasswords(path).holds(STOLEN)
