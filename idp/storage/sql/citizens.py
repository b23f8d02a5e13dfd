"""Citizens in SQL."""

from datetime import datetime

from sqlalchemy import Boolean, Column, Date, Integer, Table, Text, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from idp.citizens.email import Address, find_canonical, parse
from idp.citizens.model import Citizen
from idp.citizens.store import EmailTaken
from idp.storage.sql.statements import Row
from idp.storage.sql.tables import Instant, metadata
from idp.storage.sql.work import Work

citizens = Table(
    "citizens",
    metadata,
    Column("citizen_id", Text, primary_key=True),
    Column("email", Text, nullable=False),
    Column("email_canonical", Text, nullable=False, unique=True),
    Column("email_verified_at", Instant),
    Column("given_name", Text),
    Column("family_name", Text),
    Column("birthdate", Date),
    Column("phone_number", Text),
    Column("locale", Text, nullable=False),
    Column("identity_confidence", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("access_epoch", Integer, nullable=False),
)
"""`access_epoch`: codes of an earlier one buy nothing; `idp.storage.sql.grants` asks and raises it."""

subjects = Table(
    "subjects",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("citizen_id", Text, nullable=False),
)

_VALUES = [column for column in citizens.c if column.name != "email_canonical"]
_FIND = select(*_VALUES).where(citizens.c.citizen_id == bindparam("citizen_id"))
_FIND_BY_EMAIL = select(*_VALUES).where(citizens.c.email_canonical == bindparam("email_canonical"))
_FIND_BY_SUBJECT = (
    select(*_VALUES)
    .select_from(subjects.join(citizens, citizens.c.citizen_id == subjects.c.citizen_id))
    .where(subjects.c.subject == bindparam("subject"))
)
_KNOW_AS = insert(subjects).on_conflict_do_nothing()
_ADD = insert(citizens).on_conflict_do_nothing().returning(citizens.c.citizen_id)
_THIS = update(citizens).where(citizens.c.citizen_id == bindparam("this"))


class SqlCitizens:
    """A `CitizenStore` on one unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def find(self, citizen_id: str) -> Citizen | None:
        """Return the citizen, or None."""
        return _citizen(self._work.read(_FIND, {"citizen_id": citizen_id}).first())

    def find_by_email(self, email: str) -> Citizen | None:
        """Return the citizen with this address in any spelling, or None."""
        canonical = find_canonical(email)
        if canonical is None:
            return None
        return _citizen(self._work.read(_FIND_BY_EMAIL, {"email_canonical": canonical}).first())

    def find_by_subject(self, subject: str) -> Citizen | None:
        """Return the citizen of this `sub`, or None."""
        return _citizen(self._work.read(_FIND_BY_SUBJECT, {"subject": subject}).first())

    def know_as(self, citizen_id: str, subject: str) -> None:
        """Remember a `sub`, once."""
        self._work.write(_KNOW_AS, {"subject": subject, "citizen_id": citizen_id})

    def add(self, citizen: Citizen) -> None:
        """Keep a new citizen; raise `EmailTaken`."""
        row = {column.name: getattr(citizen, column.name) for column in _VALUES}
        row["email_canonical"] = parse(citizen.email).canonical
        if self._work.write(_ADD, row).first() is None:
            raise EmailTaken

    def change_email(self, citizen_id: str, address: Address, at: datetime) -> None:
        """Replace the address; raise `EmailTaken`."""
        change = {
            "email": address.written,
            "email_canonical": address.canonical,
            "email_verified_at": at,
            "updated_at": at,
        }
        try:
            self._change(citizen_id, change)
        except IntegrityError as error:
            raise EmailTaken from error

    def change_name(self, citizen_id: str, *, given_name: str | None, family_name: str | None, at: datetime) -> None:
        """Replace both names."""
        self._change(citizen_id, {"given_name": given_name, "family_name": family_name, "updated_at": at})

    def change_locale(self, citizen_id: str, locale: str, at: datetime) -> None:
        """Replace the language."""
        self._change(citizen_id, {"locale": locale, "updated_at": at})

    def disable(self, citizen_id: str, at: datetime) -> bool:
        """Bar the citizen; say whether this call did it."""
        return self._switch(citizen_id, at, active=False)

    def enable(self, citizen_id: str, at: datetime) -> bool:
        """Let a barred citizen in again; say whether this call did it."""
        return self._switch(citizen_id, at, active=True)

    def _switch(self, citizen_id: str, at: datetime, *, active: bool) -> bool:
        statement = _THIS.where(citizens.c.active != active).values(active=active, updated_at=at)
        return self._work.write(statement, {"this": citizen_id}).rowcount == 1

    def _change(self, citizen_id: str, change: dict[str, object]) -> None:
        self._work.write(_THIS.values(**change), {"this": citizen_id})


def _citizen(row: Row | None) -> Citizen | None:
    return None if row is None else Citizen(**row._asdict())
