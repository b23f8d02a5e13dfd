"""The checker of histories: what must be called a breach is, and what some order of events explains is not."""

import pytest

from tests.storm.history import ENDED, Kept, Operation, Outcome, breaches, lulls

OK, REFUSED, UNKNOWN, FAILED = Outcome.OK, Outcome.REFUSED, Outcome.UNKNOWN, Outcome.FAILED


def history(*told: tuple[str, str, Outcome, str], overlapping: bool = False) -> list[Operation]:
    """Return operations one after the other, or all at once."""
    return [
        Operation(
            act=act,
            key=key,
            outcome=outcome,
            value=value,
            invoked=0 if overlapping else 10 * at,
            answered=10 * at + 5,
            during="a fault",
        )
        for at, (act, key, outcome, value) in enumerate(told)
    ]


def promises(operations: list[Operation], *kept: Kept) -> list[str]:
    return [breach.promise for breach in breaches(operations, kept)]


@pytest.mark.parametrize("act", ["redeem", "assert", "prove"])
def test_what_succeeds_twice_is_a_breach(act: str) -> None:
    twice = history((act, "k", OK, ""), (act, "other", OK, ""), (act, "k", OK, ""))

    (breach,) = breaches(twice)

    assert (breach.promise, breach.key, breach.during) == (f"{act}: at most once", "k", "a fault")


@pytest.mark.parametrize("first", [REFUSED, UNKNOWN])
def test_what_succeeds_after_a_refusal_or_no_answer_is_none(first: Outcome) -> None:
    assert promises(history(("redeem", "k", first, ""), ("redeem", "k", OK, ""), ("redeem", "k", UNKNOWN, ""))) == []


def test_a_second_code_for_a_pushed_request_is_a_breach_and_the_same_again_is_none() -> None:
    assert promises(history(("answer", "r", OK, "c1"), ("answer", "r", OK, "c2"))) == [
        "a pushed request has one answer at most"
    ]
    assert promises(history(("answer", "r", OK, "c1"), ("answer", "r", OK, "c1"))) == []


def test_two_successors_are_a_breach() -> None:
    assert promises(history(("refresh", "a", OK, "b"), ("refresh", "a", OK, "x"))) == [
        "a refresh token has one successor at most"
    ]


def test_an_old_head_that_renews_after_its_successor_did_is_a_breach() -> None:
    renewed = [("refresh", "a", OK, "b"), ("refresh", "b", OK, "c"), ("refresh", "a", OK, "b")]

    assert promises(history(*renewed)) == ["a refresh family has one live head"]
    assert promises(history(*renewed, overlapping=True)) == []
    assert promises(history(renewed[0], renewed[2], renewed[1])) == []


def test_a_token_that_does_not_rotate_renews_as_often_as_it_likes() -> None:
    assert promises(history(*[("refresh", "a", OK, "a")] * 3)) == []


def test_a_revoked_token_that_is_active_later_is_a_breach() -> None:
    assert promises(history(("revoke", "g", OK, ""), ("look", "g", OK, "active"))) == [
        "a revoked token is never active again"
    ]
    assert promises(history(("revoke", "g", OK, ""), ("look", "g", OK, ENDED))) == []


def test_a_look_that_was_under_way_when_it_was_revoked_is_none() -> None:
    assert promises(history(("revoke", "g", OK, ""), ("look", "g", OK, "active"), overlapping=True)) == []


def test_what_one_node_took_for_over_before_anybody_revoked_it_may_be_active_for_another() -> None:
    seen = (("look", "g", OK, ENDED), ("look", "g", OK, "active"))

    assert promises(history(*seen, ("revoke", "g", OK, ""))) == []
    assert promises(history(("revoke", "g", UNKNOWN, ""), *seen)) == ["a revoked token is never active again"]


def test_nobody_knows_whether_it_was_revoked_until_somebody_was_told_so() -> None:
    unknown = ("revoke", "g", UNKNOWN, "")

    assert promises(history(unknown, ("look", "g", OK, "active"), ("look", "g", OK, ENDED))) == []
    assert promises(history(unknown, ("look", "g", OK, ENDED), ("look", "g", OK, "active"))) == [
        "a revoked token is never active again"
    ]


def test_another_sub_for_a_citizen_and_a_sub_of_two_are_breaches() -> None:
    assert promises(history(("learn", "app ada", OK, "s1"), ("learn", "app ada", OK, "s2"))) == [
        "a citizen has one sub at a service"
    ]
    assert promises(history(("learn", "app ada", OK, "s1"), ("learn", "app bob", OK, "s1"))) == [
        "a sub is one citizen's alone"
    ]
    assert promises(history(("learn", "app ada", OK, "s1"), ("learn", "web bob", OK, "s1"))) == []


def test_an_answer_that_may_never_be_given_is_a_breach() -> None:
    assert promises(history(("page", "/sign-in", FAILED, "500"))) == ["no request fails, whatever breaks (page: 500)"]


def test_what_was_acknowledged_and_is_gone_is_a_breach() -> None:
    signed_up = history(("sign up", "ada", OK, ""), ("sign up", "bob", UNKNOWN, ""))

    assert promises(signed_up, Kept("sign up", {})) == ["sign up: what was acknowledged is kept"]
    assert promises(signed_up, Kept("sign up", {"ada": 1})) == []
    assert promises(signed_up, Kept("revoke", {})) == []


def test_what_is_kept_less_often_than_acknowledged_is_a_breach() -> None:
    renewed = history(("renewal", "g", OK, "b"), ("renewal", "g", OK, "c"), ("renewal", "g", OK, "c"))

    assert promises(renewed, Kept("renewal", {"g": 1}, "in the log")) == [
        "renewal: what was acknowledged is in the log"
    ]
    assert promises(renewed, Kept("renewal", {"g": 2})) == []


def test_a_time_without_any_success_is_found() -> None:
    told = history(("look", "g", OK, "active"), ("look", "g", UNKNOWN, ""), ("look", "g", OK, "active"))

    assert lulls(told, 15) == [(5, 25)]
    assert lulls(told, 25) == []
