"""What one core can do at most, measured in the same minutes: whoever is near such a limit has little left to gain."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Flask
from redis import Redis
from sqlalchemy import make_url
from werkzeug.test import EnvironBuilder, run_wsgi_app

from idp.authentication.passwords import PasswordHashing
from idp.authentication.peppers import Peppers
from tests.load.driver import Run
from tests.load.plan import ARGON2, EMPTY_VIEW
from tests.load.processes import SERVICE_CORE, on_core
from tests.support.service import StorePair
from tests.support.visitor import PASSWORD

ES256, SQL, SHORT_LIVED = "ES256 signatures", "SQL round trips", "Redis round trips"

TOLD = (ES256, ARGON2, SQL, SHORT_LIVED, EMPTY_VIEW)


@contextmanager
def acts(pair: StorePair) -> Iterator[dict[str, Callable[[], object]]]:
    """What is done once for one count, by name; the round trips are to these stores."""
    hashing, key = (
        PasswordHashing(Peppers({1: secrets.token_bytes(32)}), at_once=1),
        ec.generate_private_key(ec.SECP256R1()),
    )
    stored = hashing.hash(PASSWORD, stands_alone=True, now=datetime.now(UTC))
    dsn = make_url(pair.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(dsn, autocommit=True) as database, Redis.from_url(pair.ephemeral_url) as redis:
        yield {
            ARGON2: lambda: hashing.compare(stored, PASSWORD),
            EMPTY_VIEW: _empty_view(),
            ES256: lambda: key.sign(b"header.claims", ec.ECDSA(SHA256())),
            SQL: lambda: database.execute("SELECT 1").fetchone(),
            SHORT_LIVED: lambda: redis.get("nothing"),
        }


def _empty_view() -> Callable[[], object]:
    app = Flask("empty")
    app.add_url_rule("/", view_func=lambda: "{}")
    environ = EnvironBuilder().get_environ()
    return lambda: run_wsgi_app(app, environ.copy())


def repeat(act: Callable[[], object], seconds: float) -> Run:
    """Do it on the service's core for so long."""
    run = Run()
    with on_core(SERVICE_CORE):
        began = now = time.perf_counter()
        while now - began < seconds:
            before = now
            act()
            now = time.perf_counter()
            run.latencies.append(now - before)
    run.seconds = now - began
    return run
