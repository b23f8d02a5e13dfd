"""The hash chain over the audit log: how an event is written down, linked and checked. Pure.

Each sealed entry has the next number, without gaps, and the SHA-256 of itself and of the link before it.
Whoever changes, removes, inserts or reorders sealed entries must rebuild every later link, which the head
noted elsewhere (`countersign audit verify --head`) then contradicts.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from idp.audit.log import Entry, Event, Head

GENESIS = Head(0, "0" * 64)
"""What the first entry is linked to."""


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold, and how."""

    sequence: int
    reason: str


def written(event: Event) -> str:
    """Return the event's own fields as canonical JSON; it is ASCII, which every database keeps as is."""
    values = {
        field.name: getattr(event, field.name)
        for field in fields(event)  # type: ignore[arg-type]  # events are dataclasses, which Protocol cannot say
        if field.name != "at"
    }
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain)


def link(before: Head, entry: Entry) -> Head:
    """Return the link of `entry` to what is `before` it."""
    sequence = before.sequence + 1
    sealed = json.dumps([before.hash, sequence, entry.name, entry.at.isoformat(), entry.body], separators=(",", ":"))
    return Head(sequence, sha256(sealed.encode()).hexdigest())


def seal(before: Head, entries: Iterable[Entry]) -> Iterator[tuple[Entry, Head]]:
    """Link entries one after the other; yield each with its link."""
    for entry in entries:
        before = link(before, entry)
        yield entry, before


def find_break(entries: Iterable[Entry], head: Head, noted: Head | None = None) -> Break | None:
    """Walk the sealed `entries` in order of their numbers up to `head`; return where they first break, or None.

    `noted` is a head that was written down earlier, outside the database: it must still be in the chain.
    """
    before = GENESIS
    for entry in entries:
        before, broken = _step(before, entry)
        if broken is not None:
            return broken
        if noted is not None and before.sequence == noted.sequence and before != noted:
            return Break(noted.sequence, "is not the entry whose hash was noted: the chain has been rebuilt")
    if before.sequence > head.sequence:
        return Break(head.sequence + 1, "stands behind the end of the chain: inserted")
    if before != head or (noted is not None and noted.sequence > before.sequence):
        return Break(before.sequence + 1, "and what follows it are missing: removed from the end")
    return None


def _step(before: Head, entry: Entry) -> tuple[Head, Break | None]:
    expected = link(before, entry)
    if entry.sequence != expected.sequence:
        return before, Break(expected.sequence, "is missing: removed, or moved")
    if entry.hash != expected.hash:
        return before, Break(expected.sequence, "does not match its hash: edited, inserted or moved")
    return expected, None


def _plain(value: Any) -> Any:
    for kinds, write in _PLAIN:
        if isinstance(value, kinds):
            return write(value)
    raise TypeError(f"an audit event cannot hold a {type(value).__name__}")


_PLAIN: tuple[tuple[type | tuple[type, ...], Callable[[Any], Any]], ...] = (
    ((datetime, date), lambda value: value.isoformat()),
    (timedelta, lambda value: value.total_seconds()),
    ((set, frozenset), sorted),
)
