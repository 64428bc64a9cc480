"""What must hold of a market at any moment, read from its tables with plain SQL and reckoned in plain Python.

It shares nothing with the code that keeps these promises: no store, no settlement, no builder.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from market.persistence.database import Database

HOUR = timedelta(hours=1)
LIVE = {"granted": "allocated", "active": "active"}
ENDED = {"draft", "completed", "cancelled", "expired", "failed"}
Row = dict[str, Any]


def broken_promises(database: Database) -> list[str]:
    """Every promise that does not hold, in words; empty when all do."""
    with database.engine.execution_options(reading=True).connect() as connection:

        def rows(table: str) -> list[Row]:
            every = text(f"SELECT * FROM {table}")  # noqa: S608 - the names stand below
            return [dict(row) for row in connection.execute(every).mappings()]

        tables = {
            name: rows(name)
            for name in (
                "accounts",
                "transfers",
                "orders",
                "events",
                "allocations",
                "offerings",
                "nodes",
                "devices",
            )
        }
    return [problem for look in (_money, _payments, _grants, _lives, _room) for problem in look(tables)]


def _money(tables: dict[str, list[Row]]) -> Iterator[str]:
    """Sums on accounts are those of their transfers, all together are zero, escrow is what orders hold."""
    balance, held = Counter[str](), Counter[str]()
    for transfer in tables["transfers"]:
        balance[transfer["debit_account_id"]] -= transfer["amount_micros"]
        balance[transfer["credit_account_id"]] += transfer["amount_micros"]
    if sum(balance.values()):
        yield f"the ledger sums to {sum(balance.values())}"
    for order in tables["orders"]:
        held[order["buyer_id"]] += order["held_micros"]
    for account in tables["accounts"]:
        kept = account["credits_micros"] - account["debits_micros"]
        if kept != balance[account["id"]]:
            yield f"{account['id']} says {kept}, its transfers {balance[account['id']]}"
        if account["kind"] == "escrow" and kept != held[account["owner_id"]]:
            yield f"{account['id']} keeps {kept}, its orders hold {held[account['owner_id']]}"


def _payments(tables: dict[str, list[Row]]) -> Iterator[str]:
    """No order pays above its limit, none that has ended holds anything, and what it paid is what was transferred."""
    paid, sign = Counter[str](), {"capture": 1, "refund": -1}
    for transfer in tables["transfers"]:
        paid[transfer["order_id"]] += sign.get(transfer["kind"], 0) * transfer["amount_micros"]
    for order in tables["orders"]:
        if order["held_micros"] + order["paid_micros"] > order["limit_price_micros"]:
            yield f"{order['id']} pays above its limit"
        if order["state"] in ENDED and order["held_micros"]:
            yield f"{order['id']} is {order['state']} and holds {order['held_micros']}"
        if paid[order["id"]] != order["paid_micros"]:
            yield f"{order['id']} paid {order['paid_micros']}, its transfers say {paid[order['id']]}"


def _grants(tables: dict[str, list[Row]]) -> Iterator[str]:
    """Charges sum to the price, nobody pays more than it, and no provider earns less than its ask."""
    for allocation in tables["allocations"]:
        if (allocation["live"] == 1) != (allocation["state"] in LIVE):
            yield f"{allocation['id']} is {allocation['state']} with live {allocation['live']}"
        charges, earnings = _list(allocation["charges_micros"]), _list(allocation["earnings_micros"])
        if (
            sum(charges) != allocation["price_micros"]
            or allocation["paid_micros"] > allocation["price_micros"]
        ):
            yield f"{allocation['id']} charges {sum(charges)} of {allocation['price_micros']}"
        least = allocation["ask_micros_per_unit_hour"] * allocation["units"] * allocation["unit_tenths"] // 10
        if any(earning < least for earning in earnings):
            yield f"{allocation['id']} earns below its ask"


def _lives(tables: dict[str, list[Row]]) -> Iterator[str]:
    """Each order is in one state, the last of its history; it holds one live allocation if placed, else none."""
    live, told = defaultdict(list), dict[str, str]()
    for allocation in tables["allocations"]:
        if allocation["state"] in LIVE:
            live[allocation["order_id"]].append(LIVE[allocation["state"]])
    for event in sorted(tables["events"], key=lambda event: int(event["sequence"])):
        if event["resource"] == "order":
            data = event["data"]
            told[event["resource_id"]] = (json.loads(data) if isinstance(data, str) else data)["state"]
    for order in tables["orders"]:
        placed = order["state"] in LIVE.values()
        if live[order["id"]] != ([order["state"]] if placed else []):
            yield f"{order['id']} is {order['state']} with allocations {live[order['id']]}"
        if told.get(order["id"]) != order["state"]:
            yield f"{order['id']} is {order['state']}, its history says {told.get(order['id'])}"


def _room(tables: dict[str, list[Row]]) -> Iterator[str]:
    """No offering gives more than it has and no node draws more than it may, in any hour, in tenths of a card."""
    offerings = {offering["id"]: offering for offering in tables["offerings"]}
    watts = {device["id"]: device["watts_per_unit"] for device in tables["devices"]}
    nodes = {node["id"]: node for node in tables["nodes"]}
    used, drawn = Counter[tuple[str, datetime]](), Counter[tuple[str, datetime]]()
    for allocation in tables["allocations"]:
        if allocation["state"] not in LIVE:
            continue
        offering = offerings[allocation["offering_id"]]
        tenths = allocation["units"] * allocation["unit_tenths"]
        watts_drawn = tenths * watts[offering["device_id"]] * nodes[offering["node_id"]]["pue"] / 10
        for hour in _hours(allocation):
            used[offering["id"], hour] += tenths
            drawn[offering["node_id"], hour] += watts_drawn
    for (id_, hour), tenths in used.items():
        if tenths > offerings[id_]["units"] * 10:
            yield f"{id_} gives {tenths} tenths at {hour}"
    for (id_, hour), watt in drawn.items():
        cap = nodes[id_]["power_cap_kw"]
        if cap is not None and watt > cap * 1000 * (1 + 1e-9):
            yield f"{id_} draws {watt} W at {hour}"


def _hours(allocation: Row) -> Iterator[datetime]:
    hour, end = _moment(allocation["starts_at"]), _moment(allocation["ends_at"])
    while hour < end:
        yield hour
        hour += HOUR


def _list(stored: Any) -> list[int]:
    return json.loads(stored) if isinstance(stored, str) else list(stored)


def _moment(stored: Any) -> datetime:
    return datetime.fromisoformat(stored) if isinstance(stored, str) else stored
