"""Moves: what is granted and has not started may give way, if its buyer allows it and the policy does.

A movable order is a job of the round, beside the book. It may run elsewhere within the hours it was promised, for no
more than its present price; every place but the present one costs `move_cost_micros` more. So an order is moved only
where that saves more than it costs, or makes room for what is worth more. It never loses its place: a clearing that
would leave one unplaced is thrown away, and the round cleared without moves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from market.clearing.builder import BuiltProblem, build_problem
from market.clearing.idle_moves import cost_of
from market.clearing.reporting import Report, unreported
from market.clearing.snapshot import Horizon, MarketSnapshot, Movable
from market.clearing.solving import Solve, apart, reporting
from market.clearing.staying import Staying
from market.domain.catalogue import Catalogue
from market.domain.clock import HOUR
from market.domain.money import MICROS_PER_CNY, hourly_price_micros
from market.domain.orders import Order
from market.domain.rounds import Allocation
from market.domain.states import AllocationState, OfferingState, OrderState
from market.watching import Step, unwatched
from solver import Clearing, Limits, Progress

Ints = npt.NDArray[np.int64]
FINEST_GAP = 1e-9


@dataclass(frozen=True, slots=True)
class Cleared:
    """A problem, its clearing, and the limits it was solved within."""

    built: BuiltProblem
    clearing: Clearing
    limits: Limits


def clear_market(
    snapshot: MarketSnapshot,
    limits: Limits,
    solve: Solve,
    step: Step = unwatched,
    report: Report = unreported,
) -> Cleared:
    """Build and solve: with moves where there is something to move, without where a move would evict somebody."""
    with step("build"):
        built = apart(solve, build_with_moves)(snapshot)
    if built.staying is not None:
        finer = _finer(built, built.staying, limits)
        with step("solve"):
            clearing = _reporting(built, solve, report)(built.problem, finer)
        if not built.staying.evicted(clearing):
            return Cleared(built, clearing, finer)
        with step("build"):
            built = apart(solve, build_problem)(without_moves(snapshot))
    with step("solve"):
        return Cleared(built, _reporting(built, solve, report)(built.problem, limits), limits)


def _reporting(built: BuiltProblem, solve: Solve, report: Report) -> Solve:
    """Reports value and bound as they are published."""
    bonus = built.bonus_micros

    def publish(row: Progress) -> None:
        report(row._replace(value_micros=row.value_micros - bonus, bound_micros=row.bound_micros - bonus))

    return reporting(solve, publish)


def find_movable(
    allocations: Iterable[Allocation],
    orders: Mapping[str, Order],
    catalogue: Catalogue,
    horizon: Horizon,
    now: datetime,
) -> tuple[Movable, ...]:
    """What may be moved: granted, not due yet, interruptible, within the horizon, on terms that still stand."""
    offerings = {offering.id: offering for offering in catalogue.offerings}
    found = []
    for allocation in allocations:
        order, offering = orders.get(allocation.order_id), offerings[allocation.offering_id]
        if (
            order is not None
            and order.terms.interruptible
            and order.state is OrderState.ALLOCATED
            and allocation.state is AllocationState.GRANTED
            and allocation.price_micros > 0
            and max(now, horizon.starts_at) <= allocation.starts_at > now
            and allocation.ends_at <= horizon.ends_at
            and offering.state is OfferingState.OPEN
            and offering.version == allocation.offering_version
        ):
            found.append(Movable(order, allocation))
    return tuple(found)


def without_moves(snapshot: MarketSnapshot) -> MarketSnapshot:
    """The snapshot with nothing to move: everybody stays."""
    movable = {one.order.id for one in snapshot.movable}
    taken = {a.id: a for a in (*snapshot.allocations, *(one.allocation for one in snapshot.movable))}
    return replace(
        snapshot,
        orders=tuple(order for order in snapshot.orders if order.id not in movable),
        allocations=tuple(taken[id_] for id_ in sorted(taken)),
        movable=(),
    )


def build_with_moves(snapshot: MarketSnapshot) -> BuiltProblem:
    """The book and what may be moved as one problem; what cannot stay in its terms is not moved."""
    if not snapshot.movable:
        return build_problem(snapshot)
    moving = {one.allocation.id for one in snapshot.movable}
    built = build_problem(
        replace(
            snapshot,
            orders=(*snapshot.orders, *(_bidding(one) for one in snapshot.movable)),
            allocations=tuple(a for a in snapshot.allocations if a.id not in moving),
        )
    )
    first = len(snapshot.orders)
    places = [_places(built, first + number, one) for number, one in enumerate(snapshot.movable)]
    able = tuple(
        one for one, place in zip(snapshot.movable, places, strict=True) if place.present is not None
    )
    if len(able) < len(snapshot.movable):
        return build_with_moves(replace(snapshot, movable=able))
    return _with_places(built, first, places)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where one movable order may run: rows of candidates, with the present one among them."""

    rows: Ints
    present: int | None
    """Position in `rows`; None where its place is none any more."""
    first: int
    hours: int


def _bidding(one: Movable) -> Order:
    """The order as it bids in the round: it pays its present price and no more."""
    limit = one.order.paid_micros + one.allocation.price_micros
    return replace(one.order, terms=replace(one.order.terms, limit_price_micros=limit))


def _places(built: BuiltProblem, job: int, one: Movable) -> _Places:
    problem, allocation = built.problem, one.allocation
    profile = problem.job_profile[job]
    rows = np.arange(problem.profile_start[profile], problem.profile_start[profile + 1])
    offering, slots = problem.candidate_offering[rows], problem.candidate_slots[rows]
    hours = (allocation.ends_at - allocation.starts_at) // HOUR
    ids = np.array([o.id for o in built.snapshot.catalogue.offerings], dtype=object)
    present = (ids[offering] == allocation.offering_id) & (slots == hours)
    asks = built.supply.ask_micros[offering].tolist()
    hourly = [hourly_price_micros(ask, allocation.units, allocation.unit_tenths) for ask in asks]
    prices = np.array(hourly, dtype=np.int64) * slots
    kept = present | ((slots <= hours) & (prices <= allocation.price_micros))
    at = np.flatnonzero(present[kept])
    first = (allocation.starts_at - built.snapshot.horizon.starts_at) // HOUR
    return _Places(rows[kept], int(at[0]) if at.size else None, first, hours)


def _with_places(built: BuiltProblem, first: int, places: list[_Places]) -> BuiltProblem:
    """A profile for each movable order: its places, all but the present one at the cost of a move."""
    problem, move_cost = built.problem, built.snapshot.policy.move_cost_micros
    largest = int(problem.value_micros[:first].max(initial=0))
    bonus = 2 * largest + MICROS_PER_CNY
    fixed, sizes = [], []
    value, profile = problem.value_micros.copy(), problem.job_profile.copy()
    first_slot, end_slot = problem.first_slot.copy(), problem.end_slot.copy()
    jobs = problem.jobs
    staying = Staying(
        np.full(jobs, -1, dtype=np.int64), np.full(jobs, -1, dtype=np.int64), np.zeros(jobs, dtype=np.int64)
    )
    at = problem.candidates
    for number, place in enumerate(places):
        job, scale = first + number, int(problem.job_scale[first + number])
        present = 0 if place.present is None else place.present
        moved = np.arange(place.rows.size) != present
        fixed.append(problem.candidate_fixed_micros[place.rows] + moved * (-(-move_cost // scale) + 1))
        sizes.append(place.rows.size)
        value[job] = bonus + cost_of(problem, job, int(place.rows[present]), place.first)
        profile[job] = problem.profiles + number
        first_slot[job], end_slot[job] = place.first, place.first + place.hours
        staying.candidate[job], staying.start[job], staying.bonus_micros[job] = (
            at + present,
            place.first,
            bonus,
        )
        at += place.rows.size
    rows = np.concatenate([place.rows for place in places])
    return replace(
        built,
        staying=staying,
        problem=replace(
            problem,
            value_micros=value,
            job_profile=profile,
            first_slot=first_slot,
            end_slot=end_slot,
            profile_start=np.concatenate((problem.profile_start, problem.candidates + np.cumsum(sizes))),
            candidate_offering=np.concatenate((problem.candidate_offering, problem.candidate_offering[rows])),
            candidate_slots=np.concatenate((problem.candidate_slots, problem.candidate_slots[rows])),
            candidate_units=np.concatenate((problem.candidate_units, problem.candidate_units[rows])),
            candidate_fixed_micros=np.concatenate((problem.candidate_fixed_micros, *fixed)),
        ),
    )


def _finer(built: BuiltProblem, staying: Staying, limits: Limits) -> Limits:
    """The same gap in money: bonuses and present places blow up what it is a share of."""
    values = built.problem.value_micros.astype(np.float64)
    share = values[~staying.movable].sum() / max(values.sum(), 1.0)
    return replace(limits, gap=max(limits.gap * share, min(limits.gap, FINEST_GAP)))
