"""`suanli rounds`: clear the open book, and look at what was cleared."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.connection import connected
from api.cli.options import AsJson, Most
from api.cli.output import print_json, print_record, print_table
from api.cli.pricing import pricing
from api.cli.reporting import ReportingGroup
from api.terminal.refusal import Refusal

if TYPE_CHECKING:
    from api.client.answers import RoundAnswer
    from api.client.exchange import Exchange

app = typer.Typer(cls=ReportingGroup, no_args_is_help=True, help="Rounds: batch clearings.")
app.command()(pricing)

COLUMNS = ("id", "state", "policy", "orders", "placed", "value CNY", "gap", "seconds")
SLACK_SECONDS = 600.0
"""A server needs longer than its solver: it builds, judges and stores as well."""


@app.command("list")
@connected
def list_rounds(exchange: "Exchange", *, limit: Most = 20, as_json: AsJson = False) -> None:
    """List rounds, newest first; this needs no key.

    Example: suanli rounds list
    """
    found = list(exchange.rounds.list(at_most=limit))
    if as_json:
        print_json(found)
        return
    print_table(COLUMNS, (_row(one) for one in found))


@app.command()
@connected
def show(
    exchange: "Exchange",
    round_id: Annotated[str, typer.Argument(help="rnd_…")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show one round: figures beside the baselines.

    Example: suanli rounds show rnd_…
    """
    _print_round(exchange.rounds.read(round_id), as_json=as_json)


@app.command()
@connected
def clear(  # noqa: PLR0913 - one parameter per option
    exchange: "Exchange",
    *,
    policy: Annotated[
        str | None, typer.Option("--policy", help="balanced, price, green or latency [the one in force]")
    ] = None,
    rule: Annotated[str | None, typer.Option("--pricing", help="posted or marginal [the policy's]")] = None,
    starts_at: Annotated[
        str | None, typer.Option("--starts-at", help="full hour, RFC 3339 [the next one]")
    ] = None,
    slots: Annotated[int | None, typer.Option("--slots", help="hours to clear [what the book needs]")] = None,
    seconds: Annotated[float, typer.Option("--seconds", help="most time to search")] = 60.0,
    gap: Annotated[float | None, typer.Option("--gap", help="stop at this certified gap")] = None,
    workers: Annotated[int | None, typer.Option("--workers", help="threads or processes that search")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="same seed, same answer")] = None,
    as_json: AsJson = False,
) -> None:
    """Clear all open orders at once; this needs an operator's key.

    Example: suanli rounds clear --policy green --seconds 30
    """
    asked = {
        "policy": policy,
        "pricing": rule,
        "starts_at": starts_at,
        "slots": slots,
        "seconds_limit": seconds,
        "gap": gap,
        "workers": workers,
        "seed": seed,
    }
    body: Any = {name: value for name, value in asked.items() if value is not None}
    with _spinner():
        found = exchange.rounds.clear(body, timeout_seconds=seconds + SLACK_SECONDS)
    if found.state != "landed":
        raise Refusal("round_not_landed", f"{found.id} is {found.state}: {found.failure}")
    _print_round(found, as_json=as_json)


@app.command()
@connected
def replay(
    exchange: "Exchange",
    round_id: Annotated[str, typer.Argument(help="rnd_…")],
    *,
    seconds: Annotated[float, typer.Option("--seconds", help="how long to wait")] = SLACK_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Clear a past round again from its record and compare; exit status 1 unless it is exactly the same.

    Example: suanli rounds replay rnd_…
    """
    with _spinner():
        found = exchange.rounds.replay(round_id, timeout_seconds=seconds)
    print_record(found, as_json=as_json)
    if not found.exact:
        raise typer.Exit(1)


@app.command()
@connected
def tick(exchange: "Exchange", *, as_json: AsJson = False) -> None:
    """Do what is due by now: start, capture, complete, interrupt, expire; this needs an operator's key.

    Example: suanli rounds tick
    """
    print_record(exchange.rounds.tick(), as_json=as_json)


@contextmanager
def _spinner() -> Iterator[None]:
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415

    with Console(stderr=True).status("clearing …"):
        yield


def _print_round(found: "RoundAnswer", *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    if not found.figures:
        print_record(found, as_json=False)
        return
    from rich.console import Console  # noqa: PLC0415

    from api.demo.settlement import settlement_lines  # noqa: PLC0415
    from api.demo.tables import class_table, comparison_table  # noqa: PLC0415

    print_table(COLUMNS, [_row(found)])
    console = Console()
    console.print(comparison_table(found.figures))
    console.print(class_table(found.figures))
    for line in settlement_lines(found.plain()):
        console.print(line, soft_wrap=True, markup=False)


def _row(found: "RoundAnswer") -> tuple[object, ...]:
    return (
        found.id,
        found.state,
        found.policy.name,
        found.orders,
        found.placed,
        None if found.value is None else f"{found.value:,.2f}",
        None if found.gap is None else f"{found.gap:.3%}",
        None if found.seconds is None else f"{found.seconds:.1f}",
    )
