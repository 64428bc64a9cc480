"""What the waiting jobs ask for at given prices, softened: the one kernel that every evaluation of the dual runs.

A class spreads over its candidates and starts in proportion to exp(-cost / heat) (a soft minimum), which makes the
dual smooth where plain minima leave kinks; at softness 0 only the surplus is reckoned, exactly.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.classes import UNREACHABLE, Classes
from solver.compiled import compiled_fast
from solver.layout import Layout
from solver.outcome import Float64Array
from solver.problem import Int64Array

REACH = 16.0
"""Places dearer than the cheapest by more than so many heats draw less than a ten-millionth: they are left out."""


class Demand(NamedTuple):
    """What one part of the classes answers."""

    surplus_micros: float
    """Sum over jobs of max(0, value - least soft cost)."""
    units: Float64Array
    """(O, T) units asked for; zeros at softness 0."""


class Sheet(NamedTuple):
    """All that the kernel reads, and `starts` and `least_at`, which it writes."""

    layout: Layout
    classes: Classes
    room: Int64Array
    """(R, T)"""
    run_cost: Float64Array
    """(R, T) cost of one unit of each run from each start."""
    starts: Float64Array
    """(R, T) units that begin there; empty at softness 0."""
    least_at: Float64Array
    """Least cost at each candidate of the class in hand."""


def ask(
    layout: Layout, classes: Classes, room: Int64Array, cost_sums: Float64Array, softness: float
) -> Demand:
    """Demand of the classes where a unit's cost, prices included, has prefix sums (O, T + 1).

    `softness` is the temperature in shares of each class's `unit_heat`.
    """
    sheet = _lay_out(layout, classes, room, cost_sums, softness)
    surplus = _ask(sheet, softness, np.empty(classes.profile.size))
    units = np.zeros((cost_sums.shape[0], cost_sums.shape[1] - 1))
    if softness > 0:
        _spread(layout, sheet.starts, units)
    return Demand(float(surplus), units)


def least_costs(layout: Layout, classes: Classes, room: Int64Array, cost_sums: Float64Array) -> Float64Array:
    """(K,) each class's least cost for scale 1 at these prices; UNREACHABLE where nothing can run."""
    found = np.empty(classes.profile.size)
    _ask(_lay_out(layout, classes, room, cost_sums, 0.0), 0.0, found)
    return found


def _lay_out(
    layout: Layout, classes: Classes, room: Int64Array, cost_sums: Float64Array, softness: float
) -> Sheet:
    sheet = Sheet(
        layout=layout,
        classes=classes,
        room=room,
        run_cost=np.full(room.shape, UNREACHABLE),
        starts=np.zeros(room.shape if softness > 0 else (0, 0)),
        least_at=np.empty(int(np.diff(layout.profile_start).max(initial=0))),
    )
    _cost_of_runs(layout, cost_sums, sheet.run_cost)
    return sheet


@compiled_fast
def _cost_of_runs(layout: Layout, cost_sums: Float64Array, run_cost: Float64Array) -> None:
    """(R, T) cost of one unit of each run from each start."""
    horizon = run_cost.shape[1]
    for run in range(layout.run_slots.size):
        sums, length = cost_sums[layout.run_offering[run]], layout.run_slots[run]
        for start in range(horizon - length + 1):
            run_cost[run, start] = sums[start + length] - sums[start]


@compiled_fast
def _ask(sheet: Sheet, softness: float, least_cost: Float64Array) -> float:
    """Fill `least_cost` and, if soft, add to the sheet's starts; return the surplus."""
    classes, surplus = sheet.classes, 0.0
    for k in range(classes.profile.size):
        low, high = classes.member_start[k], classes.member_start[k + 1]
        best = _least(k, sheet)
        least_cost[k] = best
        heat = softness * classes.unit_heat[k]
        if best >= UNREACHABLE or classes.density[low] <= best - 8.0 * heat:
            continue
        mass, cost = 1.0, best
        if softness > 0:
            mass = _mass(k, best, heat, sheet)
            cost = best - heat * np.log(mass)
        past = _first_not_above(classes.density, low, high, cost)
        if past > low:
            scale = classes.scale_sum[past] - classes.scale_sum[low]
            surplus += classes.value_sum[past] - classes.value_sum[low] - cost * scale
            if softness > 0:
                _settle(k, best, heat, scale / mass, sheet)
    return surplus


@compiled_fast
def _least(k: int, sheet: Sheet) -> float:
    """Least cost for scale 1 over candidates and starts; `least_at` keeps each candidate's own."""
    layout, classes, best = sheet.layout, sheet.classes, UNREACHABLE
    profile, first, end, scale = classes.profile[k], classes.first[k], classes.end[k], classes.least_scale[k]
    begin = layout.profile_start[profile]
    for candidate in range(begin, layout.profile_start[profile + 1]):
        run, gang, least = layout.run[candidate], scale * layout.units[candidate], UNREACHABLE
        costs, rooms = sheet.run_cost[run], sheet.room[run]
        for start in range(first, end - layout.slots[candidate] + 1):
            cost = costs[start] if rooms[start] >= gang else UNREACHABLE
            least = min(least, cost)
        if least < UNREACHABLE:
            least = layout.fixed_micros[candidate] + layout.units[candidate] * least
        sheet.least_at[candidate - begin] = least
        best = min(best, least)
    return best


@compiled_fast
def _mass(k: int, best: float, heat: float, sheet: Sheet) -> float:
    """Sum of exp(-(cost - best) / heat) over the places within reach."""
    layout, classes, mass, limit = sheet.layout, sheet.classes, 0.0, best + REACH * heat
    profile, first, end, scale = classes.profile[k], classes.first[k], classes.end[k], classes.least_scale[k]
    begin = layout.profile_start[profile]
    for candidate in range(begin, layout.profile_start[profile + 1]):
        if sheet.least_at[candidate - begin] < limit:
            units, fixed = layout.units[candidate], layout.fixed_micros[candidate]
            costs, rooms = sheet.run_cost[layout.run[candidate]], sheet.room[layout.run[candidate]]
            for start in range(first, end - layout.slots[candidate] + 1):
                cost = fixed + units * costs[start]
                if cost < limit and rooms[start] >= scale * units:
                    mass += np.exp((best - cost) / heat)
    return mass


@compiled_fast
def _settle(k: int, best: float, heat: float, scale_per_mass: float, sheet: Sheet) -> None:
    """Spread the class's demand over the places within reach."""
    layout, classes, limit = sheet.layout, sheet.classes, best + REACH * heat
    profile, first, end, scale = classes.profile[k], classes.first[k], classes.end[k], classes.least_scale[k]
    begin = layout.profile_start[profile]
    for candidate in range(begin, layout.profile_start[profile + 1]):
        if sheet.least_at[candidate - begin] < limit:
            units, fixed, run = layout.units[candidate], layout.fixed_micros[candidate], layout.run[candidate]
            for start in range(first, end - layout.slots[candidate] + 1):
                cost = fixed + units * sheet.run_cost[run, start]
                if cost < limit and sheet.room[run, start] >= scale * units:
                    sheet.starts[run, start] += units * scale_per_mass * np.exp((best - cost) / heat)


@compiled_fast
def _first_not_above(density: Float64Array, low: int, high: int, cost: float) -> int:
    """First position in density[low:high], which falls, that is not above the cost."""
    while low < high:
        middle = (low + high) // 2
        if density[middle] > cost:
            low = middle + 1
        else:
            high = middle
    return low


@compiled_fast
def _spread(layout: Layout, starts: Float64Array, units: Float64Array) -> None:
    """(O, T) units running in each slot, from (R, T) units that begin in each."""
    horizon = units.shape[1]
    for run in range(layout.run_slots.size):
        row, length, running = units[layout.run_offering[run]], layout.run_slots[run], 0.0
        for slot in range(horizon):
            running += starts[run, slot]
            if slot >= length:
                running -= starts[run, slot - length]
            row[slot] += running
