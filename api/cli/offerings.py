"""`suanli offerings`: what is on the market, and how it changes."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import listing
from api.cli.connection import connected
from api.cli.options import AsJson, Most
from api.cli.output import cells, print_json, print_record, print_table
from api.cli.reporting import ReportingGroup

if TYPE_CHECKING:
    from api.client.exchange import Exchange

app = typer.Typer(cls=ReportingGroup, no_args_is_help=True, help="Offerings: what providers list.")

Node = Annotated[str | None, typer.Option("--node", help="only at this node")]
Device = Annotated[str | None, typer.Option("--device", help="only of this device")]
Provider = Annotated[str | None, typer.Option("--provider", help="only of this provider")]


@app.command("list")
@connected
def list_offerings(
    exchange: "Exchange",
    *,
    node: Node = None,
    device: Device = None,
    provider: Provider = None,
    limit: Most = 50,
    as_json: AsJson = False,
) -> None:
    """List offerings; this needs no key.

    Example: suanli offerings list --device h800_sxm
    """
    found = list(exchange.offerings.list(node_id=node, device_id=device, provider_id=provider, at_most=limit))
    if as_json:
        print_json(found)
        return
    columns = ("id", "node", "device", "units", "CNY per unit-hour", "state")
    names = ("id", "node_id", "device_id", "units", "ask_price", "state")
    print_table(columns, cells(found, names))


@app.command()
@connected
def show(
    exchange: "Exchange",
    offering_id: Annotated[str, typer.Argument(help="off_…")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show one offering, hour by hour.

    Example: suanli offerings show off_0001
    """
    print_record(exchange.offerings.read(offering_id), as_json=as_json)


for changed in (listing.amend, listing.drain, listing.maintenance, listing.withdraw):
    app.command()(changed)
for read in (listing.calendar, listing.versions):
    app.command()(read)
