"""Traces of real clusters as markets. A reader per format; what each maps to what is in BENCHMARKS.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from solver.bench.traces import chronus, openb, swf
from solver.bench.traces.market import TraceError, TraceMarket

__all__ = ["FAMILIES", "TraceError", "TraceMarket", "read_traces"]

Reader = Callable[[Path], Iterator[TraceMarket]]
FAMILIES: dict[str, Reader] = {
    "Alibaba GPU cluster 2023 (openb_*.csv)": openb.read_markets,
    "Chronus jobs (trace_job_*.csv)": chronus.read_markets,
    "Standard Workload Format (*.swf)": swf.read_markets,
}


def read_traces(directory: Path, missing: Callable[[str], None]) -> Iterator[TraceMarket]:
    """Every market of every family under the directory; `missing` is told of a family that is not there.

    Raises TraceError with the line where a file is broken, and where there is nothing at all.
    """
    if not directory.is_dir():
        raise TraceError(directory, 0, "no such directory")
    found = False
    for family, read in FAMILIES.items():
        before = found
        here = False
        for market in read(directory):
            found = here = True
            yield market
        if not here:
            missing(family)
        found = before or here
    if not found:
        raise TraceError(directory, 0, f"holds none of: {'; '.join(FAMILIES)}")
