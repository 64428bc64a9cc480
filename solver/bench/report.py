"""Result files as dated tables in Markdown, between two marks of a document that is otherwise left alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path

from solver.bench.plots import draw_gaps
from solver.bench.results import Entry, Market, Run

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
HEADER = ("contestant", "status", "value, CNY", "gap", "own gap", "placed", "seconds", "CPU s", "MB", "note")
PROFILE_HEADER = ("step of our solver", "seconds", "share")
WORDS = frozenset({"contestant", "status", "note", "step of our solver"})
"""Columns that are no numbers."""
PLOTS = Path("bench/plots")
"""Beside the document."""


def table_of(market: Market) -> list[tuple[str, ...]]:
    """A row per contestant, as HEADER names its cells; ours first, then by value, then who has none."""
    ours, *others = market.entries
    others.sort(key=lambda entry: -(entry.value_micros or 0) if entry.ranked else 1)
    return [_row(entry, market) for entry in (ours, *others)]


def _row(entry: Entry, market: Market) -> tuple[str, ...]:
    value = entry.value_micros
    bound = market.best_bound_micros()
    best = entry.ranked and value == market.best_value_micros()
    own = [each for each in (entry.bound_micros, entry.own_bound_micros) if each is not None]
    money = "" if value is None else f"{value / 1e6:,.2f}"
    return (
        entry.name,
        entry.status,
        f"**{money}**" if best else money,
        _percent(value, bound),
        _percent(value, min(own, default=None)),
        "" if entry.placed is None else f"{entry.placed:,}",
        "" if entry.seconds is None else f"{entry.seconds:.2f}",
        "" if entry.cpu_seconds is None else f"{entry.cpu_seconds:.2f}",
        "" if not entry.peak_mb else f"{entry.peak_mb:,.0f}",
        entry.note,
    )


def _percent(value: int | None, bound: int | None) -> str:
    return "" if value is None or not bound else f"{(bound - value) / bound:.3%}"


def profile_of(market: Market) -> list[tuple[str, str, str]]:
    """Steps of our solver: seconds, and share of the whole."""
    ours = market.entries[0]
    total = max(1e-9, ours.seconds or sum(seconds for _, seconds in ours.steps))
    spent: dict[str, float] = {}
    for step, seconds in ours.steps:
        spent[step] = spent.get(step, 0.0) + seconds
    spent["rest"] = max(0.0, total - sum(spent.values()))
    return [(step, f"{seconds:.2f}", f"{seconds / total:.1%}") for step, seconds in spent.items()]


def render(runs: Sequence[Run], plots: dict[str, str] | None = None) -> str:
    """All runs as Markdown, smaller markets first; fills `plots` with file names and their SVG where given."""
    ordered = sorted(runs, key=_order)
    return "\n".join(_section(run, market, plots) for run in ordered for market in run.markets)


def write_into(document: Path, runs: Sequence[Run]) -> list[Path]:
    """Replace what stands between the marks (append both where there are none) and write the plots; returns their files."""
    plots: dict[str, str] = {}
    text = document.read_text(encoding="utf-8") if document.exists() else ""
    if BEGIN not in text or END not in text:
        text = f"{text.rstrip()}\n\n{BEGIN}\n{END}\n".lstrip()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    document.write_text(f"{before}{BEGIN}\n\n{render(runs, plots)}\n{END}{after}", encoding="utf-8")
    directory = document.parent / PLOTS
    written = []
    for name, svg in plots.items():
        directory.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(svg, encoding="utf-8")
        written.append(directory / name)
    return written


def _order(run: Run) -> tuple[str, int, int, str]:
    jobs = [int(market.facts.get("jobs", 0)) for market in run.markets]
    slots = [int(market.facts.get("slots", 0)) for market in run.markets]
    return run.kind, max(jobs, default=0), max(slots, default=0), run.date


def _section(run: Run, market: Market, plots: dict[str, str] | None) -> str:
    machine, facts = run.machine, ", ".join(f"{name} {_shown(fact)}" for name, fact in market.facts.items())
    load = " to ".join(str(machine[key][0]) for key in ("load_before", "load_after") if machine.get(key))
    versions = ", ".join(f"{name} {number}" for name, number in run.versions.items())
    memory = int(machine.get("memory_mb", 0)) / 1024
    lines = [
        f"### {market.name} ({run.date[:10]})",
        "",
        f"    {run.command}",
        "",
        f"{machine.get('cores')} cores of {machine.get('cpu')}, {memory:.0f} GB, load {load}; {versions}.",
        f"{facts}. Limit {run.seconds_limit:g} s each, {run.workers} workers.",
        "",
        _markdown(HEADER, table_of(market)),
    ]
    if plots is not None and market.entries[0].history:
        name = _plot_name(f"{market.name} {run.seed}", plots)
        plots[name] = draw_gaps(market, f"{market.name}: gap to the least bound, over time")
        lines += ["", f"![gap over time]({(PLOTS / name).as_posix()})"]
    return "\n".join([*lines, ""])


def _plot_name(title: str, taken: dict[str, str]) -> str:
    """A file name from a title; numbered where another run has cleared a market of this title."""
    stem = re.sub(r"[^a-z0-9]+", "-", title.lower().replace(",", "")).strip("-")
    names = chain([f"{stem}.svg"], (f"{stem}-run-{number}.svg" for number in count(2)))
    return next(name for name in names if name not in taken)


def _shown(fact: float | str) -> str:
    return f"{fact:,}" if isinstance(fact, int) else str(fact)


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = "|".join("---" if name in WORDS else "---:" for name in header)
    body = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([f"| {' | '.join(header)} |", f"|{rule}|", *body])


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The same table as plain text: words to the left, numbers to the right, nothing cut."""
    lines = [header, *rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(header))]
    text = ""
    for line in lines:
        cells = [
            cell.ljust(width) if name in WORDS else cell.rjust(width)
            for cell, width, name in zip(line, widths, header, strict=True)
        ]
        text += "  ".join(cells).rstrip() + "\n"
    return text
