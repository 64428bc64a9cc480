"""orders are counted by buyer and state without being read."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_index("ix_orders_buyer_id_state", "orders", ["buyer_id", "state"])


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_orders_buyer_id_state", table_name="orders")
