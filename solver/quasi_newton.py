"""Projected L-BFGS: minimise a smooth convex function over x >= 0, counted in evaluations.

Two-loop recursion (Nocedal 1980) on the coordinates that are free to move, steps projected onto x >= 0 and shortened
until they pay (Bertsekas 1982). Kinks that a soft dual still has only shorten steps; nothing assumes exact slopes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from solver.outcome import Float64Array

MEMORY = 12
"""Pairs of steps and slope changes that are kept."""
SUFFICIENT = 1e-4
"""Share of the promised decrease that makes a step pay (Armijo 1966)."""
SHORTENING = 0.35
FIRST_MOVE = 0.1
"""Length of the first step, which knows no curvature."""

Objective = Callable[[Float64Array], tuple[float, Float64Array]]


class Pair(NamedTuple):
    """A step, the change of slope it met, and the inverse of their product."""

    step: Float64Array
    slope_change: Float64Array
    inverse: float


Curvature = deque[Pair]
"""What earlier steps taught; it carries over between functions that curve alike."""


def no_curvature() -> Curvature:
    """Nothing learnt yet."""
    return deque(maxlen=MEMORY)


def minimise(
    objective: Objective,
    start: Float64Array,
    evaluations: int,
    pairs: Curvature,
    must_stop: Callable[[], bool],
) -> Float64Array:
    """The best x >= 0 met within so many evaluations of value and slope; `pairs` is used and added to."""
    point = np.maximum(start, 0.0)
    value, slope = objective(point)
    used = 1
    while used < evaluations and not must_stop():
        free = (point > 0) | (slope < 0)
        direction = _direction(np.where(free, slope, 0.0), pairs)
        direction[~free] = 0.0
        if not float(direction @ slope) < 0:
            if not pairs:
                break
            pairs.clear()
            continue
        length, moved = 1.0, False
        while used < evaluations and not moved and not must_stop():
            tried = np.maximum(point + length * direction, 0.0)
            tried_value, tried_slope = objective(tried)
            used += 1
            moved = tried_value <= value + SUFFICIENT * float(slope @ (tried - point))
            length *= SHORTENING
        if not moved:
            break
        _remember(pairs, tried - point, tried_slope - slope)
        point, value, slope = tried, tried_value, tried_slope
    return point


def _direction(slope: Float64Array, pairs: Curvature) -> Float64Array:
    """Minus the inverse curvature, as the pairs know it, times the slope."""
    turned = slope.copy()
    shares = []
    for pair in reversed(pairs):
        share = pair.inverse * float(pair.step @ turned)
        turned -= share * pair.slope_change
        shares.append(share)
    if pairs:
        newest = pairs[-1]
        turned /= newest.inverse * float(newest.slope_change @ newest.slope_change)
    else:
        turned *= FIRST_MOVE / max(float(np.sqrt(slope @ slope)), 1e-300)
    for pair, share in zip(pairs, reversed(shares), strict=True):
        turned += (share - pair.inverse * float(pair.slope_change @ turned)) * pair.step
    return -turned


def _remember(pairs: Curvature, step: Float64Array, slope_change: Float64Array) -> None:
    curvature = float(step @ slope_change)
    if curvature > 1e-12 * float(step @ step):
        pairs.append(Pair(step, slope_change, 1.0 / curvature))
