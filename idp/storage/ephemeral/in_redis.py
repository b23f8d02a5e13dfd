"""Short-lived state in Redis or Valkey: one round trip for each method.

The store's birth lies beside the records, with the run id of the server that held it. Each new
connection compares that id first: a server that was flushed, restarted or failed over may have
forgotten first uses, so its birth is now. No command is retried, because a change that timed out
may have happened.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, cast

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from federation.ephemeral import Record, StoreUnavailable
from idp.storage.ephemeral.records import microseconds, place_of, read, written

TIMEOUT_SECONDS = 1.0
SETTLE_SECONDS = 1.0
"""A flush is dated at most this late while records are being put."""

_BIRTH = "countersign:birth"
_IF_ANOTHER_RUN = """
if redis.call('HGET', KEYS[1], 'run') ~= ARGV[2] then
  redis.call('HSET', KEYS[1], 'born_at', ARGV[1], 'run', ARGV[2])
end
"""
_IF_FLUSHED = """
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'born_at', ARGV[1], 'run', ARGV[2])
end
"""
_ADD = (
    _IF_FLUSHED
    + """
if tonumber(ARGV[3]) < tonumber(redis.call('HGET', KEYS[1], 'born_at')) then return 0 end
if redis.call('SET', KEYS[2], ARGV[4], 'NX', 'PX', ARGV[5]) then return 1 end
return 0
"""
)


class InRedis:
    """One server, reached through a pool of connections shared by the threads of a process."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._run = ""
        self._settle_at = 0.0
        self._redis = Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            redis_connect_func=self._greet,
        )
        self._add_dated = self._redis.register_script(_ADD)

    def put(self, kind: str, key: str, record: Record, lifetime: timedelta) -> None:
        """Keep `record`, over whatever was there."""
        with _translated():
            if time.monotonic() < self._settle_at:
                self._redis.set(_name(kind, key), written(record), px=_milliseconds(lifetime))
                return
            with self._redis.pipeline(transaction=False) as together:
                together.eval(_IF_FLUSHED, 1, _BIRTH, self._now(), self._run)
                together.set(_name(kind, key), written(record), px=_milliseconds(lifetime))
                together.execute()
            self._settle_at = time.monotonic() + SETTLE_SECONDS

    def get(self, kind: str, key: str) -> Record | None:
        """Return the record while it lives, or None."""
        with _translated():
            return _read(self._redis.get(_name(kind, key)))

    def take(self, kind: str, key: str) -> Record | None:
        """Return the record and remove it: of any number of callers, one gets it."""
        with _translated():
            return _read(self._redis.getdel(_name(kind, key)))

    def replace(self, kind: str, key: str, record: Record, lifetime: timedelta) -> Record | None:
        """Put `record` in the place of a living one and return the old one; where there is none, do nothing."""
        with _translated():
            return _read(
                self._redis.set(_name(kind, key), written(record), px=_milliseconds(lifetime), xx=True, get=True)
            )

    def add(self, kind: str, key: str, record: Record, lifetime: timedelta, *, dated: datetime | None = None) -> bool:
        """Keep `record` if nothing living is there and it is not dated before the store's birth."""
        with _translated():
            if dated is None:
                return bool(self._redis.set(_name(kind, key), written(record), px=_milliseconds(lifetime), nx=True))
            return bool(
                self._add_dated(
                    keys=[_BIRTH, _name(kind, key)],
                    args=[self._now(), self._run, microseconds(dated), written(record), _milliseconds(lifetime)],
                )
            )

    def check_available(self) -> None:
        """Raise StoreUnavailable if the server does not answer; note a flush if there was one."""
        with _translated():
            self._redis.eval(_IF_FLUSHED, 1, _BIRTH, self._now(), self._run)

    def eviction(self) -> str:
        """Return what the server does when it is full; all but `noeviction` may forget first uses."""
        with _translated():
            told = self._redis.info("memory")
        return str(told.get("maxmemory_policy", "unknown"))

    def fill(self) -> float:
        """Return how much of the memory the server may use is in use: 0 to 1; 0 where it has no bound."""
        with _translated():
            told = self._redis.info("memory")
        return float(told["used_memory"] / told["maxmemory"]) if told.get("maxmemory") else 0.0

    def begin(self, at: datetime) -> None:
        """Set the birth back: a new installation has no past to replay, so its first store may be born at `EPOCH`."""
        with _translated():
            self._redis.ping()
            self._redis.hset(_BIRTH, mapping={"born_at": microseconds(at), "run": self._run})

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()

    def _now(self) -> int:
        return int(self._clock() * 1_000_000)

    def _greet(self, connection: Any) -> None:
        """Learn which run of which server this is, before the first command."""
        connection.on_connect()
        connection.send_command("INFO", "server")
        told = cast(bytes, connection.read_response()).decode()
        self._run = next(line[7:].strip() for line in told.splitlines() if line.startswith("run_id:"))
        connection.send_command("EVAL", _IF_ANOTHER_RUN, 1, _BIRTH, self._now(), self._run)
        connection.read_response()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise StoreUnavailable(type(error).__name__) from error


def _name(kind: str, key: str) -> str:
    return f"countersign:{kind}:{place_of(kind, key).hex()}"


def _milliseconds(lifetime: timedelta) -> int:
    return max(lifetime // timedelta(milliseconds=1), 1)


def _read(body: Any) -> Record | None:
    return None if body is None else read(body)
