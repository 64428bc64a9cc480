"""What goes wrong, when, and how long until all goes on: by the seed, each kind several times."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from api.bench.soak.asked import Asked

FIRST, LAST = 0.12, 0.9
"""Shares of the run between which everything goes wrong."""


class FaultKind(StrEnum):
    """What can be made to fail."""

    NODE = "node down"
    WORKER = "leading worker killed"
    SERVER = "API server killed"
    DATABASE = "PostgreSQL restarted"
    HOST = "API host cut off"


@dataclass(frozen=True, slots=True)
class Planned:
    """One fault, at a share of the run."""

    at: float
    kind: FaultKind


@dataclass(slots=True)
class Suffered:
    """One fault that happened. Moments: real (monotonic) and virtual; seconds are real."""

    kind: FaultKind
    what: str
    at: float
    virtual: datetime
    back_seconds: float | None = None
    """Until what had failed was there again."""
    submit_seconds: float | None = None
    """Until an order that was sent after the fault was accepted."""
    round_seconds: float | None = None
    """Until a round that was opened after the fault had landed."""


def plan_faults(asked: Asked, kinds: Sequence[FaultKind]) -> list[Planned]:
    """Evenly spread, in a sequence that the seed shuffles."""
    draw = random.Random(f"{asked.seed} faults")  # noqa: S311 - reproducible, not secret
    mixed: list[FaultKind] = []
    for _ in range(asked.faults_of_each):
        mixed += draw.sample(list(kinds), len(kinds))
    step = (LAST - FIRST) / max(1, len(mixed))
    return [Planned(FIRST + step * (number + 0.2), kind) for number, kind in enumerate(mixed)]


Inflict = Callable[[], Awaitable[str]]
"""Makes something fail, and returns when it is there again: what it was."""


async def suffer(
    plan: Sequence[Planned],
    inflict: Mapping[FaultKind, Inflict],
    length: timedelta,
    now: Callable[[], datetime],
    suffered: list[Suffered],
) -> None:
    """Each fault when it is due; late ones follow each other."""
    began = time.monotonic()
    for planned in plan:
        due = began + planned.at * length.total_seconds()
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        fault = Suffered(planned.kind, "", time.monotonic(), now())
        suffered.append(fault)
        fault.what = await inflict[planned.kind]()
        fault.back_seconds = time.monotonic() - fault.at
