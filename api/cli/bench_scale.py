"""`suanli bench scale`: shards on a Ray cluster, as many times the jobs as shards, and a model of what lies beyond."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.output import print_json
from api.terminal.refusal import Refusal
from api.terminal.whole_file import check_writable, writing_whole

UNUSABLE = 2
MEASURED = ("shards", "jobs", "evaluation ms", "serialise", "transfer", "compute, each shard", "CPU, each shard",
            "wait", "add", "bytes out", "back, each")  # fmt: skip
MODEL = ("shards", "jobs", "evaluation s", "compute", "network", "calls", "efficiency", "prices s", "here s",
         "assign s", "GB here")  # fmt: skip


def scale(  # noqa: PLR0913 - each is an option of the command
    *,
    shards: Annotated[str, typer.Option(help="numbers of shards, with commas, rising")] = "1,2,4",
    jobs_per_shard: Annotated[int, typer.Option(min=1, max=1_000_000, help="jobs for each shard")] = 20_000,
    slots: Annotated[int, typer.Option(min=1, max=1000, help="how many hours")] = 24,
    offerings: Annotated[int, typer.Option(min=1, max=100_000, help="how many")] = 300,
    evaluations: Annotated[
        int, typer.Option(min=1, max=1000, help="measured for each number of shards")
    ] = 15,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="same seed, same markets")] = 1,
    ray_address: Annotated[
        str | None, typer.Option(help="running Ray cluster, host:port [one of its own on this machine]")
    ] = None,
    model_shards: Annotated[int, typer.Option(min=1, help="the model's largest number of shards")] = 1_000,
    model_jobs: Annotated[int, typer.Option(min=1, help="the jobs they have together")] = 1_000_000_000,
    shards_per_machine: Annotated[int, typer.Option(min=1, help="assumed")] = 32,
    latency_us: Annotated[float, typer.Option(min=0, help="assumed, one way, microseconds")] = 100.0,
    gigabits: Annotated[
        float, typer.Option(min=0.001, help="assumed, of the solver's own connection")
    ] = 25.0,
    out: Annotated[Path | None, typer.Option("--out", help="where to write the results (.json)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="results as JSON on stdout, no table")] = False,
) -> None:
    """Measure where the time of an evaluation goes as shards and jobs grow together, and reckon on from there.

    Needs Ray (pip install 'suanli-exchange[ray]'). With more shards than cores they take turns: read the processor times.
    The model and its assumptions: docs/scale.md.

    Exit status: 0 measured, 2 an argument makes no sense or the cluster cannot be used.

    Examples:

      suanli bench scale --out scale.json

      suanli bench scale --shards 1,8,64 --jobs-per-shard 100000 --ray-address 10.0.0.7:6379 --gigabits 100
    """
    from solver import ClusterError  # noqa: PLC0415 - quick `--help`
    from solver.bench.scale import Asked, measure  # noqa: PLC0415
    from solver.bench.scale_model import Assumptions  # noqa: PLC0415

    if out is not None:
        check_writable(out)
    numbers = _numbers(shards)
    asked = Asked(numbers, jobs_per_shard, slots, offerings, evaluations, seed, ray_address)
    assumed = Assumptions(model_shards, model_jobs, shards_per_machine, latency_us * 1e-6, gigabits)
    try:
        with _progress(asked.steps) as tell:
            results = measure(asked, assumed, tell)
    except ClusterError as error:
        raise Refusal(error.code, error.message, exit_status=UNUSABLE) from error
    except ValueError as error:
        raise Refusal("too_small", str(error), exit_status=UNUSABLE) from error
    if out is not None:
        with writing_whole(out) as stream:
            stream.write((json.dumps(results, indent=1, ensure_ascii=False) + "\n").encode())
    if as_json:
        print_json(results)
    else:
        _show(results)


def _numbers(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    numbers = tuple(int(part) for part in parts if part.strip().isdecimal())
    if len(numbers) != len(parts) or min(numbers) < 1 or list(numbers) != sorted(set(numbers)):
        raise Refusal("bad_shards", f"{text!r} are no rising numbers: write 1,2,4", exit_status=UNUSABLE)
    return numbers


def _show(results: dict[str, Any]) -> None:
    from solver.bench.report import aligned  # noqa: PLC0415 - quick `--help`

    machine = results["machine"]
    typer.echo(
        f"{results['date']}  {machine['cpu']}, {machine['cores_of_cluster']} cores in the cluster, load "
        f"{machine['load_before'][0]} before, {machine['load_after'][0]} after; milliseconds, medians\n"
    )
    typer.echo(aligned(MEASURED, [_measured_cells(row) for row in results["measured"]]))
    typer.echo("modelled, not measured:\n")
    typer.echo(aligned(MODEL, [_model_cells(row) for row in results["model"]]))


def _measured_cells(row: dict[str, Any]) -> list[str]:
    def each(name: str) -> str:
        return " ".join(f"{1e3 * seconds:.1f}" for seconds in row[name])

    times = [f"{1e3 * row[f'{part}_seconds']:.1f}" for part in ("evaluation", "serialise", "transfer")]
    after = [f"{1e3 * row[f'{part}_seconds']:.1f}" for part in ("wait", "add")]
    return [
        f"{row['shards']:,}", f"{row['jobs']:,}", *times, each("compute_seconds_by_shard"),
        each("compute_cpu_seconds_by_shard"), *after, f"{row['bytes_out']:,}", f"{row['bytes_back_by_shard'][0]:,}",
    ]  # fmt: skip


def _model_cells(row: dict[str, Any]) -> list[str]:
    parts = ("evaluation", "compute", "network", "calls")
    return [
        f"{row['shards']:,}", f"{row['jobs']:,}", *(f"{row[f'{part}_seconds']:.3f}" for part in parts),
        f"{row['efficiency']:.0%}", *(f"{row[f'{part}_seconds']:,.1f}" for part in ("prices", "here", "assign")),
        f"{row['gigabytes_here']:,.1f}",
    ]  # fmt: skip


@contextmanager
def _progress(steps: int) -> Iterator[Callable[[str], None]]:
    """A bar on stderr, or a line for each new thing where stderr is no terminal."""
    from rich.console import Console  # noqa: PLC0415 - quick `--help`
    from rich.progress import Progress  # noqa: PLC0415

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("starting", total=steps)

        def tell(what: str) -> None:
            progress.update(bar, advance=1, description=what)
            if not console.is_terminal:
                typer.echo(what, err=True)

        yield tell
