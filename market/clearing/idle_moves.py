"""Moves that lead nowhere, undone: a solver that stops within its gap may shuffle what need not be moved."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from market.clearing.builder import BuiltProblem
from solver import Clearing, ClearingProblem

Ints = npt.NDArray[np.int64]


def undo_idle_moves(built: BuiltProblem, clearing: Clearing) -> Clearing:
    """The clearing without moves that neither save anything nor make room for anybody."""
    staying = built.staying
    if staying is None or not staying.moved(clearing).any():
        return clearing
    chosen, start = clearing.chosen.copy(), clearing.start_slot.copy()
    free_units, free_watts = _left_free(built.problem, clearing)
    for job in np.flatnonzero(staying.moved(clearing)).tolist():
        now, back = int(chosen[job]), int(staying.candidate[job])
        _book(built.problem, (free_units, free_watts), job, (now, int(start[job])), -1)
        place = back, int(staying.start[job])
        cheaper = cost_of(built.problem, job, *place) <= cost_of(built.problem, job, now, int(start[job]))
        if cheaper and _fits(built.problem, (free_units, free_watts), job, place):
            chosen[job], start[job] = place
        _book(built.problem, (free_units, free_watts), job, (int(chosen[job]), int(start[job])), 1)
    return replace(clearing, chosen=chosen, start_slot=start)


def cost_of(problem: ClearingProblem, job: int, candidate: int, start: int) -> int:
    """What the objective charges for a placement."""
    end = start + int(problem.candidate_slots[candidate])
    hourly = problem.unit_cost_micros[problem.candidate_offering[candidate], start:end]
    per_scale = int(problem.candidate_units[candidate]) * int(hourly.sum())
    return int(problem.job_scale[job]) * (per_scale + int(problem.candidate_fixed_micros[candidate]))


def _left_free(problem: ClearingProblem, clearing: Clearing) -> tuple[Ints, Ints]:
    """(O, T) units and (N, T) watts that a clearing leaves."""
    free = problem.capacity_units.copy(), problem.node_power_watts.copy()
    for job in np.flatnonzero(clearing.chosen >= 0).tolist():
        _book(problem, free, job, (int(clearing.chosen[job]), int(clearing.start_slot[job])), 1)
    return free


def _book(
    problem: ClearingProblem, free: tuple[Ints, Ints], job: int, place: tuple[int, int], sign: int
) -> None:
    """Take a placement from what is free (1), or give it back (-1)."""
    units, offering, window = _use(problem, job, place)
    free[0][offering, window] -= sign * units
    free[1][problem.offering_node[offering], window] -= (
        sign * units * int(problem.facility_watts_per_unit[offering])
    )


def _fits(problem: ClearingProblem, free: tuple[Ints, Ints], job: int, place: tuple[int, int]) -> bool:
    units, offering, window = _use(problem, job, place)
    watts = units * int(problem.facility_watts_per_unit[offering])
    enough = (free[0][offering, window] >= units).all()
    return bool(enough and (free[1][problem.offering_node[offering], window] >= watts).all())


def _use(problem: ClearingProblem, job: int, place: tuple[int, int]) -> tuple[int, int, slice]:
    candidate, start = place
    units = int(problem.job_scale[job]) * int(problem.candidate_units[candidate])
    window = slice(start, start + int(problem.candidate_slots[candidate]))
    return units, int(problem.candidate_offering[candidate]), window
