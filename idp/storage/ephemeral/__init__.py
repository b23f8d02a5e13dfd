"""The short-lived stores: `open` returns the one that a URL names."""

from pathlib import Path
from typing import TYPE_CHECKING

from idp.storage.ephemeral.in_sqlite import InSqlite

if TYPE_CHECKING:
    from idp.storage.ephemeral.in_redis import InRedis

SQLITE = "sqlite:///"
REDIS = ("redis://", "rediss://", "unix://")


def open(url: str) -> "InSqlite | InRedis":
    """Return the store at `sqlite:///path` or `redis://host:port/number`; nothing is connected yet.

    Raises ValueError for any other URL.
    """
    if url.startswith(SQLITE):
        return InSqlite(Path(url.removeprefix(SQLITE)))
    if url.startswith(REDIS):
        from idp.storage.ephemeral.in_redis import InRedis  # noqa: PLC0415 - slow to import, and only wanted here

        return InRedis(url)
    raise ValueError("an ephemeral store is sqlite:///path or redis://host:port/number")
