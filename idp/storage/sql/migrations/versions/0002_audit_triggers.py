"""Let nobody change the audit log: rows are inserted, sealed once, and stay."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SQLITE = (
    """
    CREATE TRIGGER audit_events_stay BEFORE DELETE ON audit_events
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
    """
    CREATE TRIGGER audit_events_are_sealed_once BEFORE UPDATE ON audit_events
    WHEN OLD.sequence IS NOT NULL OR NEW.sequence IS NULL OR NEW.hash IS NULL
      OR NEW.entry_id IS NOT OLD.entry_id OR NEW.name IS NOT OLD.name
      OR NEW.at IS NOT OLD.at OR NEW.body IS NOT OLD.body OR NEW.citizen_id IS NOT OLD.citizen_id
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
    """
    CREATE TRIGGER audit_events_begin_unsealed BEFORE INSERT ON audit_events
    WHEN NEW.sequence IS NOT NULL OR NEW.hash IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
    """
    CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
    """
    CREATE TRIGGER audit_head_moves_on BEFORE UPDATE ON audit_head WHEN NEW.sequence < OLD.sequence
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
)
_POSTGRESQL = (
    """
    CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$
    """,
    """
    CREATE TRIGGER audit_events_stay BEFORE DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only()
    """,
    """
    CREATE TRIGGER audit_events_are_sealed_once BEFORE UPDATE ON audit_events FOR EACH ROW
    WHEN (OLD.sequence IS NOT NULL OR NEW.sequence IS NULL OR NEW.hash IS NULL
      OR (NEW.entry_id, NEW.name, NEW.at, NEW.body, NEW.citizen_id)
        IS DISTINCT FROM (OLD.entry_id, OLD.name, OLD.at, OLD.body, OLD.citizen_id))
    EXECUTE FUNCTION audit_log_is_append_only()
    """,
    """
    CREATE TRIGGER audit_events_begin_unsealed BEFORE INSERT ON audit_events FOR EACH ROW
    WHEN (NEW.sequence IS NOT NULL OR NEW.hash IS NOT NULL)
    EXECUTE FUNCTION audit_log_is_append_only()
    """,
    """
    CREATE TRIGGER audit_head_stays BEFORE DELETE OR TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only()
    """,
    """
    CREATE TRIGGER audit_head_moves_on BEFORE UPDATE ON audit_head FOR EACH ROW
    WHEN (NEW.sequence < OLD.sequence)
    EXECUTE FUNCTION audit_log_is_append_only()
    """,
)


def upgrade() -> None:
    """Make the triggers."""
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)
