"""Which revision of the tables a database has, and which this code needs. Asked often, so without alembic's weight."""

from functools import cache
from importlib.resources import files

from sqlalchemy import Connection, Engine, column, inspect, select, table

from idp.storage.sql.work import translated

_VERSION = table("alembic_version", column("version_num"))
_APPLIED = select(_VERSION)


@cache
def known() -> tuple[str, ...]:
    """Return every revision of this code, oldest first: its files are named `<revision>_<what it does>.py`."""
    names = (file.name for file in files("idp.storage.sql.migrations").joinpath("versions").iterdir())
    return tuple(sorted(name.partition("_")[0] for name in names if name[0].isdigit() and name.endswith(".py")))


def of(connection: Connection) -> str | None:
    """Return the revision of a database, or None if it has no tables yet."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    return connection.execute(_APPLIED).scalar_one_or_none()


def is_current(engine: Engine) -> bool:
    """Say whether every revision this code needs has been applied; a newer database is current too."""
    with translated(), engine.connect() as connection:
        found = of(connection)
    return found is not None and (found == known()[-1] or found not in known())
