"""`suanli bench gap`: the public generalized assignment instances, solved and compared with the best known."""

import json
from pathlib import Path
from typing import Annotated

import typer

from api.cli.output import print_json
from api.terminal.refusal import Refusal
from api.terminal.whole_file import check_writable, writing_whole

UNUSABLE = 2


def gap(
    directory: Annotated[Path, typer.Argument(help="best_known.csv and the instances it names")],
    *,
    seconds: Annotated[float, typer.Option(help="wall-clock time for each instance")] = 60.0,
    workers: Annotated[int, typer.Option(help="threads that search")] = 2,
    seed: Annotated[int, typer.Option(help="same seed, same answer, unless the time runs out")] = 0,
    only: Annotated[str, typer.Option(help="shell pattern on the instances' names")] = "*",
    out: Annotated[Path | None, typer.Option("--out", help="where to write the results (.json)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="results as JSON on stdout, no table")] = False,
) -> None:
    """Solve generalized assignment instances: value, bound, gap to the best known, time.

    Exit status: 0 every instance got an assignment, 1 one did not, 2 the directory cannot be used.

    Example: suanli bench gap instances --seconds 60 --only 'd*' --out gap.json
    """
    from solver.bench.gap import list_instances, render, run_gap  # noqa: PLC0415 - numpy and numba only when needed
    from solver.errors import SolverError  # noqa: PLC0415

    if out is not None:
        check_writable(out)
    try:
        results = run_gap(
            list_instances(directory, only),
            seconds=seconds,
            workers=workers,
            seed=seed,
            report=lambda line: typer.echo(line, err=True),
        )
    except SolverError as error:
        raise Refusal(error.code, error.message, exit_status=UNUSABLE) from error
    if out is not None:
        with writing_whole(out) as stream:
            stream.write((json.dumps(results, indent=1, ensure_ascii=False) + "\n").encode())
    if as_json:
        print_json(results)
    else:
        typer.echo(render(results), nl=False)
    if any(row["cost"] is None for row in results["instances"]):
        raise typer.Exit(1)
