"""what is looked for in what grows is found by an index: what to forget, and whose the lines of the log are."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_answers_answered_at": ("answers", ["answered_at"]),
    "ix_api_keys_expires_at": ("api_keys", ["expires_at"]),
    "ix_webhook_deliveries_ended": ("webhook_deliveries", ["state", "created_at"]),
    "ix_events_actor_sequence": ("events", ["actor", "sequence"]),
    "ix_allocations_node_id_id": ("allocations", ["node_id", "id"]),
    "ix_explanations_round_id": ("explanations", ["round_id"]),
    "ix_rounds_state_id": ("rounds", ["state", "id"]),
    "ix_transfers_round_id_id": ("transfers", ["round_id", "id"]),
}


def upgrade() -> None:
    """Forward."""
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    """Back."""
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table_name=table)
