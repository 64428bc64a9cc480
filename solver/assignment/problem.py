"""The generalized assignment problem: every item to one agent, no agent overloaded, least cost.

Text format of the literature (Chu and Beasley 1997; OR-Library): agents m, items n, then m rows of n costs, m rows of
n weights and m capacities, integers parted by any white space.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from solver.errors import SolverError

Int64Array = npt.NDArray[np.int64]
Float64Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

LARGEST = 2**50
"""Sum of the largest costs, and of the largest weights, may not exceed this: kernels then never overflow."""
MOST_CELLS = 50_000_000


class AssignmentError(SolverError):
    """An assignment problem cannot be read or taken.

    Codes: NOT_READABLE, NOT_INTEGER, TOO_SHORT, TOO_LONG, WRONG_SHAPE, NEGATIVE, OVERFLOW, BAD_LIMIT, EMPTY.
    """


@dataclass(frozen=True, eq=False)
class AssignmentProblem:
    """Costs and weights of every (agent, item), and what each agent can carry. Arrays are copied and read-only."""

    cost: Int64Array
    """(m, n) cost of item j at agent i."""
    weight: Int64Array
    """(m, n) what item j takes of agent i."""
    capacity: Int64Array
    """(m,) what agent i has."""

    def __post_init__(self) -> None:
        """Raise AssignmentError where the arrays contradict each other."""
        for name, dimensions in (("cost", 2), ("weight", 2), ("capacity", 1)):
            object.__setattr__(self, name, _taken(name, getattr(self, name), dimensions))
        if self.weight.shape != self.cost.shape or self.capacity.shape != self.cost.shape[:1]:
            shapes = f"cost {self.cost.shape}, weight {self.weight.shape}, capacity {self.capacity.shape}"
            raise AssignmentError("WRONG_SHAPE", f"expected (m, n), (m, n) and (m,): {shapes}")
        if self.agents == 0 or self.items == 0:
            raise AssignmentError(
                "EMPTY", f"{self.agents} agents, {self.items} items: both must be at least 1"
            )
        for name in ("weight", "capacity"):
            if int(getattr(self, name).min()) < 0:
                raise AssignmentError("NEGATIVE", f"{name} has a negative entry")
        for name, array in (("cost", self.cost), ("weight", self.weight)):
            reach = self.items * max(abs(int(array.min())), abs(int(array.max())))
            if reach > LARGEST:
                raise AssignmentError("OVERFLOW", f"{self.items} times the largest {name} exceeds 2^50")
        if int(self.capacity.max()) > LARGEST:
            raise AssignmentError("OVERFLOW", "a capacity exceeds 2^50")

    @property
    def agents(self) -> int:
        """How many agents, m."""
        return int(self.cost.shape[0])

    @property
    def items(self) -> int:
        """How many items, n."""
        return int(self.cost.shape[1])


def _taken(name: str, given: object, dimensions: int) -> Int64Array:
    array = np.asarray(given)
    if array.ndim != dimensions:
        raise AssignmentError("WRONG_SHAPE", f"{name} has {array.ndim} dimensions, not {dimensions}")
    if array.dtype.kind not in "iu" and array.size:
        raise AssignmentError("NOT_INTEGER", f"{name} holds {array.dtype}, not integers")
    if array.dtype.kind == "u" and array.size and int(array.max()) > LARGEST:
        raise AssignmentError("OVERFLOW", f"{name} exceeds 2^50")
    copy = np.array(array, dtype=np.int64, order="C")
    copy.setflags(write=False)
    return copy


def read_assignment(path: Path) -> AssignmentProblem:
    """Read the text format; an AssignmentError names file and line of what is wrong."""
    try:
        text = path.read_text(encoding="ascii")
    except OSError as error:
        raise AssignmentError("NOT_READABLE", f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise AssignmentError("NOT_READABLE", f"{path}: not a text of numbers ({error.reason})") from error
    return parse_assignment(text, name=str(path))


def parse_assignment(text: str, *, name: str = "text") -> AssignmentProblem:
    """The problem that a text in the format describes; errors carry `name` and the line number."""
    numbers, lines = _numbers(text, name)
    last = lines[-1] if lines else 1
    if len(numbers) < 2:
        raise AssignmentError(
            "TOO_SHORT", f"{name}, line {last}: expected the numbers of agents and of items"
        )
    agents, items = numbers[:2]
    if agents < 1 or items < 1 or agents * items > MOST_CELLS:
        raise AssignmentError("WRONG_SHAPE", f"{name}, line {lines[0]}: {agents} agents and {items} items")
    cells = agents * items
    expected = 2 + 2 * cells + agents
    if len(numbers) < expected:
        raise AssignmentError(
            "TOO_SHORT", f"{name}, line {last}: ends after {len(numbers)} numbers, {expected} are needed"
        )
    if len(numbers) > expected:
        at = lines[expected]
        raise AssignmentError("TOO_LONG", f"{name}, line {at}: {len(numbers) - expected} numbers too many")
    _refuse_negative(numbers, lines, 2 + cells, name)
    body = np.array(numbers[2:], dtype=np.int64)
    try:
        return AssignmentProblem(
            cost=body[:cells].reshape(agents, items),
            weight=body[cells : 2 * cells].reshape(agents, items),
            capacity=body[2 * cells :],
        )
    except AssignmentError as error:
        raise AssignmentError(error.code, f"{name}: {error.message}") from error


def _numbers(text: str, name: str) -> tuple[list[int], list[int]]:
    """Every number, and the line each stands on."""
    numbers: list[int] = []
    lines: list[int] = []
    for line, content in enumerate(text.splitlines(), start=1):
        for word in content.split():
            if not re.fullmatch(r"[+-]?[0-9]{1,18}", word):
                raise AssignmentError("NOT_INTEGER", f"{name}, line {line}: {word[:40]!r} is no integer")
            numbers.append(int(word))
            lines.append(line)
    return numbers, lines


def _refuse_negative(numbers: list[int], lines: list[int], first: int, name: str) -> None:
    for at in range(first, len(numbers)):
        if numbers[at] < 0:
            message = f"{name}, line {lines[at]}: {numbers[at]} is negative; weights and capacities cannot be"
            raise AssignmentError("NEGATIVE", message)
