"""`suanli orders submit`: orders from a file, one or many. `api.cli.orders` puts it on the command line."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.connection import connected
from api.cli.options import AsJson
from api.cli.order_batches import Submission
from api.cli.order_files import read_bodies
from api.cli.order_watch import Until, follow_to_the_end
from api.cli.output import print_json
from api.cli.watching import Goal
from api.client.errors import ExchangeError
from api.terminal.refusal import Refusal

if TYPE_CHECKING:
    from api.client.answers import OrderAccepted, OrderRefused
    from api.client.exchange import Exchange

MOST_SHOWN = 20
Numbered = tuple[int, "OrderRefused"]
Answers = list["OrderAccepted | OrderRefused"]


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
    idempotency_key: Annotated[
        str | None,
        typer.Option(
            "--idempotency-key",
            help="of this submission: the same file under the same key is submitted once [a fresh one]",
        ),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="then follow each order to its end")] = False,
    until: Until = Goal.DONE,
    as_json: AsJson = False,
) -> None:
    """Submit orders from a file; each is accepted or refused on its own.

    Many go batch by batch. What breaks off, by Ctrl-C too, tells what was accepted, and the line that goes on with the
    rest: the same one again with the --idempotency-key of this submission.

    Exit status: 1 if any was refused. With --watch: 0 if all got as far as --until says, 3 if one expired, failed or
    was cancelled, 130 after Ctrl-C, which leaves the orders as they are. With --json and --watch each step is a line.

    Examples:

      suanli orders submit job.yaml --watch --until placed

      suanli orders submit day.ndjson --time-in-force immediate

      suanli orders submit day.ndjson --idempotency-key day-2027-01-01
    """
    bodies = read_bodies(file)
    if quote_id is not None and len(bodies) != 1:
        raise Refusal("one_order_only", f"{file} holds {len(bodies)} orders; a held quote is for one")
    chosen = {"time_in_force": time_in_force, "quote_id": quote_id, "draft": draft or None}
    given = {name: value for name, value in chosen.items() if value is not None}
    submission = Submission.of(file, given, idempotency_key)
    accepted, refused = _sorted(_submit(exchange, submission, bodies, as_json=as_json))
    _tell(accepted, refused, submission, as_json=as_json)
    status = 0
    if watch and accepted:
        status = follow_to_the_end(exchange, accepted, until, as_json=as_json)
    raise typer.Exit(1 if refused and status != 130 else status)


def _submit(exchange: "Exchange", submission: Submission, bodies: Sequence[Any], *, as_json: bool) -> Answers:
    """What became of each; where it breaks off, what became of them so far is told before what went wrong."""
    answers: Answers = []
    try:
        for batch in submission.send(exchange, bodies):
            answers += batch
    except (ExchangeError, KeyboardInterrupt) as error:
        if answers:
            left = len(bodies) - len(answers)
            _tell(*_sorted(answers), submission, as_json=as_json, left=left)
        if isinstance(error, ExchangeError):
            raise submission.broken_off(error, len(answers)) from error
        typer.echo(f"\nbroken off; go on: {submission.line}", err=True)
        raise
    return answers


def _sorted(answers: Sequence["OrderAccepted | OrderRefused"]) -> tuple[list[str], list[Numbered]]:
    """Ids of what is in the book, and what is not, with its number in the file."""
    from api.client.answers import OrderAccepted, OrderRefused  # noqa: PLC0415 - quick `--help`

    accepted = [one.order.id for one in answers if isinstance(one, OrderAccepted)]
    refused = [(at, one) for at, one in enumerate(answers, start=1) if isinstance(one, OrderRefused)]
    return accepted, refused


def _tell(
    accepted: Sequence[str],
    refused: Sequence[Numbered],
    submission: Submission,
    *,
    as_json: bool,
    left: int = 0,
) -> None:
    """`left`: of so many it is not known; then ids are told however many there are."""
    if as_json:
        listed = [{"line": at, "code": one.error.code, "message": one.error.detail} for at, one in refused]
        told = {"accepted": list(accepted), "refused": listed, "left": left}
        print_json(told | {"idempotency_key": submission.key})
        return
    unknown = f", {left} left" if left else ""
    typer.echo(f"{len(accepted)} orders accepted, {len(refused)} refused{unknown}")
    if accepted and (left or len(accepted) == 1):
        typer.echo("\n".join(accepted))
    for at, one in refused[:MOST_SHOWN]:
        typer.echo(f"order {at} [{one.error.code}]: {one.error.detail}", err=True)
