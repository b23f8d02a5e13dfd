"""Make what a migrated database still lacks: the installation's secrets, its first keys, its standbys."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Engine

from idp.audit.keys import events
from idp.authentication.sealing import InstallationSecrets, Sealer
from idp.storage.sql.audit import SqlAuditLog
from idp.storage.sql.credentials import SqlCredentials
from idp.storage.sql.secrets import SqlSecrets
from idp.storage.sql.signing_keys import SqlKeys
from idp.storage.sql.work import Work
from keys import rotation
from keys.errors import KeysChanged
from keys.providers.provider import KeyProvider

OPERATOR = "db upgrade"
_AT_ONCE = 500
"""Seeds of citizens sealed again in one transaction, so that nobody waits long for theirs."""


def make_missing(
    engine: Engine, *, sealer: Sealer, provider: KeyProvider, rules: rotation.Rules, now: datetime
) -> None:
    """Make what is missing, and seal again what is not under the newest key-encryption key.

    Safe to repeat and to run twice at once: one of the two makes each thing, both find it made.
    """
    with _whole(engine) as work:
        held = SqlSecrets(work, sealer)
        held.make_missing(now)
        held.rewrap()
        held.read()
    while not _advance(engine, provider, rules, now):
        pass
    with _whole(engine) as work:
        store = SqlKeys(work)
        for key in store.read().keys:
            fresh = provider.rewrap(key)
            if fresh is not None and key.private is not None:
                store.rewrap(key.kid, key.private, fresh)
    last: str | None = ""
    while last is not None:
        with _whole(engine) as work:
            last = SqlCredentials(work).rewrap_totps(sealer, after=last, most=_AT_ONCE)


def read_secrets(engine: Engine, sealer: Sealer) -> InstallationSecrets:
    """Return the installation's secrets; raise `SecretsMissing` before `make_missing` has run."""
    with _whole(engine) as work:
        return SqlSecrets(work, sealer).read()


def _advance(engine: Engine, provider: KeyProvider, rules: rotation.Rules, now: datetime) -> bool:
    try:
        with _whole(engine) as work:
            change = rotation.advance(SqlKeys(work), provider, rules, now)
            log = SqlAuditLog(work)
            for event in events(change, OPERATOR):
                log.record(event)
    except KeysChanged:
        return False
    return True


@contextmanager
def _whole(engine: Engine) -> Iterator[Work]:
    """Run a block as one transaction."""
    work = Work(engine)
    try:
        yield work
        work.commit()
    finally:
        work.close()
