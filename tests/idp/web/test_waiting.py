"""How long those who are sent away wait, and what says since when."""

from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie

import pytest

from idp.web.waiting import (
    EARLY_SECONDS,
    LONGEST_SECONDS,
    MOST_REMEMBERED,
    SHORTEST_SECONDS,
    TICKET_LASTS,
    USES,
    Outlook,
    Tickets,
)

SECRET = "of cookies"


class Time:
    """An hour that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def waits(outlook: Outlook, time: Time, *, seconds: float, served: int, away: int) -> list[int]:
    """Let so many come, every two seconds; return how long those of the last two were asked to wait."""
    told: list[int] = []
    for _ in range(int(seconds / 2)):
        time.now += 2
        for _ in range(served):
            outlook.serve()
        told = [outlook.send_away() for _ in range(away)]
    return told


def test_while_a_few_are_sent_away_they_come_back_within_seconds() -> None:
    time = Time()

    told = waits(Outlook(time), time, seconds=60, served=100, away=50)

    assert max(told) <= 1.5 * SHORTEST_SECONDS
    assert len(set(told)) > 3, "not all at once"


def test_the_more_are_sent_away_for_each_who_is_served_the_longer_they_wait_up_to_a_bound() -> None:
    time = Time()
    outlook = Outlook(time)

    first, soon, late = (waits(outlook, time, seconds=seconds, served=10, away=500) for seconds in (2, 4, 60))

    assert max(first) <= 1.5 * SHORTEST_SECONDS < sum(soon) / len(soon) < sum(late) / len(late)
    assert max(late) <= 1.5 * LONGEST_SECONDS


def test_when_fewer_are_sent_away_than_served_the_wait_shrinks_again() -> None:
    time = Time()
    outlook = Outlook(time)
    waits(outlook, time, seconds=60, served=10, away=500)

    assert max(waits(outlook, time, seconds=60, served=100, away=10)) <= 1.5 * SHORTEST_SECONDS


def test_a_crowd_of_a_minute_ago_is_forgotten() -> None:
    time = Time()
    outlook = Outlook(time)
    waits(outlook, time, seconds=60, served=10, away=500)
    time.now += 60

    assert outlook.send_away() <= 1.5 * SHORTEST_SECONDS


TOLD = 30
"""Seconds after which those below are told to come back."""


def given(tickets: Tickets) -> str:
    """Send a browser away; return the Cookie header with which it comes back."""
    (cookie,) = SimpleCookie(tickets.cookie(TOLD)).values()
    return f"a=b; {cookie.key}={cookie.value}; c=d"


def lets_in(tickets: Tickets, shown: str) -> bool:
    ticket = tickets.held(shown)
    return ticket is not None and tickets.redeem(ticket)


@pytest.mark.parametrize("secure", [True, False])
def test_a_ticket_lets_in_from_when_it_says_until_it_runs_out(secure: bool) -> None:
    time = Time()
    tickets = Tickets(SECRET, secure=secure, clock=time)
    shown = given(tickets)

    time.now += TOLD
    assert lets_in(tickets, shown)
    time.now += TICKET_LASTS.seconds
    assert lets_in(tickets, shown)
    time.now += 1
    assert tickets.held(shown) is None


def test_who_comes_early_gains_nothing_and_keeps_the_ticket() -> None:
    time = Time()
    tickets = Tickets(SECRET, secure=False, clock=time)
    shown = given(tickets)

    time.now += TOLD - EARLY_SECONDS - 1
    assert not lets_in(tickets, shown)
    time.now += 1
    assert lets_in(tickets, shown)


def test_a_thousand_who_share_a_ticket_are_let_in_like_the_tabs_of_one_browser() -> None:
    time = Time()
    tickets = Tickets(SECRET, secure=False, clock=time)
    shown = given(tickets)
    time.now += TOLD

    with ThreadPoolExecutor(8) as crowd:
        let_in = list(crowd.map(lambda _: lets_in(tickets, shown), range(1000)))

    assert sum(let_in) == USES
    assert tickets.held(shown) is None, "so that this browser is given another one"


def test_who_was_not_let_in_after_all_has_not_used_the_ticket() -> None:
    time = Time()
    tickets = Tickets(SECRET, secure=False, clock=time)
    shown = given(tickets)
    time.now += TOLD

    for _ in range(3 * USES):
        ticket = tickets.held(shown)
        assert ticket is not None
        assert tickets.redeem(ticket)
        tickets.give_back(ticket)

    assert lets_in(tickets, shown)


def test_used_tickets_take_no_more_memory_than_said() -> None:
    time = Time()
    tickets = Tickets(SECRET, secure=False, clock=time)
    first = given(tickets)
    others = [given(tickets) for _ in range(MOST_REMEMBERED)]
    time.now += TOLD

    for shown in (first, *others):
        for _ in range(USES):
            assert lets_in(tickets, shown)

    assert all(tickets.held(shown) is None for shown in others), "as many are known as can be"
    assert tickets.held(first) is not None, "and the oldest is forgotten"


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "waited=",
        "waited=1000",
        "waited=1000.",
        f"waited=1000.{'0' * 16}",
        f"waited=1000.{'0' * 16}.{'0' * 64}",
        f"waited=1000.{'0' * 16}.{'0' * 1_000_000}",
        f"waited={'9' * 1_000_000}.{'0' * 16}.{'0' * 64}",
        f"waited=-1.{'0' * 16}.{'0' * 64}",
        f"waited=\N{SUPERSCRIPT TWO}.{'0' * 16}.{'0' * 64}",
        "waited=" * 100_000,
        'waited={"due": 1000}',
    ],
)
def test_what_nobody_gave_is_no_ticket(shown: str) -> None:
    assert Tickets(SECRET, secure=False, clock=Time()).held(shown) is None


def test_a_ticket_is_of_its_hour_its_name_and_its_installation() -> None:
    time = Time()
    tickets, others = (Tickets(secret, secure=False, clock=time) for secret in (SECRET, "another"))
    ticket = tickets.cookie(TOLD).partition(";")[0]
    name, _, value = ticket.partition("=")
    due, number, mark = value.split(".")

    assert tickets.held(ticket)
    assert others.held(ticket) is None
    assert tickets.held(f"x{name}={value}") is None
    assert tickets.held(f"{name}={int(due) - 1}.{number}.{mark}") is None
    assert tickets.held(f"{name}={due}.{number[::-1]}.{mark}") is None


def test_a_ticket_from_the_future_is_none_and_counts_again_when_the_clock_is_mended() -> None:
    time = Time()
    tickets = Tickets(SECRET, secure=False, clock=time)
    time.now += 3600
    shown = given(tickets)

    time.now -= 3600
    assert tickets.held(shown) is None
    time.now += 3600 + TOLD
    assert lets_in(tickets, shown)
