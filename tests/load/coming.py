"""Visitors who come when they come, whether the others are served or not, and come back when they are told to."""

import heapq
import itertools
import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import cast

from tests.load.driver import Answer, read_answer

Visit = Callable[[], Generator[bytes, Answer, None]]
"""What one visitor does; it is done again, from the beginning, after an answer that says when."""
GIVEN_UP = 0
"""The status of a connection that was closed without an answer."""


@dataclass(slots=True)
class _Visitor:
    visit: Visit
    steps: Generator[bytes, Answer, None]
    received: bytes = b""


def come(port: int, visits: Mapping[float, Visit], *, until: float | None = None) -> Counter[int]:
    """Begin each visit at its second, over a connection of its own; return how often each last status was met.

    Without `until`, seconds from now, it goes on until every visit is over.
    """
    began, met, order = time.monotonic(), Counter[int](), itertools.count()
    due = [(at, next(order), visit) for at, visit in visits.items()]
    heapq.heapify(due)
    waiting = selectors.DefaultSelector()
    while due or waiting.get_map():
        now = time.monotonic() - began
        if until is not None and now > until:
            break
        while due and due[0][0] <= now:
            visit = heapq.heappop(due)[2]
            visitor = _Visitor(visit, visit())
            line = socket.create_connection(("127.0.0.1", port))
            line.sendall(next(visitor.steps))
            waiting.register(line, selectors.EVENT_READ, visitor)
        for key, _ in waiting.select(0.005):
            line, visitor = cast(socket.socket, key.fileobj), cast(_Visitor, key.data)
            piece = line.recv(65_536)
            visitor.received += piece
            answer, visitor.received = read_answer(visitor.received)
            if piece and answer is None:
                continue
            if answer is not None and _goes_on(line, visitor, answer):
                continue
            waiting.unregister(line)
            line.close()
            met[answer.status if answer else GIVEN_UP] += 1
            if answer is not None and answer.status == 503:
                again = time.monotonic() - began + int(answer.header("Retry-After"))
                heapq.heappush(due, (again, next(order), visitor.visit))
    for key in list(waiting.get_map().values()):
        cast(socket.socket, key.fileobj).close()
    return met


def _goes_on(line: socket.socket, visitor: _Visitor, answer: Answer) -> bool:
    try:
        line.sendall(visitor.steps.send(answer))
    except StopIteration:
        return False
    return True
