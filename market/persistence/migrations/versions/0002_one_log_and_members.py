"""one log of events instead of the orders' own; members; keys with names, scopes and an end.

The log, the transfers and the versions of offerings are append-only from here on: triggers refuse everything else.
"""

import json

import sqlalchemy as sa
from alembic import op

import market.persistence.models

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("events", "transfers", "offering_versions")
WIDER = (
    "name",
    "prefix",
    "member_id",
    "scopes",
    "created_by",
    "expires_at",
    "revoked_at",
    "last_used_at",
    "previous_hash",
    "previous_until",
)
"""What keys have had since."""
NOW = market.persistence.models.UtcDateTime(timezone=True)


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "events",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("resource_id", sa.String(), nullable=False),
        sa.Column("at", NOW, nullable=False),
        sa.Column("buyer_id", sa.String(), nullable=True),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_events")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_events_resource_resource_id_sequence", "events", ["resource", "resource_id", "sequence"]
    )
    op.create_index("ix_events_buyer_id_sequence", "events", ["buyer_id", "sequence"])
    op.create_index("ix_events_provider_id_sequence", "events", ["provider_id", "sequence"])
    _carry_over_order_events()
    op.drop_index("ix_order_events_order_id_id", table_name="order_events")
    op.drop_table("order_events")
    op.create_table(
        "members",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", NOW, nullable=False),
        sa.CheckConstraint("role IN ('owner', 'editor', 'viewer')", name=op.f("ck_members_role")),
        sa.CheckConstraint("state IN ('active', 'removed')", name=op.f("ck_members_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
    )
    op.create_index("ix_members_organisation_id_id", "members", ["organisation_id", "id"])
    _widen_keys()
    for table in APPEND_ONLY:
        _forbid_changes(table)


def downgrade() -> None:
    """Back."""
    for table in APPEND_ONLY:
        _allow_changes(table)
    op.create_table(
        "order_events",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("at", NOW, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_events_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_events")),
    )
    op.create_index("ix_order_events_order_id_id", "order_events", ["order_id", "id"])
    _carry_back_order_events()
    op.drop_table("events")
    with op.batch_alter_table("api_keys") as keys:
        keys.drop_index("ix_api_keys_organisation_id_id")
        keys.drop_index("ix_api_keys_member_id")
        keys.drop_constraint("fk_api_keys_member_id", type_="foreignkey")
        keys.drop_constraint("uq_api_keys_previous_hash", type_="unique")
        for name in WIDER:
            keys.drop_column(name)
    op.drop_table("members")


def _widen_keys() -> None:
    """Keys made before have no name, no end and every scope."""
    with op.batch_alter_table("api_keys") as keys:
        keys.add_column(sa.Column("name", sa.String(), nullable=False, server_default=""))
        keys.add_column(sa.Column("prefix", sa.String(), nullable=False, server_default=""))
        keys.add_column(sa.Column("member_id", sa.String(), nullable=True))
        keys.add_column(sa.Column("scopes", sa.JSON(), nullable=False, server_default='["*"]'))
        keys.add_column(sa.Column("created_by", sa.String(), nullable=False, server_default="exchange"))
        keys.add_column(sa.Column("expires_at", NOW, nullable=True))
        keys.add_column(sa.Column("revoked_at", NOW, nullable=True))
        keys.add_column(sa.Column("last_used_at", NOW, nullable=True))
        keys.add_column(sa.Column("previous_hash", sa.String(), nullable=True))
        keys.add_column(sa.Column("previous_until", NOW, nullable=True))
        keys.create_unique_constraint("uq_api_keys_previous_hash", ["previous_hash"])
        keys.create_foreign_key("fk_api_keys_member_id", "members", ["member_id"], ["id"])
        keys.create_index("ix_api_keys_organisation_id_id", ["organisation_id", "id"])
        keys.create_index("ix_api_keys_member_id", ["member_id"])
    with op.batch_alter_table("api_keys") as keys:
        texts = (("name", sa.String()), ("prefix", sa.String()), ("created_by", sa.String()))
        for name, kind in (*texts, ("scopes", sa.JSON())):
            keys.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)


def _carry_over_order_events() -> None:
    """What was told of orders so far, in the order in which it happened."""
    connection = op.get_bind()
    old, new = _tables()
    orders = sa.table("orders", sa.column("id"), sa.column("buyer_id"))
    query = (
        sa.select(old, orders.c.buyer_id)
        .join_from(old, orders, old.c.order_id == orders.c.id)
        .order_by(old.c.id)
    )
    for batch in connection.execute(query).partitions(1000):
        connection.execute(
            sa.insert(new),
            [
                {
                    "kind": f"order.{row.cause}",
                    "resource": "order",
                    "resource_id": row.order_id,
                    "at": row.at,
                    "buyer_id": row.buyer_id,
                    "actor": row.actor,
                    "data": {"state": row.state, "cause": row.cause, "reason": row.reason},
                }
                for row in batch
            ],
        )


def _carry_back_order_events() -> None:
    connection = op.get_bind()
    old, new = _tables()
    query = sa.select(new).where(new.c.resource == "order").order_by(new.c.sequence)
    for batch in connection.execute(query).partitions(1000):
        connection.execute(
            sa.insert(old),
            [
                {
                    "id": f"oev_{row.sequence:026d}",
                    "order_id": row.resource_id,
                    "at": row.at,
                    "actor": row.actor,
                    **{name: _data(row.data)[name] for name in ("state", "cause", "reason")},
                }
                for row in batch
            ],
        )


def _data(stored: object) -> dict[str, str]:
    found: dict[str, str] = json.loads(stored) if isinstance(stored, str) else stored  # type: ignore[assignment]
    return found


def _tables() -> tuple[sa.TableClause, sa.TableClause]:
    names = ("id", "order_id", "state", "cause", "actor", "reason")
    old = sa.table("order_events", *(sa.column(name) for name in names), sa.column("at", NOW))
    texts = ("kind", "resource", "resource_id", "buyer_id", "actor")
    new = sa.table(
        "events",
        sa.column("sequence", sa.BigInteger()),
        *(sa.column(name, sa.String()) for name in texts),
        sa.column("at", NOW),
        sa.column("data", sa.JSON()),
    )
    return old, new


def _forbid_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only()"
    )


def _allow_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{verb}")
        return
    op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    op.execute(f"DROP FUNCTION {table}_is_append_only()")
