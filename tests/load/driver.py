"""A small HTTP/1.1 client that keeps a service busy over a few connections, and knows what it costs itself.

An operation is a generator: it yields requests as bytes, is given each answer, and returns when it is done.
"""

import re
import selectors
import socket
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

CONNECTIONS = 8
"""Enough that the service never waits for us, few enough that a queue does not hide what one request takes."""
PIECE = 65_536
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """One response; `head` is its status line and headers as they came."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        """Return the one header of this name, or KeyError."""
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.lower() == name.lower().encode():
                return value.strip().decode()
        raise KeyError(name)


Operation = Callable[[], Generator[bytes, Answer, None]]


@dataclass(slots=True)
class Run:
    """What was done in one stretch of time."""

    seconds: float = 0.0
    own_cpu: float = 0.0
    """CPU seconds of the driver itself."""
    latencies: list[float] = field(default_factory=list)
    """Seconds that each operation took, its requests one after the other."""


class _Connection:
    """One kept-alive connection and the operation under way on it."""

    def __init__(self, port: int, operation: Operation) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._operation = operation
        self._received = b""
        self.began = 0.0

    def begin(self) -> None:
        """Start the next operation."""
        self.began = time.perf_counter()
        self._under_way = self._operation()
        self.socket.sendall(next(self._under_way))

    def go_on(self) -> bool:
        """Read what came, send what is next; say whether the operation is done."""
        piece = self.socket.recv(PIECE)
        if not piece:
            raise ConnectionError("the service closed a connection")
        self._received += piece
        answer, self._received = read_answer(self._received)
        if answer is None:
            return False
        try:
            self.socket.sendall(self._under_way.send(answer))
        except StopIteration:
            return True
        return False


def read_answer(received: bytes) -> tuple[Answer | None, bytes]:
    """Return the answer at the beginning of what was received, if it is whole, and what is left."""
    head, found, rest = received.partition(b"\r\n\r\n")
    if not found:
        return None, received
    length = _LENGTH.search(head)
    size = int(length[1]) if length else 0
    if len(rest) < size:
        return None, received
    return Answer(int(head[9:12]), head, rest[:size]), rest[size:]


def drive(port: int, operation: Operation, seconds: float, *, connections: int = CONNECTIONS) -> Run:
    """Repeat `operation` on every connection for so long; the last ones are finished and counted."""
    run, waiting = Run(), selectors.DefaultSelector()
    opened = [_Connection(port, operation) for _ in range(connections)]
    began, own = time.perf_counter(), time.process_time()
    for connection in opened:
        waiting.register(connection.socket, selectors.EVENT_READ, connection)
        connection.begin()
    left = len(opened)
    while left:
        for ready, _ in waiting.select():
            connection = ready.data
            if not connection.go_on():
                continue
            now = time.perf_counter()
            run.latencies.append(now - connection.began)
            if now - began < seconds:
                connection.begin()
            else:
                left -= 1
    run.seconds, run.own_cpu = time.perf_counter() - began, time.process_time() - own
    for connection in opened:
        connection.socket.close()
    waiting.close()
    return run
