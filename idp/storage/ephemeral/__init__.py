"""The short-lived stores: `open` returns the one that a URL names."""

from pathlib import Path
from typing import TYPE_CHECKING

from idp.storage.ephemeral.in_sqlite import InSqlite

if TYPE_CHECKING:
    from idp.storage.ephemeral.in_redis import InRedis

SQLITE = "sqlite:///"


def open(url: str) -> "InSqlite | InRedis":
    """Return the store that `COUNTERSIGN_EPHEMERAL_URL` names; nothing is connected yet.

    Raises ValueError for a URL that names none.
    """
    if url.startswith(SQLITE):
        return InSqlite(Path(url.removeprefix(SQLITE)))
    from idp.storage.ephemeral.in_redis import InRedis  # noqa: PLC0415 - slow to import, and only wanted here

    return InRedis(url)
