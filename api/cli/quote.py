"""`suanli quote`: what would this order cost, node by node?"""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import HERE, AsJson, Key, Server
from api.cli.output import print_json, print_table
from api.client.errors import Refusal


def quote(
    file: Annotated[Path, typer.Argument(help="one order as JSON, as for `suanli orders submit`")],
    *,
    server: Server = HERE,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """What an order would cost now, node by node, and why not elsewhere; nothing is submitted.

    Example: suanli quote order.json
    """
    from api.cli.orders import read_bodies  # noqa: PLC0415 - quick `--help`
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415

    bodies = read_bodies(file)
    if len(bodies) != 1:
        raise Refusal("one_order_only", f"{file} holds {len(bodies)} orders; a quote is for one")
    with ExchangeClient(server, key) as client:
        found = client.post("/v1/quotes", bodies[0])
    if as_json:
        print_json(found)
        return
    options = [
        (o["node_id"], o["device_id"], o["price"], o["rtt_ms"], o["facility_kwh"], o["starts_at"])
        for o in found["options"]
    ]
    print_table(("node", "device", "CNY", "RTT ms", "kWh", "starts"), options, "Could run at")
    print_table(("node", "reason"), [(r["node"], r["code"]) for r in found["reasons"]], "Not at")
