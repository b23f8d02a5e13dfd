"""A migration only expands, so that the release before it goes on working: another one contracts, and says so."""

import ast
from pathlib import Path

import pytest

from idp.storage.sql import migrations
from tests.support.next_release import COLUMNS, INDEX

VERSIONS = Path(migrations.__path__[0]) / "versions"
FIRST = ("0001_first_tables.py", "0002_audit_triggers.py")
"""Nothing ran before them."""
EXPANDS = {"op.add_column", "op.create_table", "op.create_index", "op.f", "concurrently.create_index"}
IMPORTED = {"sqlalchemy", "alembic", "idp.storage.sql", "idp.storage.sql.migrations", "sqlalchemy.dialects"}
CONTRACTS = EXPANDS | {
    "op.alter_column",
    "op.drop_column",
    "op.drop_constraint",
    "op.drop_index",
    "op.drop_table",
    "op.execute",
    "op.rename_table",
}
BEGINNING = 'revision = "0009"\ndown_revision = "0008"\n\ndef upgrade():\n    '


def faults(source: str) -> list[str]:
    """Return what a migration does that the release before it, or those who write meanwhile, would feel.

    `contract = "why"` in it says that no running release uses what it takes away.
    """
    tree = ast.parse(source)
    called = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    steps = [(ast.unparse(call.func), call) for call in called]
    steps = [(name, call) for name, call in steps if name.startswith(("op.", "concurrently."))]
    contract = any(ast.unparse(node.targets[0]) == "contract" for node in tree.body if isinstance(node, ast.Assign))
    allowed = CONTRACTS if contract else EXPANDS
    found = [f"{name} is no step that expands" for name, _ in steps if name not in allowed]
    found += [f"{name} may do anything" for name in _imported(tree) if name not in IMPORTED]
    made = {_argument(call, 0) for name, call in steps if name == "op.create_table"}
    found += [
        f"{_argument(call, 0)} is built while nobody can write"
        for name, call in steps
        if name == "op.create_index" and _argument(call, 1) not in made
    ]
    added = [call for name, call in steps if name == "op.add_column"]
    found += [f"{ast.unparse(call.args[0])} gets a column that must be given" for call in added if _required(call)]
    if len({_argument(call, 0) for call in added}) > 1 or any(_argument(call, 0) is None for call in added):
        found.append("a revision that holds one table and waits for the next stands in the way of requests")
    if any(name.startswith("concurrently.") for name, _ in steps) and len(steps) > 1:
        found.append("an index that is built concurrently has a revision of its own")
    return found


def _imported(tree: ast.Module) -> list[str]:
    named = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return named + [each.name for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names]


def _argument(call: ast.Call, at: int) -> object:
    given = call.args[at] if len(call.args) > at else None
    return given.value if isinstance(given, ast.Constant) else None


def _required(add_column: ast.Call) -> bool:
    """Whether the release before it could not leave the column out; what cannot be seen counts as that."""
    column = add_column.args[1] if len(add_column.args) > 1 else None
    if not isinstance(column, ast.Call):
        return True
    said = {keyword.arg: ast.unparse(keyword.value) for keyword in column.keywords}
    return said.get("nullable") != "True" and said.get("server_default", "None") == "None"


@pytest.mark.parametrize("path", sorted(VERSIONS.glob("0*.py")), ids=lambda path: path.stem)
def test_every_migration_leaves_the_release_before_it_working(path):
    assert path.name in FIRST or faults(path.read_text()) == []


@pytest.mark.parametrize(
    "step",
    [
        'op.drop_column("citizens", "locale")',
        'op.drop_table("subjects")',
        'op.drop_index("ix_grants_session_id", "grants")',
        'op.rename_table("citizens", "people")',
        'op.alter_column("citizens", "locale", new_column_name="language")',
        'op.alter_column("citizens", "given_name", nullable=False)',
        'op.add_column("citizens", sa.Column("rank", sa.Integer(), nullable=False))',
        'op.add_column("citizens", sa.Column("rank", sa.Integer()), nullable=False)',
        'op.add_column("citizens", rank)',
        'op.add_column(table, sa.Column("rank", sa.Text(), nullable=True))',
        'op.add_column("citizens", sa.Column("n", sa.Text(), nullable=True));'
        ' op.add_column("grants", sa.Column("n", sa.Text(), nullable=True))',
        'op.create_index("ix_citizens_locale", "citizens", ["locale"])',
        'op.create_index("ix_citizens_locale", table, ["locale"])',
        'op.create_unique_constraint("uq", "citizens", ["locale"])',
        'op.create_foreign_key("fk", "grants", "citizens", ["citizen_id"], ["citizen_id"])',
        'op.execute("ALTER TABLE citizens DROP COLUMN locale")',
        'op.batch_alter_table("citizens")',
        "op.bulk_insert(citizens, rows)",
        'op.get_bind().execute(sa.text("DROP TABLE citizens"))',
        'op.create_table("n", sa.Column("n", sa.Text())); concurrently.create_index("ix", "citizens", ["locale"])',
        'from alembic.op import drop_column; drop_column("citizens", "locale")',
        'import alembic.op as other; other.drop_column("citizens", "locale")',
    ],
)
def test_a_migration_that_old_code_or_writers_would_feel_is_refused(step):
    assert faults(BEGINNING + step) != []


@pytest.mark.parametrize(
    "step",
    [
        'op.add_column("citizens", sa.Column("rank", sa.Integer(), nullable=True))',
        'op.add_column("citizens", sa.Column("rank", sa.Integer(), nullable=False, server_default="0"))',
        'op.create_table("ranks", sa.Column("rank", sa.Text())); op.create_index("ix_ranks", "ranks", ["rank"])',
        'concurrently.create_index("ix_citizens_locale", "citizens", ["locale"])',
    ],
)
def test_a_migration_that_expands_is_taken(step):
    assert faults(BEGINNING + step) == []


def test_a_contract_step_says_that_it_is_one_and_still_builds_no_index_in_the_way():
    said = 'contract = "Nothing has read it since release 3."\n' + BEGINNING

    assert faults(said + 'op.drop_column("citizens", "locale")') == []
    assert faults(said + 'op.create_index("ix_citizens_locale", "citizens", ["locale"])') != []


@pytest.mark.parametrize("source", [COLUMNS, INDEX])
def test_the_rehearsals_are_such_migrations(source):
    assert faults(source.format(revision="0009", before="0008", table="citizens")) == []
