"""Who is served, who waits and who is sent away, when more come than there are places."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from idp.web.gate import MOST_WAITING, Gate, Rank


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2 * MOST_WAITING) as pool:
        yield pool


class Crowd:
    """Requests before a gate of one place, each in a thread of its own, in the order in which they came."""

    def __init__(self, threads: ThreadPoolExecutor, *, patience: float = 30) -> None:
        self.gate = Gate(1, patience=patience)
        self.served: list[str] = []
        self._threads = threads

    def come(self, name: str, rank: Rank) -> Future[bool]:
        """Come to the gate; served or refused, the outcome says so."""
        seen = threading.Event()

        def ask() -> bool:
            seen.set()
            if not self.gate.enter(rank):
                return False
            self.served.append(name)
            self.gate.leave()
            return True

        coming = self._threads.submit(ask)
        assert seen.wait(10)
        time.sleep(0.002)
        return coming


def test_the_place_goes_to_the_highest_rank_and_within_it_to_whoever_came_first(threads: ThreadPoolExecutor) -> None:
    crowd = Crowd(threads)
    assert crowd.gate.enter(Rank.NEW)

    coming = [
        crowd.come(name, rank)
        for name, rank in [
            ("sign-up", Rank.LAST),
            ("new 1", Rank.NEW),
            ("token 1", Rank.TOKENS),
            ("page", Rank.UNDER_WAY),
            ("new 2", Rank.NEW),
            ("token 2", Rank.TOKENS),
        ]
    ]
    assert not any(each.done() for each in coming)
    crowd.gate.leave()

    assert all(each.result(10) for each in coming)
    assert crowd.served == ["token 1", "token 2", "page", "new 1", "new 2", "sign-up"]


def test_a_full_line_sends_away_the_last_of_the_lowest_for_a_higher_and_nobody_else(
    threads: ThreadPoolExecutor,
) -> None:
    crowd = Crowd(threads)
    assert crowd.gate.enter(Rank.NEW)
    waiting = [crowd.come(str(number), Rank.NEW) for number in range(MOST_WAITING)]

    assert crowd.come("one more", Rank.NEW).result(10) is False
    assert crowd.come("sign-up", Rank.LAST).result(10) is False
    token = crowd.come("token", Rank.TOKENS)
    assert waiting[-1].result(10) is False
    assert not any(each.done() for each in (*waiting[:-1], token))
    crowd.gate.leave()

    assert all(each.result(10) for each in (*waiting[:-1], token))
    assert crowd.served[0] == "token"


def test_who_has_waited_too_long_is_refused_and_takes_no_place_later(threads: ThreadPoolExecutor) -> None:
    crowd = Crowd(threads, patience=0.05)
    assert crowd.gate.enter(Rank.NEW)

    assert crowd.come("impatient", Rank.TOKENS).result(10) is False
    crowd.gate.leave()

    assert crowd.come("next", Rank.LAST).result(10) is True


def test_who_steps_aside_lets_another_in_and_comes_back_before_everybody(threads: ThreadPoolExecutor) -> None:
    crowd = Crowd(threads)
    hashed, order = threading.Event(), []

    def hash_a_password() -> None:
        assert crowd.gate.enter(Rank.UNDER_WAY)
        with crowd.gate.aside():
            order.append("aside")
            assert hashed.wait(10)
        order.append("back")
        crowd.gate.leave()

    hashing = threads.submit(hash_a_password)
    while not order:
        time.sleep(0.001)
    assert crowd.come("another", Rank.NEW).result(10) is True
    assert crowd.gate.enter(Rank.NEW)
    line = [crowd.come(str(number), Rank.TOKENS) for number in range(MOST_WAITING)]
    hashed.set()
    time.sleep(0.05)
    assert order == ["aside"]
    crowd.gate.leave()

    hashing.result(10)
    assert order == ["aside", "back"]
    assert all(each.result(10) for each in line)


def test_a_thread_without_a_place_has_none_to_give(threads: ThreadPoolExecutor) -> None:
    crowd = Crowd(threads)
    assert crowd.gate.enter(Rank.NEW)

    def step_aside() -> bool:
        with crowd.gate.aside():
            waiting = crowd.come("waits", Rank.NEW)
            return waiting.done()

    assert threads.submit(step_aside).result(10) is False
    crowd.gate.leave()


def test_of_hundreds_never_more_are_inside_than_there_are_places(threads: ThreadPoolExecutor) -> None:
    gate, lock, inside, most = Gate(3), threading.Lock(), [0], [0]

    def step(by: int) -> None:
        with lock:
            inside[0] += by
            most[0] = max(most[0], inside[0])

    def ask(number: int) -> bool:
        if not gate.enter(Rank(1 + number % 4)):
            return False
        step(1)
        time.sleep(0.0005)
        step(-1)
        with gate.aside():
            pass
        gate.leave()
        return True

    outcomes = list(threads.map(ask, range(2_000)))

    assert any(outcomes)
    assert most[0] == 3
    assert all(gate.enter(Rank.LAST) for _ in range(3))
