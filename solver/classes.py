"""Classes: jobs that want the same thing at any prices.

Jobs of one profile and window have the same least cost for scale 1, whatever the prices. Sorted by value per scale,
with running sums, the demand of a whole class is one binary search. Gangs that do not
find room everywhere their profile does are kept apart by powers of two of their scale; a class's least scale says where
there is room for it at all.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from solver.layout import Layout
from solver.outcome import Float64Array
from solver.problem import Int64Array


class Classes(NamedTuple):
    """K classes over the waiting jobs."""

    profile: Int64Array
    """(K,)"""
    first: Int64Array
    """(K,)"""
    end: Int64Array
    """(K,)"""
    least_scale: Int64Array
    """(K,)"""
    member_start: Int64Array
    """(K + 1,) members of class k are member_start[k] .. member_start[k + 1] - 1."""
    density: Float64Array
    """(members,) value per scale, falling within a class."""
    value_sum: Float64Array
    """(members + 1,) running sum of values, micros."""
    scale_sum: Float64Array
    """(members + 1,) running sum of scales."""
    unit_heat: Float64Array
    """(K,) what one degree of softness means to the class, micros per scale: its least cost at zero prices, or its mean
    value where that is more, as prices go up to values where little is free."""


class ClassBook:
    """All jobs in class order, from which the classes of any part of them are cut."""

    def __init__(self, layout: Layout, room: Int64Array) -> None:
        """`room` (R, T) of the empty floor."""
        self._layout = layout
        density = layout.value_micros / layout.scale
        fits_everywhere = layout.scale <= _least_room(layout, room)[layout.profile]
        level = np.where(fits_everywhere, 0, 1 + np.ceil(np.log2(layout.scale)).astype(np.int64))
        horizon = int(layout.end.max(initial=0)) + 1
        self._key = ((layout.profile * horizon + layout.first) * horizon + layout.end) * 64 + level
        self._order = np.lexsort((-density, self._key))
        self._density = density
        self._least_cost = np.ones(layout.profile.size)

    def classes_of(self, waiting: npt.NDArray[np.bool_]) -> Classes:
        """Classes of the jobs that are waiting, (J,) true."""
        order, layout = self._order[waiting[self._order]], self._layout
        key = self._key[order]
        starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if order.size else order
        head = order[starts]
        scale = layout.scale[order]
        member_start = np.append(starts, order.size).astype(np.int64)
        value_sum = np.concatenate(([0.0], np.cumsum(layout.value_micros[order], dtype=np.float64)))
        scale_sum = np.concatenate(([0.0], np.cumsum(scale, dtype=np.float64)))
        mean_value = np.diff(value_sum[member_start]) / np.diff(scale_sum[member_start])
        return Classes(
            profile=layout.profile[head],
            first=layout.first[head],
            end=layout.end[head],
            least_scale=np.minimum.reduceat(scale, starts) if order.size else scale,
            member_start=member_start,
            density=self._density[order],
            value_sum=value_sum,
            scale_sum=scale_sum,
            unit_heat=np.maximum(self._least_cost[head], mean_value),
        )

    def sample(self, every: int) -> npt.NDArray[np.bool_]:
        """(J,) true for one job in so many, evenly over the classes and the densities within."""
        chosen = np.zeros(self._order.size, dtype=np.bool_)
        chosen[self._order[every // 2 :: every]] = True
        return chosen

    def learn_least_cost(self, classes: Classes, least_cost: Float64Array) -> None:
        """Remember the least cost at zero prices of the classes of all jobs; classes without a place keep 1."""
        cost = np.where(least_cost < UNREACHABLE, np.abs(least_cost) + 1.0, 1.0)
        self._least_cost[self._order] = np.repeat(cost, np.diff(classes.member_start))


def _least_room(layout: Layout, room: Int64Array) -> Int64Array:
    """(P,) the largest scale that has room wherever any job of the profile has."""
    some = np.where(room > 0, room, np.iinfo(np.int64).max).min(axis=1, initial=np.iinfo(np.int64).max)
    by_candidate = some[layout.run] // np.maximum(layout.units, 1)
    least = np.full(layout.profile_start.size - 1, np.iinfo(np.int64).max)
    profile = np.repeat(np.arange(least.size), np.diff(layout.profile_start))
    np.minimum.at(least, profile, by_candidate)
    return least


def cut(classes: Classes, parts: int) -> list[Classes]:
    """The classes in so many parts of about equal work, in order."""
    work = np.cumsum(classes.end - classes.first + 1)
    total = int(work[-1]) if work.size else 0
    bounds = [0, *np.searchsorted(work, total * np.arange(1, parts) / parts).tolist(), work.size]
    return [_between(classes, low, high) for low, high in pairwise(bounds)]


def alone(part: Classes) -> Classes:
    """A part of a cut with its own members only; sums go on from where they were, so that no bit of them changes."""
    low, high = int(part.member_start[0]), int(part.member_start[-1])
    return part._replace(
        member_start=part.member_start - low,
        density=part.density[low:high],
        value_sum=part.value_sum[low : high + 1],
        scale_sum=part.scale_sum[low : high + 1],
    )


def _between(classes: Classes, low: int, high: int) -> Classes:
    """Classes low .. high - 1; members stay where they are."""
    rows = {name: getattr(classes, name)[low:high] for name in _BY_CLASS}
    return classes._replace(member_start=classes.member_start[low : high + 1], **rows)


_BY_CLASS = ("profile", "first", "end", "least_scale", "unit_heat")
UNREACHABLE = 1e300
"""Stands for the cost of what cannot run: infinities and fast arithmetic do not mix."""
