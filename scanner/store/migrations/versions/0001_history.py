"""Series, scans, findings and changes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "driftline_series",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("baseline", sa.Text, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("planned", sa.Boolean, nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
    )
    op.create_table(
        "driftline_scans",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("series", sa.Integer, sa.ForeignKey("driftline_series.id", ondelete="CASCADE"), nullable=False),
        sa.Column("scan", sa.String(64), nullable=False),
        sa.Column("started", sa.String(32), nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("source_kind", sa.Text, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("rules_hash", sa.Text, nullable=False),
        sa.Column("workloads", sa.JSON, nullable=False),
        sa.Column("resources", sa.Integer, nullable=False),
        sa.Column("failing", sa.JSON, nullable=False),
        sa.Column("waived", sa.Integer, nullable=False),
        sa.Column("unknown", sa.Integer, nullable=False),
        sa.Column("error", sa.Integer, nullable=False),
        sa.Column("passed", sa.Integer, nullable=False),
        sa.Column("compared_with", sa.String(64), nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("series", "started", "scan", name="driftline_scans_once"),
    )
    op.create_table(
        "driftline_findings",
        sa.Column("series", sa.Integer, sa.ForeignKey("driftline_series.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("fingerprint", sa.String(32), primary_key=True),
        *_about(),
        sa.Column("control", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        *(sa.Column(name, sa.String(32), nullable=False) for name in ("first_seen", "last_seen", "last_failed", "fixed")),
        sa.Column("regressions", sa.Integer, nullable=False),
    )
    op.create_table(
        "driftline_changes",
        sa.Column("scan", sa.Integer, sa.ForeignKey("driftline_scans.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("fingerprint", sa.String(32), nullable=False),
        *_about(),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("waived", sa.Boolean, nullable=False),
    )


def _about() -> list[sa.Column[str]]:
    """What a finding and a change both say of what was judged."""
    return [
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("resource", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
    ]
