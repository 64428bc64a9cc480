"""Scenarios side by side: each clears the same book, is judged like a round, and is measured by the same figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from market.clearing.builder import BuiltProblem, build_problem
from market.clearing.figures import clearing_figures, east_west_flows, round_bounds
from market.clearing.placements import read_placements
from market.clearing.schedule import Schedule, runs_of, schedule_of
from market.clearing.snapshot import MarketSnapshot
from market.domain.policy import Policy
from market.domain.rounds import Run
from market.whatif.alteration import Alteration, altered, check_places
from market.whatif.clearings import Clearings, SolveFrom
from market.whatif.watching import PATIENT, Asker
from solver import Clearing, Limits


@dataclass(frozen=True, slots=True)
class ScenarioOutcome:
    """What a scenario came to. Value and bound count in its own policy; the figures compare across policies.

    `policy` is what it was cleared under, with the alteration's prices in it.
    """

    alteration: Alteration
    policy: Policy
    status: str
    value_micros: int
    bound_micros: int
    gap: float
    seconds: float
    figures: Mapping[str, Any]
    flows: Sequence[Mapping[str, Any]]
    schedule: Schedule


def compare(
    snapshot: MarketSnapshot,
    alterations: Sequence[Alteration],
    solve: SolveFrom,
    limits: Limits,
    asker: Asker = PATIENT,
) -> list[ScenarioOutcome]:
    """Clear each altered market; later ones start from the clearing of the first."""
    for alteration in alterations:
        check_places(snapshot.catalogue, alteration)
    clearings = Clearings(solve, limits, len(alterations), asker)
    outcomes, first = [], None
    for alteration in alterations:
        outcome, clearing = _clear(snapshot, alteration, clearings, first)
        first = first or clearing
        outcomes.append(outcome)
    return outcomes


def _clear(
    snapshot: MarketSnapshot, alteration: Alteration, clearings: Clearings, earlier: Clearing | None
) -> tuple[ScenarioOutcome, Clearing]:
    built = build_problem(altered(snapshot, alteration))
    # Candidates are numbered by what is eligible: only where none is lost or won do placements mean the same.
    same = earlier is not None and earlier.chosen.size == built.problem.jobs and alteration.keeps_candidates
    clearing = clearings.clear(alteration.name, built.problem, earlier if same else None)
    outcome = ScenarioOutcome(
        alteration=alteration,
        policy=built.snapshot.policy,
        status=clearing.status.value,
        value_micros=clearing.value_micros,
        bound_micros=clearing.bound_micros,
        gap=clearing.gap,
        seconds=clearing.seconds,
        figures=clearing_figures(built, clearing, round_bounds(built, clearing)),
        flows=east_west_flows(built, clearing),
        schedule=_schedule(built, clearing),
    )
    return outcome, clearing


def _schedule(built: BuiltProblem, clearing: Clearing) -> Schedule:
    snapshot = built.snapshot
    before = [Run(a.node_id, a.starts_at, a.ends_at, a.facility_kwh) for a in snapshot.allocations]
    granted = runs_of(built, read_placements(built, clearing))
    return schedule_of(snapshot.catalogue, snapshot.horizon, granted, before)
