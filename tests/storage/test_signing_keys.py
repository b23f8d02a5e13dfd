"""Signing keys and installation secrets in SQL: one winner of every race, on both databases."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError

from idp.audit.keys import events
from idp.authentication import totp
from idp.citizens.email import parse
from idp.citizens.registration import register
from idp.storage.sql.engine import connect
from idp.storage.sql.installation import make_missing, read_secrets
from idp.storage.sql.secrets import SecretsMissing, installation_secrets
from idp.storage.sql.signing_keys import SqlKeys, signing_keys
from idp.storage.sql.work import Work
from keys import rotation
from keys.errors import EnvelopeError, KeysChanged, MoveRefused
from keys.following import KeyFollower
from keys.keyset import Key, KeySet
from keys.providers.embedded import EmbeddedProvider
from keys.signer import Signer
from keys.states import Purpose, State
from keys.wrapping import Wrapping
from tests.support.statements import statements_heard

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(hours=48)
PAIR = (Purpose.ID_TOKEN, "ES256")
RULES = rotation.Rules(prepublish=timedelta(hours=48), pairs=(PAIR, (Purpose.ACCESS_TOKEN, "EdDSA")))
KEK = bytes(range(32))
WRAPPING = Wrapping([KEK])
PROVIDER = EmbeddedProvider(WRAPPING)
SPAWN = multiprocessing.get_context("spawn")


@contextmanager
def keys(engine: Engine) -> Iterator[SqlKeys]:
    work = Work(engine)
    try:
        yield SqlKeys(work)
        work.commit()
    finally:
        work.close()


def read(engine: Engine) -> KeySet:
    with keys(engine) as store:
        return store.read()


def prepare(engine: Engine) -> None:
    make_missing(engine, sealer=WRAPPING, provider=PROVIDER, rules=RULES, now=NOW)


@pytest.fixture
def made(engine: Engine) -> Engine:
    prepare(engine)
    return engine


def signer_of(engine: Engine) -> Key:
    key = read(engine).active(*PAIR)
    assert key is not None
    return key


def legal(found: KeySet) -> bool:
    counts = [len(found.of_pair(*pair, state)) for pair in RULES.pairs for state in (State.ACTIVE, State.PUBLISHED)]
    return set(counts) == {1}


def test_a_key_comes_back_as_it_was_put(made):
    with keys(made) as store:
        change = rotation.rotate(store, PROVIDER, RULES.pairs, RULES, LATER)
        expected = store.read()
    again = read(made)

    assert again == expected
    signing = {key.kid for key in again.keys if key.state is State.ACTIVE}
    assert signing == {move.kid for move in change.moves if move.after is State.ACTIVE}
    assert {key.published_at for key in again.keys if key.state is State.PUBLISHED} == {LATER}
    assert all(key.private and KEK.hex() not in key.private for key in again.keys)


def test_before_anything_is_made_there_is_epoch_zero_and_no_key(engine):
    with keys(engine) as store:
        assert (store.epoch(), store.read()) == (0, KeySet(0, ()))


def test_what_was_not_committed_never_happened(made):
    before = read(made)

    work = Work(made)
    rotation.rotate(SqlKeys(work), PROVIDER, RULES.pairs, RULES, LATER)
    work.close()

    assert read(made) == before


def test_a_change_decided_on_an_old_epoch_does_nothing(made):
    old, signed = read(made), signer_of(made).kid
    with keys(made) as store:
        rotation.rotate(store, PROVIDER, [PAIR], RULES, LATER)
    after = read(made)

    class Stale(SqlKeys):
        def read(self) -> KeySet:
            return old

    work = Work(made)
    with pytest.raises(KeysChanged):
        rotation.revoke(Stale(work), PROVIDER, signed, "late", LATER)
    work.commit()

    assert read(made) == after


@pytest.mark.parametrize(("state", "other"), [("active", "published"), ("published", "active")])
def test_the_database_itself_holds_one_active_and_one_standby(made, state, other):
    second = update(signing_keys).where(signing_keys.c.state == other).values(state=state)

    with pytest.raises(IntegrityError), made.connect() as connection:
        connection.execute(second)


def test_a_hold_and_a_removal_decided_at_the_same_epoch_do_not_both_happen(made):
    kid = signer_of(made).kid
    with keys(made) as store:
        rotation.rotate(store, PROVIDER, [PAIR], RULES, LATER)
    old = read(made)

    class Stale(SqlKeys):
        def read(self) -> KeySet:
            return old

    with keys(made) as store:
        rotation.hold(store, kid, "case 12", LATER)
    work = Work(made)
    with pytest.raises(KeysChanged):
        rotation.retire(Stale(work), PROVIDER, kid, LATER, early_because="in a hurry")
    work.commit()

    held = read(made).by_kid[kid]
    assert (held.state, held.held_because) == (State.RETIRING, "case 12")
    with pytest.raises(MoveRefused), keys(made) as store:
        rotation.retire(store, PROVIDER, kid, LATER, early_because="in a hurry")


def test_holding_a_key_again_for_the_same_reason_changes_nothing_else(made):
    kid = signer_of(made).kid
    for _ in range(2):
        with keys(made) as store:
            rotation.hold(store, kid, "case 12", LATER)

    assert read(made).by_kid[kid].held_because == "case 12"


def test_a_move_does_not_put_back_an_envelope_that_was_sealed_anew_meanwhile(made):
    key = signer_of(made)
    anew = EmbeddedProvider(Wrapping([bytes(reversed(KEK)), KEK])).rewrap(key)

    def seal_anew() -> None:
        with keys(made) as other:
            assert other.rewrap(key.kid, str(key.private), str(anew))

    sealing = Thread(target=seal_anew)

    class Overtaken(SqlKeys):
        def read(self) -> KeySet:
            found = super().read()
            if found.epoch == 2:
                sealing.start()
                sealing.join(timeout=0.5)
            return found

    work = Work(made)
    rotation.rotate(Overtaken(work), PROVIDER, [PAIR], RULES, LATER)
    work.commit()
    sealing.join()

    assert read(made).by_kid[key.kid].private == anew


def test_revoking_erases_the_private_half_from_the_row(made):
    kid = signer_of(made).kid

    with keys(made) as store:
        rotation.revoke(store, PROVIDER, kid, "leaked", LATER)

    with made.connect() as connection:
        assert connection.scalar(select(signing_keys.c.private).where(signing_keys.c.kid == kid)) is None


def _rotate(url: str, _: int) -> str:
    engine = connect(url)
    try:
        with keys(engine) as store:
            rotation.rotate(store, PROVIDER, [PAIR], RULES, LATER)
    except (KeysChanged, MoveRefused) as error:
        return type(error).__name__
    finally:
        engine.dispose()
    return "rotated"


def _prepare(url: str, _: int) -> bytes:
    engine = connect(url)
    try:
        prepare(engine)
        return read_secrets(engine, WRAPPING).pairwise_salt
    finally:
        engine.dispose()


def test_of_racing_processes_one_rotates(made, database_url):
    with ProcessPoolExecutor(2, mp_context=SPAWN) as pool:
        outcomes = list(pool.map(_rotate, [database_url] * 8, range(8)))

    assert outcomes.count("rotated") == 1
    assert set(outcomes) <= {"rotated", "KeysChanged", "TooEarly"}
    assert legal(read(made))
    assert read(made).epoch == 2


def test_of_racing_threads_one_rotates(made, database_url):
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda number: _rotate(database_url, number), range(8)))

    assert outcomes.count("rotated") == 1
    assert legal(read(made))


def test_upgrades_that_start_together_make_one_set_of_keys_and_secrets(engine, database_url):
    with ProcessPoolExecutor(2, mp_context=SPAWN) as pool:
        salts = list(pool.map(_prepare, [database_url] * 2, range(2)))

    assert len(set(salts)) == 1
    found = read(engine)
    assert (len(found.keys), found.epoch, legal(found)) == (4, 1, True)


def _rotate_until_killed(url: str) -> None:
    engine, now = connect(url), LATER
    while True:
        with keys(engine) as store:
            rotation.rotate(store, PROVIDER, RULES.pairs, RULES, now)
        now += timedelta(hours=48)


@pytest.mark.parametrize("milliseconds", [7, 40])
def test_a_rotation_killed_at_any_moment_leaves_a_legal_state(made, database_url, milliseconds):
    process = SPAWN.Process(target=_rotate_until_killed, args=(database_url,))
    process.start()
    while read(made).epoch < 3:
        process.join(0.01)
    process.join(milliseconds / 1000)

    process.kill()
    process.join()

    found = read(made)
    assert legal(found)
    with keys(made) as store:
        assert rotation.rotate(store, PROVIDER, RULES.pairs, RULES, LATER + timedelta(days=10_000))


@pytest.mark.parametrize("statement", range(8))
def test_a_rotation_that_dies_at_its_nth_statement_changes_nothing(made, statement):
    before, seen = read(made), 0

    def die(_: str) -> None:
        nonlocal seen
        seen += 1
        if seen > statement:
            raise ConnectionResetError

    with statements_heard(die), pytest.raises(ConnectionResetError), keys(made) as store:
        rotation.rotate(store, PROVIDER, RULES.pairs, RULES, LATER)
    made.dispose()

    assert read(made) == before


def _sign(url: str, epoch: int) -> tuple[str, bytes]:
    engine = connect(url)
    signer = Signer(KeyFollower(lambda: keys(engine)), PROVIDER, lambda: LATER)
    token = signer.sign(*PAIR, {"epoch": epoch}, typ="JWT")
    return token, signer.jwks().body


def test_what_one_process_signs_another_verifies(made, database_url):
    with ProcessPoolExecutor(1, mp_context=SPAWN) as pool:
        token, body = pool.submit(_sign, database_url, 1).result()

    here = Signer(KeyFollower(lambda: keys(made)), PROVIDER, lambda: LATER)
    assert here.verify(token, Purpose.ID_TOKEN, typ="JWT") == {"epoch": 1}
    assert here.jwks().body == body


def test_a_running_process_follows_a_revocation_without_being_asked(made):
    follower = KeyFollower(lambda: keys(made), every=timedelta(milliseconds=20))
    signer = Signer(follower, PROVIDER, lambda: LATER)
    before = signer.jwks().body
    kid = signer_of(made).kid

    with keys(made) as store:
        rotation.revoke(store, PROVIDER, kid, "leaked", LATER)

    deadline = datetime.now(UTC) + timedelta(seconds=5)
    while signer.jwks().body == before and datetime.now(UTC) < deadline:
        pass
    assert kid.encode() not in signer.jwks().body


def test_a_new_key_encryption_key_takes_over_everything_at_the_next_upgrade(made):
    fresh = bytes(reversed(KEK))
    both, only = Wrapping([fresh, KEK]), Wrapping([fresh])
    salt = read_secrets(made, WRAPPING).pairwise_salt
    epoch = read(made).epoch

    make_missing(made, sealer=both, provider=EmbeddedProvider(both), rules=RULES, now=NOW)

    assert read_secrets(made, only).pairwise_salt == salt
    assert all(EmbeddedProvider(only).signing(key) for key in read(made).keys)
    assert read(made).epoch == epoch
    with pytest.raises(EnvelopeError):
        read_secrets(made, WRAPPING)


def test_after_a_new_key_encryption_key_no_citizen_loses_their_code_app(made, durable):
    fresh = bytes(reversed(KEK))
    both, only = Wrapping([fresh, KEK]), Wrapping([fresh])
    seeds = {}
    for number in range(3):
        with durable.work() as stores:
            citizen_id = register(stores.citizens, parse(f"c{number}@example.org"), now=NOW).citizen_id
            seeds[citizen_id] = totp.new_seed()
            kept = totp.sealed(WRAPPING, citizen_id, seeds[citizen_id], last_step=0, now=NOW)
            stores.credentials.set_totp(citizen_id, kept)

    make_missing(made, sealer=both, provider=EmbeddedProvider(both), rules=RULES, now=NOW)

    with durable.work() as stores:
        for citizen_id, seed in seeds.items():
            kept = stores.credentials.find_totp(citizen_id)
            assert kept is not None
            assert only.open(kept.envelope, row=totp.row(citizen_id)).decode() == seed


def test_a_private_half_copied_into_another_row_is_refused(made):
    mine, theirs = signer_of(made), read(made).standby(*PAIR)
    assert theirs is not None

    with made.connect() as connection:
        connection.execute(update(signing_keys).where(signing_keys.c.kid == mine.kid).values(private=theirs.private))

    with pytest.raises(EnvelopeError):
        PROVIDER.signing(signer_of(made))


def test_secrets_are_asked_for_before_they_are_made(engine):
    with pytest.raises(SecretsMissing, match="db upgrade"):
        read_secrets(engine, WRAPPING)


def test_secrets_are_wrapped_in_the_database_and_out_of_every_repr(made):
    secrets = read_secrets(made, WRAPPING)

    with made.connect() as connection:
        rows = connection.execute(select(installation_secrets)).all()

    assert len({secrets.pairwise_salt, secrets.token_secret, *secrets.peppers.values()}) == 3
    assert {len(secret) for secret in (secrets.pairwise_salt, secrets.token_secret, secrets.peppers[1])} == {32}
    assert all(row.envelope.startswith("v1.") for row in rows)
    assert repr(secrets.pairwise_salt) not in repr(secrets)


def test_every_move_has_its_event_and_no_event_can_hold_a_private_half(made):
    with keys(made) as store:
        change = rotation.rotate(store, PROVIDER, [PAIR], RULES, LATER)

    told = events(change, "an operator")

    assert [event.name for event in told] == ["key.retiring", "key.activated", "key.published"]
    assert all(key.private not in repr(told) for key in read(made).keys if key.private)
