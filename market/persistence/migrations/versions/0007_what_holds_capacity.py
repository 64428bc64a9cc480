"""what holds capacity now is found without reading everything that ever did."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NAME = "ix_allocations_live_ends_at"
LIVE = sa.text("live = 1")


def upgrade() -> None:
    """Forward. Nobody waits for it on PostgreSQL; what an attempt that was cut off left is removed first."""
    if op.get_bind().dialect.name != "postgresql":
        op.create_index(NAME, "allocations", ["ends_at"], sqlite_where=LIVE)
        return
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
        op.create_index(NAME, "allocations", ["ends_at"], postgresql_where=LIVE, postgresql_concurrently=True)


def downgrade() -> None:
    """Back."""
    op.drop_index(NAME, table_name="allocations")
