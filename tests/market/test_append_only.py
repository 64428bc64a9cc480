"""What was, stays: the database itself refuses to change or remove what the log and the books tell."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from toy_market import terms

from market.domain.parties import Actor
from market.exchange import Exchange, RoundRequest, Submission
from solver import Limits

CHANGES = {
    "events": "UPDATE events SET kind = 'order.cancelled'",
    "transfers": "UPDATE transfers SET amount_micros = amount_micros + 1",
    "offering_versions": "UPDATE offering_versions SET changed_by = 'nobody'",
}


@pytest.fixture
def traded(exchange: Exchange, operator: Actor, buyer: Actor) -> Exchange:
    """An exchange where something happened: every table has rows."""
    exchange.submit_orders(buyer, [Submission("buy_toy", terms())])
    exchange.clear_round(operator, RoundRequest(limits=Limits(seconds=5, workers=1)))
    exchange.withdraw_offering(operator, "off_1")
    with exchange.database.engine.connect() as connection:
        for table in CHANGES:
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")), table  # noqa: S608
    return exchange


@pytest.mark.parametrize("table", CHANGES)
def test_whoever_has_the_password_changes_nothing(traded: Exchange, table: str) -> None:
    for statement in (CHANGES[table], f"DELETE FROM {table}"):  # noqa: S608
        with (
            pytest.raises(DBAPIError, match=f"{table} is append-only"),
            traded.database.engine.begin() as connection,
        ):
            connection.execute(text(statement))
