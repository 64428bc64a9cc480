"""A bar for a question that takes several clearings."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from api.client.progress import OnProgress, Progress

ALMOST = 0.98
"""Of a clearing whose time is over, while it is being judged."""


@contextmanager
def clearing_bar(seconds: float) -> Iterator["OnProgress"]:
    """On stderr where somebody looks; `seconds` is how long each clearing may take. Ctrl-C gives the question up."""
    from rich.console import Console  # noqa: PLC0415 - quick `--help`
    from rich.progress import Progress as Bar  # noqa: PLC0415

    console = Console(stderr=True)
    try:
        with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("waiting for the solver", total=None)

            def show(told: "Progress") -> None:
                bar.update(
                    task, total=told.of, completed=completed(told, seconds), description=words_of(told)
                )

            yield show
    except KeyboardInterrupt:
        typer.echo("cancelled: the exchange stops solving it, nothing of it is kept", err=True)
        raise


def completed(told: "Progress", seconds: float) -> float:
    """How many clearings are over; of the one that is under way, as much of its time as has passed."""
    return told.number if told.over else told.number - 1 + ALMOST * min(1.0, told.seconds / seconds)


def words_of(told: "Progress") -> str:
    """Which clearing it is, and how far it may still be from the best."""
    return f"{told.number} of {told.of}, {told.step}: gap {told.gap:.2%}"
