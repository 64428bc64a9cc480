"""What commands print: JSON for programs, tables for people."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

import typer
from rich.console import Console
from rich.table import Table

from api.client.errors import Refusal

LEFT = frozenset(
    {"id", "state", "status", "node", "device", "job class", "origin", "policy", "code", "reason"}
)


def print_json(thing: Any) -> None:
    """One line of JSON on stdout."""
    typer.echo(json.dumps(thing, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """A table on stdout: words to the left, numbers to the right; ids are never cut."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        keep = column == "id"
        table.add_column(column, justify="left" if column in LEFT else "right", no_wrap=keep)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    Console().print(table)


def print_record(found: dict[str, Any], *, as_json: bool) -> None:
    """One thing: a line of JSON for programs, its fields one under another for people."""
    if as_json:
        print_json(found)
        return
    for name, value in _flattened(found):
        typer.echo(f"{typer.style(name, bold=True)}  {value}")


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


@contextmanager
def writing_whole(path: Path) -> Iterator[IO[bytes]]:
    """A binary file that appears under its name only when all of it is written."""
    if path.is_dir():
        raise Refusal("is_a_directory", f"{path} is a directory; name a file")
    if not path.parent.is_dir():
        raise Refusal("directory_not_found", f"there is no directory {path.parent} to write {path.name} to")
    try:
        stream = NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False)  # noqa: SIM115
    except OSError as error:
        raise Refusal(
            "directory_not_writable", f"cannot write to {path.parent}: {error.strerror or error}"
        ) from error
    try:
        with stream:
            yield stream
        readable = 0o666 & ~_umask()
        Path(stream.name).chmod(readable)
        Path(stream.name).replace(path)
    finally:
        Path(stream.name).unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
