"""What clients asked for and were answered while things broke, in order; and which promises that breaks.

An answer that never came, or one of 503, leaves open whether anything happened: it is unknown, never failed. So the
checker says only what no order of events can explain (design: histories and a checker, as Jepsen does it).
"""

import math
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import pairwise

ONCE = ("redeem", "assert", "prove")
"""Acts of which one succeeds at most for each key: a code, an assertion's jti, a proof's jti."""
ENDED = "inactive"
"""What a look at a grant says when it has ended."""


class Outcome(StrEnum):
    """What is known of an operation afterwards."""

    OK = "ok"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    FAILED = "failed"
    """An answer that may never be given, whatever breaks: 500, or a 503 that does not say when to come again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One request of one client. Times are seconds of one monotonic clock."""

    act: str
    key: str
    """What it was about, such as a code; never empty."""
    outcome: Outcome
    value: str = ""
    """What was told, such as the next refresh token."""
    invoked: float
    answered: float
    during: str = ""
    """The fault that was on, if any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A promise that was broken, and by which operation that could be seen."""

    promise: str
    key: str
    during: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What is found when everything is over of the acts of one name: keys, and how often."""

    act: str
    found: Mapping[str, int]
    where: str = "kept"


class History:
    """Operations in the order in which they were answered; many threads append."""

    def __init__(self) -> None:
        self._operations: list[Operation] = []
        self._lock = threading.Lock()

    def append(self, operation: Operation) -> None:
        with self._lock:
            self._operations.append(operation)

    def __iter__(self) -> Iterator[Operation]:
        with self._lock:
            return iter(self._operations[:])

    def __len__(self) -> int:
        return len(self._operations)


def breaches(history: Iterable[Operation], kept: Iterable[Kept] = ()) -> list[Breach]:
    """Return every promise that this history breaks, and what of it was acknowledged and is not `kept`."""
    operations = sorted(history, key=lambda operation: operation.answered)
    found: list[Breach] = []
    for rule in (_failures, _spent_twice, _two_successors, _old_heads, _came_back, _two_names, _two_codes):
        found += rule(operations)
    for each in kept:
        found += _lost(operations, each)
    return found


def _failures(operations: list[Operation]) -> list[Breach]:
    failed = [each for each in operations if each.outcome is Outcome.FAILED]
    return [_breach(f"no request fails, whatever breaks ({each.act}: {each.value})", each) for each in failed]


def _spent_twice(operations: list[Operation]) -> list[Breach]:
    found = []
    for act in ONCE:
        for successes in _by_key(operations, partial(_ok, act=act)).values():
            found += [_breach(f"{act}: at most once", again) for again in successes[1:]]
    return found


def _two_codes(operations: list[Operation]) -> list[Breach]:
    """A pushed request leads to one code; that one may be told again."""
    return _more_than_one_value(operations, "answer", "a pushed request has one answer at most")


def _two_successors(operations: list[Operation]) -> list[Breach]:
    return _more_than_one_value(operations, "refresh", "a refresh token has one successor at most")


def _two_names(operations: list[Operation]) -> list[Breach]:
    """A service knows a citizen by one `sub`, and by it nobody else. The key is `service citizen`."""
    found = _more_than_one_value(operations, "learn", "a citizen has one sub at a service")
    people: dict[tuple[str, str], str] = {}
    for each in operations:
        if _ok(each, "learn"):
            service, _, citizen = each.key.partition(" ")
            if people.setdefault((service, each.value), citizen) != citizen:
                found.append(_breach("a sub is one citizen's alone", each))
    return found


def _old_heads(operations: list[Operation]) -> list[Breach]:
    """A refresh token renews nothing any more once its successor has."""
    renewals = [each for each in operations if _ok(each, "refresh")]
    first_use: dict[str, float] = {}
    for each in renewals:
        first_use.setdefault(each.key, each.answered)
    return [
        _breach("a refresh family has one live head", each)
        for each in renewals
        if each.value != each.key and first_use.get(each.value, each.invoked) < each.invoked
    ]


def _came_back(operations: list[Operation]) -> list[Breach]:
    """What was revoked stays so; and where that is unknown, what is then told to be over is never alive again.

    Before somebody tried, a token may be over for one node and not for another, whose clock differs.
    """
    tried: dict[str, float] = {}
    for each in operations:
        if each.act == "revoke":
            tried[each.key] = min(each.invoked, tried.get(each.key, each.invoked))
    over: dict[str, float] = {}
    for each in operations:
        ended = _ok(each, "look") and each.value == ENDED and tried.get(each.key, math.inf) <= each.invoked
        if ended or _ok(each, "revoke"):
            over.setdefault(each.key, each.answered)
    alive = (each for each in operations if _ok(each, "look") and each.value != ENDED)
    return [
        _breach("a revoked token is never active again", each)
        for each in alive
        if over.get(each.key, each.invoked) < each.invoked
    ]


def _lost(operations: list[Operation], kept: Kept) -> list[Breach]:
    """Return what was acknowledged and is not there, or less often than acknowledged."""
    found = []
    for key, acknowledged in _by_key(operations, lambda each: _ok(each, kept.act)).items():
        distinct = {each.value for each in acknowledged}
        if kept.found.get(key, 0) < len(distinct):
            found.append(_breach(f"{kept.act}: what was acknowledged is {kept.where}", acknowledged[-1]))
    return found


def lulls(history: Iterable[Operation], seconds: float) -> list[tuple[float, float]]:
    """Return when nothing succeeded for longer than so many seconds: from, until."""
    good = sorted(each.answered for each in history if each.outcome is Outcome.OK)
    return [(before, after) for before, after in pairwise(good) if after - before > seconds]


def _more_than_one_value(operations: list[Operation], act: str, promise: str) -> list[Breach]:
    found = []
    for successes in _by_key(operations, lambda each: _ok(each, act)).values():
        first = successes[0].value
        found += [_breach(promise, each) for each in successes if each.value != first]
    return found


def _by_key(operations: list[Operation], wanted: Callable[[Operation], bool]) -> Mapping[str, list[Operation]]:
    found: dict[str, list[Operation]] = defaultdict(list)
    for each in operations:
        if wanted(each):
            found[each.key].append(each)
    return found


def _ok(operation: Operation, act: str) -> bool:
    return operation.act == act and operation.outcome is Outcome.OK


def _breach(promise: str, seen_by: Operation) -> Breach:
    return Breach(promise=promise, key=seen_by.key, during=seen_by.during)
