"""Short-lived state in Redis or Valkey: one round trip for each method.

Each shard has a birth and an era, kept beside its records with the run id of the server that held them. A server that
was flushed, restarted or failed over may have forgotten first uses and brought back what was spent, so its birth
is now and its era another. Every name begins with the era: what another era holds is not found, whatever a replica or
a file still had of it. A connection learns the era before its first command. The age of a proof by our clock is held
against the age of the store by its own: by how much the two differ does not matter. No command is retried, because a
change that timed out may have happened.
"""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

from redis import RedisError
from redis.exceptions import OutOfMemoryError

from federation.ephemeral import Record, StoreUnavailable
from idp.storage.ephemeral.records import microseconds, place_of, read, written
from idp.storage.ephemeral.redis_servers import Address, names, servers_of

SETTLE_SECONDS = 1.0
"""A flush is dated at most this late while records are being put."""

_BORN = """
local run, era = unpack(redis.call('HMGET', KEYS[1], 'run', 'era'))
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
if run ~= ARGV[1] or not era then
  era = ARGV[2]
  redis.call('HSET', KEYS[1], 'run', ARGV[1], 'era', era, 'born_at', string.format('%.0f', now))
end
"""
_ERA = _BORN + "return era"
_ANOTHER_ERA = -1
_ADD = (
    _BORN
    + """
if era ~= ARGV[3] then return -1 end
if tonumber(ARGV[4]) > now - tonumber(redis.call('HGET', KEYS[1], 'born_at')) then return 0 end
if redis.call('SET', KEYS[2], ARGV[5], 'NX', 'PX', ARGV[6]) then return 1 end
return 0
"""
)


class _Line:
    """A connection, which run of a server it leads to, and what it learned there."""

    def __init__(self, connection: Any, address: Address) -> None:
        self.address = address
        self.run = ""
        self.eras: dict[int, bytes] = {}
        self._connection = connection
        self._pid = os.getpid()
        connection.connect()
        told = self.ask("INFO", "server").decode()
        self.run = next(line[7:].strip() for line in told.splitlines() if line.startswith("run_id:"))

    def ask(self, *command: Any) -> Any:
        self._connection.send_command(*command)
        return self._connection.read_response()

    def is_open(self) -> bool:
        """Say whether the server is still there and owes no answer."""
        with suppress(RedisError):
            return self._pid == os.getpid() and not self._connection.can_read()
        return False

    def close(self) -> None:
        self._connection.disconnect()


class InRedis:
    """One server or several, over as many connections as are used at the same time."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.time) -> None:
        self._servers = servers_of(url)
        self._clock = clock
        self._idle: list[_Line] = []
        self._eras: dict[int, bytes] = {}
        """As learned last, by whichever connection."""
        self._settle_at = dict.fromkeys(range(self._servers.shards), 0.0)

    def put(self, kind: str, key: str, record: Record, lifetime: timedelta) -> None:
        """Keep `record`, over whatever was there."""
        with self._place(kind, key) as (line, shard, place):
            if time.monotonic() >= self._settle_at[shard]:
                self._learn(line, shard)
                self._settle_at[shard] = time.monotonic() + SETTLE_SECONDS
            line.ask("SET", self._name(line, shard, place), written(record), "PX", _milliseconds(lifetime))

    def get(self, kind: str, key: str) -> Record | None:
        """Return the record while it lives, or None."""
        with self._place(kind, key) as (line, shard, place):
            return _read(line.ask("GET", self._name(line, shard, place)))

    def take(self, kind: str, key: str) -> Record | None:
        """Return the record and remove it: of any number of callers, one gets it."""
        with self._place(kind, key) as (line, shard, place):
            return _read(line.ask("GETDEL", self._name(line, shard, place)))

    def replace(self, kind: str, key: str, record: Record, lifetime: timedelta) -> Record | None:
        """Put `record` in the place of a living one and return the old one; where there is none, do nothing."""
        with self._place(kind, key) as (line, shard, place):
            name, ends = self._name(line, shard, place), _milliseconds(lifetime)
            return _read(line.ask("SET", name, written(record), "XX", "GET", "PX", ends))

    def add(self, kind: str, key: str, record: Record, lifetime: timedelta, *, dated: datetime | None = None) -> bool:
        """Keep `record` if nothing living is there and it is not dated before the store's birth."""
        body, ends = written(record), _milliseconds(lifetime)
        with self._place(kind, key) as (line, shard, place):
            if dated is None:
                return line.ask("SET", self._name(line, shard, place), body, "NX", "PX", ends) is not None
            while True:
                name = self._name(line, shard, place)
                age = int(self._clock() * 1_000_000) - microseconds(dated)
                given = (*self._born(line), line.eras[shard], age, body, ends)
                added = line.ask("EVAL", _ADD, 2, _birth(shard), name, *given)
                if added != _ANOTHER_ERA:
                    return bool(added)
                self._learn(line, shard)

    def check_available(self) -> None:
        """Raise StoreUnavailable if a server does not answer; note a flush if there was one."""
        for shard in self._one_shard_of_each():
            with self._line(shard) as line:
                self._learn(line, shard)

    def eviction(self) -> str:
        """Return what the servers do when they are full; all but `noeviction` may forget first uses."""
        told = {str(each.get("maxmemory_policy", "unknown")) for each in self._told("memory")}
        return ", ".join(sorted(told))

    def fill(self) -> float:
        """Return how much of the memory the fullest server may use is in use: 0 to 1; 0 where it has no bound."""
        told = [(int(each["used_memory"]), int(each.get("maxmemory", 0))) for each in self._told("memory")]
        return max(used / most if most else 0.0 for used, most in told)

    def goes_on_alone(self) -> bool:
        """Say whether a server with replicas would go on taking changes when it is cut off from all of them."""
        told = list(self._told("replication"))
        return any(int(each["connected_slaves"]) and "min_slaves_good_slaves" not in each for each in told)

    def begin(self, at: datetime) -> None:
        """Set the birth back: a new installation has no past to replay, so its first store may be born at `EPOCH`."""
        for shard in range(self._servers.shards):
            with self._line(shard) as line:
                self._learn(line, shard)
                line.ask("HSET", _birth(shard), "born_at", microseconds(at))

    def close(self) -> None:
        """Close the connections that nobody uses."""
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _place(self, kind: str, key: str) -> Iterator[tuple[_Line, int, bytes]]:
        place = place_of(kind, key)
        shard = place[0] % self._servers.shards
        with self._line(shard) as line:
            yield line, shard, place

    @contextmanager
    def _line(self, shard: int) -> Iterator[_Line]:
        """Lend a connection to where a shard is kept, the one used last first; whatever fails ends it."""
        line = None
        try:
            line = self._take_line(self._servers.address(shard))
            yield line
        except OutOfMemoryError as error:
            raise StoreUnavailable("it is full") from error
        except BaseException as error:
            self._servers.forget()
            if line is not None:
                line.close()
                line = None
            if isinstance(error, (RedisError, OSError)):
                raise StoreUnavailable(type(error).__name__) from error
            raise
        finally:
            if line is not None:
                self._idle.append(line)

    def _take_line(self, address: Address) -> _Line:
        for line in reversed(self._idle):
            if line.address == address:
                with suppress(ValueError):  # another thread was faster
                    self._idle.remove(line)
                    if line.is_open():
                        return line
                    line.close()
        return _Line(self._servers.connection(address), address)

    def _name(self, line: _Line, shard: int, place: bytes) -> bytes:
        era = line.eras.get(shard)
        if era is None or era != self._eras.get(shard):
            era = self._learn(line, shard)
        return b"%b%b:%b" % (names(shard).encode(), era, place.hex().encode())

    def _learn(self, line: _Line, shard: int) -> bytes:
        """Ask which era it is, and begin one if this run of the server has none."""
        era: bytes = line.ask("EVAL", _ERA, 1, _birth(shard), *self._born(line))
        line.eras[shard] = self._eras[shard] = era
        return era

    def _born(self, line: _Line) -> tuple[str, str]:
        """Return what a birth would be noted with, if it were now."""
        return line.run, secrets.token_urlsafe(6)

    def _one_shard_of_each(self) -> list[int]:
        with _translated():
            return list({self._servers.address(shard): shard for shard in range(self._servers.shards)}.values())

    def _told(self, section: str) -> Iterator[dict[str, str]]:
        for shard in self._one_shard_of_each():
            with self._line(shard) as line:
                lines = line.ask("INFO", section).decode().splitlines()
            yield dict(each.split(":", 1) for each in lines if ":" in each)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise StoreUnavailable(type(error).__name__) from error


def _birth(shard: int) -> str:
    return f"{names(shard)}birth"


def _milliseconds(lifetime: timedelta) -> int:
    return max(lifetime // timedelta(milliseconds=1), 1)


def _read(body: Any) -> Record | None:
    return None if body is None else read(body)
