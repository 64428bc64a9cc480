"""The best clearing of a tiny problem by trying everything, in Python integers, from the definition alone."""

from __future__ import annotations

from solver import ClearingProblem

Placement = tuple[int, int, int, int, int]
"""Offering, start, end, units, net value in micros."""


def placements_of(problem: ClearingProblem, job: int) -> list[Placement]:
    """Every placement of the job within its window and the horizon."""
    profile, scale = int(problem.job_profile[job]), int(problem.job_scale[job])
    found = []
    for candidate in range(int(problem.profile_start[profile]), int(problem.profile_start[profile + 1])):
        offering, slots = int(problem.candidate_offering[candidate]), int(problem.candidate_slots[candidate])
        units = scale * int(problem.candidate_units[candidate])
        last = min(int(problem.end_slot[job]), problem.slots) - slots
        for start in range(int(problem.first_slot[job]), last + 1):
            cost = sum(int(problem.unit_cost_micros[offering, slot]) for slot in range(start, start + slots))
            fixed = scale * int(problem.candidate_fixed_micros[candidate])
            net = int(problem.value_micros[job]) - fixed - units * cost
            found.append((offering, start, start + slots, units, net))
    return found


def best_value(problem: ClearingProblem) -> int:
    """Value of the best clearing, by depth-first search that stops only where the rest cannot catch up."""
    options = [[row for row in placements_of(problem, job) if row[4] > 0] for job in range(problem.jobs)]
    units, watts = problem.capacity_units.tolist(), problem.node_power_watts.tolist()
    draw, node = problem.facility_watts_per_unit.tolist(), problem.offering_node.tolist()
    hope = [0] * (problem.jobs + 1)
    for job in reversed(range(problem.jobs)):
        hope[job] = hope[job + 1] + max((row[4] for row in options[job]), default=0)
    best = 0

    def search(job: int, value: int) -> None:
        nonlocal best
        best = max(best, value)
        if job == problem.jobs or value + hope[job] <= best:
            return
        for offering, start, end, gang, net in options[job]:
            power = gang * draw[offering]
            window = range(start, end)
            if all(units[offering][t] >= gang and watts[node[offering]][t] >= power for t in window):
                for t in window:
                    units[offering][t] -= gang
                    watts[node[offering]][t] -= power
                search(job + 1, value + net)
                for t in window:
                    units[offering][t] += gang
                    watts[node[offering]][t] += power
        search(job + 1, value)

    search(0, 0)
    return best
