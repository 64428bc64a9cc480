"""How far a command is that goes through the rows of all tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from market.archive.tables import Tell


@contextmanager
def rows_progress(doing: str) -> Iterator["Tell"]:
    """A bar on stderr where somebody looks."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(doing)
        last = ("", 0)

        def tell(table: str, rows: int) -> None:
            """Rows of a table count up from 0, once for each time that it is gone through."""
            nonlocal last
            if not table:
                bar.update(task, total=rows)
                return
            known = last[1] if last[0] == table and rows > last[1] else 0
            bar.update(task, advance=rows - known, description=f"{doing} {table}")
            last = (table, rows)

        yield tell
