"""The Pareto front of spend, latency and carbon, for one and the same work.

The orders that the book's own clearing places are the work; every point places all of them, and nothing else, at the
least spend + carbon price x carbon + latency price x (ms x unit-hours). Only the two prices vary: along one path the
carbon price alone, along another the latency price alone, along a third both together. A point that leaves an order
out is no point. At each pair of prices the best of *all* points found counts, wherever it was found: choosing from one
finite set, carbon can only fall as its price rises, and spend can only rise (the exchange argument of scalarisation;
Ehrgott, Multicriteria Optimization, 2005, ch. 3). So each path is monotone exactly, however approximate a clearing is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from market.clearing.builder import BuiltProblem, build_problem
from market.clearing.placements import read_placements
from market.clearing.snapshot import MarketSnapshot
from market.domain.errors import Conflict
from market.domain.orders import WHOLE_UNIT
from market.domain.policy import CarbonBasis, Policy
from market.whatif.clearings import Clearings, SolveFrom
from market.whatif.watching import PATIENT, Asker
from solver import Clearing, ClearingProblem, Limits

Ints = npt.NDArray[np.int64]
PATHS = ("carbon", "latency", "both")
DEAREST_CARBON_MICROS, DEAREST_LATENCY_MICROS = 20_000_000, 20_000
"""The far ends: 20 CNY per kg, 0.02 CNY per ms and unit-hour: far above any carbon price, and what buyers state."""
NEAREST_SHARE = 1e-2
"""The first price above zero, as a share of the far end."""


WORTH = 3
"""An order of the work is worth so many times the most it could cost,"""
WORTH_OF_ALL = 0.01
"""and this share of what all could cost at most: no saving on large orders pays for leaving out a small one."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What a point pays for carbon and latency, in micro-yuan per kg and per ms and unit-hour."""

    path: str
    carbon_micros_per_kg: float
    latency_micros_per_ms_unit_hour: float

    def policy(self) -> Policy:
        """The policy under which a scenario, at this price of latency, clears as the point does."""
        return Policy(
            "sweep",
            0.0,
            round(self.carbon_micros_per_kg),
            CarbonBasis.LOCATION,
            latency_weight=1.0,
            transfer_micros_per_gb=0,
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """What a clearing of the whole work spends, waits and emits."""

    spend_micros: int
    latency_ms_unit_hours: float
    carbon_kg_location: float
    carbon_kg_market: float
    rtt_ms_mean: float
    facility_kwh: float

    def cost(self, weights: Weights) -> float:
        """What the point minimises, in micro-yuan."""
        return (
            self.spend_micros
            + weights.carbon_micros_per_kg * self.carbon_kg_location
            + weights.latency_micros_per_ms_unit_hour * self.latency_ms_unit_hours
        )


@dataclass(frozen=True, slots=True)
class Point:
    """The best found at these weights; `on_front` where nothing found is better in all three.

    `cost_micros` is what it minimises, `least_cost_micros` what no placement of the whole work can cost less than: proven
    by the bound of the clearing at these weights, in integers.
    """

    weights: Weights
    totals: Totals
    on_front: bool
    cost_micros: int
    least_cost_micros: int

    @property
    def gap(self) -> float:
        """By what share of its cost it could still be cheaper, at most."""
        return (self.cost_micros - self.least_cost_micros) / self.cost_micros if self.cost_micros else 0.0


@dataclass(frozen=True, slots=True)
class _Found:
    """A way to place the whole work."""

    chosen: npt.NDArray[np.int32]
    totals: Totals


@dataclass(frozen=True, slots=True)
class _Priced:
    """What placements of the work cost at a pair of prices, and the least that all of it can cost."""

    problem: ClearingProblem
    least_cost_micros: int

    def cost_micros(self, found: _Found) -> int:
        """Of a way to place it all."""
        problem, at = self.problem, found.chosen
        unit_cost = problem.unit_cost_micros[problem.candidate_offering[at], 0]
        each = problem.candidate_fixed_micros[at] + (
            problem.candidate_units[at].astype(np.int64) * problem.candidate_slots[at] * unit_cost
        )
        return int((each * problem.job_scale).sum())


@dataclass(frozen=True, slots=True)
class Sweep:
    """All points, path by path; `orders` is how many make the work, `left_out` how many clearings were no points."""

    orders: int
    points: tuple[Point, ...]
    left_out: int


def sweep(
    snapshot: MarketSnapshot, points: int, solve: SolveFrom, limits: Limits, asker: Asker = PATIENT
) -> Sweep:
    """Clear the work at so many pairs of prices; `Conflict` where the book has nothing to place."""
    clearings = Clearings(solve, limits, 1 + points, asker)
    work, first = _work_of(snapshot, clearings)
    found = [_Found(first.chosen, _totals(work, first))]
    at, earlier, priced = _weights(points), first, []
    for number, weights in enumerate(at, start=1):
        problem = _priced(work, weights)
        clearing = clearings.clear(f"{weights.path} {number}/{len(at)}", problem, earlier)
        priced.append(_Priced(_slim(problem), int(problem.value_micros.sum()) - clearing.bound_micros))
        if clearing.placed.all():
            found.append(_Found(clearing.chosen, _totals(work, clearing)))
            earlier = clearing
    best = [min(found, key=lambda one: (one.totals.cost(w), one.totals.carbon_kg_location)) for w in at]
    return Sweep(
        orders=work.problem.jobs,
        points=tuple(
            _point(weights, one, its, found)
            for weights, one, its in zip(at, _monotone(at, best), priced, strict=True)
        ),
        left_out=1 + len(at) - len(found),
    )


def _point(weights: Weights, one: _Found, priced: _Priced, found: Sequence[_Found]) -> Point:
    return Point(
        weights,
        one.totals,
        on_front=not any(_dominates(other.totals, one.totals) for other in found),
        cost_micros=priced.cost_micros(one),
        least_cost_micros=priced.least_cost_micros,
    )


def _slim(problem: ClearingProblem) -> ClearingProblem:
    """With a unit cost that is seen for each hour and stored once: hundreds of them are kept."""
    unit_cost = np.broadcast_to(problem.unit_cost_micros[:, :1].copy(), problem.unit_cost_micros.shape)
    return replace(problem, unit_cost_micros=unit_cost)


def _work_of(snapshot: MarketSnapshot, clearings: Clearings) -> tuple[BuiltProblem, Clearing]:
    """The problem of just those orders that the book's clearing places, and that clearing of it."""
    whole = build_problem(snapshot)
    clearing = clearings.clear("as_is", whole.problem)
    if not clearing.placed.any():
        raise Conflict("nothing_to_place", "the book places no order, so there is nothing to sweep")
    placed = np.flatnonzero(clearing.placed)
    orders = tuple(snapshot.orders[job] for job in placed)
    work = build_problem(replace(snapshot, orders=orders))
    offering = whole.problem.candidate_offering[clearing.chosen[placed]]
    return work, replace(
        clearing,
        chosen=_candidates_at(work.problem, offering.astype(np.int64)),
        start_slot=clearing.start_slot[placed],
    )


def _candidates_at(problem: ClearingProblem, offering: Ints) -> npt.NDArray[np.int32]:
    """(J,) the candidate of each job at the given offering."""
    chosen = np.full(problem.jobs, -1, dtype=np.int32)
    for job, profile in enumerate(problem.job_profile):
        begin, past = problem.profile_start[profile], problem.profile_start[profile + 1]
        at = np.flatnonzero(problem.candidate_offering[begin:past] == offering[job])
        chosen[job] = begin + at[0]
    return chosen


def _weights(points: int) -> list[Weights]:
    """Prices from zero to the far end, geometrically, shared out over the paths."""
    weights = []
    for number, path in enumerate(PATHS):
        count = points // len(PATHS) + (number < points % len(PATHS))
        shares = [0.0, *np.geomspace(NEAREST_SHARE, 1.0, max(count - 1, 0)).tolist()][:count]
        weights += [
            Weights(
                path,
                0.0 if path == "latency" else share * DEAREST_CARBON_MICROS,
                0.0 if path == "carbon" else share * DEAREST_LATENCY_MICROS,
            )
            for share in shares
        ]
    return weights


def _priced(work: BuiltProblem, weights: Weights) -> ClearingProblem:
    """The work at these prices; every order is worth a multiple of anything it could cost, so that all are placed."""
    problem, supply = work.problem, work.supply
    kg = supply.facility_watts_per_unit / 1000 * supply.kg_per_kwh_location[supply.offering_node]
    unit_cost = _asks_per_slot(work) + np.floor(kg * weights.carbon_micros_per_kg + 0.5).astype(np.int64)
    unit_slots = _tenths_of_candidates(work) / WHOLE_UNIT * problem.candidate_slots
    latency = work.rtt_of_candidates() * unit_slots * weights.latency_micros_per_ms_unit_hour
    fixed = np.floor(latency + 0.5).astype(np.int64)
    dearest = (
        fixed + problem.candidate_units * problem.candidate_slots * unit_cost[problem.candidate_offering]
    )
    of_profile = np.maximum.reduceat(
        dearest, problem.profile_start[:-1]
    )  # each has a candidate: it was placed
    most = of_profile[problem.job_profile] * problem.job_scale
    worth = WORTH * most + int(most.sum() * WORTH_OF_ALL)
    return replace(
        problem,
        unit_cost_micros=np.broadcast_to(unit_cost[:, None], problem.unit_cost_micros.shape).copy(),
        candidate_fixed_micros=fixed,
        value_micros=worth.astype(np.int64),
    )


def _tenths_of_candidates(work: BuiltProblem) -> Ints:
    """(C,) tenths of a card that the orders of each candidate ask for; 10 where they ask for cards."""
    problem = work.problem
    of_profile = np.full(problem.profile_start.size - 1, WHOLE_UNIT, dtype=np.int64)
    of_profile[problem.job_profile] = [order.job.unit_tenths for order in work.snapshot.orders]
    return np.repeat(of_profile, np.diff(problem.profile_start))


def _asks_per_slot(work: BuiltProblem) -> Ints:
    """(O,) ask of what the problem counts as a unit: a card, or a tenth of one."""
    slices = np.array([o.slices_per_unit for o in work.snapshot.catalogue.offerings], dtype=np.int64)
    asks: Ints = -(-work.supply.ask_micros // slices)
    return asks


def _totals(work: BuiltProblem, clearing: Clearing) -> Totals:
    placed = read_placements(work, clearing)
    unit_hours = placed.units * placed.unit_tenths * placed.slots / WHOLE_UNIT
    return Totals(
        spend_micros=int(placed.price_micros.sum()),
        latency_ms_unit_hours=float((placed.rtt_ms * unit_hours).sum()),
        carbon_kg_location=float(placed.carbon_kg_location.sum()),
        carbon_kg_market=float(placed.carbon_kg_market.sum()),
        rtt_ms_mean=float(placed.rtt_ms.mean()),
        facility_kwh=float(placed.facility_kwh.sum()),
    )


def _monotone(at: Sequence[Weights], best: Sequence[_Found]) -> list[_Found]:
    """Ties of cost settled so that a path never turns back: among equals, what the path has already."""
    kept: list[_Found] = []
    for number, (weights, one) in enumerate(zip(at, best, strict=True)):
        goes_on = number > 0 and at[number - 1].path == weights.path
        same_cost = goes_on and kept[-1].totals.cost(weights) <= one.totals.cost(weights)
        kept.append(kept[-1] if same_cost else one)
    return kept


def _dominates(one: Totals, other: Totals) -> bool:
    ours = (one.spend_micros, one.latency_ms_unit_hours, one.carbon_kg_location)
    theirs = (other.spend_micros, other.latency_ms_unit_hours, other.carbon_kg_location)
    return ours != theirs and all(a <= b for a, b in zip(ours, theirs, strict=True))
