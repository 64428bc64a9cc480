"""Why an order was not placed: node by node, typed, with the facts that decided.

Rules that need no competition come from the builder (`eligibility`); what time, price, capacity and power
decided comes from the solver's `Explainer`. A node's reason is that of its offering that came closest.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from market.clearing.builder import BuiltProblem
from market.clearing.eligibility import RULED_OUT
from market.clearing.supply import parts_of
from market.domain.money import format_cny
from market.domain.rounds import Reason, ReasonCode
from solver.explain import CandidateVerdict

CLOSENESS = {code: rank for rank, code in enumerate(ReasonCode)}
"""How close a code is to being placed: the enum runs from the most fundamental obstacle to the slightest."""


def node_reasons(built: BuiltProblem, verdicts: Sequence[CandidateVerdict], job: int) -> tuple[Reason, ...]:
    """One reason for each node that lists anything, in the catalogue's order; `verdicts` are the solver's on the job."""
    offerings = built.snapshot.catalogue.offerings
    closest: dict[str, Reason] = {}
    for row, reason in offering_reasons(built, verdicts, job).items():
        node_id = offerings[row].node_id
        if node_id not in closest or CLOSENESS[reason.code] > CLOSENESS[closest[node_id].code]:
            closest[node_id] = reason
    return tuple(closest[node_id] for node_id in sorted(closest))


def deciding_code(reasons: tuple[Reason, ...]) -> ReasonCode:
    """The order's own reason: that of the node that came closest."""
    if not reasons:
        return ReasonCode.NO_SUCH_DEVICE
    return max((reason.code for reason in reasons), key=CLOSENESS.__getitem__)


def offering_reasons(
    built: BuiltProblem, verdicts: Sequence[CandidateVerdict], job: int
) -> dict[int, Reason]:
    """One reason for each offering, by its row."""
    eligibility, offerings = built.eligibility[job], built.snapshot.catalogue.offerings
    judged = {int(built.problem.candidate_offering[verdict.candidate]): verdict for verdict in verdicts}
    reasons = {}
    for row, offering in enumerate(offerings):
        if eligibility.rule[row]:
            code = RULED_OUT[eligibility.rule[row] - 1]
            facts = built.rules.facts(built.snapshot.orders[job].job, row, eligibility)
        elif row in judged:
            code, facts = _judged(built, job, row, judged[row])
        else:
            code, facts = ReasonCode.PRICED_OUT, {"offering": offering.id}
        reasons[row] = Reason(offering.node_id, code, facts)
    return reasons


def _judged(
    built: BuiltProblem, job: int, row: int, verdict: CandidateVerdict
) -> tuple[ReasonCode, Mapping[str, Any]]:
    """The solver's verdict in market terms."""
    order, offering = built.snapshot.orders[job], built.snapshot.catalogue.offerings[row]
    facts: dict[str, Any] = {"offering": offering.id, "slots_needed": int(built.eligibility[job].slots[row])}
    code = _CODES[verdict.code]
    if verdict.code == "TOO_LARGE":
        code = _held_by_others(built, job, row)
    if code is ReasonCode.TOO_LATE:
        return code, facts | {
            "slots_in_window": int(built.problem.end_slot[job] - built.problem.first_slot[job])
        }
    if code in (ReasonCode.NO_CAPACITY, ReasonCode.NO_POWER):
        facts["busy_hours"] = len(verdict.blocking_offering_slots or verdict.blocking_node_slots)
    if verdict.cost_micros is not None:
        facts["cost"] = format_cny(verdict.cost_micros)
        facts["limit_price"] = format_cny(order.terms.limit_price_micros)
    if verdict.congestion_micros:
        facts["congestion"] = format_cny(verdict.congestion_micros)
    if verdict.fitting_cost_micros is not None:
        facts["cost_of_free_slot"] = format_cny(verdict.fitting_cost_micros)
    return code, facts


def _held_by_others(built: BuiltProblem, job: int, row: int) -> ReasonCode:
    """Too large for what this round had free: for want of power, of units, or of a listing that big at all."""
    needs = built.snapshot.orders[job].job
    parts = parts_of(needs.units, needs.unit_tenths, int(built.supply.parts_per_unit[row]))
    first, end = int(built.problem.first_slot[job]), int(built.problem.end_slot[job])
    enough = (built.supply.capacity_parts[row, first:end] >= parts).astype(np.int64)
    slots = int(built.eligibility[job].slots[row])
    if (np.convolve(enough, np.ones(slots, dtype=np.int64), "valid") == slots).any():
        return ReasonCode.NO_POWER
    return ReasonCode.NO_CAPACITY if needs.units <= built.supply.listed_units[row] else ReasonCode.TOO_LARGE


_CODES = {
    "TOO_LATE": ReasonCode.TOO_LATE,
    "TOO_LARGE": ReasonCode.TOO_LARGE,
    "PRICED_OUT": ReasonCode.PRICED_OUT,
    "NO_CAPACITY": ReasonCode.NO_CAPACITY,
    "NO_POWER": ReasonCode.NO_POWER,
    "FITS": ReasonCode.NOT_THIS_ROUND,
}
