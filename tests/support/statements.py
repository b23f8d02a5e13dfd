"""Hear what units of work of this thread send to the database; other threads follow the keys meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import get_ident
from typing import Any

from idp.storage.sql.work import Work


@dataclass
class Heard:
    """SQL statements that were sent; BEGIN and COMMIT are among them."""

    statements: list[str] = field(default_factory=list)

    def clear(self) -> None:
        self.statements.clear()

    def of(self, verb: str) -> int:
        """Return how many began so."""
        return sum(statement.startswith(verb) for statement in self.statements)


@contextmanager
def statements_heard(first: Callable[[str], None] = lambda _: None) -> Iterator[Heard]:
    """Note every statement just before it is sent; `first` is called with it, and may raise in its place."""
    heard, send, listening = Heard(), Work._send, get_ident()

    def sending(work: Work, sql: str, arguments: Any = (), *, many: bool = False) -> Any:
        if get_ident() == listening:
            first(sql)
            heard.statements.append(sql)
        return send(work, sql, arguments, many=many)

    Work._send = sending  # type: ignore[method-assign,assignment]  # for as long as somebody listens
    try:
        yield heard
    finally:
        Work._send = send  # type: ignore[method-assign]  # as it was
