"""`suanli allocations`: what was granted, and what its provider reports."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.connection import connected
from api.cli.options import AsJson, Most
from api.cli.output import cells, print_json, print_table
from api.cli.reporting import ReportingGroup

if TYPE_CHECKING:
    from api.client.answers import AllocationAnswer
    from api.client.bodies import FailureReport
    from api.client.exchange import Exchange

app = typer.Typer(
    cls=ReportingGroup,
    no_args_is_help=True,
    help="Allocations: what was granted, and what its provider reports.",
)

AllocationId = Annotated[str, typer.Argument(help="alo_…")]


class FailureCause(StrEnum):
    """Who is to blame for a failure."""

    JOB = "job"
    PROVIDER = "provider"


@app.command("list")
@connected
def list_allocations(
    exchange: "Exchange",
    *,
    order: Annotated[str | None, typer.Option("--order", help="only those of this order")] = None,
    from_round: Annotated[str | None, typer.Option("--round", help="only those of this round")] = None,
    limit: Most = 50,
    as_json: AsJson = False,
) -> None:
    """List allocations, newest first: a buyer's own, a provider's own, all for an operator.

    Example: suanli allocations list --order ord_…
    """
    found = list(exchange.allocations.list(order_id=order, round_id=from_round, at_most=limit))
    if as_json:
        print_json(found)
        return
    columns = ("id", "state", "node", "units", "starts", "ends", "price CNY", "paid CNY")
    names = ("id", "state", "node_id", "units", "starts_at", "ends_at", "price", "paid")
    print_table(columns, cells(found, names))


@app.command()
@connected
def start(exchange: "Exchange", allocation_id: AllocationId, *, as_json: AsJson = False) -> None:
    """Report that it runs from now on.

    Example: suanli allocations start alo_…
    """
    _tell(exchange.allocations.start(allocation_id), as_json=as_json)


@app.command()
@connected
def heartbeat(exchange: "Exchange", allocation_id: AllocationId, *, as_json: AsJson = False) -> None:
    """Report that it still runs; due as often as its offering says.

    Example: suanli allocations heartbeat alo_…
    """
    _tell(exchange.allocations.heartbeat(allocation_id), as_json=as_json)


@app.command()
@connected
def complete(exchange: "Exchange", allocation_id: AllocationId, *, as_json: AsJson = False) -> None:
    """Report that it is done: used time is paid by the second.

    Example: suanli allocations complete alo_…
    """
    _tell(exchange.allocations.complete(allocation_id), as_json=as_json)


@app.command()
@connected
def fail(
    exchange: "Exchange",
    allocation_id: AllocationId,
    *,
    cause: Annotated[
        FailureCause, typer.Option("--cause", help="job: it failed by itself; provider: what it ran on did")
    ],
    note: Annotated[str | None, typer.Option("--note", help="for the buyer")] = None,
    as_json: AsJson = False,
) -> None:
    """Report that it failed.

    Example: suanli allocations fail alo_… --cause provider --note "rack 7 lost power"
    """
    body: FailureReport = {"cause": cause.value}
    if note is not None:
        body["note"] = note
    _tell(exchange.allocations.fail(allocation_id, body), as_json=as_json)


def _tell(found: "AllocationAnswer", *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        typer.echo(f"{found.id} is {found.state}; {found.paid} of {found.price} CNY are paid")
