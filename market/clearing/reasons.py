"""Why orders were not placed: node by node, typed, with the facts that decided.

Rules that need no competition come from the builder (`eligibility`); what time, price, capacity and power
decided comes from the solver's `Verdicts`. A node's reason is that of its offering that came closest.

Codes are compared for all orders together; facts are drawn up only of the reasons that are told.
"""

from functools import cached_property

import numpy as np
import numpy.typing as npt

from market.clearing.builder import BuiltProblem
from market.clearing.eligibility import RULED_OUT
from market.clearing.reason_facts import Facts
from market.domain.rounds import Reason, ReasonCode
from solver.verdicts import CODES, NONE, TOO_LARGE, Verdicts

Ints = npt.NDArray[np.int64]
Objects = npt.NDArray[np.object_]
Ranks = npt.NDArray[np.int8]
CODE_OF_RANK = tuple(ReasonCode)
CLOSENESS = {code: rank for rank, code in enumerate(CODE_OF_RANK)}
"""How close a code is to being placed: the enum runs from the most fundamental obstacle to the slightest."""
NO_ROW = -1


class Reasons:
    """Why jobs of a problem were not placed, from the solver's verdicts on them; `at` counts these jobs from 0."""

    def __init__(self, built: BuiltProblem, jobs: Ints, verdicts: Verdicts) -> None:
        self._built, self._verdicts, self._jobs = built, verdicts, jobs
        shape = len(jobs), len(built.snapshot.catalogue.offerings)
        at = np.repeat(np.arange(len(jobs)), np.diff(verdicts.first_row))
        self._row = np.full(shape, NO_ROW, dtype=np.int64)
        self._row[at, verdicts.offering] = np.arange(len(verdicts.job))
        self._rank: Ranks = np.full(shape, CLOSENESS[ReasonCode.PRICED_OUT], dtype=np.int8)
        self._rank[at, verdicts.offering] = self._judged()
        self._rule = built.eligibility.rules(jobs)
        np.copyto(self._rank, _RANK_OF_RULE[self._rule], where=self._rule > 0)

    def of_offerings(self, at: int) -> tuple[Reason, ...]:
        """One for each of the catalogue's offerings."""
        rows = np.arange(self._rank.shape[1])
        return tuple(self._told(np.full(len(rows), at), rows))

    def of_nodes(self, at: int) -> tuple[Reason, ...]:
        """One for each node that lists anything, by id."""
        return self._of_nodes[at]

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
    def _of_nodes(self) -> list[tuple[Reason, ...]]:
        closest = self._closest
        jobs, nodes = closest.shape
        told = self._told(np.repeat(np.arange(jobs), nodes), closest.ravel())
        return [tuple(told[at * nodes : (at + 1) * nodes]) for at in range(jobs)]

    @cached_property
    def _closest(self) -> Ints:
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
        listed = built.asked.units[verdicts.job] <= built.supply.listed_units[verdicts.offering]
        held = np.where(listed, CLOSENESS[ReasonCode.NO_CAPACITY], CLOSENESS[ReasonCode.TOO_LARGE])
        held = np.where(verdicts.units_alone, CLOSENESS[ReasonCode.NO_POWER], held)
        ranks: Ranks = np.where(verdicts.code == TOO_LARGE, held, _RANK_OF_VERDICT[verdicts.code])
        return ranks

    def _told(self, at: Ints, offering: Ints) -> list[Reason]:
        """Of each job at the offering beside it."""
        found = np.empty(len(at), dtype=object)
        rule, row = self._rule[at, offering], self._row[at, offering]
        ruled_out, judged = rule > 0, (rule == 0) & (row != NO_ROW)
        unjudged = ~(ruled_out | judged)
        found[ruled_out] = self._ruled_out(self._jobs[at[ruled_out]], offering[ruled_out], rule[ruled_out])
        found[judged] = self._decided(row[judged], self._rank[at, offering][judged])
        found[unjudged] = self._priced_out(offering[unjudged])
        told: list[Reason] = found.tolist()
        return told

    def _ruled_out(self, job: Ints, offering: Ints, rule: Ranks) -> Objects:
        """What needs no competition is drawn up once for all orders that ask the rule for the same."""
        built, offerings = self._built, self._built.snapshot.catalogue.offerings
        kind = np.stack(built.eligibility.kind)[rule - 1, job]
        same = (kind * len(RULED_OUT) + rule - 1) * len(offerings) + offering
        _, first, number = np.unique(same, return_index=True, return_inverse=True)
        drawn_up = np.empty(len(first), dtype=object)
        columns = (column[first].tolist() for column in (job, offering, rule))
        for at, (one, row, by) in enumerate(zip(*columns, strict=True)):
            facts = built.rules.facts(built.snapshot.orders[one].job, row, by)
            drawn_up[at] = Reason(offerings[row].node_id, RULED_OUT[by - 1], facts)
        return drawn_up[number]

    def _decided(self, rows: Ints, ranks: Ranks) -> list[Reason]:
        """What time, price, capacity and power decided, by rows of the verdicts."""
        facts, offerings = Facts(self._built, self._verdicts, rows), self._built.snapshot.catalogue.offerings
        of_each = zip(self._verdicts.offering[rows].tolist(), ranks.tolist(), strict=True)
        codes = ((offerings[row].node_id, CODE_OF_RANK[rank]) for row, rank in of_each)
        return [Reason(node_id, code, facts.told(at, code)) for at, (node_id, code) in enumerate(codes)]

    def _priced_out(self, offering: Ints) -> list[Reason]:
        """Where no amount of money that an order can name would do."""
        listed = [self._built.snapshot.catalogue.offerings[row] for row in offering.tolist()]
        return [Reason(one.node_id, ReasonCode.PRICED_OUT, {"offering": one.id}) for one in listed]


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
