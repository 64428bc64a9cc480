"""Why a job was not placed at a candidate, and what it would cost: candidate by candidate, in integers.

The prices and placements are those of a clearing; the job itself is taken out of what the clearing left free.
"""

from __future__ import annotations

import numpy as np

from solver.held import held
from solver.outcome import Clearing
from solver.problem import ClearingProblem, Int64Array
from solver.verdicts import CandidateVerdict, Free, Verdicts


class Explainer:
    """Verdicts for the jobs of one cleared problem; what the clearing left free is computed once."""

    def __init__(self, problem: ClearingProblem, clearing: Clearing) -> None:
        """Take a feasible clearing of the problem; raises ValueError where it belongs to another."""
        if (
            clearing.chosen.shape != (problem.jobs,)
            or clearing.price_micros.shape != problem.capacity_units.shape
        ):
            raise ValueError("the clearing belongs to another problem")
        self._problem, self._clearing = problem, clearing
        self._free = _left_free(problem, clearing)

    def judge(self, jobs: Int64Array) -> Verdicts:
        """The verdicts on all candidates of jobs that were not placed."""
        if self._clearing.placed[jobs].any():
            raise ValueError("what holds a place would be in its own way: ask for its verdicts alone")
        return Verdicts(self._problem, self._clearing, self._free, jobs)

    def verdicts(self, job: int) -> list[CandidateVerdict]:
        """One verdict per candidate of the job's profile, in their order."""
        free = self._free
        if self._clearing.placed[job]:
            free = Free(free.units.copy(), free.watts.copy())
            self._give_back(free, job)
        found = Verdicts(self._problem, self._clearing, free, np.array([job]))
        return [found.row(row) for row in range(len(found.job))]

    def _give_back(self, free: Free, job: int) -> None:
        """Return what the job holds to what is free."""
        problem, clearing = self._problem, self._clearing
        candidate, start = int(clearing.chosen[job]), int(clearing.start_slot[job])
        offering = int(problem.candidate_offering[candidate])
        window = slice(start, start + int(problem.candidate_slots[candidate]))
        gang = int(problem.job_scale[job]) * int(problem.candidate_units[candidate])
        free.units[offering, window] += gang
        watts = gang * int(problem.facility_watts_per_unit[offering])
        free.watts[int(problem.offering_node[offering]), window] += watts


def _left_free(problem: ClearingProblem, clearing: Clearing) -> Free:
    job = np.flatnonzero(clearing.placed)
    candidate, start = clearing.chosen[job], clearing.start_slot[job].astype(np.int64)
    offering, end = problem.candidate_offering[candidate], start + problem.candidate_slots[candidate]
    gang = problem.job_scale[job] * problem.candidate_units[candidate]
    watts = gang * problem.facility_watts_per_unit[offering]
    return Free(
        problem.capacity_units - held(gang, offering, start, end, problem.capacity_units.shape),
        problem.node_power_watts
        - held(watts, problem.offering_node[offering], start, end, problem.node_power_watts.shape),
    )
