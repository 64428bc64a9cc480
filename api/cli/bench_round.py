"""`suanli bench round`: where the time of a large round goes, from the database to what is granted."""

import json
from pathlib import Path
from typing import Annotated

import typer

from api.cli.output import print_json
from api.terminal.whole_file import check_writable, writing_whole


def round_(  # noqa: PLR0913 - each is an option of the command
    *,
    database: Annotated[str, typer.Option("--database", help="an EMPTY database's URL; it is filled")],
    orders: Annotated[int, typer.Option(min=1, max=1_000_000, help="how many are in the book")] = 100_000,
    seconds: Annotated[float, typer.Option(min=1, max=3600, help="how long the round may solve")] = 120.0,
    gap: Annotated[
        float, typer.Option(min=0, max=1, help="certified gap at which it may stop; as rounds do")
    ] = 0.001,
    demand: Annotated[
        float, typer.Option(min=0.01, max=100, help="what is wanted over what is free, in unit-hours")
    ] = 0.8,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="same seed, same orders")] = 1,
    out: Annotated[Path | None, typer.Option("--out", help="where to write the results (.json)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="results as JSON on stdout, no table")] = False,
) -> None:
    """Fill a database's book with a day of orders, clear one round, and tell where its time went.

    The east-west catalogue is grown to the orders. Reading, building, solving, verifying and writing happen in this process.

    Exit status: 0 solving took longest, 1 something else did.

    Examples:

      suanli bench round --database postgresql+psycopg://suanli@localhost/scratch --out round.json

      suanli bench round --database sqlite:///scratch.db --orders 10000 --seconds 20
    """
    from api.bench.whole_round import Asked, measure  # noqa: PLC0415 - quick `--help`

    if out is not None:
        check_writable(out)
    asked = Asked(database, orders, seconds, gap, demand, seed)
    result = measure(asked, lambda said: typer.echo(said, err=True))
    if out is not None:
        with writing_whole(out) as stream:
            stream.write((json.dumps(result.to_json(), indent=1, ensure_ascii=False) + "\n").encode())
    if as_json:
        print_json(result.to_json())
    else:
        rate = result.accepted / result.submit_seconds
        typer.echo(
            f"{'submit':8}{result.submit_seconds:9.2f} s  {result.accepted:,} orders, {rate:,.0f} a second"
        )
        for step, took in result.seconds.items():
            typer.echo(f"{step:8}{took:9.2f} s  {took / result.round_seconds:6.1%}")
        proven = "" if result.gap is None else f", gap {result.gap:.3%}"
        typer.echo(
            f"{'round':8}{result.round_seconds:9.2f} s  {result.placed:,} placed{proven}, {result.engine}"
        )
    if not result.solves_longest:
        raise typer.Exit(1)
