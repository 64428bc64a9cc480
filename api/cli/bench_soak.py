"""`suanli bench soak`: a market day in minutes, with everything failing in turn, and every order accounted for."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from api.cli.output import print_json
from api.terminal.whole_file import check_writable, writing_whole


def soak(  # noqa: PLR0913 - each is an option of the command
    *,
    orders: Annotated[int, typer.Option(min=1, max=1_000_000, help="how many come in")] = 5_000,
    clients: Annotated[int, typer.Option(min=1, max=512, help="who send them, all at once")] = 32,
    minutes: Annotated[
        float, typer.Option(min=0.2, max=600, help="how long it takes; from 20 on it is a whole day")
    ] = 3.0,
    faults: Annotated[int, typer.Option(min=0, max=100, help="of each kind")] = 2,
    checkpoints: Annotated[int, typer.Option(min=1, max=1000, help="how often all is checked")] = 4,
    servers: Annotated[int, typer.Option(min=1, max=16, help="processes that serve the API")] = 2,
    workers: Annotated[
        int, typer.Option(min=1, max=16, help="processes that clear rounds and keep time")
    ] = 2,
    solver_seconds: Annotated[float, typer.Option(min=0.1, max=60, help="a round may search")] = 2.0,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="same seed: same orders, same faults")] = 1,
    database: Annotated[
        str | None, typer.Option("--database", help="an empty database's URL [a PostgreSQL of its own]")
    ] = None,
    sqlite: Annotated[bool, typer.Option("--sqlite", help="on a new SQLite file")] = False,
    netns: Annotated[
        bool,
        typer.Option("--netns", help="on hosts of their own, one of them cut off now and then: takes root"),
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", help="where to write the results (.json)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="results as JSON on stdout, no report")] = False,
) -> None:
    """Live through a market day in minutes: clients submit, amend and cancel, providers report, a round every five minutes
    of the day, while nodes fail, processes are killed and PostgreSQL is restarted.

    Clients keep books of their own. At every checkpoint all that is stored is compared with them and reckoned again, by code
    that shares nothing with the exchange's accounting. Loopback only, on processes of its own; it stops by itself.

    Exit status: 0 nothing was lost, doubled or out of balance, 1 something was, 2 an argument makes no sense.

    Examples:

      suanli bench soak --out soak.json

      suanli bench soak --orders 200000 --clients 32 --minutes 20 --faults 5 --checkpoints 8
    """
    from api.bench.soak.asked import Asked  # noqa: PLC0415 - quick `--help`
    from api.bench.soak.report import to_json, to_markdown  # noqa: PLC0415
    from api.bench.soak.run import soak as run_soak  # noqa: PLC0415

    if sqlite + netns + (database is not None) > 1:
        raise typer.BadParameter("take one of --database, --sqlite and --netns: the latter bring their own")
    if out is not None:
        check_writable(out)
    asked = Asked(
        orders=orders,
        clients=clients,
        minutes=minutes,
        seed=seed,
        database_url=database,
        sqlite=sqlite,
        hosts=netns,
        servers=servers,
        workers=workers,
        solver_seconds=solver_seconds,
        faults_of_each=faults,
        checkpoints=checkpoints,
    )
    signal.signal(signal.SIGTERM, _end)  # what was started is ended on the way out
    with _progress() as tell:
        told = to_json(run_soak(asked, tell))
    if out is not None:
        with writing_whole(out) as stream:
            stream.write((json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode())
    if as_json:
        print_json(told)
    else:
        typer.echo(to_markdown(told), nl=False)
    if told["discrepancies"] or told["ended"]:
        raise typer.Exit(1)


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


@contextmanager
def _progress() -> Iterator[Callable[[float, str], None]]:
    """A bar on stderr; where stderr is no terminal, a line every twentieth of the way."""
    from rich.console import Console  # noqa: PLC0415 - quick `--help`
    from rich.progress import Progress  # noqa: PLC0415

    console = Console(stderr=True)
    told = [""]
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("starting", total=1.0)

        def tell(share: float, what: str) -> None:
            if share < 0:
                progress.console.print(f"does not hold: {what}", markup=False, highlight=False)
                return
            progress.update(bar, completed=share, description=what)
            mark = str(int(share * 20)) if share else what
            if not console.is_terminal and mark != told[0]:
                told[0] = mark
                typer.echo(what, err=True)

        yield tell
