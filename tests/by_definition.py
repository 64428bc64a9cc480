"""Value and bound of a clearing, and whether it is one at all, straight from MODEL.md: job by job
in Python integers, slow, and plain to read.
"""

from __future__ import annotations

from brute_force import placements_of

from solver import Clearing, ClearingProblem


def value_of(problem: ClearingProblem, clearing: Clearing) -> int:
    """Sum of the net values of the placements, in micros; they must be sound."""
    total = 0
    for job in range(problem.jobs):
        candidate, start = int(clearing.chosen[job]), int(clearing.start_slot[job])
        if candidate >= 0:
            offering, scale = int(problem.candidate_offering[candidate]), int(problem.job_scale[job])
            end = start + int(problem.candidate_slots[candidate])
            gang = scale * int(problem.candidate_units[candidate])
            cost = gang * sum(int(micros) for micros in problem.unit_cost_micros[offering, start:end])
            fixed = scale * int(problem.candidate_fixed_micros[candidate])
            total += int(problem.value_micros[job]) - fixed - cost
    return total


def bound_of(problem: ClearingProblem, clearing: Clearing) -> int:
    """D(p, w) in micros, rounded up."""
    units, watts = problem.capacity_units.tolist(), problem.node_power_watts.tolist()
    prices, power_prices = clearing.price_micros.tolist(), clearing.power_price_micros.tolist()
    nodes, draw = problem.offering_node.tolist(), problem.facility_watts_per_unit.tolist()
    slots = range(problem.slots)
    millis = sum(1000 * units[o][t] * prices[o][t] for o in range(problem.offerings) for t in slots)
    millis += sum(watts[n][t] * power_prices[n][t] for n in range(problem.nodes) for t in slots)
    for job in range(problem.jobs):
        best = 0
        for offering, start, end, gang, net in placements_of(problem, job):
            node, window = nodes[offering], range(start, end)
            if all(gang <= units[offering][t] and gang * draw[offering] <= watts[node][t] for t in window):
                price = sum(
                    1000 * prices[offering][t] + draw[offering] * power_prices[node][t] for t in window
                )
                best = max(best, 1000 * net - gang * price)
        millis += best
    return -(-millis // 1000)


def is_feasible(problem: ClearingProblem, clearing: Clearing) -> bool:
    """Whether every job runs nowhere, or once where and when it may, and nothing is used twice."""
    units, watts = problem.capacity_units.tolist(), problem.node_power_watts.tolist()
    for job in range(problem.jobs):
        candidate, start = int(clearing.chosen[job]), int(clearing.start_slot[job])
        if (candidate, start) == (-1, -1):
            continue
        profile = int(problem.job_profile[job])
        if candidate not in range(
            int(problem.profile_start[profile]), int(problem.profile_start[profile + 1])
        ):
            return False
        end = start + int(problem.candidate_slots[candidate])
        if start < int(problem.first_slot[job]) or end > min(int(problem.end_slot[job]), problem.slots):
            return False
        offering = int(problem.candidate_offering[candidate])
        gang = int(problem.job_scale[job]) * int(problem.candidate_units[candidate])
        for slot in range(start, end):
            units[offering][slot] -= gang
            watts[int(problem.offering_node[offering])][slot] -= gang * int(
                problem.facility_watts_per_unit[offering]
            )
    return all(free >= 0 for row in units + watts for free in row)
