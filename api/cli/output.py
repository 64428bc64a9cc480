"""What commands print: JSON for programs, tables for people."""

import json
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.table import Table

from market.domain.clock import rfc3339

if TYPE_CHECKING:
    from api.client.answer import Answer

LEFT = frozenset(
    {
        *("id", "state", "status", "node", "device", "job class", "origin", "policy", "code", "reason"),
        *("setting", "value", "from"),
    }
)
PIPE_WIDTH = 1000


def print_json(thing: Any) -> None:
    """One line of JSON on stdout, answers as they came; what JSON has no number for (NaN, infinity) is null."""
    typer.echo(json.dumps(_finite(plain(thing)), ensure_ascii=False, allow_nan=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """A table on stdout: words to the left, numbers to the right; ids are never cut."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        keep = column == "id"
        table.add_column(column, justify="left" if column in LEFT else "right", no_wrap=keep)
    for row in rows:
        table.add_row(*("" if cell is None else shown(cell) for cell in row))
    _console().print(table)


def cells(rows: "Iterable[Answer]", names: Sequence[str]) -> Iterator[list[object]]:
    """Rows of a table: these fields of each answer."""
    return ([getattr(row, name, None) for name in names] for row in rows)


def shown(cell: object) -> str:
    """A value for people; times as RFC 3339 in UTC."""
    return rfc3339(cell) if isinstance(cell, datetime) else str(cell)


def plain(thing: Any) -> Any:
    """Answers as the JSON they came as, also inside lists; anything else as it is."""
    if isinstance(thing, list | tuple):
        return [plain(one) for one in thing]
    return thing.plain() if hasattr(thing, "plain") else thing


def print_record(found: "dict[str, Any] | Answer", *, as_json: bool) -> None:
    """One thing: a line of JSON for programs, its fields one under another for people."""
    if as_json:
        print_json(found)
        return
    for name, value in _flattened(plain(found)):
        typer.echo(f"{typer.style(name, bold=True)}  {value}")


def _console() -> Console:
    """As wide as the terminal; into a pipe as wide as need be, so that nothing is cut off that somebody looks for."""
    console = Console()
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=PIPE_WIDTH)


def _finite(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {name: _finite(value) for name, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_finite(value) for value in thing]
    return None if isinstance(thing, float) and not math.isfinite(thing) else thing


def _flattened(found: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Fields with dotted names; lists of records by number, empty fields left out."""
    for name, value in found.items():
        if isinstance(value, dict) and value:
            yield from _flattened(value, f"{prefix}{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for at, entry in enumerate(value, start=1):
                yield from _flattened(entry, f"{prefix}{name}[{at}].")
        elif value is not None and value != []:
            yield f"{prefix}{name}", value
