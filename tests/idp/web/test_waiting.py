"""How long those who are sent away wait, and what says since when."""

from http.cookies import SimpleCookie

import pytest

from idp.web.waiting import LONGEST_SECONDS, SHORTEST_SECONDS, TICKET_LASTS, Outlook, Tickets

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


@pytest.mark.parametrize("secure", [True, False])
def test_a_ticket_is_known_until_it_runs_out(secure: bool) -> None:
    time = Time()
    tickets = Tickets(SECRET, secure=secure, clock=time)
    (cookie,) = SimpleCookie(tickets.cookie()).values()
    shown = f"a=b; {cookie.key}={cookie.value}; c=d"

    assert tickets.shown(shown)
    time.now += TICKET_LASTS.seconds
    assert tickets.shown(shown)
    time.now += 1
    assert not tickets.shown(shown)


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "waited=",
        "waited=1000",
        "waited=1000.",
        f"waited=1000.{'0' * 64}",
        f"waited=99999999999999999999.{'0' * 64}",
        f"waited=-1.{'0' * 64}",
        f"waited=²³.{'0' * 64}",
    ],
)
def test_what_nobody_gave_is_no_ticket(shown: str) -> None:
    assert not Tickets(SECRET, secure=False, clock=Time()).shown(shown)


def test_a_ticket_is_of_its_hour_its_name_and_its_installation() -> None:
    time = Time()
    tickets, others = (Tickets(secret, secure=False, clock=time) for secret in (SECRET, "another"))
    ticket = tickets.cookie().partition(";")[0]
    name, _, value = ticket.partition("=")
    since, _, mark = value.partition(".")

    assert tickets.shown(ticket)
    assert not others.shown(ticket)
    assert not tickets.shown(f"x{name}={value}")
    assert not tickets.shown(f"{name}={int(since) - 1}.{mark}")
    time.now = 0
    assert not tickets.shown(ticket), "from the future"
