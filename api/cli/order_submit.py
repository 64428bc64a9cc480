"""`suanli orders submit`: orders from a file, one or many. `api.cli.orders` puts it on the command line."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.connection import connected
from api.cli.options import AsJson
from api.cli.order_files import read_bodies
from api.cli.order_watch import Until, follow_to_the_end
from api.cli.output import print_json
from api.cli.watching import Goal
from api.terminal.refusal import Refusal

if TYPE_CHECKING:
    from api.client.answers import OrderAccepted, OrderRefused
    from api.client.exchange import Exchange

BATCH = 200
MOST_SHOWN = 20
Numbered = tuple[int, "OrderRefused"]


@connected
def submit(  # noqa: PLR0913 - one parameter per option
    exchange: "Exchange",
    file: Annotated[
        Path, typer.Argument(help="YAML, JSON, or one JSON object a line; one order or many; - is stdin")
    ],
    *,
    time_in_force: Annotated[
        str | None,
        typer.Option("--time-in-force", help="of all of them: immediate, next_round or until_deadline"),
    ] = None,
    draft: Annotated[
        bool, typer.Option("--draft", help="as drafts; `suanli orders open` submits them")
    ] = False,
    quote_id: Annotated[
        str | None, typer.Option("--quote-id", help="quo_…: place the one order as this held quote says")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="then follow each order to its end")] = False,
    until: Until = Goal.DONE,
    as_json: AsJson = False,
) -> None:
    """Submit orders from a file; each is accepted or refused on its own.

    Exit status: 1 if any was refused. With --watch: 0 if all got as far as --until says, 3 if one expired, failed or
    was cancelled, 130 after Ctrl-C, which leaves the orders as they are. With --json and --watch each step is a line.

    Examples:

      suanli orders submit job.yaml --watch --until placed

      suanli orders submit day.ndjson --time-in-force immediate
    """
    bodies = read_bodies(file)
    if quote_id is not None and len(bodies) != 1:
        raise Refusal("one_order_only", f"{file} holds {len(bodies)} orders; a held quote is for one")
    chosen = {"time_in_force": time_in_force, "quote_id": quote_id, "draft": draft or None}
    given = {name: value for name, value in chosen.items() if value is not None}
    answers = _submit(exchange, [body | given for body in bodies])
    accepted, refused = _sorted(answers)
    _tell(accepted, refused, as_json=as_json)
    status = 0
    if watch and accepted:
        status = follow_to_the_end(exchange, accepted, until, as_json=as_json)
    raise typer.Exit(1 if refused and status != 130 else status)


def _submit(exchange: "Exchange", bodies: Sequence[Any]) -> list["OrderAccepted | OrderRefused"]:
    """Batch by batch; each goes under an idempotency key, so that none is taken twice."""
    from rich.console import Console  # noqa: PLC0415 - quick `--help`
    from rich.progress import track  # noqa: PLC0415

    console = Console(stderr=True)
    batches = [bodies[at : at + BATCH] for at in range(0, len(bodies), BATCH)]
    answers: list[OrderAccepted | OrderRefused] = []
    for batch in track(batches, "submitting", console=console, disable=not console.is_terminal):
        answers += exchange.orders.submit_many({"orders": batch}).items
    return answers


def _sorted(answers: Sequence["OrderAccepted | OrderRefused"]) -> tuple[list[str], list[Numbered]]:
    """Ids of what is in the book, and what is not, with its number in the file."""
    from api.client.answers import OrderAccepted, OrderRefused  # noqa: PLC0415 - quick `--help`

    accepted = [one.order.id for one in answers if isinstance(one, OrderAccepted)]
    refused = [(at, one) for at, one in enumerate(answers, start=1) if isinstance(one, OrderRefused)]
    return accepted, refused


def _tell(accepted: Sequence[str], refused: Sequence[Numbered], *, as_json: bool) -> None:
    if as_json:
        listed = [{"line": at, "code": one.error.code, "message": one.error.detail} for at, one in refused]
        print_json({"accepted": list(accepted), "refused": listed})
        return
    typer.echo(f"{len(accepted)} orders accepted, {len(refused)} refused")
    if len(accepted) == 1:
        typer.echo(accepted[0])
    for at, one in refused[:MOST_SHOWN]:
        typer.echo(f"order {at} [{one.error.code}]: {one.error.detail}", err=True)
