"""A connection that breaks as a change is committed: whether it was stored is not known, and nobody is told otherwise."""

from api_house import House, order_body, refusal
from sqlalchemy import Connection
from sqlalchemy.event import listen, remove
from sqlalchemy.exc import OperationalError

ONCE = {"Idempotency-Key": "unsure"}


def _break_after_commit(connection: Connection) -> None:
    """The database has stored it, and its answer is lost."""
    connection.connection.commit()
    raise OperationalError("COMMIT", {}, OSError("the connection broke"))


def _break(connection: Connection, *_: object) -> None:
    raise OperationalError("SELECT", {}, OSError("the connection broke"))


def test_whoever_does_not_know_asks_again_and_gets_what_was_stored(house: House) -> None:
    engine = house.exchange.database.engine
    assert house.ask("GET", "/v1/orders", house.keys.buyer).status_code == 200  # the key is known
    listen(engine, "commit", _break_after_commit)
    try:
        lost = house.ask("POST", "/v1/orders", house.keys.buyer, json=order_body(), headers=ONCE)
    finally:
        remove(engine, "commit", _break_after_commit)
    detail = refusal(lost, 503, "database_unavailable")["detail"]
    assert "not known" in detail
    assert "nothing was" not in detail
    assert lost.headers["retry-after"]
    again = house.ask("POST", "/v1/orders", house.keys.buyer, json=order_body(), headers=ONCE)
    assert again.headers["idempotent-replayed"] == "true"
    listed = house.ask("GET", "/v1/orders", house.keys.buyer).json()["items"]
    assert [order["id"] for order in listed] == [again.json()["id"]]


def test_whoever_only_reads_is_told_that_nothing_was_to_be_stored(house: House) -> None:
    engine = house.exchange.database.engine
    listen(engine, "before_cursor_execute", _break)
    try:
        lost = house.ask("GET", "/v1/orders", house.keys.buyer)
    finally:
        remove(engine, "before_cursor_execute", _break)
    assert "nothing was to be stored" in refusal(lost, 503, "database_unavailable")["detail"]
