"""What a judged clearing becomes: allocations, explanations, figures and a record."""

from collections.abc import Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from typing import Any

import numpy as np

from market.clearing.builder import BuiltProblem, build_problem
from market.clearing.figures import Bounds, clearing_figures, east_west_flows, round_bounds
from market.clearing.free_market import limit_above
from market.clearing.hour_prices import price_parts
from market.clearing.idle_moves import undo_idle_moves
from market.clearing.moves import without_moves
from market.clearing.placements import build_allocations, price_placements, read_placements
from market.clearing.reasons import Reasons
from market.clearing.settlement_figures import settlement_figures
from market.domain.ids import IdSource
from market.domain.rounds import Allocation, Explanation
from solver import Clearing, ClearingProblem, Status
from solver.explain import Explainer

COMPARED_TOGETHER = 4_000_000
"""Pairs of an order and an offering that are compared in one go: enough to be quick, few enough for any machine's memory."""


@dataclass(frozen=True, slots=True)
class RoundOutcome:
    """Everything a round leaves behind when it lands. `clearing` is what lands, the `.npz` what the solver found."""

    clearing: Clearing
    bounds: Bounds
    allocations: tuple[Allocation, ...]
    explanations: tuple[Explanation, ...]
    figures: Mapping[str, Any]
    problem_npz: bytes
    clearing_npz: bytes
    names: Mapping[str, Any]


def read_outcome(
    built: BuiltProblem, clearing: Clearing, round_id: str, ids: IdSource, now: datetime
) -> RoundOutcome:
    """Translate a clearing back into the market."""
    with ThreadPoolExecutor(1) as beside:  # compressing needs a core, and not the interpreter
        problem_npz = beside.submit(_npz, built.problem)
        return _read(built, clearing, round_id, ids, now, problem_npz)


def _read(
    built: BuiltProblem,
    clearing: Clearing,
    round_id: str,
    ids: IdSource,
    now: datetime,
    problem_npz: "Future[bytes]",
) -> RoundOutcome:
    found, clearing = clearing, undo_idle_moves(built, clearing)
    bounds = round_bounds(built, clearing)
    placed = read_placements(built, clearing)
    prices = price_placements(built, placed, clearing, built.snapshot.policy.pricing)
    everybody = build_allocations(built, placed, round_id, ids, now, prices)
    allocations = tuple(a for a, stays in zip(everybody, _stays(built, clearing), strict=True) if not stays)
    figures = _figures_beside_baselines(built, clearing, bounds)
    return RoundOutcome(
        clearing=_as_published(clearing, figures["solver"], bounds, built.bonus_micros),
        bounds=bounds,
        allocations=allocations,
        explanations=explain_unplaced(built, clearing, round_id),
        figures={**figures, "settlement": settlement_figures(built, clearing, allocations)},
        problem_npz=problem_npz.result(),
        clearing_npz=_npz(found),
        names={
            "orders": [order.id for order in built.snapshot.orders],
            "offerings": [offering.id for offering in built.snapshot.catalogue.offerings],
            "nodes": [node.id for node in built.snapshot.catalogue.nodes],
            "limit_micros": [order.remaining_limit_micros for order in built.snapshot.orders],
            **price_parts(built),
        },
    )


def leave_out(built: BuiltProblem, outcome: RoundOutcome, order_ids: Collection[str]) -> RoundOutcome:
    """The outcome without the placements of these orders: value, gap, figures and flows are those of the rest.

    What was to be moved stays where it is. The bound stands: it is one of every clearing of the problem. Baselines stay
    what they are, rules that know nothing of what happened since; so do the solver's history and the record.
    """
    gone = np.array([order.id in order_ids for order in built.snapshot.orders], dtype=np.bool_)
    solved, staying = outcome.clearing, built.staying
    landing = replace(
        solved,
        status=Status.FEASIBLE if solved.status is Status.OPTIMAL else solved.status,
        chosen=np.where(gone, -1 if staying is None else staying.candidate, solved.chosen),
        start_slot=np.where(gone, -1 if staying is None else staying.start, solved.start_slot),
    )
    figures = clearing_figures(built, landing, outcome.bounds)
    allocations = tuple(a for a in outcome.allocations if a.order_id not in order_ids)
    return replace(
        outcome,
        clearing=replace(landing, value_micros=figures["value_micros"], gap=figures["gap"]),
        allocations=allocations,
        figures={
            **outcome.figures,
            "solver": figures,
            "flows": east_west_flows(built, landing),
            "settlement": settlement_figures(built, landing, allocations),
        },
    )


def _stays(built: BuiltProblem, clearing: Clearing) -> list[bool]:
    """Of each placed job, whether it was placed before and stays where it is."""
    if built.staying is None:
        return [False] * int(clearing.placed.sum())
    stays = built.staying.movable & ~built.staying.moved(clearing)
    return [bool(stay) for stay in stays[clearing.placed]]


def _as_published(
    clearing: Clearing, figures: Mapping[str, Any], bounds: Bounds, bonus_micros: int
) -> Clearing:
    """With value and bound as they are without the bonus of what may be moved."""
    if not bonus_micros:
        return clearing
    mip = clearing.mip_bound_micros
    return replace(
        clearing,
        value_micros=figures["value_micros"],
        bound_micros=bounds.overall,
        gap=figures["gap"],
        mip_bound_micros=None if mip is None else mip - bonus_micros,
    )


def explain_unplaced(built: BuiltProblem, clearing: Clearing, round_id: str) -> tuple[Explanation, ...]:
    """Why each unplaced order was not placed, and the limit price at which what is left would take it."""
    explainer, orders = Explainer(built.problem, clearing), built.snapshot.orders
    unplaced = np.flatnonzero(clearing.chosen < 0)
    found = []
    most = max(1, COMPARED_TOGETHER // max(built.problem.offerings, 1))
    for begin in range(0, len(unplaced), most):
        jobs = unplaced[begin : begin + most]
        reasons = Reasons(built, jobs, explainer.judge(jobs))
        for at, job in enumerate(jobs.tolist()):
            cost = reasons.least_cost_micros(at)
            price = None if cost is None else limit_above(cost)
            told = reasons.of_nodes(at)
            found.append(Explanation(orders[job].id, round_id, reasons.code(at), told, price, None))
    return tuple(found)


def run_baselines(built: BuiltProblem) -> Mapping[str, Clearing]:
    """What simpler rules would have done with the same problem."""
    from solver import baselines  # noqa: PLC0415 - Numba takes half a second, and a start should not wait for it

    rules = baselines.SimpleRules(built.problem)
    return {
        "local_first": rules.local_first(built.rtt_of_candidates()),
        "first_come_cheapest": rules.first_come_cheapest(),
        "value_density": rules.value_density(),
    }


def _figures_beside_baselines(built: BuiltProblem, clearing: Clearing, bounds: Bounds) -> Mapping[str, Any]:
    still = built if built.staying is None else build_problem(without_moves(built.snapshot))
    return {
        "solver": clearing_figures(built, clearing, bounds),
        "baselines": {
            name: clearing_figures(still, baseline, bounds) for name, baseline in run_baselines(still).items()
        },
        "flows": east_west_flows(built, clearing),
        "history": clearing.history.tolist(),
    }


def _npz(thing: ClearingProblem | Clearing) -> bytes:
    buffer = BytesIO()
    thing.save(buffer)
    return buffer.getvalue()
