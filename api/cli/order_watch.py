"""`suanli orders watch`: follow orders to their end. `api.cli.orders` puts it on the command line."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.connection import connected
from api.cli.options import AsJson
from api.cli.watching import Goal, Watch, looks_by_events

if TYPE_CHECKING:
    from api.client.exchange import Exchange

INTERRUPTED = 130
Until = Annotated[
    Goal, typer.Option("--until", help="placed: when a round has placed it; done: when its work is done")
]


@connected
def watch(
    exchange: "Exchange",
    order_ids: Annotated[list[str], typer.Argument(help="ord_…")],
    *,
    until: Until = Goal.DONE,
    as_json: AsJson = False,
) -> None:
    """Follow orders until they are placed or done. Ctrl-C stops watching and leaves the orders as they are.

    Exit status: 0 if all got there, 3 if one expired, failed or was cancelled, 130 after Ctrl-C.

    Example: suanli orders watch ord_… --until placed
    """
    raise typer.Exit(follow_to_the_end(exchange, order_ids, until, as_json=as_json))


def follow_to_the_end(exchange: "Exchange", order_ids: Sequence[str], until: Goal, *, as_json: bool) -> int:
    """Show every step; the exit status says what became of the orders."""
    from api.cli.watch_view import choose_view  # noqa: PLC0415 - quick `--help`

    watched, view = Watch(order_ids, until), choose_view(as_json=as_json)
    try:
        with view.open():
            for order in watched.follow(exchange, looks_by_events(exchange, order_ids)):
                view.show(order)
    except KeyboardInterrupt:
        left = " ".join(watched.waiting())
        typer.echo(f"\nnot watching any more; the orders stay. Go on: suanli orders watch {left}", err=True)
        return INTERRUPTED
    return watched.exit_status
