"""Find the grants of one service, which end when an operator lets it work again."""

from idp.storage.sql.migrations import concurrently

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the index beside writers."""
    concurrently.create_index("ix_grants_client_id", "grants", ["client_id"])
