"""`suanli quote`: what would this order cost, node by node?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.connection import connected
from api.cli.options import AsJson
from api.cli.output import print_json, print_table, shown
from api.terminal.refusal import Refusal

if TYPE_CHECKING:
    from api.client.exchange import Exchange


@connected
def quote(
    exchange: "Exchange",
    file: Annotated[Path, typer.Argument(help="one order as YAML or JSON, as for `suanli orders submit`")],
    *,
    hold: Annotated[
        int | None,
        typer.Option("--hold", min=1, max=60, help="hold the cheapest place for so many minutes (buyers)"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What an order would cost now, node by node, and why not elsewhere; nothing is submitted.

    With `--hold` the cheapest place is set aside: `suanli orders submit order.json --quote-id quo_…` takes it.

    Example: suanli quote order.json --hold 10
    """
    from api.cli.order_files import read_bodies  # noqa: PLC0415 - quick `--help`

    bodies = read_bodies(file)
    if len(bodies) != 1:
        raise Refusal("one_order_only", f"{file} holds {len(bodies)} orders; a quote is for one")
    asked: Any = bodies[0] if hold is None else {**bodies[0], "hold_minutes": hold}
    found = exchange.quotes.ask(asked)
    if as_json:
        print_json(found)
        return
    options = [
        (o.node_id, o.device_id, o.price, o.rtt_ms, f"{o.facility_kwh:.1f}", o.starts_at)
        for o in found.options
    ]
    print_table(("node", "device", "CNY", "RTT ms", "kWh", "starts"), options, "Could run at")
    print_table(("node", "reason"), [(r.node, r.code) for r in found.reasons], "Not at")
    if found.price_to_place is not None:
        typer.echo(f"A limit price of {found.price_to_place} CNY places it now.")
    change = found.smallest_change
    if change is not None and change.by > 0:
        typer.echo(f"The smallest change that places it: {change.field} to {change.to}.")
    held = found.held
    if held is not None:
        typer.echo(f"Held until {shown(held.expires_at)} at {held.price} CNY: {held.id}")
