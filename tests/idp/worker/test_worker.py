"""The background worker on both pairs of stores: what waits is done, twice at once or after an outage too."""

import os
import signal
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest

from idp.assembly import build, prepare
from idp.audit.chain import find_break
from idp.audit.citizens import CitizenDisabled
from idp.notices import letters, outbox
from idp.notices.letters import EmailCode
from idp.notices.outbox import post
from idp.settings import Settings, load
from idp.storage.sql.database import SqlDatabase
from idp.web.services import Services
from idp.worker import run
from tests.support.mail import Mailbox, mail_server
from tests.support.postgresql import PostgreSQL
from tests.support.stores import Pair

WITHIN = 20.0


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def settings(pair: Pair, mailbox: Mailbox) -> Settings:
    made = load(
        issuer="http://localhost:8000",
        database_url=pair.database_url,
        ephemeral_url=pair.ephemeral_url,
        key_encryption_key=urlsafe_b64encode(b"k" * 32).decode(),
        mail_url=f"smtp://127.0.0.1:{mailbox.port}",
    )
    prepare(made)
    return made


@pytest.fixture
def use(settings: Settings) -> Iterator[Services]:
    made = build(settings)
    yield made
    assert isinstance(made.database, SqlDatabase)
    made.database._engine.dispose()


@contextmanager
def working(use: Services, workers: int = 1) -> Iterator[None]:
    """Run workers until the block ends."""
    stopping = Event()
    threads = [Thread(target=run, args=(use, stopping)) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join(WITHIN)
        assert not any(thread.is_alive() for thread in threads)


def wait_until(seen: Callable[[], bool]) -> None:
    until = time.monotonic() + WITHIN
    while not seen():
        assert time.monotonic() < until, f"not within {WITHIN} s"
        time.sleep(0.05)


def write(use: Services, *codes: str) -> None:
    now = use.clock.now()
    with use.database.work() as stores:
        for code in codes:
            letter = EmailCode(to=f"citizen{code}@example.org", language="en", code=code)
            letters.send(stores.outbox, use.sealer, letter, now)


def waiting(use: Services) -> int:
    with use.database.work() as stores:
        return outbox.waiting(stores.outbox)


def test_letters_are_delivered_once_each_by_any_number_of_workers(use: Services, mailbox: Mailbox) -> None:
    write(use, *(str(100_000 + number) for number in range(12)))

    with working(use, workers=3):
        wait_until(lambda: waiting(use) == 0)

    assert sorted(got["To"] for got in mailbox.letters) == [f"citizen{100_000 + n}@example.org" for n in range(12)]


def test_a_letter_that_fails_is_tried_again(use: Services, mailbox: Mailbox) -> None:
    mailbox.answer_to_recipients = "450 later"
    write(use, "123456")

    with working(use):
        time.sleep(2)
        assert waiting(use) == 1
        mailbox.answer_to_recipients = "250 ok"
        wait_until(lambda: len(mailbox.letters) == 1)
        wait_until(lambda: waiting(use) == 0)


def test_a_letter_that_can_never_arrive_is_given_up_and_erased(use: Services, mailbox: Mailbox) -> None:
    mailbox.answer_to_recipients = "550 nobody here"
    write(use, "123456")

    with working(use):
        wait_until(lambda: waiting(use) == 0)

    with use.database.work() as stores:
        [stored] = stores.outbox.latest(letters.KIND, 10)
    assert (stored.sealed, stored.delivered_at) == (None, None)


def test_a_code_that_has_run_out_is_not_sent(use: Services, mailbox: Mailbox) -> None:
    with use.database.work() as stores:
        letter = EmailCode(to="citizen@example.org", language="en", code="123456")
        written = use.clock.now() - letter.lifetime
        letters.send(stores.outbox, use.sealer, letter, written)

    with working(use):
        wait_until(lambda: waiting(use) == 0)

    assert mailbox.letters == []


def test_a_message_that_cannot_be_understood_stops_no_other(use: Services, mailbox: Mailbox) -> None:
    with use.database.work() as stores:
        for _ in range(8):
            post(
                stores.outbox,
                use.sealer,
                letters.KIND,
                {"no": "letter"},
                now=use.clock.now(),
                lifetime=timedelta(days=1),
            )
    write(use, "123456")

    with working(use):
        wait_until(lambda: len(mailbox.letters) == 1)


def test_the_audit_log_is_sealed_within_seconds(use: Services) -> None:
    with use.database.work() as stores:
        for number in range(5):
            stores.audit.record(CitizenDisabled(at=use.clock.now(), citizen_id=f"c{number}"))

    def sealed() -> bool:
        with use.database.work() as stores:
            return stores.audit.head().sequence >= 5 and not stores.audit.unsealed(1)

    with working(use, workers=2):
        wait_until(sealed)

    with use.database.work() as stores:
        assert find_break(stores.audit.sealed(), stores.audit.head()) is None


@pytest.mark.parametrize("pair", ["postgresql+redis"], indirect=True)
def test_a_database_that_was_away_is_worked_on_again(postgresql: PostgreSQL, use: Services, mailbox: Mailbox) -> None:
    with working(use):
        postgresql.stop()
        time.sleep(1)
        postgresql.start()
        write(use, "123456")
        wait_until(lambda: len(mailbox.letters) == 1)


def test_what_is_over_is_purged(use: Services) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=60)
    with use.database.work() as stores:
        post(stores.outbox, use.sealer, "nobody", {}, now=long_ago, lifetime=timedelta(days=1))
    with use.database.work() as stores:
        [message] = stores.outbox.claim("nobody", long_ago, 1)
    with use.database.work() as stores:
        stores.outbox.give_up(message, long_ago)

    def gone() -> bool:
        with use.database.work() as stores:
            return not stores.outbox.latest("nobody", 1)

    with working(use):
        wait_until(gone)


def test_sigterm_ends_the_worker_cleanly(settings: Settings) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "COUNTERSIGN_ISSUER": settings.issuer,
        "COUNTERSIGN_DATABASE_URL": settings.database_url,
        "COUNTERSIGN_EPHEMERAL_URL": settings.ephemeral_url,
        "COUNTERSIGN_KEY_ENCRYPTION_KEY": urlsafe_b64encode(b"k" * 32).decode(),
    }
    process = subprocess.Popen([sys.executable, "-m", "idp.cli", "worker"], env=environment, stderr=subprocess.PIPE)
    assert process.stderr is not None
    line = process.stderr.readline()

    process.send_signal(signal.SIGTERM)

    assert process.wait(WITHIN) == 0
    assert b"audit head" in line
