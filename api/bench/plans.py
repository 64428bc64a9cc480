"""How PostgreSQL answers what is asked most: the exchange's own queries, caught on their way, explained on a full market."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from api.bench.full_market import NOW, fill, order_id
from market.domain.audience import Audience, Wanted
from market.domain.clock import SystemClock
from market.domain.errors import Conflict, InvalidInput
from market.exchange import Exchange
from market.persistence.database import Database
from market.persistence.event_reader import EventReader
from market.persistence.key_store import key_by_hash
from market.persistence.paging import PageRequest
from market.persistence.store import Store
from market.scenarios.scenario import read_scenario, scenario_directory

GROWING = frozenset(
    {"orders", "allocations", "transfers", "events", "webhook_deliveries", "answers", "api_keys", "rounds"}
    | {"round_records", "explanations", "forecasts", "held_quotes", "offering_versions"}
)
"""Tables that have more rows the longer the exchange is used."""
PAGE = PageRequest(limit=100, newest_first=True)
LISTENING_SINCE = NOW - timedelta(days=1)
"""Long enough for the silence of providers to count."""
Ask = Callable[[Store], object]


@dataclass(frozen=True, slots=True)
class Explained:
    """One query: what it was asked for, as it was sent, and what PostgreSQL made of it."""

    name: str
    sql: str
    plan: Mapping[str, Any]

    @property
    def milliseconds(self) -> float:
        """From the first to the last row."""
        return float(self.plan["Actual Total Time"])

    @property
    def blocks(self) -> int:
        """Pages of 8 KiB that were looked at."""
        return int(self.plan["Shared Hit Blocks"] + self.plan["Shared Read Blocks"])

    @property
    def indexes(self) -> tuple[str, ...]:
        """Indexes it went by."""
        return tuple(dict.fromkeys(str(one["Index Name"]) for one in nodes(self.plan) if "Index Name" in one))

    @property
    def scanned(self) -> tuple[str, ...]:
        """Growing tables that it read from end to end."""
        whole = [one for one in nodes(self.plan) if one["Node Type"] == "Seq Scan"]
        return tuple(str(one["Relation Name"]) for one in whole if one["Relation Name"] in GROWING)


def explain_hot_queries(database: Database, orders: int) -> list[Explained]:
    """On an EMPTY database, which is filled for it; `Conflict` `database_not_empty` on any other."""
    if database.engine.dialect.name != "postgresql":
        raise InvalidInput(
            "not_postgresql", "plans are PostgreSQL's: name postgresql+psycopg://… with --database"
        )
    database.upgrade()
    exchange = Exchange(database, SystemClock())
    if not exchange.load_scenario(read_scenario(scenario_directory("east_west"))):
        raise Conflict(
            "database_not_empty", f"{database.shown} holds an exchange already: name an empty database"
        )
    with database.engine.begin() as connection:
        fill(connection, orders)
    with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("VACUUM"))
    return [found for name, ask in hot_queries(orders).items() for found in _explained(database, name, ask)]


def hot_queries(orders: int) -> dict[str, Ask]:
    """What requests, rounds, streams and couriers ask most, each as the exchange asks it."""
    some, buyer, provider = order_id(orders // 2 + 1), "buy_0001", "prv_0001"
    everything = Audience(everything=True)
    tail = 3 * orders - 10

    def events(store: Store) -> EventReader:
        return EventReader(store.session)

    return {
        "a key at each request": lambda store: key_by_hash(store.session.connection(), f"{7:064x}"),
        "the answer to an idempotency key": lambda store: store.access.answer(f"key_{7:026d}", "7"),
        "one order": lambda store: store.orders.get(some),
        "an order's history": lambda store: store.orders.history(some),
        "an order's allocation": lambda store: store.rounds.newest_allocation_of(some),
        "orders to change, held": lambda store: store.orders.held([some]),
        "a buyer's newest orders": lambda store: store.orders.page(PAGE, {"buyer_id": buyer}),
        "a buyer's orders counted by state": lambda store: store.orders.counts({"buyer_id": buyer}),
        "the book, for a round": lambda store: store.orders.open_orders(),
        "orders past their deadline": lambda store: store.orders.past_deadline(NOW),
        "what holds capacity, for a round": lambda store: store.rounds.live_allocations(NOW),
        "what may be due, to keep time": lambda store: store.rounds.due_allocations(
            NOW, LISTENING_SINCE, [60]
        ),
        "a provider's newest allocations": lambda store: store.rounds.page_allocations(
            PAGE, {"provider_id": provider}
        ),
        "a buyer's newest transfers": lambda store: store.ledger.page_transfers(PAGE, [f"bench_{buyer}"], {}),
        "new events, for all who listen": lambda store: events(store).after(tail, 500, everything),
        "a buyer's events, from where it was": lambda store: events(store).after(
            tail, 100, Audience(buyer), Wanted()
        ),
        "what happened since, for a landing": lambda store: store.events.touched_since(
            tail, {"order", "offering"}
        ),
        "webhooks with something due": lambda store: store.webhooks.due(NOW),
    }


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A plan's steps, the last one first."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def _explained(database: Database, name: str, ask: Ask) -> Iterator[Explained]:
    """Each statement of a question, explained as it was sent; nothing of it is kept."""
    with database.reading() as session:
        caught = _caught(database.engine, session, ask)
        connection = session.connection()
        for sql, parameters in caught:
            explaining = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}"
            told = connection.exec_driver_sql(explaining, parameters).scalar_one()
            found = json.loads(told) if isinstance(told, str) else told
            yield Explained(name, " ".join(sql.split()), found[0]["Plan"])
        session.rollback()


def _caught(engine: Engine, session: Session, ask: Ask) -> list[tuple[str, Any]]:
    """What a question sends to the database."""
    caught: list[tuple[str, Any]] = []

    def catch(_connection: Any, _cursor: Any, sql: str, parameters: Any, _context: Any, _many: bool) -> None:  # noqa: FBT001
        caught.append((sql, parameters))

    event.listen(engine, "before_cursor_execute", catch)
    try:
        ask(Store(session))
    finally:
        event.remove(engine, "before_cursor_execute", catch)
    return caught


def write_markdown(explained: list[Explained], orders: int, version: str) -> str:
    """The page for the documentation."""
    lines = [
        "# Query plans",
        "",
        f"What is asked most, as {version} answers it on a market with {orders:,} orders (`suanli bench plans`).",
        "None may read a growing table from end to end; a test holds it. Milliseconds are of one run on a busy machine.",
        "",
        "| query | ms | rows | pages | goes by |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.name} | {one.milliseconds:.2f} | {one.plan['Actual Rows']:.0f} | {one.blocks} | "
        f"{', '.join(f'`{name}`' for name in one.indexes) or 'a whole small table'} |"
        for one in explained
    ]
    for one in explained:
        lines += ["", f"## {one.name[0].upper()}{one.name[1:]}", "", "```sql", one.sql, "```", "", "```text"]
        lines += [*_shown(one.plan), "```"]
    return "\n".join(lines) + "\n"


def _shown(plan: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    what = [str(plan["Node Type"])]
    what += [f"using {plan['Index Name']}"] if "Index Name" in plan else []
    what += [f"on {plan['Relation Name']}"] if "Relation Name" in plan else []
    figures = (
        f"rows={plan['Actual Rows']:.0f} loops={plan['Actual Loops']:.0f} ms={plan['Actual Total Time']:.3f}"
    )
    yield f"{'  ' * depth}{' '.join(what)} ({figures})"
    for name in ("Index Cond", "Filter", "Sort Key"):
        if name in plan:
            yield f"{'  ' * depth}  {name}: {plan[name]}"
    for below in plan.get("Plans", ()):
        yield from _shown(below, depth + 1)
