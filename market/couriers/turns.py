"""The port to whatever runs couriers' turns: a durable queue of tasks, in this process or shared by many."""

from collections.abc import Callable
from typing import Protocol

TakeTurn = Callable[[str], None]
"""Deliver what is due at one webhook, by id. It may be run twice, or by two at once: then one finds nothing to take."""


class Turns(Protocol):
    """Runs turns soon, at least once each, even if the process that was asked dies."""

    def start(self, take_turn: TakeTurn) -> None:
        """From now on turns are run here; what was asked for and not finished before comes first."""

    def soon(self, webhook_id: str) -> None:
        """Ask for a turn; asked again before it was taken, one is enough."""

    def stop(self, within_seconds: float) -> None:
        """Run no more; return when those under way have ended, or the time is over."""
