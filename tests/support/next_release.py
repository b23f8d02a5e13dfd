"""The release after this one, as far as a database can tell: the same code in another folder, with some revisions more.

They expand: a column that may be empty in each table a sign-in touches, tables, and an index built beside writers.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from idp.storage.sql import revisions

ROOT = Path(__file__).parents[2]
PACKAGES = ("keys", "federation", "idp", "templates")
CHANGED = ("grants", "citizens", "sessions", "consents", "passkeys", "passwords", "relying_parties", "audit_events")
COLUMNS = """\"\"\"A rehearsal.\"\"\"

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    op.add_column("{table}", sa.Column("rehearsed", sa.Text(), nullable=True))
    op.create_table("{table}_rehearsals", sa.Column("rehearsal_id", sa.Text(), primary_key=True))
"""
INDEX = """\"\"\"A rehearsal.\"\"\"

from idp.storage.sql.migrations import concurrently

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    concurrently.create_index("ix_audit_events_at", "audit_events", ["at"])
"""


def revision_numbers() -> list[str]:
    """Return those of its revisions: one for each table it changes, then the index."""
    last = int(revisions.known()[-1])
    return [f"{last + number:04}" for number in range(1, len(CHANGED) + 2)]


def release(folder: Path) -> Path:
    """Make it in a folder, and return where its code is."""
    tree = folder / "next-release"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    before = revisions.known()[-1]
    versions = tree / "idp" / "storage" / "sql" / "migrations" / "versions"
    *numbers, index = revision_numbers()
    for number, table in zip(numbers, CHANGED, strict=True):
        text = COLUMNS.format(revision=number, before=before, table=table)
        (versions / f"{number}_rehearsal_{table}.py").write_text(text)
        before = number
    (versions / f"{index}_rehearsal_index.py").write_text(INDEX.format(revision=index, before=before))
    return tree


def environment(tree: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Return what makes Python run its code and our tests."""
    return {**os.environ, **settings, "PYTHONPATH": f"{tree}{os.pathsep}{ROOT}"}


def run(tree: Path, *arguments: str, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run Python with its code first."""
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment(tree, settings),
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
