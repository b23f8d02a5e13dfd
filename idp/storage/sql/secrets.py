"""The secrets an installation makes once and keeps: wrapped, one row each."""

import secrets
from datetime import datetime

from sqlalchemy import Column, Table, Text, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from idp.authentication.sealing import InstallationSecrets, Sealer
from idp.storage.sql.tables import Instant, metadata
from idp.storage.sql.work import Work

SECRET_BYTES = 32
PAIRWISE_SALT, TOKEN_SECRET, FIRST_PEPPER = "pairwise_salt", "token_secret", "pepper.1"
NAMES = (PAIRWISE_SALT, TOKEN_SECRET, FIRST_PEPPER)
_PEPPER = "pepper."

installation_secrets = Table(
    "installation_secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("envelope", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
)

_ALL = select(installation_secrets.c.name, installation_secrets.c.envelope)
_ADD = insert(installation_secrets).on_conflict_do_nothing()
_REWRAP = (
    update(installation_secrets)
    .where(installation_secrets.c.name == bindparam("of_name"), installation_secrets.c.envelope == bindparam("old"))
    .values(envelope=bindparam("new"))
)


class SecretsMissing(Exception):
    """The installation has not been set up: `countersign db upgrade` makes its secrets."""


class SqlSecrets:
    """Makes the secrets that are missing, and opens them."""

    def __init__(self, work: Work, sealer: Sealer) -> None:
        self._work = work
        self._sealer = sealer

    def make_missing(self, now: datetime) -> None:
        """Make each secret that does not exist. Of two that do this at once, one secret of each name lasts."""
        there = {row.name for row in self._work.read(_ALL)}
        for name in NAMES:
            if name not in there:
                envelope = self._sealer.seal(secrets.token_bytes(SECRET_BYTES), row=_row(name))
                self._work.write(_ADD, {"name": name, "envelope": envelope, "made_at": now})

    def rewrap(self) -> int:
        """Seal again, under the newest key-encryption key, what is not; return how many."""
        rows = self._work.read(_ALL).all()
        fresh = [(row, self._sealer.rewrap(row.envelope, row=_row(row.name))) for row in rows]
        changed = [{"of_name": row.name, "old": row.envelope, "new": new} for row, new in fresh if new != row.envelope]
        return sum(self._work.write(_REWRAP, values).rowcount for values in changed)

    def read(self) -> InstallationSecrets:
        """Return the secrets; raise `SecretsMissing`, or `keys.errors.EnvelopeError` for a wrong key-encryption key."""
        found = {row.name: self._sealer.open(row.envelope, row=_row(row.name)) for row in self._work.read(_ALL)}
        missing = [name for name in NAMES if name not in found]
        if missing:
            raise SecretsMissing(f"missing: {', '.join(missing)}; run `countersign db upgrade`")
        return InstallationSecrets(
            pairwise_salt=found[PAIRWISE_SALT],
            token_secret=found[TOKEN_SECRET],
            peppers={int(name.removeprefix(_PEPPER)): found[name] for name in found if name.startswith(_PEPPER)},
        )


def _row(name: str) -> str:
    return f"secret:{name}"
