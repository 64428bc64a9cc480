"""`suanli allocations`: what was granted, and what its provider reports."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from api.cli.options import HERE, AsJson, Key, Most, Server
from api.cli.output import print_json, print_table
from api.cli.reporting import ReportingGroup

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
def list_allocations(
    *,
    order: Annotated[str | None, typer.Option("--order", help="only those of this order")] = None,
    from_round: Annotated[str | None, typer.Option("--round", help="only those of this round")] = None,
    limit: Most = 50,
    server: Server = HERE,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """List allocations, newest first: a buyer's own, a provider's own, all for an operator.

    Example: suanli allocations list --order ord_…
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415 - quick `--help`

    with ExchangeClient(server, key) as client:
        found = list(client.pages("/v1/allocations", limit, order_id=order, round_id=from_round))
    if as_json:
        print_json(found)
        return
    columns = ("id", "state", "node", "units", "starts", "ends", "price CNY", "paid CNY")
    names = ("id", "state", "node_id", "units", "starts_at", "ends_at", "price", "paid")
    print_table(columns, ([allocation.get(name) for name in names] for allocation in found))


@app.command()
def start(
    allocation_id: AllocationId, *, server: Server = HERE, key: Key = None, as_json: AsJson = False
) -> None:
    """Report that it runs from now on.

    Example: suanli allocations start alo_…
    """
    _report(server, key, f"{allocation_id}/start", None, as_json=as_json)


@app.command()
def heartbeat(
    allocation_id: AllocationId, *, server: Server = HERE, key: Key = None, as_json: AsJson = False
) -> None:
    """Report that it still runs; due as often as its offering says.

    Example: suanli allocations heartbeat alo_…
    """
    _report(server, key, f"{allocation_id}/heartbeat", None, as_json=as_json)


@app.command()
def complete(
    allocation_id: AllocationId, *, server: Server = HERE, key: Key = None, as_json: AsJson = False
) -> None:
    """Report that it is done: used time is paid by the second.

    Example: suanli allocations complete alo_…
    """
    _report(server, key, f"{allocation_id}/complete", None, as_json=as_json)


@app.command()
def fail(
    allocation_id: AllocationId,
    *,
    cause: Annotated[
        FailureCause, typer.Option("--cause", help="job: it failed by itself; provider: what it ran on did")
    ],
    note: Annotated[str | None, typer.Option("--note", help="for the buyer")] = None,
    server: Server = HERE,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Report that it failed.

    Example: suanli allocations fail alo_… --cause provider --note "rack 7 lost power"
    """
    body = {"cause": cause.value} | ({} if note is None else {"note": note})
    _report(server, key, f"{allocation_id}/fail", body, as_json=as_json)


def _report(server: str, key: str | None, path: str, body: dict[str, Any] | None, *, as_json: bool) -> None:
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415

    with ExchangeClient(server, key) as client:
        found = client.post(f"/v1/allocations/{path}", body)
    if as_json:
        print_json(found)
    else:
        typer.echo(f"{found['id']} is {found['state']}; {found['paid']} of {found['price']} CNY are paid")
