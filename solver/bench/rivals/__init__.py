"""Who takes part: our solver, the simple rules, and general-purpose solvers on the whole model at once.

Each module is imported only in the process of its contestant, because HiGHS and OR-Tools do not share one.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple, cast

from solver.bench.rivals.answer import Answer, Task

OURS = "suanli"


class Rival(NamedTuple):
    """A contestant: what it is called, what it is, and where its function (Task) -> Answer lives."""

    name: str
    title: str
    module: str
    function: str

    def load(self) -> Callable[[Task], Answer]:
        """Import it; seconds of importing are not on its clock."""
        return cast("Callable[[Task], Answer]", getattr(import_module(self.module), self.function))


_RULES, _SOLVERS = "solver.bench.rivals.rules", "solver.bench.rivals.monoliths"
CONTESTANTS = {
    rival.name: rival
    for rival in (
        Rival(OURS, "this solver", _RULES, "suanli"),
        Rival("value_density", "most net value per unit-slot first", _RULES, "value_density"),
        Rival("highest_bid", "highest bid first", _RULES, "highest_bid"),
        Rival("first_come", "first come, cheapest place", _RULES, "first_come"),
        Rival("random_order", "random order, cheapest place", _RULES, "random_order"),
        Rival("cp_sat", "CP-SAT, whole model", _SOLVERS, "cp_sat"),
        Rival("scip", "SCIP, whole model", _SOLVERS, "scip"),
        Rival("highs", "HiGHS, whole model", "solver.bench.rivals.highs", "highs"),
        Rival("lp_rounding", "PDLP relaxation, rounded", _SOLVERS, "lp_rounding"),
    )
}
RULES = ("value_density", "highest_bid", "first_come", "random_order")


def read_names(against: str) -> list[str]:
    """Contestants beside ours from `all`, `none`, `rules` or names with commas; ValueError on an unknown one."""
    if against == "none":
        return []
    if against == "all":
        return [name for name in CONTESTANTS if name != OURS]
    if against == "rules":
        return list(RULES)
    names = [name.strip() for name in against.split(",") if name.strip()]
    unknown = [name for name in names if name not in CONTESTANTS or name == OURS]
    if unknown or not names:
        known = ", ".join(name for name in CONTESTANTS if name != OURS)
        raise ValueError(f"unknown rival {', '.join(unknown) or against!r}; there are {known}")
    return list(dict.fromkeys(names))
