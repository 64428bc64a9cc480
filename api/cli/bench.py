"""`suanli bench`: measure the solver beside others, on made-up markets, traces and public instances."""

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.bench_api import api as measure_api
from api.cli.bench_gap import gap as clear_assignments
from api.cli.bench_plans import plans as explain_plans
from api.cli.bench_round import round_ as clear_whole_round
from api.cli.bench_scale import scale as measure_scale
from api.cli.bench_soak import soak as live_a_day
from api.cli.output import print_json
from api.cli.reporting import ReportingGroup
from api.terminal.refusal import Refusal
from api.terminal.whole_file import check_writable, writing_whole

if TYPE_CHECKING:
    from solver.bench.results import Market, Run
    from solver.bench.run import Settings

UNUSABLE = 2
MOST_JOBS, MOST_SLOTS = 5_000_000, 1000

app = typer.Typer(cls=ReportingGroup, no_args_is_help=True, help="Measure the solver beside others.")

Seconds = Annotated[float, typer.Option(min=0.1, help="wall-clock time for each contestant")]
Workers = Annotated[int, typer.Option(min=1, max=256, help="threads or processes each may use")]
Against = Annotated[str, typer.Option(help="all, none, rules, or names with commas: see --help")]
Out = Annotated[Path | None, typer.Option("--out", help="where to write the results (.json)")]
Json = Annotated[bool, typer.Option("--json", help="results as one line of JSON on stdout, no table")]
Profile = Annotated[bool, typer.Option("--profile", help="also show the seconds of each step of our solver")]
Memory = Annotated[
    float, typer.Option(min=0, help="end a contestant above so many GB; 0: 2/3 of the machine")
]


@app.callback()
def _bench() -> None:
    """Measure the solver beside others, each in a process of its own, every answer checked by the judge.

    Contestants for --against: value_density, highest_bid, first_come, random_order (together: rules), cp_sat,
    scip, highs, lp_rounding.
    """


@app.command()
def market(  # noqa: PLR0913 - each is an option of the command
    *,
    jobs: Annotated[int, typer.Option(min=1, max=MOST_JOBS, help="how many orders")],
    slots: Annotated[int, typer.Option(min=1, max=MOST_SLOTS, help="how many hours")] = 24,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="same seed, same market")] = 1,
    offerings: Annotated[int | None, typer.Option(min=1, max=100_000, help="how many [by the jobs]")] = None,
    load: Annotated[float, typer.Option(min=0.01, max=100, help="demand over supply")] = 1.0,
    seconds: Seconds = 60.0,
    workers: Workers = 2,
    gap: Annotated[float, typer.Option(min=0, help="our solver may stop at this certified gap")] = 0.0,
    against: Against = "value_density",
    changed: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="change this share of the jobs; clear anew and from the clearing before"
        ),
    ] = 0.0,
    save: Annotated[Path | None, typer.Option("--save", help="also write the market (.npz)")] = None,
    out: Out = None,
    memory_gb: Memory = 0.0,
    profile: Profile = False,
    as_json: Json = False,
) -> None:
    """Clear a made-up market of any size beside simple rules and general-purpose solvers.

    With --changed our solver runs alone: on the market, then on the changed one, from nothing and from the first clearing.

    Exit status: 0 every answer holds, 1 the judge found one that does not, 2 an argument makes no sense.

    Examples:

      suanli bench market --jobs 10000 --slots 24 --against all --seconds 20 --out ten-thousand.json

      suanli bench market --jobs 1000000 --seconds 60 --gap 0.001 --profile

      suanli bench market --jobs 100000 --changed 0.01 --gap 0.001
    """
    from solver.bench.changes import change_jobs  # noqa: PLC0415 - numpy only when needed
    from solver.bench.markets import generate_market  # noqa: PLC0415
    from solver.bench.rivals import read_names  # noqa: PLC0415
    from solver.bench.run import finish_run, new_run, run_changed, run_market  # noqa: PLC0415

    for path in (save, out):
        if path is not None:
            check_writable(path)
    names = _names(against, read_names)
    settings = _settings(seconds, workers, gap, memory_gb)
    problem = generate_market(jobs, slots, seed, offerings=offerings, load=load)
    if save is not None:
        with writing_whole(save) as stream:
            problem.save(stream)
    command = _command("market", jobs=jobs, slots=slots, seed=seed, offerings=offerings, load=load,
                       against=None if changed else against, seconds=seconds, gap=gap,
                       workers=workers, changed=changed or None)  # fmt: skip
    run = new_run("market", command, settings, seed)
    title = f"{jobs:,} jobs x {problem.offerings:,} offerings x {slots} slots"
    facts: dict[str, int | float | str] = {"load": load, "seed": seed}
    with _telling() as tell:
        if changed:
            title, after = f"{title}, {changed:.2%} of the jobs changed", change_jobs(problem, changed, seed)
            cleared = run_changed(title, problem, after, settings, tell, facts)
        else:
            cleared = run_market(title, problem, names, settings, tell, facts)
    run.markets.append(cleared)
    _show(finish_run(run), out, as_json=as_json, profile=profile)


@app.command()
def trace(  # noqa: PLR0913 - each is an option of the command
    directory: Annotated[Path, typer.Argument(help="where the traces are, at any depth")],
    *,
    seconds: Seconds = 20.0,
    workers: Workers = 2,
    gap: Annotated[float, typer.Option(min=0, help="our solver may stop at this certified gap")] = 0.0,
    against: Against = "rules",
    only: Annotated[str, typer.Option(help="only markets whose name holds this")] = "",
    out: Out = None,
    memory_gb: Memory = 0.0,
    profile: Profile = False,
    as_json: Json = False,
) -> None:
    """Turn traces of real clusters into markets and clear them: Alibaba openb, Chronus, Standard Workload Format.

    A family that is not there is named on stderr and left out; a broken line ends the run and says where it is.

    Example: suanli bench trace traces --seconds 20 --out traces.json
    """
    from solver.bench.rivals import read_names  # noqa: PLC0415 - numpy only when needed
    from solver.bench.run import finish_run, new_run, run_market  # noqa: PLC0415
    from solver.bench.traces import TraceError, read_traces  # noqa: PLC0415

    if out is not None:
        check_writable(out)
    names = _names(against, read_names)
    settings = _settings(seconds, workers, gap, memory_gb)
    command = _command("trace DIR", against=against, seconds=seconds, gap=gap, only=only)
    run = new_run("trace", command, settings, 0)
    try:
        for found in read_traces(directory, _missing):
            if only in found.name:
                with _telling(found.name) as tell:
                    cleared = run_market(found.name, found.problem, names, settings, tell, found.facts)
                run.markets.append(cleared)
    except TraceError as error:
        raise Refusal("trace_unreadable", str(error), exit_status=UNUSABLE) from error
    if not run.markets:
        raise Refusal("no_such_market", f"no trace's market is named like {only!r}", exit_status=UNUSABLE)
    _show(finish_run(run), out, as_json=as_json, profile=profile)


@app.command()
def report(
    files: Annotated[list[Path], typer.Argument(help="result files, as --out writes them")],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", help="document to write into [to stdout]; plots go beside it")
    ] = None,
) -> None:
    """Render result files as dated tables, and gap-over-time plots, between the marks of a document.

    Example: suanli bench report thousand.json ten-thousand.json --out solver/BENCHMARKS.md
    """
    from solver.bench.report import render, write_into  # noqa: PLC0415 - only when needed
    from solver.bench.results import ResultsError, Run  # noqa: PLC0415

    try:
        runs = [Run.load(path) for path in files]
    except ResultsError as error:
        raise Refusal("not_a_result_file", str(error), exit_status=UNUSABLE) from error
    if out is None:
        typer.echo(render(runs), nl=False)
        return
    check_writable(out)
    for path in (out, *write_into(out, runs)):
        typer.echo(path)


app.command("gap")(clear_assignments)
app.command("api")(measure_api)
app.command("plans")(explain_plans)
app.command("round")(clear_whole_round)
app.command("scale")(measure_scale)
app.command("soak")(live_a_day)


def _names(against: str, read_names: Callable[[str], list[str]]) -> list[str]:
    try:
        return read_names(against)
    except ValueError as error:
        raise Refusal("unknown_rival", str(error), exit_status=UNUSABLE) from error


def _settings(seconds: float, workers: int, gap: float, memory_gb: float) -> "Settings":
    from solver.bench.run import Settings  # noqa: PLC0415

    return Settings(seconds=seconds, workers=workers, gap=gap, memory_limit_mb=memory_gb * 1024)


def _command(what: str, **options: object) -> str:
    """The command as a person would repeat it; paths are left to them."""
    given = [
        f"--{name} {shlex.quote(str(value))}" for name, value in options.items() if value not in (None, "")
    ]
    return " ".join(["suanli bench", what, *given])


def _missing(family: str) -> None:
    typer.echo(f"not there, left out: {family}", err=True)


def _show(run: "Run", out: Path | None, *, as_json: bool, profile: bool) -> None:
    """Write the file, show the tables, and end with 1 where an answer does not hold."""
    import json  # noqa: PLC0415

    if out is not None:
        with writing_whole(out) as stream:
            stream.write((json.dumps(run.to_json(), indent=1, ensure_ascii=False) + "\n").encode())
    if as_json:
        print_json(run.to_json())
    else:
        for cleared in run.markets:
            _show_market(cleared, profile=profile)
    if any(entry.status == "WRONG" for cleared in run.markets for entry in cleared.entries):
        raise typer.Exit(1)


def _show_market(cleared: "Market", *, profile: bool) -> None:
    from solver.bench.report import HEADER, PROFILE_HEADER, aligned, profile_of, table_of  # noqa: PLC0415

    facts = ", ".join(f"{name} {fact:,}" if isinstance(fact, int) else f"{name} {fact}"
                      for name, fact in cleared.facts.items())  # fmt: skip
    typer.echo(f"{cleared.name}\n{facts}\n")
    rows = [[cell.strip("*") for cell in row] for row in table_of(cleared)]
    typer.echo(aligned(HEADER, rows))
    if profile:
        typer.echo(aligned(PROFILE_HEADER, profile_of(cleared)))


@contextmanager
def _telling(prefix: str = "") -> Iterator[Callable[[str, str], None]]:
    """A line on stderr that tells who runs and how far they are; one line each where stderr is no terminal."""
    start = f"{prefix}: " if prefix else ""
    if not sys.stderr.isatty():
        last: list[str] = []

        def note(name: str, what: str) -> None:
            if what in {"running", "verifying"} and last[-1:] != [f"{name} {what}"]:
                last.append(f"{name} {what}")
                typer.echo(f"{start}{name} {what}", err=True)

        yield note
        return
    from rich.console import Console  # noqa: PLC0415

    with Console(stderr=True).status(f"{start}writing the market …") as status:
        yield lambda name, what: status.update(f"{start}{name}: {what}")
