"""Scenarios side by side: each clears the same book, is judged like a round, and is measured by the same figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from market.clearing.builder import BuiltProblem, build_problem
from market.clearing.figures import clearing_figures, east_west_flows, round_bounds
from market.clearing.placements import read_placements
from market.clearing.schedule import Schedule, runs_of, schedule_of
from market.clearing.snapshot import MarketSnapshot
from market.domain.errors import Unavailable
from market.domain.rounds import Run
from market.whatif.alteration import Alteration, altered
from solver import Clearing, ClearingProblem, Limits, verify


class SolveFrom(Protocol):
    """Clears a problem, from an earlier clearing of one much like it if given."""

    def __call__(
        self, problem: ClearingProblem, limits: Limits, earlier: Clearing | None = None
    ) -> Clearing: ...


Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ScenarioOutcome:
    """What a scenario came to. Value and bound count in its own policy; the figures compare across policies."""

    alteration: Alteration
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
    tell: Tell = lambda _name: None,
) -> list[ScenarioOutcome]:
    """Clear each altered market; later ones start from the clearing of the first."""
    outcomes, first = [], None
    for alteration in alterations:
        tell(alteration.name)
        outcome, clearing = _clear(snapshot, alteration, solve, limits, first)
        first = first or clearing
        outcomes.append(outcome)
    return outcomes


def _clear(
    snapshot: MarketSnapshot,
    alteration: Alteration,
    solve: SolveFrom,
    limits: Limits,
    earlier: Clearing | None,
) -> tuple[ScenarioOutcome, Clearing]:
    built = build_problem(altered(snapshot, alteration))
    # Candidates are numbered by what is eligible: only where none is lost or won do placements mean the same.
    same = earlier is not None and earlier.chosen.size == built.problem.jobs and alteration.max_rtt_ms is None
    clearing = judged(built.problem, solve(built.problem, limits, earlier if same else None))
    outcome = ScenarioOutcome(
        alteration=alteration,
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


def judged(problem: ClearingProblem, clearing: Clearing) -> Clearing:
    """The clearing, if the judge finds nothing wrong with it."""
    verification = verify(problem, clearing)
    if not verification.ok:
        first = verification.violations[0].code
        raise Unavailable("clearing_refused", f"the judge refused a scenario's clearing: {first}")
    return clearing
