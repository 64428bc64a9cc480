"""The certificate: what prices prove, in integers.

For any prices p >= 0 (per unit and slot) and w >= 0 (per kilowatt and slot)

    D(p, w) = sum capacity * p + sum power * w + sum over jobs of max(0, best net value at the prices)

is no less than the value of any clearing (weak Lagrangian duality). w is per kilowatt while power is in watts, so
sums are kept in thousandths of a micro ("millis") and rounded up to micros at the very end.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from solver.compiled import compiled
from solver.layout import Layout, prefix_sums
from solver.problem import LARGEST, ClearingProblem, Int64Array


def dual_bound(
    problem: ClearingProblem,
    layout: Layout,
    room: Int64Array,
    price_micros: Int64Array,
    power_price_micros: Int64Array,
) -> int:
    """D(p, w) in micros, rounded up; prices (O, T) and (N, T), none negative; `room` of the empty floor."""
    return rounded_up(dual_bound_millis(problem, layout, room, price_micros, power_price_micros))


def rounded_up(millis: int) -> int:
    """Whole micros, no less than so many thousandths."""
    return -(-millis // 1000)


def dual_bound_millis(
    problem: ClearingProblem,
    layout: Layout,
    room: Int64Array,
    price_micros: Int64Array,
    power_price_micros: Int64Array,
) -> int:
    """D(p, w) in thousandths of a micro, exactly: those of markets that do not touch add up to that of the whole."""
    capacity_millis = 1000 * _exact_dot(problem.capacity_units, price_micros)
    power_millis = _exact_dot(problem.node_power_watts, power_price_micros)
    surplus_millis = _surplus(problem, layout, room, price_micros, power_price_micros)
    return capacity_millis + power_millis + surplus_millis


def _exact_dot(amounts: Int64Array, prices: Int64Array) -> int:
    """sum(amounts * prices) in Python integers, over the priced entries only."""
    priced = np.flatnonzero(prices)
    pairs = zip(amounts.ravel()[priced].tolist(), prices.ravel()[priced].tolist(), strict=True)
    return sum(amount * price for amount, price in pairs)


def _surplus(
    problem: ClearingProblem,
    layout: Layout,
    room: Int64Array,
    price_micros: Int64Array,
    power_price_micros: Int64Array,
) -> int:
    """Sum over jobs of max(0, best net value at the prices), in millis."""
    if not _fits_int64(problem, price_micros, power_price_micros):
        return sum(_surplus_in_python(problem, layout, room, price_micros, power_price_micros))
    pays, micros, over = _surplus_in_parts(problem, layout, room, price_micros, power_price_micros)
    micros, over = micros[pays], over[pays]
    return 1000 * (_exact_sum(micros) - _exact_sum(over // 1000)) - _exact_sum(over % 1000)


def surplus_millis_by_job(
    problem: ClearingProblem,
    layout: Layout,
    room: Int64Array,
    price_micros: Int64Array,
    power_price_micros: Int64Array,
) -> npt.NDArray[np.object_]:
    """(J,) max(0, best net value at the prices) in millis, as Python integers: exact at any size."""
    if not _fits_int64(problem, price_micros, power_price_micros):
        found = _surplus_in_python(problem, layout, room, price_micros, power_price_micros)
        return np.array(found, dtype=object)
    pays, micros, over = _surplus_in_parts(problem, layout, room, price_micros, power_price_micros)
    millis: npt.NDArray[np.object_] = 1000 * micros.astype(object) - over.astype(object)
    millis[~pays] = 0
    return millis


def _surplus_in_parts(
    problem: ClearingProblem,
    layout: Layout,
    room: Int64Array,
    price_micros: Int64Array,
    power_price_micros: Int64Array,
) -> tuple[npt.NDArray[np.bool_], Int64Array, Int64Array]:
    """(J,) whether a job gains at the prices; and its best net value: whole micros, and the millis to take off them."""
    millis = 1000 * (problem.unit_cost_micros + price_micros)
    millis += problem.facility_watts_per_unit[:, None] * power_price_micros[problem.offering_node]
    whole, thousandths, can_run = _best_cost(prefix_sums(millis), layout, room)
    scale = problem.job_scale
    micros, millis_over = problem.value_micros - scale * whole, scale * thousandths
    return can_run & (micros > millis_over // 1000), micros, millis_over


def _exact_sum(numbers: Int64Array) -> int:
    """Sum in Python integers, by two halves of 31 bits, neither of which can overflow for fewer than 2^31 terms."""
    return (int((numbers >> 31).sum()) << 31) + int((numbers & (2**31 - 1)).sum())


def _fits_int64(problem: ClearingProblem, price_micros: Int64Array, power_price_micros: Int64Array) -> bool:
    """Whether every intermediate of `_best_cost` and what follows stays below 2^62; estimated from above in floats."""
    if problem.candidates == 0 or problem.offerings == 0:
        return True
    watts = problem.facility_watts_per_unit.astype(np.float64)[:, None]
    millis = 1000.0 * (np.abs(problem.unit_cost_micros.astype(np.float64)) + price_micros)
    millis += watts * power_price_micros.astype(np.float64)[problem.offering_node]
    offering = problem.candidate_offering
    units = problem.candidate_units.astype(np.float64)
    per_scale = 1000.0 * np.abs(problem.candidate_fixed_micros.astype(np.float64))
    per_scale += units * millis.sum(axis=1)[offering]
    scale = float(problem.job_scale.max(initial=1))
    largest_value = float(np.abs(problem.value_micros.astype(np.float64)).max(initial=0.0))
    return bool(
        millis.sum(axis=1).max() < LARGEST
        and per_scale.max() < LARGEST
        and scale * (1000.0 + per_scale.max() / 1000.0) + largest_value < LARGEST
    )


def _surplus_in_python(
    problem: ClearingProblem,
    layout: Layout,
    room: Int64Array,
    price_micros: Int64Array,
    power_price_micros: Int64Array,
) -> list[int]:
    """Every job's surplus in millis, for numbers too large for 64 bits: slow, and exact at any size."""
    watts, nodes = problem.facility_watts_per_unit.tolist(), problem.offering_node.tolist()
    prices, power_prices = price_micros.tolist(), power_price_micros.tolist()
    costs = problem.unit_cost_micros.tolist()
    millis = [
        [
            1000 * (cost + price) + watts[row] * power
            for cost, price, power in zip(costs[row], prices[row], power_prices[node], strict=True)
        ]
        for row, node in enumerate(nodes)
    ]
    surplus = []
    for job in range(problem.jobs):
        scale, best = int(layout.scale[job]), 0
        profile = int(layout.profile[job])
        for candidate in range(int(layout.profile_start[profile]), int(layout.profile_start[profile + 1])):
            gang, length = scale * int(layout.units[candidate]), int(layout.slots[candidate])
            row, free = millis[int(layout.offering[candidate])], room[layout.run[candidate]]
            left = 1000 * (int(layout.value_micros[job]) - scale * int(layout.fixed_micros[candidate]))
            for start in range(int(layout.first[job]), int(layout.end[job]) - length + 1):
                if free[start] >= gang:
                    best = max(best, left - gang * sum(row[start : start + length]))
        surplus.append(best)
    return surplus


@compiled
def _best_cost(
    sums: Int64Array, layout: Layout, room: Int64Array
) -> tuple[Int64Array, Int64Array, npt.NDArray[np.bool_]]:
    """Per job the least cost for scale 1 over its places, as whole micros and thousandths (0 .. 999), and if any.

    `sums` are the (O, T + 1) prefix sums of the cost of a unit in millis.
    """
    jobs = layout.profile.size
    whole, thousandths = np.zeros(jobs, dtype=np.int64), np.zeros(jobs, dtype=np.int64)
    can_run = np.zeros(jobs, dtype=np.bool_)
    for job in range(jobs):
        found, best = False, 0
        scale, profile = layout.scale[job], layout.profile[job]
        for candidate in range(layout.profile_start[profile], layout.profile_start[profile + 1]):
            row, length, units = (
                sums[layout.offering[candidate]],
                layout.slots[candidate],
                layout.units[candidate],
            )
            base, free = 1000 * layout.fixed_micros[candidate], room[layout.run[candidate]]
            for start in range(layout.first[job], layout.end[job] - length + 1):
                if free[start] >= scale * units:
                    cost = base + units * (row[start + length] - row[start])
                    if not found or cost < best:
                        found, best = True, cost
        whole[job], thousandths[job], can_run[job] = best // 1000, best % 1000, found
    return whole, thousandths, can_run
