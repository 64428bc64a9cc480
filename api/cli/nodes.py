"""`suanli nodes`: computing centres, and whether they are up."""

from typing import Annotated

import typer

from api.cli.options import HERE, AsJson, Key, Most, Server
from api.cli.output import print_json, print_table
from api.cli.reporting import ReportingGroup

app = typer.Typer(cls=ReportingGroup, no_args_is_help=True, help="Nodes: computing centres.")

NodeId = Annotated[str, typer.Argument(help="the node's id")]


@app.command("list")
def list_nodes(*, limit: Most = 200, server: Server = HERE, key: Key = None, as_json: AsJson = False) -> None:
    """List nodes; this needs no key.

    Example: suanli nodes list
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415 - quick `--help`

    with ExchangeClient(server, key) as client:
        found = list(client.pages("/v1/nodes", limit))
    if as_json:
        print_json(found)
        return
    names = ("id", "state", "region_id", "pue", "green_share", "power_cap_kw")
    columns = ("id", "state", "region", "PUE", "green share", "power cap kW")
    print_table(columns, ([node.get(name) for name in names] for node in found))


@app.command()
def down(node_id: NodeId, *, server: Server = HERE, key: Key = None, as_json: AsJson = False) -> None:
    """Mark a node down: what it holds is interrupted now and matched again by the next round.

    Example: suanli nodes down tianfu_cluster
    """
    _tell(server, key, node_id, "down", as_json=as_json)


@app.command()
def up(node_id: NodeId, *, server: Server = HERE, key: Key = None, as_json: AsJson = False) -> None:
    """Mark a node up: it takes part in the next round.

    Example: suanli nodes up tianfu_cluster
    """
    _tell(server, key, node_id, "up", as_json=as_json)


def _tell(server: str, key: str | None, node_id: str, what: str, *, as_json: bool) -> None:
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415

    with ExchangeClient(server, key) as client:
        found = client.post(f"/v1/nodes/{node_id}/{what}")
    if as_json:
        print_json(found)
    else:
        typer.echo(f"{found['id']} is {found['state']}")
