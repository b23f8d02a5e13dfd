"""The short-lived stores: `open` returns the one that a URL names."""

from pathlib import Path

from idp.storage.ephemeral.in_redis import InRedis
from idp.storage.ephemeral.in_sqlite import InSqlite

SQLITE = "sqlite:///"
REDIS = ("redis://", "rediss://", "unix://")


def open(url: str) -> InSqlite | InRedis:
    """Return the store at `sqlite:///path` or `redis://host:port/number`; nothing is connected yet.

    Raises ValueError for any other URL.
    """
    if url.startswith(SQLITE):
        return InSqlite(Path(url.removeprefix(SQLITE)))
    if url.startswith(REDIS):
        return InRedis(url)
    raise ValueError("an ephemeral store is sqlite:///path or redis://host:port/number")
