"""Build an index while citizens sign in: the only step of a revision that has one."""

from collections.abc import Sequence
from typing import Any

from alembic import op


def create_index(name: str, table: str, columns: Sequence[str], **options: Any) -> None:
    """Build it beside all writers on PostgreSQL, outside of a transaction; SQLite has one writer at a time anyway.

    What an earlier try left behind that was killed is thrown away first: PostgreSQL keeps it and never uses it. To wait
    here holds nobody up, so there is no limit to it.
    """
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(name, table, columns, **options)
        return
    op.execute("COMMIT")
    op.execute("SET lock_timeout = 0")
    op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
    op.create_index(name, table, columns, postgresql_concurrently=True, **options)
    op.execute("RESET lock_timeout")
    op.execute("BEGIN")
