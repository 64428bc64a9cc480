"""What a clearing is: placements, prices, and what they are claimed to be worth."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from solver.archive import Unreadable, read_arrays
from solver.errors import ClearingError
from solver.problem import Int32Array, Int64Array

Float64Array = npt.NDArray[np.float64]


class Status(enum.StrEnum):
    """What is known about the answer."""

    OPTIMAL = "OPTIMAL"
    """No clearing is worth more: the prices prove it, or a complete search did (`mip_bound_micros`)."""
    FEASIBLE = "FEASIBLE"
    """Every limit is kept; `gap` says how much more could be possible at most."""
    INFEASIBLE = "INFEASIBLE"
    """No answer exists. Never for this model, where placing nothing is an answer; kept for exact variants."""
    NO_SOLUTION = "NO_SOLUTION"
    """Nothing was found before a limit was reached."""


def relative_gap(value_micros: int, bound_micros: int) -> float:
    """(bound - value) / bound, and 0 where the bound is 0."""
    return (bound_micros - value_micros) / bound_micros if bound_micros else 0.0


def _no_history() -> Float64Array:
    return np.zeros((0, 3))


@dataclass(frozen=True, eq=False)
class Clearing:
    """Who runs where and when, at which congestion prices, and the claims `verify` recomputes. Arrays are read-only."""

    status: Status
    value_micros: int
    """Sum of the net values of the placements."""
    bound_micros: int
    """What the prices prove no clearing can exceed: D(p), rounded up."""
    gap: float
    """(bound - value) / bound; 0 where the bound is 0."""
    chosen: Int32Array
    """(J,) candidate index, or -1 where the job is not placed."""
    start_slot: Int32Array
    """(J,) start, or -1."""
    price_micros: Int64Array
    """(O, T) congestion price of one unit for one slot, on top of the unit cost."""
    power_price_micros: Int64Array
    """(N, T) congestion price of one kilowatt for one slot."""
    seconds: float = 0.0
    """Wall-clock time it took."""
    history: Float64Array = field(default_factory=_no_history)
    """(K, 3) rows of seconds, value, bound: for plots, hence floats."""
    mip_bound_micros: int | None = None
    """A tighter bound from a complete search, where one was run. Trusted, not recomputed: say so where it is shown."""

    def __post_init__(self) -> None:
        """Bring arrays to their types and make them read-only; raise ClearingError where they cannot be."""
        for name, kind, dimensions in _ARRAYS:
            array = np.asarray(getattr(self, name))
            if array.ndim != dimensions:
                raise ClearingError("WRONG_SHAPE", f"{name} has {array.ndim} dimensions, not {dimensions}")
            object.__setattr__(self, name, _read_only(name, array, kind))
        if self.history.shape[1] != 3:
            raise ClearingError("WRONG_SHAPE", f"history has {self.history.shape[1]} columns, not 3")

    @property
    def placed(self) -> npt.NDArray[np.bool_]:
        """(J,) whether the job runs."""
        return self.chosen >= 0

    def save(self, target: str | Path | IO[bytes]) -> None:
        """Write a `.npz` to a path (kept as given) or a binary file; `mip_bound_micros` only where there is one."""
        arrays: dict[str, npt.NDArray[Any]] = {name: getattr(self, name) for name, _, _ in _ARRAYS}
        arrays["status"] = np.asarray(self.status.value)
        for name in _WHOLE_NUMBERS:
            if getattr(self, name) is not None:
                arrays[name] = np.asarray(getattr(self, name), dtype=np.int64)
        for name in _FLOATS:
            arrays[name] = np.asarray(getattr(self, name), dtype=np.float64)
        if isinstance(target, str | Path):
            with Path(target).open("wb") as stream:
                np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
        else:
            np.savez_compressed(target, **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, source: str | Path | IO[bytes]) -> Clearing:
        """Read what `save`, or any program that uses the same names, has written.

        Without `gap` it is what value and bound make it; `history`, `seconds` and `mip_bound_micros` may be missing.
        Raises ClearingError whatever is wrong with what the file holds, and OSError where it cannot be opened or read.
        """
        try:
            stored = read_arrays(source, {field.name for field in fields(cls)})
        except Unreadable as error:
            message = f"not a readable .npz of plain arrays ({error})"
            raise ClearingError("NOT_A_CLEARING_FILE", message) from error
        missing = [
            field.name
            for field in fields(cls)
            if field.name not in stored and field.name not in _MAY_BE_MISSING
        ]
        if missing:
            raise ClearingError("MISSING_ARRAY", f"the file lacks {', '.join(missing)}")
        status = str(stored["status"])
        if status not in Status.__members__:
            raise ClearingError("NOT_A_CLEARING_FILE", f"unknown status {status!r}")
        given: dict[str, Any] = {name: stored[name] for name, _, _ in _ARRAYS if name in stored}
        given |= {name: _whole_number(name, stored[name]) for name in _WHOLE_NUMBERS if name in stored}
        given |= {name: float(_scalar(name, stored[name])) for name in _FLOATS if name in stored}
        given.setdefault("gap", relative_gap(given["value_micros"], given["bound_micros"]))
        return cls(status=Status(status), **given)


_ARRAYS: tuple[tuple[str, type[np.generic], int], ...] = (
    ("chosen", np.int32, 1),
    ("start_slot", np.int32, 1),
    ("price_micros", np.int64, 2),
    ("power_price_micros", np.int64, 2),
    ("history", np.float64, 2),
)
_WHOLE_NUMBERS = ("value_micros", "bound_micros", "mip_bound_micros")
_FLOATS = ("gap", "seconds")
_MAY_BE_MISSING = ("gap", "seconds", "history", "mip_bound_micros")


def _read_only(name: str, array: npt.NDArray[Any], kind: type[np.generic]) -> npt.NDArray[Any]:
    if array.size and kind is np.float64 and array.dtype.kind not in "iuf":
        raise ClearingError("NOT_A_NUMBER", f"{name} holds {array.dtype}, not numbers")
    if array.size and kind is not np.float64:
        if array.dtype.kind not in "iu":
            raise ClearingError("NOT_INTEGER", f"{name} holds {array.dtype}, not whole numbers")
        limits = np.iinfo(kind)  # type: ignore[type-var]
        if int(array.min()) < limits.min or int(array.max()) > limits.max:
            raise ClearingError("NOT_INTEGER", f"{name} holds numbers that {kind.__name__} cannot")
    copy = np.array(array, dtype=kind, order="C", copy=True) if array.size else np.zeros(array.shape, kind)
    copy.setflags(write=False)
    return copy


def _scalar(name: str, array: npt.NDArray[Any]) -> Any:
    if array.size != 1:
        raise ClearingError("WRONG_SHAPE", f"{name} must be one number, not {array.size}")
    if array.dtype.kind not in "iuf":
        raise ClearingError("NOT_A_NUMBER", f"{name} holds {array.dtype}, not a number")
    return array.reshape(()).item()


def _whole_number(name: str, array: npt.NDArray[Any]) -> int:
    number = _scalar(name, array)
    if not isinstance(number, int):
        raise ClearingError("NOT_INTEGER", f"{name} must be a whole number")
    return number
