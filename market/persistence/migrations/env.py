"""Runs migrations on the connection that `Database` hands over."""

from alembic import context

from market.persistence import access_models, models, money_models, webhook_models  # noqa: F401 - all tables

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=models.Base.metadata,
    render_as_batch=True,
    compare_type=True,
    transaction_per_migration=True,  # where the connection is not in one already
)
with context.begin_transaction():
    context.run_migrations()
