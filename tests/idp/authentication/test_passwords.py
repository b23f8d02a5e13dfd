"""Passwords are hashed whole, keyed, slowly, in few threads; and look alike for people who do not exist."""

import statistics
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from threading import Barrier, Event, Lock
from time import perf_counter, sleep

import pytest
from argon2 import PasswordHasher
from argon2.low_level import Type

from idp.authentication.passwords import LONGEST, MOST_WAITING, PasswordHashing, TooBusy, UnpreparedPassword, prepare
from idp.authentication.peppers import Peppers

AT = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
OLD, NEW = b"o" * 32, b"n" * 32


@pytest.fixture(scope="module")
def hashing() -> PasswordHashing:
    return PasswordHashing(Peppers({1: OLD}), at_once=2)


def test_argon2id_runs_with_19_mib_two_passes_one_lane(hashing: PasswordHashing) -> None:
    stored = hashing.hash("four words or more", stands_alone=True, now=AT)

    assert stored.encoded.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert stored.pepper == 1


def test_the_right_password_matches_and_another_does_not(hashing: PasswordHashing) -> None:
    stored = hashing.hash("four words or more", stands_alone=True, now=AT)

    assert hashing.compare(stored, "four words or more").matches
    assert not hashing.compare(stored, "four words or More").matches
    assert not hashing.compare(stored, "four words or more ").matches


def test_nothing_is_cut_off_at_the_end(hashing: PasswordHashing) -> None:
    stored = hashing.hash("\U0001f511" * LONGEST, stands_alone=True, now=AT)

    assert hashing.compare(stored, "\U0001f511" * LONGEST).matches
    assert not hashing.compare(stored, "\U0001f511" * (LONGEST - 1) + "x").matches


def test_two_keyboards_that_compose_letters_differently_agree(hashing: PasswordHashing) -> None:
    stored = hashing.hash("caf\u00e9 au lait tr\u00e8s chaud", stands_alone=True, now=AT)

    assert hashing.compare(stored, "cafe\u0301\u00a0au\u3000lait tre\u0300s chaud").matches


@pytest.mark.parametrize("text", ["", "x" * 257, "x" * 100_000, "a\0b", "line\nbreak", "\ud800", "\u2028"])
def test_what_can_be_no_password_is_refused_and_never_matches(hashing: PasswordHashing, text: str) -> None:
    stored = hashing.hash("four words or more", stands_alone=True, now=AT)

    with pytest.raises(UnpreparedPassword):
        prepare(text)
    assert not hashing.compare(stored, text).matches


def test_the_database_alone_does_not_say_whether_a_password_is_right() -> None:
    stored = PasswordHashing(Peppers({1: OLD}), at_once=1).hash("four words or more", stands_alone=True, now=AT)

    assert not PasswordHashing(Peppers({1: NEW}), at_once=1).compare(stored, "four words or more").matches


def test_a_newer_pepper_asks_for_a_new_hash_and_the_old_one_still_matches(hashing: PasswordHashing) -> None:
    stored = hashing.hash("four words or more", stands_alone=True, now=AT)
    newer = PasswordHashing(Peppers({1: OLD, 2: NEW}), at_once=1)

    verdict = newer.compare(stored, "four words or more")

    assert (verdict.matches, verdict.outdated) == (True, True)
    rehashed = newer.hash("four words or more", stands_alone=True, now=AT)
    assert rehashed.pepper == 2
    assert newer.compare(rehashed, "four words or more").outdated is False


def test_weaker_parameters_ask_for_a_new_hash(hashing: PasswordHashing) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1, type=Type.ID)
    keyed = Peppers({1: OLD}).mac(1, "password", "four words or more")
    stored = hashing.hash("unused", stands_alone=True, now=AT)

    verdict = hashing.compare(replace(stored, encoded=weak.hash(keyed)), "four words or more")

    assert (verdict.matches, verdict.outdated) == (True, True)


@pytest.mark.parametrize("encoded", ["", "plain", "$argon2id$v=19$m=19456,t=2,p=1$broken"])
def test_a_damaged_hash_matches_nothing(hashing: PasswordHashing, encoded: str) -> None:
    stored = hashing.hash("four words or more", stands_alone=True, now=AT)

    assert not hashing.compare(replace(stored, encoded=encoded), "four words or more").matches


def test_a_pepper_that_is_gone_matches_nothing(hashing: PasswordHashing) -> None:
    stored = replace(hashing.hash("four words or more", stands_alone=True, now=AT), pepper=7)

    assert not hashing.compare(stored, "four words or more").matches


def test_nobody_takes_as_long_as_somebody(hashing: PasswordHashing) -> None:
    stored = hashing.hash("four words or more", stands_alone=True, now=AT)

    def took(kept: object) -> float:
        began = perf_counter()
        hashing.compare(stored if kept else None, "a wrong password")
        return perf_counter() - began

    somebody, nobody = zip(*((took(True), took(False)) for _ in range(15)), strict=True)

    assert 0.5 < statistics.median(somebody) / statistics.median(nobody) < 2


def test_no_more_than_the_allowed_threads_hash_some_wait_and_the_rest_are_refused_at_once() -> None:
    hashing = PasswordHashing(Peppers({1: OLD}), at_once=2)
    held, leave, lock, inside, most = Barrier(3), Event(), Lock(), [0], [0]

    def hold(number: int) -> None:
        with hashing.admitted():
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            if number < 2:
                held.wait()
                leave.wait()
            with lock:
                inside[0] -= 1

    with ThreadPoolExecutor(2 + MOST_WAITING) as threads:
        holding = [threads.submit(hold, number) for number in range(2)]
        held.wait()
        waiting = [threads.submit(hold, number) for number in range(2, 2 + MOST_WAITING)]
        while not all(each.running() for each in waiting):
            sleep(0.001)
        sleep(0.05)
        began = perf_counter()
        with pytest.raises(TooBusy), hashing.admitted():
            pass
        refused_after = perf_counter() - began
        assert not any(each.done() for each in waiting)
        leave.set()
        for each in (*holding, *waiting):
            each.result(10)

    assert refused_after < 0.05
    assert most[0] <= 2
    with hashing.admitted(), hashing.admitted():
        pass


def test_a_place_is_given_back_after_an_error() -> None:
    hashing = PasswordHashing(Peppers({1: OLD}), at_once=1)

    with pytest.raises(RuntimeError), hashing.admitted():
        raise RuntimeError

    with hashing.admitted():
        pass


def test_a_short_pepper_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Peppers({1: b"short"})


def test_whoever_makes_it_keeps_their_place_and_whoever_hashes_gives_it_back_meanwhile() -> None:
    """It is made by the first request that needs it, while others wait for it and hold places too."""
    aside: list[str] = []

    @contextmanager
    def step_aside() -> Iterator[None]:
        aside.append("gone")
        try:
            yield
        finally:
            aside.append("back")

    hashing = PasswordHashing(Peppers({1: OLD}), at_once=1, aside=step_aside)
    assert aside == []

    hashing.compare(None, "four words or more")

    assert aside == ["gone", "back"]
