"""Short-lived state in one SQLite file that all processes of one machine share.

The file is written in full before it gets its name, so that whoever opens it finds a whole
store with its birth in it. Before every statement the name is compared with the file in hand:
deleting the file is a flush, and running processes follow to the new one. Lifetimes are counted by the time
since the machine was started, which nobody can set: what was used once is remembered for as long as was said.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from federation.ephemeral import Record, StoreUnavailable
from idp.storage.ephemeral.machine import alone_in, boot, since_boot
from idp.storage.ephemeral.records import microseconds, place_of, read, written

BUSY_SECONDS = 1.0
OPENINGS = 20
"""How often the file may be deleted while one connection is made."""
PURGE_EVERY = 64
"""Writes over one connection between two purges."""
PURGE_ROWS = 128

_SCHEMA = """
CREATE TABLE record (place BLOB PRIMARY KEY, body TEXT NOT NULL, ends_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX ix_record_ends_at ON record (ends_at);
CREATE TABLE store (id INTEGER PRIMARY KEY CHECK (id = 1), born_at INTEGER NOT NULL, boot TEXT NOT NULL);
"""
_PUT = (
    "INSERT INTO record VALUES (:place, :body, :ends_at)"
    " ON CONFLICT (place) DO UPDATE SET body = excluded.body, ends_at = excluded.ends_at"
)
_GET = "SELECT body FROM record WHERE place = :place AND ends_at > :now"
_TAKE = "DELETE FROM record WHERE place = :place RETURNING body, ends_at"
_ADD = (
    "INSERT INTO record SELECT :place, :body, :ends_at FROM store WHERE :dated IS NULL OR born_at <= :dated"
    " ON CONFLICT (place) DO UPDATE SET body = excluded.body, ends_at = excluded.ends_at WHERE record.ends_at <= :now"
)
_PURGE = "DELETE FROM record WHERE place IN (SELECT place FROM record WHERE ends_at <= :now LIMIT :limit)"
_BORN_AGAIN = "UPDATE store SET born_at = :born_at, boot = :boot WHERE boot <> :boot"
_FORGET = "DELETE FROM record"

Identity = tuple[int, int, int]


@dataclass(slots=True)
class _Hand:
    """A connection, and which process and file it belongs to."""

    connection: sqlite3.Connection | None = None
    identity: Identity | None = None
    writes: int = 0


class InSqlite:
    """The file, opened as often as it is used at the same time."""

    def __init__(
        self, path: Path, *, clock: Callable[[], float] = time.time, elapsed: Callable[[], float] | None = None
    ) -> None:
        """Take what dates a birth, and what counts lifetimes; both in seconds."""
        self._path = path
        self._name = str(path)
        self._clock = clock
        self._elapsed = elapsed or since_boot
        self._idle: list[_Hand] = []
        self._turn = threading.Lock()

    def put(self, kind: str, key: str, record: Record, lifetime: timedelta) -> None:
        """Keep `record`, over whatever was there."""
        with self._changing() as connection:
            connection.execute(_PUT, self._row(kind, key, record, lifetime))

    def get(self, kind: str, key: str) -> Record | None:
        """Return the record while it lives, or None."""
        with self._connected() as connection:
            row = connection.execute(_GET, {"place": place_of(kind, key), "now": self._now()}).fetchone()
        return None if row is None else read(row[0])

    def take(self, kind: str, key: str) -> Record | None:
        """Return the record and remove it: of any number of callers, one gets it."""
        with self._changing() as connection:
            rows = connection.execute(_TAKE, {"place": place_of(kind, key)}).fetchall()
        return read(rows[0][0]) if rows and rows[0][1] > self._now() else None

    def replace(self, kind: str, key: str, record: Record, lifetime: timedelta) -> Record | None:
        """Put `record` in the place of a living one and return the old one; where there is none, do nothing."""
        row = self._row(kind, key, record, lifetime)
        with self._changing() as connection, _transaction(connection):
            found = connection.execute(_GET, row).fetchone()
            if found is not None:
                connection.execute(_PUT, row)
        return None if found is None else read(found[0])

    def add(self, kind: str, key: str, record: Record, lifetime: timedelta, *, dated: datetime | None = None) -> bool:
        """Keep `record` if nothing living is there and it is not dated before the store's birth."""
        row = self._row(kind, key, record, lifetime) | {"dated": None if dated is None else microseconds(dated)}
        with self._changing() as connection:
            return connection.execute(_ADD, row).rowcount == 1

    def check_available(self) -> None:
        """Raise StoreUnavailable if the file cannot be read."""
        with self._connected() as connection:
            connection.execute("SELECT born_at FROM store").fetchone()

    def begin(self, at: datetime) -> None:
        """Set the birth back: a new installation has no past to replay, so its first store may be born at `EPOCH`."""
        with self._changing() as connection:
            connection.execute("UPDATE store SET born_at = ?", (microseconds(at),))

    def close(self) -> None:
        """Close what nobody uses, alone: the last connection removes the log by a name that a new store may bear."""
        with alone_in(self._path.parent):
            while self._idle:
                _close(self._idle.pop())

    def _now(self) -> int:
        return int(self._elapsed() * 1_000_000)

    def _birth(self) -> int:
        return int(self._clock() * 1_000_000)

    def _row(self, kind: str, key: str, record: Record, lifetime: timedelta) -> dict[str, Any]:
        now = self._now()
        ends_at = now + lifetime // timedelta(microseconds=1)
        return {"place": place_of(kind, key), "body": written(record), "ends_at": ends_at, "now": now}

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection to one writer of this process at a time; others' writers are SQLite's to order."""
        with self._turn, self._hand() as hand:
            connection = self._connection(hand)
            yield connection
            hand.writes += 1
            if hand.writes % PURGE_EVERY == 0:
                connection.execute(_PURGE, {"now": self._now(), "limit": PURGE_ROWS})

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with self._hand() as hand:
            yield self._connection(hand)

    @contextmanager
    def _hand(self) -> Iterator[_Hand]:
        """Lend what nobody else uses, the one used last first."""
        try:
            hand = self._idle.pop()
        except IndexError:
            hand = _Hand()
        try:
            yield hand
        except (sqlite3.OperationalError, OSError) as error:
            raise StoreUnavailable(str(error)) from error
        except sqlite3.DatabaseError as error:
            if type(error) is not sqlite3.DatabaseError:
                raise
            raise StoreUnavailable(str(error)) from error
        finally:
            self._idle.append(hand)

    def _connection(self, hand: _Hand) -> sqlite3.Connection:
        """Return its connection to the file that bears the name now."""
        identity = self._identity()
        if hand.connection is None or hand.identity != identity:
            if hand.identity is None or hand.identity[0] == os.getpid():
                _close(hand)
            hand.connection, hand.identity = self._open()
        return hand.connection

    def _identity(self) -> Identity | None:
        try:
            status = os.stat(self._name)  # noqa: PTH116 - called before every statement; Path.stat costs twice as much
        except FileNotFoundError:
            return None
        return os.getpid(), status.st_dev, status.st_ino

    def _open(self) -> tuple[sqlite3.Connection, Identity | None]:
        with alone_in(self._path.parent):
            for _ in range(OPENINGS):
                if (identity := self._identity()) is None:
                    self._create()
                elif (connection := _connected_to(self._path)) is not None:
                    with _transaction(connection):
                        if connection.execute(_BORN_AGAIN, {"born_at": self._birth(), "boot": boot()}).rowcount:
                            connection.execute(_FORGET)
                    return connection, identity
        raise StoreUnavailable(f"{self._path} is deleted as often as it is made")

    def _create(self) -> None:
        unborn = self._path.with_name(self._path.name + "-unborn")
        for leftover in (unborn, *(self._path.with_name(self._path.name + end) for end in ("-wal", "-shm"))):
            leftover.unlink(missing_ok=True)
        os.close(os.open(unborn, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with closing(_connect(unborn)) as connection:
            connection.executescript(_SCHEMA)
            connection.execute("INSERT INTO store VALUES (1, ?, ?)", (self._birth(), boot()))
        unborn.rename(self._path)


def _close(hand: _Hand) -> None:
    if hand.connection is not None:
        hand.connection.close()
    hand.connection = hand.identity = None


def _connected_to(path: Path) -> sqlite3.Connection | None:
    try:
        return _connect(path)
    except sqlite3.OperationalError:
        if path.exists():
            raise
        return None


def _connect(path: Path) -> sqlite3.Connection:
    """Open a file that is there: SQLite would make an empty one that shares its log with what was deleted."""
    there = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(there, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
