"""PostgreSQL plans each look for room for the grants that are asked about.

After five looks on one connection it took a plan for all of them, made for ten grants: the next thousands were searched one
by one for each other, 16,800 in 12 s instead of 1.6 s, and five times as many in 25 times as long.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

LOOK = "allocations_have_room(varchar[])"


def upgrade() -> None:
    """Forward. Nothing is locked or rebuilt: who looks from now on does it so."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER FUNCTION {LOOK} SET plan_cache_mode = force_custom_plan")


def downgrade() -> None:
    """Back."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER FUNCTION {LOOK} RESET plan_cache_mode")
