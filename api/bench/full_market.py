"""A PostgreSQL database as full as one that was used for long: most orders are over, a few wait, a few run.

What is over was never traded here: rows are written as they would stand, by COPY, and pass every constraint of the database.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select, text

from market.domain.clock import HOUR
from market.domain.devices import ComputeClass, Precision
from market.domain.orders import Job, Order, OrderTerms
from market.domain.states import OrderState
from market.persistence import mapping
from market.persistence.access_models import AnswerRow, ApiKeyRow
from market.persistence.bulk import insert_into
from market.persistence.models import AllocationRow, Base, BuyerRow, EventRow, OfferingRow, OrderRow
from market.persistence.money_models import AccountRow, TransferRow
from market.persistence.webhook_models import DeliveryRow, WebhookRow

NOW = datetime(2030, 1, 1, tzinfo=UTC)
OF = 50
"""Of so many orders one waits and two run; the others are over."""
PRICE_MICROS = 1_000_000
STATES = {0: OrderState.OPEN, 1: OrderState.ALLOCATED, 2: OrderState.ALLOCATED}
ROWS_AT_ONCE = 10_000
Row = dict[str, Any]


def fill(connection: Connection, orders: int) -> None:
    """So many orders with all that comes with them, in a database with a scenario; then its statistics."""
    buyers = list(connection.scalars(select(BuyerRow.id).order_by(BuyerRow.id)))
    offerings = connection.execute(select(OfferingRow.__table__).order_by(OfferingRow.id)).mappings().all()
    numbers = range(orders)
    accounts = _accounts(orders, buyers)
    tables: tuple[tuple[type[Base], Iterator[Row]], ...] = (
        (OrderRow, (_order(n, buyers) for n in numbers)),
        (AllocationRow, (_allocation(n, buyers, offerings) for n in numbers if n % OF)),
        (AccountRow, iter(accounts)),
        (TransferRow, (_transfer(n, buyers) for n in numbers)),
        (
            EventRow,
            (_event(n, what, buyers) for n in numbers for what in ("submitted", "started", "completed")),
        ),
        (ApiKeyRow, (_key(n, buyers) for n in range(1 + orders // 10))),
        (AnswerRow, (_answer(n) for n in numbers)),
        (WebhookRow, iter([_webhook(buyers)])),
        (DeliveryRow, (_delivery(n) for n in numbers)),
    )
    for table, rows in tables:
        _store(connection, table, rows)
    connection.execute(text("ANALYZE"))


def order_id(n: int) -> str:
    """Of the n-th order."""
    return f"ord_{n:026d}"


def _store(connection: Connection, table: type[Base], rows: Iterator[Row]) -> None:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == ROWS_AT_ONCE:
            insert_into(connection, Base.metadata.tables[table.__tablename__], batch)
            batch = []
    insert_into(connection, Base.metadata.tables[table.__tablename__], batch)


def _order(n: int, buyers: list[str]) -> Row:
    job = Job(ComputeClass.GPU, None, None, Precision.FP16, 1, 2, "shanghai", None, 0, None, None, None)
    terms = OrderTerms(job, PRICE_MICROS, 0, None, NOW + 24 * HOUR)
    state = STATES.get(n % OF, OrderState.COMPLETED)
    return mapping.order_columns(Order(order_id(n), buyers[n % len(buyers)], terms, state, NOW))


def _allocation(n: int, buyers: list[str], offerings: Any) -> Row:
    offering, live = offerings[n % len(offerings)], STATES.get(n % OF) is not None
    starts_at = NOW + ((n // len(offerings)) % 12 * 2 if live else -2000 + n % 1000) * HOUR
    return {
        "id": f"alo_{n:026d}",
        "round_id": None,
        "order_id": order_id(n),
        "buyer_id": buyers[n % len(buyers)],
        **{name: offering[name] for name in ("provider_id", "node_id", "ask_micros_per_unit_hour")},
        "offering_id": offering["id"],
        "units": 1,
        "unit_tenths": 10,
        "starts_at": starts_at,
        "ends_at": starts_at + 2 * HOUR,
        "price_micros": PRICE_MICROS,
        "rtt_ms": 1.0,
        "facility_kwh": 1.0,
        "carbon_kg_location": 1.0,
        "carbon_kg_market": 1.0,
        "state": "granted" if live else "completed",
        "charges_micros": [PRICE_MICROS // 2] * 2,
        "earnings_micros": [PRICE_MICROS // 2] * 2,
        "settled_hours": 0 if live else 2,
        "paid_micros": 0,
        "offering_version": 1,
        "started_at": None,
        "heartbeat_at": None,
        "ended_at": None if live else starts_at + 2 * HOUR,
        "live": 1 if live else None,
    }


def _accounts(orders: int, buyers: list[str]) -> list[Row]:
    """The outside, which pays in, and each buyer."""
    plain: Mapping[str, Any] = {"kind": "outside", "owner_id": None, "least_micros": None}
    paid = {buyer: PRICE_MICROS * len(range(n, orders, len(buyers))) for n, buyer in enumerate(buyers)}
    outside = {**plain, "id": "bench_outside", "debits_micros": sum(paid.values()), "credits_micros": 0}
    held = [
        {**plain, "id": f"bench_{buyer}", "owner_id": buyer, "debits_micros": 0, "credits_micros": amount}
        for buyer, amount in paid.items()
    ]
    return [outside, *held]


def _transfer(n: int, buyers: list[str]) -> Row:
    return {
        "id": f"trf_{n:026d}",
        "kind": "deposit",
        "debit_account_id": "bench_outside",
        "credit_account_id": f"bench_{buyers[n % len(buyers)]}",
        "amount_micros": PRICE_MICROS,
        "at": NOW,
        "order_id": order_id(n),
        "allocation_id": None,
        "round_id": None,
        "hour": None,
    }


def _event(n: int, what: str, buyers: list[str]) -> Row:
    return {
        "kind": f"order.{what}",
        "resource": "order",
        "resource_id": order_id(n),
        "at": NOW,
        "buyer_id": buyers[n % len(buyers)],
        "provider_id": None,
        "actor": "exchange",
        "request_id": None,
        "data": {"state": "open", "cause": what, "reason": what},
    }


def _key(n: int, buyers: list[str]) -> Row:
    nothing = dict.fromkeys(
        ("member_id", "expires_at", "revoked_at", "last_used_at", "previous_hash", "previous_until")
    )
    return {
        "id": f"key_{n:026d}",
        "role": "buyer",
        "organisation_id": buyers[n % len(buyers)],
        "secret_hash": f"{n:064x}",
        "created_at": NOW,
        "name": "",
        "prefix": "",
        "scopes": ["*"],
        "created_by": "exchange",
        **nothing,
    }


def _answer(n: int) -> Row:
    return {
        "client": f"key_{n % 100:026d}",
        "key": f"{n}",
        "request_hash": "",
        "answer": {},
        "answered_at": NOW,
    }


def _webhook(buyers: list[str]) -> Row:
    nothing = dict.fromkeys(("previous_salt", "previous_until", "failing_since", "disabled_reason"))
    return {
        "id": "whk_bench",
        "role": "buyer",
        "organisation_id": buyers[0],
        "url": "https://receiver.example/",
        "kinds": ["*"],
        "description": "",
        "state": "active",
        "salt": "",
        "created_at": NOW,
        "created_by": "exchange",
        "told_up_to": 0,
        "replays": 0,
        **nothing,
    }


def _delivery(n: int) -> Row:
    pending = n % 200 == 0
    return {
        "webhook_id": "whk_bench",
        "sequence": n + 2,
        "replay": 0,
        "kind": "order.submitted",
        "resource": "order",
        "resource_id": order_id(n),
        "state": "pending" if pending else "delivered",
        "created_at": NOW,
        "next_attempt_at": NOW if pending else None,
        "taken_until": None,
        "tries": 1,
        "attempts": [],
        "delivered_at": None if pending else NOW,
    }
