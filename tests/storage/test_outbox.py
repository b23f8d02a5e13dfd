"""The contract of the outbox on both databases: nothing is delivered twice at once, or kept in clear."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from idp.notices.outbox import LEASE, Backlog, Message, next_try, post, read, waiting
from idp.storage.sql.outbox import SqlOutbox
from idp.storage.sql.work import Work
from keys.wrapping import Wrapping

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
ENVELOPES = Wrapping((b"k" * 32,))


@contextmanager
def outbox(engine: Engine) -> Iterator[SqlOutbox]:
    work = Work(engine)
    try:
        yield SqlOutbox(work)
        work.commit()
    finally:
        work.close()


def put(engine: Engine, *codes: str, kind: str = "letter") -> None:
    with outbox(engine) as box:
        for code in codes:
            post(box, ENVELOPES, kind, {"code": code}, now=NOW, lifetime=HOUR)


def claim(engine: Engine, now: datetime = NOW, limit: int = 10, kind: str = "letter") -> list[Message]:
    with outbox(engine) as box:
        return list(box.claim(kind, now, limit))


def test_a_message_is_claimed_once_and_again_when_the_lease_is_over(engine: Engine) -> None:
    put(engine, "123456")

    first = claim(engine)

    assert [read(message, ENVELOPES) for message in first] == [{"code": "123456"}]
    assert claim(engine) == []
    assert claim(engine, NOW + LEASE - SECOND) == []
    assert [message.attempts for message in claim(engine, NOW + LEASE)] == [2]


def test_a_message_of_an_act_that_is_undone_is_never_delivered(engine: Engine) -> None:
    work = Work(engine)
    post(SqlOutbox(work), ENVELOPES, "letter", {}, now=NOW, lifetime=HOUR)
    work.close()

    assert claim(engine) == []


def test_kinds_are_claimed_apart(engine: Engine) -> None:
    put(engine, "1", kind="logout")

    assert claim(engine) == []
    assert len(claim(engine, kind="logout")) == 1


def test_racing_workers_never_hold_the_same_message(engine: Engine) -> None:
    put(engine, *map(str, range(40)))

    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: claim(engine, limit=3), range(24)))

    held = [message.message_id for claimed in claims for message in claimed]
    assert len(held) == len(set(held)) == 40


def test_a_delivered_message_is_erased_and_not_claimed_again(engine: Engine) -> None:
    put(engine, "123456")
    [message] = claim(engine)

    with outbox(engine) as box:
        box.delivered(message, NOW)

    with outbox(engine) as box:
        [stored] = box.latest("letter", 10)
        assert (stored.sealed, stored.delivered_at, waiting(box)) == (None, NOW, 0)
    assert claim(engine, NOW + HOUR) == []


def test_a_message_that_is_shown_on_screen_stays_readable(engine: Engine) -> None:
    put(engine, "123456")
    [message] = claim(engine)

    with outbox(engine) as box:
        box.delivered(message, NOW, keep=True)

    with outbox(engine) as box:
        assert [read(stored, ENVELOPES) for stored in box.latest("letter", 10)] == [{"code": "123456"}]


def test_a_worker_whose_lease_is_over_cannot_note_anything(engine: Engine) -> None:
    put(engine, "123456")
    [late] = claim(engine)
    claim(engine, NOW + LEASE)

    with outbox(engine) as box:
        box.give_up(late, NOW + LEASE)
        box.delivered(late, NOW + LEASE)
        box.postpone(late, NOW + LEASE)

    assert claim(engine, NOW + LEASE) == []
    assert len(claim(engine, NOW + LEASE * 2)) == 1


def test_a_postponed_message_is_due_later(engine: Engine) -> None:
    put(engine, "123456")
    [message] = claim(engine)

    with outbox(engine) as box:
        box.postpone(message, NOW + 5 * SECOND)

    assert claim(engine, NOW + 4 * SECOND) == []
    assert len(claim(engine, NOW + 5 * SECOND)) == 1


def test_a_message_given_up_is_erased(engine: Engine) -> None:
    put(engine, "123456")
    [message] = claim(engine)

    with outbox(engine) as box:
        box.give_up(message, NOW)

    with outbox(engine) as box:
        [stored] = box.latest("letter", 10)
    assert (stored.sealed, stored.delivered_at) == (None, None)


def test_pauses_double_until_the_message_ends(engine: Engine) -> None:
    def tried(attempts: int) -> datetime | None:
        message = Message(
            message_id="m", kind="letter", sealed="", created_at=NOW, ends_at=NOW + 5 * HOUR, attempts=attempts
        )
        return next_try(message, NOW)

    assert [tried(1), tried(2), tried(3)] == [NOW + 5 * SECOND, NOW + 10 * SECOND, NOW + 20 * SECOND]
    assert tried(10_000) == NOW + HOUR
    assert next_try(Message(message_id="m", kind="l", sealed="", created_at=NOW, ends_at=NOW, attempts=1), NOW) is None


def test_nothing_of_a_message_can_be_read_in_the_database(engine: Engine) -> None:
    put(engine, "a-very-secret-code")

    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM outbox_messages").all()

    assert "secret-code" not in repr(rows)


def test_what_is_done_with_leaves_in_bounded_batches(engine: Engine) -> None:
    put(engine, "1", "2", "3")
    with outbox(engine) as box:
        for message in box.claim("letter", NOW, 2):
            box.delivered(message, NOW)

    def purge(before: datetime, limit: int) -> int:
        with outbox(engine) as box:
            return box.purge(before, limit)

    assert purge(NOW, 10) == 0
    assert [purge(NOW + SECOND, 1), purge(NOW + SECOND, 10), purge(NOW + SECOND, 10)] == [1, 1, 0]
    with outbox(engine) as box:
        assert waiting(box) == 1


def test_what_waits_is_told_by_kind_and_since_when(engine: Engine) -> None:
    put(engine, "1", "2")
    put(engine, "3", kind="logout")
    with outbox(engine) as box:
        post(box, ENVELOPES, "letter", {}, now=NOW + HOUR, lifetime=HOUR)
        done = box.claim("logout", NOW, 1)
        box.give_up(done[0], NOW)

        assert box.backlogs() == [Backlog(kind="letter", waiting=3, since=NOW)]
