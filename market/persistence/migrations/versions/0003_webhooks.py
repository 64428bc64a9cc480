"""webhooks, and what is delivered to them."""

import sqlalchemy as sa
from alembic import op

import market.persistence.models

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NOW = market.persistence.models.UtcDateTime(timezone=True)


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=True),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("previous_salt", sa.String(), nullable=True),
        sa.Column("previous_until", NOW, nullable=True),
        sa.Column("created_at", NOW, nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("told_up_to", sa.BigInteger(), nullable=False),
        sa.Column("replays", sa.BigInteger(), nullable=False),
        sa.Column("failing_since", NOW, nullable=True),
        sa.Column("disabled_reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state IN ('active', 'paused', 'disabled', 'removed')", name=op.f("ck_webhooks_state")
        ),
        sa.CheckConstraint("role IN ('operator', 'provider', 'buyer')", name=op.f("ck_webhooks_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_index("ix_webhooks_organisation_id_id", "webhooks", ["organisation_id", "id"])
    op.create_table(
        "webhook_deliveries",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("webhook_id", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("replay", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("resource_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", NOW, nullable=False),
        sa.Column("next_attempt_at", NOW, nullable=True),
        sa.Column("taken_until", NOW, nullable=True),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.JSON(), nullable=False),
        sa.Column("delivered_at", NOW, nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'delivered', 'given_up')", name=op.f("ck_webhook_deliveries_state")
        ),
        sa.CheckConstraint(
            "(next_attempt_at IS NOT NULL) = (state = 'pending')",
            name=op.f("ck_webhook_deliveries_next_attempt"),
        ),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name=op.f("fk_webhook_deliveries_webhook_id")
        ),
        sa.ForeignKeyConstraint(
            ["sequence"], ["events.sequence"], name=op.f("fk_webhook_deliveries_sequence")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint(
            "webhook_id", "sequence", "replay", name=op.f("uq_webhook_deliveries_webhook_id_sequence_replay")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_webhook_deliveries_due", "webhook_deliveries", ["state", "next_attempt_at", "webhook_id"]
    )
    op.create_index(
        "ix_webhook_deliveries_in_turn",
        "webhook_deliveries",
        ["webhook_id", "state", "resource", "resource_id", "number"],
    )


def downgrade() -> None:
    """Back."""
    op.drop_table("webhook_deliveries")
    op.drop_table("webhooks")
