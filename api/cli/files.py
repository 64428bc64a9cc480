"""`suanli solve` and `suanli verify`: problems and clearings as files; no exchange, no database."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from api.cli.cancelling import cancelling
from api.cli.output import print_json
from api.terminal.refusal import Refusal
from api.terminal.whole_file import check_writable, writing_whole

if TYPE_CHECKING:
    from solver import Clearing, Progress

UNREADABLE = 2
Content = TypeVar("Content")

EngineChoice = Annotated[Literal["local", "ray"], typer.Option(help="where large problems are evaluated")]
ProblemFile = Annotated[
    Path, typer.Argument(help="a clearing problem, .npz as solver/MODEL.md names its arrays")
]
ClearingFile = Annotated[Path, typer.Argument(help="its clearing, as `suanli solve` writes it")]


def solve(  # noqa: PLR0913 - each is an option of the command
    problem_file: ProblemFile,
    *,
    out: Annotated[Path, typer.Option("--out", help="where to write the clearing (.npz)")],
    seconds: Annotated[float, typer.Option(help="stop after this much wall-clock time")] = 60.0,
    gap: Annotated[float, typer.Option(help="stop at this certified relative gap")] = 0.001,
    workers: Annotated[int, typer.Option(help="threads that may search")] = 2,
    seed: Annotated[int, typer.Option(help="same seed, same answer, unless the time runs out")] = 0,
    earlier: Annotated[
        Path | None, typer.Option(help="clearing (.npz) of a problem much like this one to start from")
    ] = None,
    engine: EngineChoice = "local",
    shards: Annotated[
        int | None,
        typer.Option(help="parts of large problems [as many as workers, or as the cluster has cores]"),
    ] = None,
    ray_address: Annotated[
        str | None, typer.Option(help="running Ray cluster, host:port [one of its own on this machine]")
    ] = None,
) -> None:
    """Clear a problem file; one JSON line of figures on stdout.

    Ctrl-C, or SIGTERM, cancels: the best clearing so far is written and told of as ever, with "cancelled": true, and
    the exit status is 130, or 143. A second one ends at once and writes nothing.

    With --engine ray large problems are evaluated on a Ray cluster (pip install 'suanli-exchange[ray]'): docs/scale.md. The
    same --shards give the same clearing on either engine.

    Example: suanli solve day.problem.npz --out day.clearing.npz --seconds 60 --gap 0.001
    """
    from solver import (  # noqa: PLC0415 - numpy only when needed
        Clearing,
        ClearingProblem,
        ClusterSettings,
        Engine,
        Limits,
        clear,
    )

    with _refusing():
        limits = Limits(seconds=seconds, gap=gap, workers=workers, seed=seed, shards=shards)
        host = Engine(engine, ClusterSettings(ray_address))
        host.require_installed()
    if out.exists() and problem_file.exists() and out.samefile(problem_file):
        raise Refusal("out_is_input", "--out names the problem itself, which would be lost")
    problem = _read(problem_file, ClearingProblem.load)
    known = None if earlier is None else _read(earlier, Clearing.load)
    check_writable(out)
    with _refusing(), host.open() as open_pool, cancelling() as cancel:
        with _progress_on_terminal() as progress:
            clearing = cancel.run(
                lambda: clear(
                    problem,
                    limits,
                    progress=progress,
                    earlier=known,
                    cancelled=cancel.is_wanted,
                    open_pool=open_pool,
                )
            )
        with writing_whole(out) as stream:
            clearing.save(stream)
    sizes = {"jobs": problem.jobs, "offerings": problem.offerings, "slots": problem.slots}
    print_json(_figures(clearing) | sizes | {"cancelled": cancel.is_wanted()})
    if cancel.is_wanted():
        raise typer.Exit(cancel.exit_status)


def verify(problem_file: ProblemFile, clearing_file: ClearingFile) -> None:
    """Recompute feasibility, value, bound and gap of a clearing; believe none of its fields.

    Exit status: 0 everything holds, 1 something does not, 2 a file cannot be read.

    Example: suanli verify day.problem.npz day.clearing.npz
    """
    from solver import Clearing, ClearingProblem  # noqa: PLC0415 - numpy only when needed
    from solver import verify as judge  # noqa: PLC0415

    problem, clearing = _read(problem_file, ClearingProblem.load), _read(clearing_file, Clearing.load)
    found = judge(problem, clearing)
    print_json(asdict(found) | {"mip_bound_micros_not_recomputed": clearing.mip_bound_micros})
    if not found.ok:
        raise typer.Exit(1)


def _figures(clearing: "Clearing") -> dict[str, Any]:
    return {
        "status": clearing.status.value,
        "value_micros": int(clearing.value_micros),
        "bound_micros": int(clearing.bound_micros),
        "gap": float(clearing.gap),
        "mip_bound_micros": clearing.mip_bound_micros,
        "seconds": round(float(clearing.seconds), 3),
        "placed": int(clearing.placed.sum()),
    }


def _read(path: Path, load: "Callable[[Path], Content]") -> Content:
    """What the file holds; exit status 2 where that is not what it should be."""
    try:
        with _refusing(f"{path}: "):
            return load(path)
    except OSError as error:
        message = f"{path}: {error.strerror or error}"
        raise Refusal("file_unreadable", message, exit_status=UNREADABLE) from error


@contextmanager
def _refusing(about: str = "") -> Iterator[None]:
    """What the solver refuses is exit status 2."""
    from solver import SolverError  # noqa: PLC0415 - numpy only when needed

    try:
        yield
    except SolverError as error:
        raise Refusal(error.code, f"{about}{error.message}", exit_status=UNREADABLE) from error


@contextmanager
def _progress_on_terminal() -> Iterator["Callable[[Progress], None] | None"]:
    """A line that tells value and bound as the search goes on; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415

    with Console(stderr=True).status("reading the market …") as status:

        def show(step: "Progress") -> None:
            gap = (step.bound_micros - step.value_micros) / step.bound_micros if step.bound_micros else 0.0
            status.update(
                f"{step.step}  {step.seconds:5.1f} s  value {step.value_micros / 1e6:,.2f}"
                f"  bound {step.bound_micros / 1e6:,.2f}  gap {gap:.3%}"
            )

        yield show
