"""`suanli bench api`: the HTTP API beside a minimal application of the same libraries."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import print_json
from api.terminal.whole_file import check_writable, writing_whole

if TYPE_CHECKING:
    from api.bench.results import Results

WAITS = ("submits", "seconds", "number", "p50 ms", "p99 ms", "longest ms")


def api(  # noqa: PLR0913 - each is an option of the command
    *,
    seconds: Annotated[
        float, typer.Option(min=0.2, max=600, help="how long each turn of each measure takes")
    ] = 2.0,
    clearing_seconds: Annotated[
        float,
        typer.Option(min=0, max=600, help="how long a round solves while orders come in; 0: not measured"),
    ] = 15.0,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="same seed, same orders")] = 1,
    database: Annotated[
        str | None, typer.Option("--database", help="an empty database's URL [new SQLite files]")
    ] = None,
    only: Annotated[str, typer.Option(help="only measures whose name holds this")] = "",
    storm: Annotated[
        float,
        typer.Option(min=0, max=600, help="instead: so many seconds of 32 clients who do everything at once"),
    ] = 0.0,
    out: Annotated[Path | None, typer.Option("--out", help="where to write the results (.json)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="results as JSON on stdout, no table")] = False,
) -> None:
    """Measure the API on this machine's loopback, turn by turn beside a minimal FastAPI and SQLAlchemy application.

    Both run as servers of their own, on fresh databases with 2,000 orders, and stop by themselves. The figure that travels
    between machines is the ratio: exchange over yardstick.

    Exit status: 0 every target was met, 1 one was not, 2 an argument makes no sense.

    Examples:

      suanli bench api --out api.json

      suanli bench api --seconds 5 --only submit --clearing-seconds 0

      suanli bench api --storm 60
    """
    from api.bench.results import Results  # noqa: PLC0415 - quick `--help`
    from api.bench.run import Asked, measure, steps_of  # noqa: PLC0415
    from solver.bench.processes import own_load  # noqa: PLC0415

    if out is not None:
        check_writable(out)
    if storm:
        _storm(storm, seed, database, out, as_json=as_json)
        return
    asked, before = Asked(seconds, clearing_seconds, seed, database, only), own_load()
    with _progress(steps_of(asked)) as tell:
        measured = measure(asked, tell)
    results = Results(asked, measured, before)
    _write(results.to_json(), out, as_json=as_json)
    if not as_json:
        _show(results)
    if not results.met:
        raise typer.Exit(1)


def _storm(seconds: float, seed: int, database: str | None, out: Path | None, *, as_json: bool) -> None:
    from api.bench.storm import storm_once  # noqa: PLC0415 - quick `--help`

    with _progress(None) as tell:
        told = storm_once(seconds, seed, database, tell)
    _write(told.to_json(), out, as_json=as_json)
    if not as_json:
        for name, value in told.to_json().items():
            typer.echo(f"{name}: {value}")
    if told.broken:
        raise typer.Exit(1)


def _write(told: dict[str, object], out: Path | None, *, as_json: bool) -> None:
    if out is not None:
        with writing_whole(out) as stream:
            stream.write((json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode())
    if as_json:
        print_json(told)


def _show(results: "Results") -> None:
    from api.bench.results import HEADER, aligned, lines_of, table_of  # noqa: PLC0415

    measured = results.measured
    if measured.compared:
        typer.echo(aligned(HEADER, table_of(measured.compared)))
    typer.echo(f"the load alone: {measured.ceiling_per_second:,.0f} requests/s\n")
    if measured.clearing is not None:
        typer.echo(aligned(WAITS, lines_of(measured.clearing)))
        typer.echo(f"p99 while a round clears: {measured.clearing.ratio:.2f} times that of idle")


@contextmanager
def _progress(steps: int | None) -> Iterator[Callable[[str], None]]:
    """A bar on stderr, or a line for each new thing where stderr is no terminal."""
    from rich.console import Console  # noqa: PLC0415 - quick `--help`
    from rich.progress import Progress  # noqa: PLC0415

    console = Console(stderr=True)
    last = [""]
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("starting", total=steps)

        def tell(what: str) -> None:
            progress.update(bar, advance=1, description=what)
            if not console.is_terminal and what != last[0]:
                typer.echo(what, err=True)
            last[0] = what

        yield tell
