"""The yardstick: what FastAPI, pydantic and SQLAlchemy cost with nearly nothing in between.

One table of orders and one of keys, on an engine with the exchange's settings, so that a commit is as durable. It reads the
same bodies with the same schema, answers an order of the same fields, and looks a bearer key up by its hash. There is no
market: no checks, no holds, no ledger, no log, no idempotency, no tenants, no limits. Written as the frameworks' own
tutorials write it.
"""

import argparse
import hashlib
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import JSON, BigInteger, Index, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from api.schemas.orders import LARGEST_BATCH, OrderRequest
from market.domain.ids import IdSource
from market.persistence.database import Database
from market.persistence.models import UtcDateTime


class Base(DeclarativeBase):
    """The yardstick's own tables."""

    type_annotation_map = {int: BigInteger, datetime: UtcDateTime, dict[str, Any]: JSON}  # noqa: RUF012


class KeyRow(Base):
    """A key by its hash."""

    __tablename__ = "yardstick_keys"
    secret_hash: Mapped[str] = mapped_column(primary_key=True)
    buyer_id: Mapped[str]


class OrderRow(Base):
    """An order as it came."""

    __tablename__ = "yardstick_orders"
    __table_args__ = (Index("ix_yardstick_orders_buyer_id_id", "buyer_id", "id"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    buyer_id: Mapped[str]
    state: Mapped[str]
    submitted_at: Mapped[datetime]
    job: Mapped[dict[str, Any]]
    limit_price: Mapped[int]
    latency_cost_per_ms_hour: Mapped[int]
    earliest_start: Mapped[datetime | None]
    deadline: Mapped[datetime]
    interruptible: Mapped[bool]


class OrderShown(BaseModel):
    """An order as it is answered."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    buyer_id: str
    state: str
    submitted_at: datetime
    job: dict[str, Any]
    limit_price: int
    latency_cost_per_ms_hour: int
    earliest_start: datetime | None
    deadline: datetime
    interruptible: bool


class OrdersShown(BaseModel):
    """Some orders."""

    items: list[OrderShown]


class OrdersSent(BaseModel):
    """A batch."""

    orders: list[OrderRequest] = Field(min_length=1, max_length=LARGEST_BATCH)


def build_yardstick(database: Database) -> FastAPI:  # noqa: C901 - an endpoint after another
    """The application: read one, list some, insert one, insert many."""
    app, ids = FastAPI(), IdSource()

    def reading() -> Iterator[Session]:
        with database.reading() as session:
            yield session

    def writing() -> Iterator[Session]:
        with database.writing() as session:
            yield session

    def holder(session: Session, authorization: str) -> str:
        digest = hashlib.sha256(authorization.removeprefix("Bearer ").encode()).hexdigest()
        buyer_id = session.scalar(select(KeyRow.buyer_id).where(KeyRow.secret_hash == digest))
        if buyer_id is None:
            raise HTTPException(401)
        return buyer_id

    Reading = Annotated[Session, Depends(reading)]  # noqa: N806 - types
    Writing = Annotated[Session, Depends(writing)]  # noqa: N806

    def reader(session: Reading, authorization: Annotated[str, Header()]) -> str:
        return holder(session, authorization)

    def writer(session: Writing, authorization: Annotated[str, Header()]) -> str:
        return holder(session, authorization)

    def columns(order: OrderRequest, buyer_id: str) -> dict[str, Any]:
        now = datetime.now(UTC)
        terms = order.model_dump(
            include={"limit_price", "latency_cost_per_ms_hour", "earliest_start", "deadline", "interruptible"}
        )
        known = {"id": ids.new("ord", now), "buyer_id": buyer_id, "state": "open", "submitted_at": now}
        return known | terms | {"job": order.job.model_dump(mode="json")}

    @app.get("/v1/orders/{order_id}")
    def read_order(order_id: str, session: Reading, buyer_id: Annotated[str, Depends(reader)]) -> OrderShown:
        row = session.get(OrderRow, order_id)
        if row is None or row.buyer_id != buyer_id:
            raise HTTPException(404)
        return OrderShown.model_validate(row)

    @app.get("/v1/orders")
    def list_orders(
        session: Reading,
        buyer_id: Annotated[str, Depends(reader)],
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> OrdersShown:
        mine = select(OrderRow).where(OrderRow.buyer_id == buyer_id)
        rows = session.scalars(mine.order_by(OrderRow.id.desc()).limit(limit))
        return OrdersShown(items=[OrderShown.model_validate(row) for row in rows])

    @app.post("/v1/orders", status_code=201)
    def insert_order(
        order: OrderRequest, session: Writing, buyer_id: Annotated[str, Depends(writer)]
    ) -> OrderShown:
        row = OrderRow(**columns(order, buyer_id))
        session.add(row)
        session.commit()
        return OrderShown.model_validate(row)

    @app.post("/v1/orders/batch")
    def insert_orders(
        batch: OrdersSent, session: Writing, buyer_id: Annotated[str, Depends(writer)]
    ) -> OrdersShown:
        rows = [columns(order, buyer_id) for order in batch.orders]
        session.execute(insert(OrderRow), rows)
        session.commit()
        return OrdersShown(items=[OrderShown.model_validate(row) for row in rows])

    return app


def prepare(database: Database, buyer_id: str) -> str:
    """Tables and a key; the key."""
    secret = secrets.token_urlsafe(32)
    Base.metadata.create_all(database.engine)
    with database.writing() as session:
        session.add(KeyRow(secret_hash=hashlib.sha256(secret.encode()).hexdigest(), buyer_id=buyer_id))
        session.commit()
    return secret


def main() -> None:
    """`python -m api.bench.yardstick DATABASE_URL PORT`: serve until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("database_url")
    parser.add_argument("port", type=int)
    asked = parser.parse_args()
    uvicorn.run(build_yardstick(Database(asked.database_url)), host="127.0.0.1", port=asked.port)


if __name__ == "__main__":
    main()
