"""The facts behind what time, price, capacity and power decided: read as columns, told row by row."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from market.clearing.builder import BuiltProblem
from market.domain.money import format_cny
from market.domain.rounds import ReasonCode
from solver.verdicts import NONE, Verdicts

Ints = npt.NDArray[np.int64]
HELD = frozenset({ReasonCode.NO_CAPACITY, ReasonCode.NO_POWER})


class Facts:
    """Of some rows of the solver's verdicts; `at` counts these rows from 0."""

    def __init__(self, built: BuiltProblem, verdicts: Verdicts, rows: Ints) -> None:
        problem, self._verdicts = built.problem, verdicts
        offerings, orders, job = built.snapshot.catalogue.offerings, built.snapshot.orders, verdicts.job[rows]
        limits = {one: format_cny(orders[one].terms.limit_price_micros) for one in np.unique(job).tolist()}
        can_start = verdicts.best_start[rows] != NONE
        congestion = np.zeros(len(rows), dtype=object)
        congestion[can_start] = verdicts.congestion_micros(rows[can_start])
        self._row = rows.tolist()
        self._offering = [offerings[one].id for one in verdicts.offering[rows].tolist()]
        self._slots = verdicts.slots(rows).tolist()
        self._window = (problem.end_slot[job] - problem.first_slot[job]).tolist()
        self._can_start = can_start.tolist()
        self._cost_micros = verdicts.cost_micros[rows].tolist()
        self._limit = [limits[one] for one in job.tolist()]
        self._congestion_micros = congestion.tolist()
        self._fits = (verdicts.fitting_start[rows] != NONE).tolist()
        self._fitting_cost_micros = verdicts.fitting_cost_micros[rows].tolist()

    def told(self, at: int, code: ReasonCode) -> Mapping[str, Any]:
        """What decided, in numbers."""
        facts = {"offering": self._offering[at], "slots_needed": self._slots[at]}
        if code is ReasonCode.TOO_LATE:
            return facts | {"slots_in_window": self._window[at]}
        if code in HELD:
            facts["busy_hours"] = self._busy_hours(at)
        if not self._can_start[at]:
            return facts
        facts["cost"] = format_cny(self._cost_micros[at])
        facts["limit_price"] = self._limit[at]
        if self._congestion_micros[at]:
            facts["congestion"] = format_cny(self._congestion_micros[at])
        if self._fits[at]:
            facts["cost_of_free_slot"] = format_cny(self._fitting_cost_micros[at])
        return facts

    def _busy_hours(self, at: int) -> int:
        if not self._can_start[at]:
            return 0
        units, power = self._verdicts.blocking_slots(self._row[at])
        return len(units or power)
