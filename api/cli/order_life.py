"""`suanli orders amend|open|explain`: an order after it was submitted.

`api.cli.orders` puts them on the command line.
"""

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.connection import connected
from api.cli.options import AsJson
from api.cli.output import cells, print_json, print_table, shown
from api.client.changes import change_in_words
from api.terminal.refusal import Refusal

if TYPE_CHECKING:
    from api.client.answer import Answer
    from api.client.answers import (
        AllocationAnswer,
        OrderAnswer,
        OrderDetail,
        OrderExplanationAnswer,
        StandingAnswer,
    )
    from api.client.exchange import Exchange

OrderId = Annotated[str, typer.Argument(help="ord_…")]
Time = "RFC 3339, such as 2025-07-16T08:00:00Z"
MOST_SHOWN = 12
MOST_FACTS = 4
AMOUNTS = frozenset({"limit_price", "latency_cost_per_ms_hour"})
LISTS = frozenset({"devices", "allowed_regions"})


@connected
def amend(
    exchange: "Exchange",
    order_id: OrderId,
    changes: Annotated[
        list[str] | None, typer.Argument(help="field=value …; null for none", metavar="FIELD=VALUE")
    ] = None,
    *,
    limit_price: Annotated[str | None, typer.Option("--limit-price", help="CNY, such as 1310.00")] = None,
    deadline: Annotated[str | None, typer.Option("--deadline", help=Time)] = None,
    as_json: AsJson = False,
) -> None:
    """Change terms of a draft or of an order in the book; its hold follows the limit price.

    It keeps its place in the queue if it only asks for less or pays more; anything else goes to the end. Fields:
    earliest_start, latency_cost_per_ms_hour, interruptible, time_in_force, and those of the job: units, hours,
    max_rtt_ms, max_pue, min_green_share, …; devices and allowed_regions as lists with commas.

    Examples:

      suanli orders amend ord_… --limit-price 1310.00 --deadline 2025-07-17T12:00:00Z

      suanli orders amend ord_… units=4 max_rtt_ms=null devices=h800_sxm,910b
    """
    body: Any = dict(_read_change(change) for change in changes or ())
    named = {"limit_price": limit_price, "deadline": deadline}
    body |= {name: value for name, value in named.items() if value is not None}
    if not body:
        raise Refusal("nothing_to_change", "name at least one field to change", "suanli orders amend --help")
    _tell_amended(exchange.orders.amend(order_id, body), as_json=as_json)


@connected
def open_draft(exchange: "Exchange", order_id: OrderId, *, as_json: AsJson = False) -> None:
    """Submit a draft: its limit price is held, and rounds see it from now on.

    Example: suanli orders open ord_…
    """
    _tell_amended(exchange.orders.submit_draft(order_id), as_json=as_json)


@connected
def explain(
    exchange: "Exchange",
    order_id: OrderId,
    *,
    apply: Annotated[bool, typer.Option("--apply", help="amend the order by its smallest change")] = False,
    at_once: Annotated[bool, typer.Option("--at-once", help="with --apply: and place it at once")] = False,
    as_json: AsJson = False,
) -> None:
    """Why an order was or was not placed, and the smallest change that would place it.

    Examples:

      suanli orders explain ord_…

      suanli orders explain ord_… --apply --at-once
    """
    found = exchange.orders.explain(order_id)
    order = exchange.orders.read(order_id)
    change = found.smallest_change
    if apply:
        if change is None:
            raise Refusal("no_single_change", f"no single change would place {order_id} now")
        asked: Any = {change.field: change.to} | ({"time_in_force": "immediate"} if at_once else {})
        amended = exchange.orders.amend(order_id, asked)
        if as_json:
            print_json(amended)
            return
        typer.echo(f"changed: {change_in_words(change.plain(), order.plain())}")
        _tell_amended(amended, as_json=False)
        return
    if as_json:
        print_json(found)
    elif found.allocation is not None:
        _tell_placed(found, found.allocation)
    else:
        _tell_waiting(found, order)


def _tell_waiting(found: "OrderExplanationAnswer", order: "OrderDetail") -> None:
    decided = f"in {found.round_id}" if found.round_id else "as the market is now"
    why = f": {found.code} {decided}" if found.code else ""
    typer.echo(f"{found.order_id} is {found.status}{why}")
    if found.forecast is not None:
        _tell_forecast(found.forecast)
    if found.price_to_place is not None:
        typer.echo(f"a limit price of CNY {found.price_to_place} would place it now")
    change = found.smallest_change
    if change is not None:
        words = (
            f"{change_in_words(change.plain(), order.plain())} ({change.by:.1%}), then at {change.node_id}"
        )
        typer.echo(f"smallest change that places it now: {words}")
        typer.echo(f"  suanli orders explain {found.order_id} --apply")
    rows = [(r.node, r.code, _facts(r)) for r in found.reasons]
    print_table(("node", "reason", "facts"), rows, "Why not there")
    names = ("node_id", "device_id", "price", "rtt_ms", "starts_at")
    if found.alternatives:
        options = cells(found.alternatives[:MOST_SHOWN], names)
        print_table(("node", "device", "CNY", "RTT ms", "starts"), options, "Free now, at any limit price")


def _tell_placed(found: "OrderExplanationAnswer", granted: "AllocationAnswer") -> None:
    decided = found.decided_by
    typer.echo(
        f"{found.order_id} is {found.status}: {granted.node_id}, CNY {granted.price}, "
        f"{granted.rtt_ms:g} ms, from {shown(granted.starts_at)}"
    )
    if decided is not None and decided.code == "CHEAPEST":
        typer.echo("nothing that could do the work costs less by the policy's objective")
    elif decided is not None:
        typer.echo(f"{decided.node} would have cost less, but: {decided.code} ({_facts(decided)})")
    rows = [
        (
            one.node_id,
            one.code,
            _signed(one.price_difference, 2),
            _signed(one.rtt_ms_difference, 1),
            _signed(one.facility_kwh_difference, 1),
            _signed(one.carbon_kg_location_difference, 1),
        )
        for one in found.alternatives[:MOST_SHOWN]
    ]
    if rows:
        columns = ("node", "reason", "CNY", "ms", "kWh", "kg CO2")
        print_table(columns, rows, "Elsewhere it would have cost, more or less")


def _tell_forecast(forecast: "StandingAnswer") -> None:
    earliest, latest = (
        "never" if moment is None else shown(moment) for moment in (forecast.earliest, forecast.latest)
    )
    typer.echo(
        f"{forecast.orders_ahead} orders ahead; matched between {earliest} and {latest} ({forecast.basis})"
    )


def _tell_amended(order: "OrderAnswer", *, as_json: bool) -> None:
    if as_json:
        print_json(order)
    else:
        typer.echo(f"{order.id} is {order.state}; CNY {order.held} held")


def _read_change(change: str) -> tuple[str, Any]:
    """A field and its value: JSON where it is JSON, else text; amounts are text always, lists may have commas."""
    name, equals, value = change.partition("=")
    if not equals or not name:
        raise Refusal("malformed_change", f"{change!r} is not FIELD=VALUE", "suanli orders amend --help")
    if name in AMOUNTS:
        return name, value
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value.split(",") if name in LISTS else value


def _facts(found: "Answer") -> str:
    named = [f"{name} {value}" for name, value in found.plain().items() if name not in {"node", "code"}]
    return ", ".join(named[:MOST_FACTS])


def _signed(amount: Decimal | float | None, places: int) -> str:
    return "" if amount is None else f"{amount:+.{places}f}"
