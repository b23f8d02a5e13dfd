"""Registered services: one row each; what only an agency's metadata says is one JSON document."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, bindparam, cast, false, func, select, true, update
from sqlalchemy.dialects.postgresql import insert

from federation.relying_parties.model import RelyingParty
from federation.relying_parties.uris import LONGEST
from idp.storage.sql.statements import Row
from idp.storage.sql.tables import Instant, Json, metadata
from idp.storage.sql.work import Work

relying_parties = Table(
    "relying_parties",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("agency", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("registered", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    Column("enabled_at", Instant),
    Column("revision", Integer, nullable=False),
    Column("token_hash", Text),
    Index("ix_relying_parties_created_at", "created_at", "client_id"),
    Index("ix_relying_parties_agency", "agency", "created_at"),
)

sectors = Table("sectors", metadata, Column("sector", Text, primary_key=True), Column("agency", Text, nullable=False))
"""Who had a service in a sector first. A row stays when its services are gone: subjects are never another's."""

_COLUMNS = {"client_id", "agency", "active", "created_at", "enabled_at", "revision"}
_DOCUMENT = tuple(field.name for field in fields(RelyingParty) if field.name not in _COLUMNS)
_LISTS = frozenset(field.name for field in fields(RelyingParty) if str(field.type).startswith("tuple"))

_READ = select(
    relying_parties.c.client_id,
    relying_parties.c.agency,
    relying_parties.c.active,
    relying_parties.c.created_at,
    relying_parties.c.enabled_at,
    relying_parties.c.revision,
    relying_parties.c.registered,
)
_ONE = _READ.where(relying_parties.c.client_id == bindparam("wanted"))
_ONE_ACTIVE = _ONE.where(relying_parties.c.active == true())
_BY_TOKEN = _ONE_ACTIVE.where(relying_parties.c.token_hash == bindparam("token"))
_ALL = _READ.order_by(relying_parties.c.created_at, relying_parties.c.client_id)
_NAMING = _READ.where(
    relying_parties.c.active == true(), cast(relying_parties.c.registered, Text).like(bindparam("named"), escape="!")
)
"""Those in whose document an address stands somewhere: few, so the database reads all of it, and we read them."""
_OF_AGENCY = _ALL.where(relying_parties.c.agency == bindparam("wanted"))
_ADD = insert(relying_parties).on_conflict_do_nothing().returning(relying_parties.c.client_id)
"""Compiles to the same words on SQLite."""
_ACTIVE_ROW = (relying_parties.c.client_id == bindparam("wanted")) & (relying_parties.c.active == true())
_CHANGE = (
    update(relying_parties)
    .where(_ACTIVE_ROW, relying_parties.c.revision == bindparam("seen"))
    .values(
        agency=bindparam("of_agency"),
        registered=bindparam("document", type_=Json),
        revision=relying_parties.c.revision + 1,
        token_hash=func.coalesce(bindparam("token"), relying_parties.c.token_hash),
    )
)
_DISABLE = update(relying_parties).where(_ACTIVE_ROW).values(active=False, disabled_at=bindparam("at"), token_hash=None)
_ENABLE = (
    update(relying_parties)
    .where(relying_parties.c.client_id == bindparam("wanted"), relying_parties.c.active == false())
    .values(active=True, disabled_at=None, enabled_at=bindparam("at"))
)
_CLAIM = insert(sectors).on_conflict_do_nothing()
_HAND_OVER = (
    update(sectors)
    .where(
        sectors.c.sector == bindparam("of_sector"),
        sectors.c.agency
        == select(relying_parties.c.agency).where(relying_parties.c.client_id == bindparam("wanted")).scalar_subquery(),
    )
    .values(agency=bindparam("of_agency"))
)
"""A service that goes by another agency's name takes a sector along that was that agency's."""
_OWNER = select(sectors.c.agency).where(sectors.c.sector == bindparam("wanted"))


class SqlRelyingParties:
    """The registry on one unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def find(self, client_id: str) -> RelyingParty | None:
        """Return the active relying party, or None."""
        return self._one(_ONE_ACTIVE, client_id)

    def find_registered(self, client_id: str) -> RelyingParty | None:
        """Return the relying party whether it is active or not, or None."""
        return self._one(_ONE, client_id)

    def list(self, *, agency: str | None = None) -> Sequence[RelyingParty]:
        """Return every relying party, oldest first; of one agency if it is named."""
        rows = self._work.read(_ALL) if agency is None else self._work.read(_OF_AGENCY, {"wanted": agency})
        return tuple(_value(row) for row in rows)

    def owner_of(self, resource: str) -> RelyingParty | None:
        """Return the active one whose API has this address, or None."""
        if len(resource) > LONGEST or not resource.isascii() or "\x00" in resource:
            return None
        rows = self._work.read(_NAMING, {"named": f"%{_literal(json.dumps(resource))}%"})
        return next((found for found in map(_value, rows) if resource in found.resource_uris), None)

    def find_by_token(self, client_id: str, token_hash: str) -> RelyingParty | None:
        """Return the active relying party that is looked after with this token, or None."""
        return self._one(_BY_TOKEN, client_id, token=token_hash)

    def sector_owner(self, sector: str) -> str | None:
        """Return the agency that had a service in this sector first, or None."""
        owner: str | None = self._work.read(_OWNER, {"wanted": sector}).scalar()
        return owner

    def add(self, relying_party: RelyingParty, *, token_hash: str | None = None) -> bool:
        """Keep a new one; say False if its `client_id` was ever taken."""
        self._claim_sector(relying_party)
        row = {
            "client_id": relying_party.client_id,
            "agency": relying_party.agency,
            "active": relying_party.active,
            "registered": _document(relying_party),
            "created_at": relying_party.created_at,
            "revision": relying_party.revision,
            "token_hash": token_hash,
        }
        return self._work.write(_ADD, row).first() is not None

    def change(self, relying_party: RelyingParty, *, token_hash: str | None = None) -> bool:
        """Write an active one anew, if nobody has changed it since it was read."""
        self._claim_sector(relying_party)
        named = {"of_sector": relying_party.sector, "of_agency": relying_party.agency}
        self._work.write(_HAND_OVER, named | {"wanted": relying_party.client_id})
        row = {
            "wanted": relying_party.client_id,
            "seen": relying_party.revision,
            "of_agency": relying_party.agency,
            "document": _document(relying_party),
            "token": token_hash,
        }
        return self._work.write(_CHANGE, row).rowcount == 1

    def disable(self, client_id: str, at: datetime) -> bool:
        """Stop an active one and forget its token; say whether this call did it."""
        return self._work.write(_DISABLE, {"wanted": client_id, "at": at}).rowcount == 1

    def enable(self, client_id: str, at: datetime) -> bool:
        """Let a disabled one work again; say whether this call did it."""
        return self._work.write(_ENABLE, {"wanted": client_id, "at": at}).rowcount == 1

    def _claim_sector(self, relying_party: RelyingParty) -> None:
        self._work.write(_CLAIM, {"sector": relying_party.sector, "agency": relying_party.agency})

    def _one(self, statement: Any, client_id: str, **more: str) -> RelyingParty | None:
        if "\x00" in client_id:
            return None
        row = self._work.read(statement, {"wanted": client_id, **more}).first()
        return None if row is None else _value(row)


def _literal(text: str) -> str:
    """Return the pattern of LIKE that only this text matches, but for case on SQLite."""
    return re.sub("([!%_])", r"!\1", text)


def _document(relying_party: RelyingParty) -> dict[str, Any]:
    return {name: getattr(relying_party, name) for name in _DOCUMENT}


def _value(row: Row) -> RelyingParty:
    """Read a row; a member written by a newer release is left out, one unknown to an older keeps its default."""
    registered: Mapping[str, Any] = row.registered
    known: dict[str, Any] = {name: registered[name] for name in _DOCUMENT if name in registered}
    known.update((name, tuple(known[name])) for name in _LISTS & known.keys() if known[name] is not None)
    return RelyingParty(
        client_id=row.client_id,
        agency=row.agency,
        active=row.active,
        created_at=row.created_at,
        enabled_at=row.enabled_at,
        revision=row.revision,
        **known,
    )
