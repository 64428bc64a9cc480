"""`suanli offerings`: what is on the market, and how it changes."""

from typing import Annotated

import typer

from api.cli import listing
from api.cli.options import HERE, AsJson, Key, Most, Server
from api.cli.output import print_json, print_record, print_table
from api.cli.reporting import ReportingGroup

app = typer.Typer(cls=ReportingGroup, no_args_is_help=True, help="Offerings: what providers list.")

Node = Annotated[str | None, typer.Option("--node", help="only at this node")]
Device = Annotated[str | None, typer.Option("--device", help="only of this device")]
Provider = Annotated[str | None, typer.Option("--provider", help="only of this provider")]


@app.command("list")
def list_offerings(
    *,
    node: Node = None,
    device: Device = None,
    provider: Provider = None,
    limit: Most = 50,
    server: Server = HERE,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """List offerings; this needs no key.

    Example: suanli offerings list --device h800_sxm
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415 - quick `--help`

    with ExchangeClient(server, key) as client:
        found = list(
            client.pages("/v1/offerings", limit, node_id=node, device_id=device, provider_id=provider)
        )
    if as_json:
        print_json(found)
        return
    columns = ("id", "node", "device", "units", "CNY per unit-hour", "state")
    names = ("id", "node_id", "device_id", "units", "ask_price", "state")
    print_table(columns, ([offering.get(name) for name in names] for offering in found))


@app.command()
def show(
    offering_id: Annotated[str, typer.Argument(help="off_…")],
    *,
    server: Server = HERE,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Show one offering, hour by hour.

    Example: suanli offerings show off_0001
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415

    with ExchangeClient(server, key) as client:
        found = client.get(f"/v1/offerings/{offering_id}")
    print_record(found, as_json=as_json)


for changed in (listing.amend, listing.drain, listing.maintenance, listing.withdraw):
    app.command()(changed)
for read in (listing.calendar, listing.versions):
    app.command()(read)
