"""Indexes by what a history is asked for: findings of a state, changes of a kind."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the indexes."""
    op.create_index("driftline_findings_by_state", "driftline_findings", ["series", "state"])
    op.create_index("driftline_changes_by_kind", "driftline_changes", ["scan", "kind"])
