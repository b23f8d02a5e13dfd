"""Fill a migrated database with a country: rows in the shape of ten million citizens, as many as are asked for.

For each citizen a password and a passkey, a subject and two consents; a service for every two hundred; ten entries
of the audit log; and of a tenth a session, grants old and new, and what the worker purges. Every name is the SHA-256
of its kind and number, so it lies as scattered as a random one and whoever measures knows it. The links of the audit
log are names of this kind, too, and no chain. The database makes the rows itself; the indexes that can be taken off
are, and are made again after it from their own definitions.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from string import Template
from time import monotonic
from typing import Any

import psycopg
from sqlalchemy import make_url

from federation.hashing import fingerprint
from tests.load.report import say
from tests.support.postgresql import PostgreSQL

CHUNK = 250_000
CITIZENS_A_SERVICE = 200
AUDIT_ROWS_A_CITIZEN = 10
_PUBLIC_KEY = "a5010203262001215820" + "65" * 32 + "225820" + "1e" * 32
"""Of the length a passkey's has."""
_FINGERPRINT = """
CREATE FUNCTION fingerprint(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
rtrim(translate(encode(sha256(convert_to($1, 'UTF8')), 'base64'), '+/', '-_'), '=')
"""


_CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype IN ('f', 'p', 'u') AND connamespace = 'public'::regnamespace AND conrelid <> 'alembic_version'::regclass
ORDER BY contype
"""
"""Foreign keys first, since they stand on the others."""
_INDEXES = """
SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""
_INDEXES_AND_TRIGGERS = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql NOT NULL"
_WEEK = 7 * 24 * 3600 * 1_000_000
"""In microseconds, as every instant is kept."""
_SESSION = """
(session_id, citizen_id, created_at, authenticated_at, acr, amr, device, key_hash, last_seen_at, expires_at)
SELECT fingerprint('$kind-' || i), fingerprint('citizen-' || i), $now, $now, 'aal1', '["pwd"]',
  'Firefox, Linux', fingerprint(fingerprint('$kind-key-' || i)), $ends, $ends FROM $numbers
"""
_GRANT = """
(grant_id, client_id, citizen_id, subject, session_id, sid, scope, auth_time, acr, amr, claims, confirmation,
  code_hash, created_at, offline, expires_at)
SELECT fingerprint('$kind-' || i), 'service-' || (i % $services + 1), fingerprint('citizen-' || i),
  fingerprint('subject-' || i), fingerprint('session-' || i), fingerprint('sid-' || i), 'openid email', $now,
  'aal1', 'pwd', '{}', '{}', fingerprint('code-' || i), $now, true, $ends FROM $numbers
"""
_CONSENT = """
SELECT fingerprint('citizen-' || i), 'service-' || (i % $services + 1), 'scope:$kind', $now - i, NULL FROM $numbers
"""
_FAILURE = "SELECT 'password$kind' || fingerprint('citizen-' || i), 3, $long_ago - i FROM $numbers"
_AFTER = {"ends": "$now + 4 * $week + i"}
_BEFORE = {"ends": "$long_ago - i"}
_TABLES: tuple[tuple[str, float, str, dict[str, str]], ...] = (
    (
        "citizens",
        1,
        """
SELECT fingerprint('citizen-' || i), 'citizen' || i || '@example.org', 'citizen' || i || '@example.org', $now,
  'Ada', 'Byron', NULL, NULL, 'en', 'P1', true, $now - i, $now, 0 FROM $numbers
""",
        {},
    ),
    (
        "passwords",
        1,
        "SELECT fingerprint('citizen-' || i), '$password', $pepper, true, $now - i FROM $numbers",
        {},
    ),
    (
        "passkeys",
        1,
        """
SELECT fingerprint('passkey-' || i), fingerprint('citizen-' || i), $public_key, 0, '[]', '', false, false,
  'A key', $now - i, NULL FROM $numbers
""",
        {},
    ),
    (
        "relying_parties",
        1 / CITIZENS_A_SERVICE,
        """
(client_id, agency, active, registered, created_at, revision)
SELECT 'service-' || i, 'Agency ' || i, true, '$registered', $now - i, 0 FROM $numbers
""",
        {},
    ),
    ("sectors", 1 / CITIZENS_A_SERVICE, "SELECT 'service-' || i, 'Agency ' || i FROM $numbers", {}),
    ("subjects", 1, "SELECT fingerprint('subject-' || i), fingerprint('citizen-' || i) FROM $numbers", {}),
    ("consents", 1, _CONSENT, {"kind": "openid"}),
    ("consents", 1, _CONSENT, {"kind": "email"}),
    ("sessions", 0.1, _SESSION, {"kind": "session", "ends": "$now + $week"}),
    ("sessions", 0.1, _SESSION, {"kind": "old-session"} | _BEFORE),
    ("grants", 0.1, _GRANT, {"kind": "grant"} | _AFTER),
    ("grants", 0.1, _GRANT, {"kind": "old-grant"} | _BEFORE),
    ("failures", 0.1, _FAILURE, {"kind": ":"}),
    ("failures", 0.1, _FAILURE, {"kind": "?"}),
    (
        "outbox_messages",
        0.1,
        """
SELECT fingerprint('message-' || i), 'letter', NULL, $long_ago, $long_ago, 1, NULL, $long_ago, $long_ago - i
  FROM $numbers
""",
        {},
    ),
    (
        "audit_events",
        AUDIT_ROWS_A_CITIZEN,
        """
(name, at, body, sequence, hash, citizen_id)
SELECT 'tokens.issued', $now - $week + i, '{"citizen_id":"' || whose || '","client_id":"service-1","grant_id":"'
  || whose || '","scope":"openid email"}', i, fingerprint('link-' || i), whose
  FROM (SELECT i, fingerprint('citizen-' || (i % $citizens + 1)) AS whose FROM $numbers) AS entries
""",
        {},
    ),
)
"""Of each table: how many rows a citizen has in it, the SELECT that makes them of their numbers `i`, and its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What all rows of a kind share."""

    password: str
    """As Argon2 writes it."""
    pepper: int
    registered: str
    """A service's document, as JSON."""
    now: datetime


def name(kind: str, number: int) -> str:
    """Return what the row of this number is called."""
    return fingerprint(f"{kind}-{number}")


def services(citizens: int) -> int:
    """Return how many services that many citizens have."""
    return max(citizens // CITIZENS_A_SERVICE, 1)


def fill(url: str, citizens: int, sample: Sample) -> int:
    """Fill a database and tell how it goes; return how many rows it has."""
    every = sum(_count(citizens, share) for _, share, _, _ in _TABLES)
    told = _Progress(make_url(url).get_backend_name(), every)
    now = int(sample.now.timestamp()) * 1_000_000
    with _SQLite(url) if url.startswith("sqlite") else _PostgreSQL(url) as database:
        words = {
            "citizens": str(citizens),
            "services": str(services(citizens)),
            "password": sample.password,
            "pepper": str(sample.pepper),
            "registered": sample.registered.replace("'", "''"),
            "public_key": database.PUBLIC_KEY,
            "week": str(_WEEK),
            "now": str(now),
            "long_ago": str(now - 12 * _WEEK),
        }
        with database.without_indexes():
            for table, share, select, own in _TABLES:
                whole = Template(Template(select).safe_substitute(own)).safe_substitute(words)
                count = _count(citizens, share)
                for first in range(1, count + 1, CHUNK):
                    last = min(first + CHUNK - 1, count)
                    database.run(f"INSERT INTO {table} {whole.replace('$numbers', database.numbers(first, last))}")
                    told.more(table, last - first + 1)
        end = f"{citizens * AUDIT_ROWS_A_CITIZEN}, '{name('link', citizens * AUDIT_ROWS_A_CITIZEN)}'"
        database.run(f"INSERT INTO audit_head (one, sequence, hash) SELECT 1, {end}")
        database.settle()
    return every


def give_room(database: PostgreSQL) -> None:
    """Let a server have the memory that a machine of 24 GiB would give it, and write in long strides."""
    dsn = make_url(database.url("postgres")).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET shared_buffers = '4GB'")
        connection.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
    database.stop()
    database.start()


def _count(citizens: int, share: float) -> int:
    return max(round(citizens * share), 1)


class _Progress:
    """Rows so far, and how long the rest will take at that speed."""

    def __init__(self, kind: str, every: int) -> None:
        self._kind = kind
        self._every = every
        self._done = 0
        self._began = monotonic()

    def more(self, table: str, rows: int) -> None:
        self._done += rows
        left = (monotonic() - self._began) * (self._every - self._done) / self._done
        if self._every > CHUNK:
            say(f"{self._kind}: {table}, {self._done:,} of {self._every:,} rows; {left:.0f} s left, then the indexes")


class _PostgreSQL:
    """Rows go in without triggers, foreign keys and indexes, and these are made again as they were."""

    PUBLIC_KEY = f"decode('{_PUBLIC_KEY}', 'hex')"

    def __init__(self, url: str) -> None:
        dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection: psycopg.Connection[Any] = psycopg.connect(dsn, autocommit=True)

    def __enter__(self) -> "_PostgreSQL":
        for setting in (
            "session_replication_role = replica",
            "synchronous_commit = off",
            "maintenance_work_mem = '1GB'",
        ):
            self.run(f"SET {setting}")
        self.run(_FINGERPRINT)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []

    def numbers(self, first: int, last: int) -> str:
        return f"generate_series({first}::bigint, {last}) AS numbers(i)"

    @contextmanager
    def without_indexes(self) -> Iterator[None]:
        constraints = self.run(_CONSTRAINTS)
        indexes = self.run(_INDEXES)
        for table, constraint, _ in constraints:
            self.run(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
        for index, _ in indexes:
            self.run(f"DROP INDEX {index}")
        yield
        for table, constraint, definition in reversed(constraints):
            say(f"postgresql: {constraint}")
            self.run(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {definition}")
        for index, definition in indexes:
            say(f"postgresql: {index}")
            self.run(definition)

    def settle(self) -> None:
        """Gather what the planner asks for, and write everything out: nothing of it goes on while we measure."""
        self.run("DROP FUNCTION fingerprint")
        self.run("VACUUM ANALYZE")
        self.run("CHECKPOINT")


class _SQLite:
    """Rows go in without triggers and the indexes that can be taken off, and these are made again as they were."""

    PUBLIC_KEY = f"x'{_PUBLIC_KEY}'"

    def __init__(self, url: str) -> None:
        self._connection = sqlite3.connect(make_url(url).database or "", isolation_level=None)

    def __enter__(self) -> "_SQLite":
        for pragma in ("synchronous = OFF", "cache_size = -2000000", "foreign_keys = OFF", "temp_store = MEMORY"):
            self.run(f"PRAGMA {pragma}")
        self._connection.create_function("fingerprint", 1, fingerprint, deterministic=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement).fetchall()

    def numbers(self, first: int, last: int) -> str:
        more = f"SELECT {first} AS i UNION ALL SELECT i + 1 FROM numbers WHERE i < {last}"
        return f"(WITH RECURSIVE numbers(i) AS ({more}) SELECT i FROM numbers) AS numbers"

    @contextmanager
    def without_indexes(self) -> Iterator[None]:
        taken = self.run(
            "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql NOT NULL"
        )
        for kind, called, _ in taken:
            self.run(f"DROP {kind} {called}")
        yield
        for _, called, definition in taken:
            say(f"sqlite: {called}")
            self.run(definition)

    def settle(self) -> None:
        """Write everything out: nothing of it goes on while we measure."""
        self.run("PRAGMA wal_checkpoint(TRUNCATE)")
