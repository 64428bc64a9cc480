"""Why orders were not placed: node by node, typed, with the facts that decided.

Rules that need no competition come from the builder (`eligibility`); what time, price, capacity and power
decided comes from the solver's `Verdicts`. A node's reason is that of its offering that came closest.

Codes are compared for all orders together; facts are drawn up only of the reasons that are told.
"""

from collections.abc import Hashable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from market.clearing.builder import BuiltProblem
from market.clearing.eligibility import RULED_OUT, what_rules_depend_on
from market.domain.money import format_cny
from market.domain.rounds import Reason, ReasonCode
from solver.verdicts import CODES, NONE, TOO_LARGE, Verdicts

Ranks = npt.NDArray[np.int8]
CODE_OF_RANK = tuple(ReasonCode)
CLOSENESS = {code: rank for rank, code in enumerate(CODE_OF_RANK)}
"""How close a code is to being placed: the enum runs from the most fundamental obstacle to the slightest."""
HELD = frozenset({ReasonCode.NO_CAPACITY, ReasonCode.NO_POWER})
NO_ROW = -1


class Reasons:
    """Why jobs of a problem were not placed, from the solver's verdicts on them; `at` counts these jobs from 0."""

    def __init__(self, built: BuiltProblem, jobs: npt.NDArray[np.int64], verdicts: Verdicts) -> None:
        self._built, self._verdicts, self._jobs = built, verdicts, jobs
        shape = len(jobs), len(built.snapshot.catalogue.offerings)
        at = np.repeat(np.arange(len(jobs)), np.diff(verdicts.first_row))
        self._row = np.full(shape, NO_ROW, dtype=np.int64)
        self._row[at, verdicts.offering] = np.arange(len(verdicts.job))
        self._rank: Ranks = np.full(shape, CLOSENESS[ReasonCode.PRICED_OUT], dtype=np.int8)
        self._rank[at, verdicts.offering] = self._judged()
        rules = [built.eligibility[job].rule for job in jobs.tolist()]
        rule = np.array(rules, dtype=np.int8).reshape(shape)
        self._rank[rule > 0] = _RANK_OF_RULE[rule[rule > 0]]
        self._ruled_out = rule > 0
        self._ruled_out_for: dict[Hashable, dict[int, Reason]] = {}

    def of_offering(self, at: int, row: int) -> Reason:
        """Of one of the catalogue's offerings."""
        if self._ruled_out[at, row]:
            return self._rule_out(at, row)
        offering = self._built.snapshot.catalogue.offerings[row]
        code = CODE_OF_RANK[self._rank[at, row]]
        return Reason(offering.node_id, code, self._facts(at, row, code))

    def of_nodes(self, at: int) -> tuple[Reason, ...]:
        """One for each node that lists anything, by id."""
        return tuple(self.of_offering(at, row) for row in self._closest[at].tolist())

    def code(self, at: int) -> ReasonCode:
        """The order's own: that of the node that came closest."""
        ranks = self._rank[at]
        return CODE_OF_RANK[ranks.max()] if len(ranks) else ReasonCode.NO_SUCH_DEVICE

    def least_cost_micros(self, at: int) -> int | None:
        """What the cheapest start costs that would fit into what is left; None where nothing would."""
        rows = slice(*self._verdicts.first_row[at : at + 2].tolist())
        costs = self._verdicts.fitting_cost_micros[rows][self._verdicts.fitting_start[rows] != NONE]
        return int(costs.min()) if len(costs) else None

    @cached_property
    def _closest(self) -> npt.NDArray[np.int64]:
        """(jobs, nodes by id) the row of the offering that came closest, the first of equals."""
        nodes: dict[str, list[int]] = {}
        for row, offering in enumerate(self._built.snapshot.catalogue.offerings):
            nodes.setdefault(offering.node_id, []).append(row)
        columns = [np.array(rows)[self._rank[:, rows].argmax(axis=1)] for _, rows in sorted(nodes.items())]
        found = np.stack(columns, axis=1) if columns else np.zeros((len(self._jobs), 0))
        return found.astype(np.int64)

    def _judged(self) -> Ranks:
        """The solver's codes in market terms; too large for what this round had free is told apart."""
        verdicts, built = self._verdicts, self._built
        orders = built.snapshot.orders
        units = np.array([order.job.units for order in orders], dtype=np.int64)
        listed = units[verdicts.job] <= built.supply.listed_units[verdicts.offering]
        held = np.where(listed, CLOSENESS[ReasonCode.NO_CAPACITY], CLOSENESS[ReasonCode.TOO_LARGE])
        held = np.where(verdicts.units_alone, CLOSENESS[ReasonCode.NO_POWER], held)
        ranks: Ranks = np.where(verdicts.code == TOO_LARGE, held, _RANK_OF_VERDICT[verdicts.code])
        return ranks

    def _rule_out(self, at: int, row: int) -> Reason:
        """What needs no competition is the same for all orders that ask for the same, however long they run."""
        number = int(self._jobs[at])
        job = self._built.snapshot.orders[number].job
        known = self._ruled_out_for.setdefault(what_rules_depend_on(job), {})
        if row not in known:
            facts = self._built.rules.facts(job, row, self._built.eligibility[number])
            node_id = self._built.snapshot.catalogue.offerings[row].node_id
            known[row] = Reason(node_id, CODE_OF_RANK[self._rank[at, row]], facts)
        return known[row]

    def _facts(self, at: int, row: int, code: ReasonCode) -> Mapping[str, Any]:
        job, offering = int(self._jobs[at]), self._built.snapshot.catalogue.offerings[row]
        if self._row[at, row] == NO_ROW:
            return {"offering": offering.id}
        slots = int(self._built.eligibility[job].slots[row])
        facts = {"offering": offering.id, "slots_needed": slots}
        if code is ReasonCode.TOO_LATE:
            window = self._built.problem.end_slot[job] - self._built.problem.first_slot[job]
            return facts | {"slots_in_window": int(window)}
        return facts | self._facts_of_competition(job, int(self._row[at, row]), code)

    def _facts_of_competition(self, job: int, row: int, code: ReasonCode) -> dict[str, Any]:
        verdicts, order = self._verdicts, self._built.snapshot.orders[job]
        if verdicts.best_start[row] == NONE:
            return {"busy_hours": 0} if code in HELD else {}
        facts: dict[str, Any] = {}
        if code in HELD:
            units, power = verdicts.blocking_slots(row)
            facts["busy_hours"] = len(units or power)
        facts["cost"] = format_cny(int(verdicts.cost_micros[row]))
        facts["limit_price"] = format_cny(order.terms.limit_price_micros)
        congestion = verdicts.congestion_micros(row)
        if congestion:
            facts["congestion"] = format_cny(congestion)
        if verdicts.fitting_start[row] != NONE:
            facts["cost_of_free_slot"] = format_cny(int(verdicts.fitting_cost_micros[row]))
        return facts


def deciding_code(reasons: tuple[Reason, ...]) -> ReasonCode:
    """An order's own reason: that of the node that came closest."""
    if not reasons:
        return ReasonCode.NO_SUCH_DEVICE
    return max((reason.code for reason in reasons), key=CLOSENESS.__getitem__)


_REASON_OF_VERDICT = {
    "TOO_LATE": ReasonCode.TOO_LATE,
    "TOO_LARGE": ReasonCode.TOO_LARGE,
    "PRICED_OUT": ReasonCode.PRICED_OUT,
    "NO_CAPACITY": ReasonCode.NO_CAPACITY,
    "NO_POWER": ReasonCode.NO_POWER,
    "FITS": ReasonCode.NOT_THIS_ROUND,
}
_RANK_OF_VERDICT: Ranks = np.array([CLOSENESS[_REASON_OF_VERDICT[code]] for code in CODES], dtype=np.int8)
_RANK_OF_RULE: Ranks = np.array([0, *(CLOSENESS[code] for code in RULED_OUT)], dtype=np.int8)
