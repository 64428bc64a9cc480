"""Replay: a past round cleared again from what was recorded with it."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np

from market.domain.errors import NotFound
from market.persistence.store import Store
from market.whatif.clearings import Clearings, SolveFrom
from market.whatif.watching import PATIENT, Asker
from solver import Clearing, ClearingProblem, Limits, verify


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a round left on record: problem, clearing and the limits it was cleared under."""

    round_id: str
    problem: ClearingProblem
    clearing: Clearing
    limits: Limits


@dataclass(frozen=True, slots=True)
class Replay:
    """A round beside itself. `exact`: every placement, every price, value and bound are the same.

    `ended_by_time`: the recorded clearing used up its seconds. What it would have found next depended on the machine, so
    such a round may replay differently; it is verified all the same.
    """

    round_id: str
    exact: bool
    ended_by_time: bool
    verified: bool
    recorded_value_micros: int
    value_micros: int
    recorded_bound_micros: int
    bound_micros: int


def read_recorded(work: Store, round_id: str) -> Recorded:
    """The record of a landed round; `NotFound` where there is none."""
    record = work.rounds.record(round_id)
    if record is None:
        raise NotFound("not_found", f"no record of a round {round_id}")
    return Recorded(
        round_id,
        ClearingProblem.load(BytesIO(record.problem_npz)),
        Clearing.load(BytesIO(record.clearing_npz)),
        Limits(**record.limits),
    )


def replay(recorded: Recorded, solve: SolveFrom, asker: Asker = PATIENT) -> Replay:
    """Clear it again, and judge what was recorded."""
    before = recorded.clearing
    again = Clearings(solve, recorded.limits, 1, asker).clear(recorded.round_id, recorded.problem)
    return Replay(
        round_id=recorded.round_id,
        exact=_same(before, again),
        ended_by_time=before.seconds >= recorded.limits.seconds,
        verified=verify(recorded.problem, before).ok,
        recorded_value_micros=before.value_micros,
        value_micros=again.value_micros,
        recorded_bound_micros=before.bound_micros,
        bound_micros=again.bound_micros,
    )


def _same(one: Clearing, other: Clearing) -> bool:
    arrays = ("chosen", "start_slot", "price_micros", "power_price_micros")
    return (one.value_micros, one.bound_micros) == (other.value_micros, other.bound_micros) and all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays
    )
