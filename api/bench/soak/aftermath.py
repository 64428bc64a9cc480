"""What a soak came to, read from the tables and from the clients: rounds, waits, recoveries."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from api.bench.soak.asked import Asked
from api.bench.soak.checkpoint import Checkpoint
from api.bench.soak.checks.look import Discrepancy, looking, moment
from api.bench.soak.faults import Suffered

_LANDED = "SELECT opened_at FROM rounds WHERE state = 'landed' ORDER BY id DESC LIMIT 5"


@dataclass(frozen=True, slots=True)
class Waits:
    """Waits for the answer to a single submit, in milliseconds."""

    number: int
    p50_ms: float
    p99_ms: float
    longest_ms: float

    @classmethod
    def of(cls, waits_ms: Sequence[float]) -> "Waits":
        """Of what was seen; zeros where nothing was."""
        ordered = sorted(waits_ms)
        if not ordered:
            return cls(0, 0.0, 0.0, 0.0)
        last = len(ordered) - 1
        return cls(
            len(ordered),
            round(ordered[last // 2], 1),
            round(ordered[int(last * 0.99)], 1),
            round(ordered[last], 1),
        )


@dataclass(frozen=True, slots=True)
class RoundsSeen:
    """Rounds that there were; seconds are real."""

    by_state: dict[str, int]
    failures: dict[str, int]
    placed: int
    seconds_p50: float
    seconds_longest: float
    spans: list[tuple[datetime, datetime]] = field(default_factory=list, repr=False)
    """Virtual opening and end of those that landed."""


@dataclass(frozen=True, slots=True)
class Market:
    """What is stored in the end."""

    orders_by_state: dict[str, int]
    allocations_by_state: dict[str, int]
    transfers: int
    events: int
    rounds: RoundsSeen


def read_market(url: str, asked: Asked) -> Market:
    """Counts, in one look."""
    with looking(url) as look:

        def counts(query: str) -> dict[str, int]:
            return {str(name): int(count) for name, count in look.rows(query)}

        rows = list(look.rows("SELECT state, failure, placed, opened_at, closed_at FROM rounds"))
        return Market(
            counts("SELECT state, count(*) FROM orders GROUP BY state ORDER BY state"),
            counts("SELECT state, count(*) FROM allocations GROUP BY state ORDER BY state"),
            int(look.one("SELECT count(*) FROM transfers")),
            int(look.one("SELECT count(*) FROM events")),
            _rounds(rows, asked),
        )


def _rounds(rows: Sequence[Any], asked: Asked) -> RoundsSeen:
    by_state: dict[str, int] = {}
    failures: dict[str, int] = {}
    spans = []
    for state, failure, _, opened_at, closed_at in rows:
        by_state[state] = by_state.get(state, 0) + 1
        if failure is not None:
            failures[failure] = failures.get(failure, 0) + 1
        if state == "landed":
            spans.append((moment(opened_at), moment(closed_at)))
    seconds = [(end - start).total_seconds() / asked.speed for start, end in spans]
    placed = sum(row[2] for row in rows if row[0] == "landed")
    return RoundsSeen(
        by_state,
        failures,
        placed,
        round(statistics.median(seconds), 2) if seconds else 0.0,
        round(max(seconds, default=0.0), 2),
        sorted(spans),
    )


def landed_since(url: str, virtual: datetime) -> bool:
    """Whether a round has landed that was opened then or later."""
    with looking(url) as look:
        return any(moment(opened) >= virtual for (opened,) in look.rows(_LANDED))


def note_recoveries(
    suffered: Sequence[Suffered],
    waits: Sequence[tuple[float, float]],
    rounds: RoundsSeen,
    asked: Asked,
) -> list[Discrepancy]:
    """How long until orders were accepted and rounds landed again, written into each fault; a discrepancy where never."""
    never = []
    for fault in suffered:
        answered = [began + ms / 1000 - fault.at for began, ms in waits if began >= fault.at]
        landed = [end - fault.virtual for start, end in rounds.spans if start >= fault.virtual]
        fault.submit_seconds = round(min(answered), 2) if answered else None
        fault.round_seconds = round(min(landed).total_seconds() / asked.speed, 2) if landed else None
        if fault.round_seconds is None:
            never.append(Discrepancy("rounds_did_not_resume", f"after {fault.kind}: {fault.what}"))
    return never


@dataclass(frozen=True, slots=True)
class Aftermath:
    """One soak, whole. `ended`: why it stopped, if not because all was done."""

    asked: Asked
    database: str
    began: datetime
    seconds: float
    sent: int
    accepted: int
    refused: dict[str, int]
    answered: dict[str, int]
    repeated: int
    reports: int
    waits: Waits
    suffered: list[Suffered]
    checkpoints: list[Checkpoint]
    market: Market
    discrepancies: list[Discrepancy]
    load_before: tuple[float, ...]
    ended: str = ""
    restarted: dict[str, int] = field(default_factory=dict)
    """Processes that ended by themselves and were started again, and how often."""
