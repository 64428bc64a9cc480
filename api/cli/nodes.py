"""`suanli nodes`: computing centres, and whether they are up."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.connection import connected
from api.cli.options import AsJson, Most
from api.cli.output import cells, print_json, print_table
from api.cli.reporting import ReportingGroup

if TYPE_CHECKING:
    from api.client.answers import NodeAnswer
    from api.client.exchange import Exchange

app = typer.Typer(cls=ReportingGroup, no_args_is_help=True, help="Nodes: computing centres.")

NodeId = Annotated[str, typer.Argument(help="the node's id")]


@app.command("list")
@connected
def list_nodes(exchange: "Exchange", *, limit: Most = 200, as_json: AsJson = False) -> None:
    """List nodes; this needs no key.

    Example: suanli nodes list
    """
    found = list(exchange.nodes.list(at_most=limit))
    if as_json:
        print_json(found)
        return
    names = ("id", "state", "region_id", "pue", "green_share", "power_cap_kw")
    columns = ("id", "state", "region", "PUE", "green share", "power cap kW")
    print_table(columns, cells(found, names))


@app.command()
@connected
def down(exchange: "Exchange", node_id: NodeId, *, as_json: AsJson = False) -> None:
    """Mark a node down: what it holds is interrupted now and matched again by the next round.

    Example: suanli nodes down tianfu_cluster
    """
    _tell(exchange.nodes.down(node_id), as_json=as_json)


@app.command()
@connected
def up(exchange: "Exchange", node_id: NodeId, *, as_json: AsJson = False) -> None:
    """Mark a node up: it takes part in the next round.

    Example: suanli nodes up tianfu_cluster
    """
    _tell(exchange.nodes.up(node_id), as_json=as_json)


def _tell(found: "NodeAnswer", *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        typer.echo(f"{found.id} is {found.state}")
