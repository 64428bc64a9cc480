"""How a what-if comes along: told clearing by clearing to whoever asked, who may give it up."""

from collections.abc import Callable
from dataclasses import dataclass

from solver import Progress


@dataclass(frozen=True, slots=True)
class Part:
    """One clearing of a what-if: which of how many, and what for."""

    number: int
    of: int
    name: str


@dataclass(frozen=True, slots=True)
class PartSearched:
    """Where the search of a clearing is."""

    part: Part
    progress: Progress


@dataclass(frozen=True, slots=True)
class PartDone:
    """A clearing is over, and the judge found nothing wrong with it."""

    part: Part
    seconds: float
    gap: float


Told = PartSearched | PartDone


class GivenUp(Exception):
    """Whoever asked has gone; nobody is left to be told."""


def _silent(_told: Told) -> None:
    pass


def _stays() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Asker:
    """Whoever asked: told in the thread that works, looked for often and from other threads; who has gone stays away."""

    tell: Callable[[Told], None] = _silent
    has_gone: Callable[[], bool] = _stays


PATIENT = Asker()
"""Wants the answer and nothing else."""
