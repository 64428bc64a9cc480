"""The clearing problem as arrays: what every solver of the exchange takes, and what files carry.

Symbols as in MODEL.md: O offerings at N nodes over T slots; J jobs, each using one of P profiles; C candidates.
Money is in integer micro-yuan, power in integer watts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from solver.archive import Unreadable, read_arrays
from solver.errors import ProblemError

Int64Array = npt.NDArray[np.int64]
Int32Array = npt.NDArray[np.int32]

LARGEST = 2**62
"""No product or sum the solver forms from a problem reaches this; int64 ends at 2^63, the rest is headroom."""

_TYPES: dict[str, tuple[type[np.integer[Any]], str]] = {
    "capacity_units": (np.int64, "OT"),
    "unit_cost_micros": (np.int64, "OT"),
    "offering_node": (np.int32, "O"),
    "facility_watts_per_unit": (np.int64, "O"),
    "node_power_watts": (np.int64, "NT"),
    "job_profile": (np.int32, "J"),
    "job_scale": (np.int64, "J"),
    "value_micros": (np.int64, "J"),
    "first_slot": (np.int32, "J"),
    "end_slot": (np.int32, "J"),
    "profile_start": (np.int64, "Q"),
    "candidate_offering": (np.int32, "C"),
    "candidate_slots": (np.int32, "C"),
    "candidate_units": (np.int64, "C"),
    "candidate_fixed_micros": (np.int64, "C"),
}
"""Name -> (type, axes) of every array; Q is P + 1."""

_NOT_NEGATIVE = ("capacity_units", "facility_watts_per_unit", "node_power_watts", "first_slot", "end_slot",
                 "candidate_units")  # fmt: skip
_POSITIVE = ("job_scale", "candidate_slots")
_INDICES = (("offering_node", "N"), ("job_profile", "P"), ("candidate_offering", "O"))


@dataclass(frozen=True, eq=False)
class ClearingProblem:
    """One batch of jobs against the free capacity of a horizon; validated once, then read-only.

    A placement (job, candidate, start) runs the candidate's `candidate_slots` slots from `start`, with
    `start >= first_slot[job]`, `start + candidate_slots <= min(end_slot[job], T)`, on
    `job_scale[job] * candidate_units` units of `candidate_offering`. A candidate longer than the window, or than
    the horizon, has no start. Other integer types are cast where nothing is lost; floats are refused.
    Raises ProblemError (see there for codes).
    """

    capacity_units: Int64Array
    """(O, T) free units of the offering in the slot."""
    unit_cost_micros: Int64Array
    """(O, T) cost of one unit for one slot: ask, priced energy and priced carbon; may be negative."""
    offering_node: Int32Array
    """(O,) node of the offering."""
    facility_watts_per_unit: Int64Array
    """(O,) IT watts x PUE of one unit."""
    node_power_watts: Int64Array
    """(N, T) power cap of the node; a very large number where there is none."""
    job_profile: Int32Array
    """(J,) the profile whose candidates the job may use."""
    job_scale: Int64Array
    """(J,) multiplies the units and the fixed cost of the profile's candidates; at least 1."""
    value_micros: Int64Array
    """(J,) most the buyer pays for the whole job."""
    first_slot: Int32Array
    """(J,) earliest start."""
    end_slot: Int32Array
    """(J,) the job must be over by this slot (exclusive)."""
    profile_start: Int64Array
    """(P + 1,) candidates of profile p are profile_start[p] .. profile_start[p + 1] - 1."""
    candidate_offering: Int32Array
    """(C,) offering."""
    candidate_slots: Int32Array
    """(C,) run time there, in slots; at least 1."""
    candidate_units: Int64Array
    """(C,) units for scale 1."""
    candidate_fixed_micros: Int64Array
    """(C,) fixed cost for scale 1; may be negative."""
    slot_hours: float = 1.0
    """Length of a slot in hours; the solver itself never uses it."""

    def __post_init__(self) -> None:
        """Check everything once and make the arrays read-only."""
        for name, (kind, axes) in _TYPES.items():
            object.__setattr__(self, name, _integers(name, getattr(self, name), kind, len(axes)))
        object.__setattr__(self, "slot_hours", _slot_hours(self.slot_hours))
        _check_shapes(self)
        _check_ranges(self)
        _check_magnitudes(self)

    @property
    def offerings(self) -> int:
        """O."""
        return len(self.capacity_units)

    @property
    def nodes(self) -> int:
        """N."""
        return len(self.node_power_watts)

    @property
    def slots(self) -> int:
        """T."""
        return int(self.capacity_units.shape[1])

    @property
    def jobs(self) -> int:
        """J."""
        return len(self.job_profile)

    @property
    def profiles(self) -> int:
        """P."""
        return len(self.profile_start) - 1

    @property
    def candidates(self) -> int:
        """C."""
        return len(self.candidate_offering)

    def save(self, target: str | Path | IO[bytes]) -> None:
        """Write a `.npz` with exactly the names of this class to a path (kept as given) or a binary file."""
        arrays = {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}
        if isinstance(target, str | Path):
            with Path(target).open("wb") as stream:
                np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
        else:
            np.savez_compressed(target, **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, source: str | Path | IO[bytes]) -> ClearingProblem:
        """Read what `save`, or any program that uses the same names, has written.

        Unknown names are ignored; a missing `slot_hours` means 1. Raises ProblemError whatever is wrong with what
        the file holds, and OSError where it cannot be opened or read.
        """
        try:
            arrays: dict[str, Any] = read_arrays(source, {*_TYPES, "slot_hours"})
        except Unreadable as error:
            message = f"not a readable .npz of plain arrays ({error})"
            raise ProblemError("NOT_A_PROBLEM_FILE", message) from error
        missing = [name for name in _TYPES if name not in arrays]
        if missing:
            raise ProblemError("MISSING_ARRAY", f"the file lacks {', '.join(missing)}")
        return cls(**arrays)


def _integers(name: str, given: object, kind: type[np.integer[Any]], dimensions: int) -> npt.NDArray[Any]:
    """A read-only copy of `given` as `kind`; nothing is rounded, nothing wraps."""
    array = np.asarray(given)
    if array.ndim != dimensions:
        raise ProblemError("WRONG_SHAPE", f"{name} has {array.ndim} dimensions, not {dimensions}")
    if array.size and array.dtype.kind not in "iu":
        raise ProblemError(
            "NOT_INTEGER", f"{name} holds {array.dtype}; whole numbers of an integer type are needed"
        )
    limits = np.iinfo(kind)
    if array.size and (int(array.min()) < limits.min or int(array.max()) > limits.max):
        raise ProblemError("OUT_OF_RANGE", f"{name} holds numbers that {kind.__name__} cannot")
    copy = np.array(array, dtype=kind, order="C", copy=True) if array.size else np.zeros(array.shape, kind)
    copy.setflags(write=False)
    return copy


def _slot_hours(given: object) -> float:
    array = np.asarray(given)
    if array.size != 1 or array.dtype.kind not in "iuf":
        raise ProblemError("BAD_SLOT_HOURS", "slot_hours must be one number")
    hours = float(array.reshape(()))
    if not (math.isfinite(hours) and hours > 0):
        raise ProblemError("BAD_SLOT_HOURS", f"slot_hours must be positive and finite, not {hours}")
    return hours


def _check_shapes(problem: ClearingProblem) -> None:
    sizes = {
        "O": problem.offerings,
        "T": problem.slots,
        "N": problem.nodes,
        "J": problem.jobs,
        "C": problem.candidates,
        "Q": max(1, problem.profile_start.shape[0]),
    }
    for name, (_, axes) in _TYPES.items():
        wanted = tuple(sizes[axis] for axis in axes)
        if getattr(problem, name).shape != wanted:
            message = f"{name} has shape {getattr(problem, name).shape}, not {wanted} = ({', '.join(axes)})"
            raise ProblemError("WRONG_SHAPE", message)


def _check_ranges(problem: ClearingProblem) -> None:
    for name in _NOT_NEGATIVE:
        if np.any(getattr(problem, name) < 0):
            raise ProblemError("NEGATIVE", f"{name} holds a negative number")
    for name in _POSITIVE:
        if np.any(getattr(problem, name) < 1):
            raise ProblemError("NOT_POSITIVE", f"{name} must be at least 1 everywhere")
    start = problem.profile_start
    if start[0] != 0 or start[-1] != problem.candidates or np.any(np.diff(start) < 0):
        raise ProblemError("BAD_POINTER", "profile_start must rise from 0 to the number of candidates")
    sizes = {"N": problem.nodes, "P": problem.profiles, "O": problem.offerings}
    for name, axis in _INDICES:
        array = getattr(problem, name)
        if np.any(array < 0) or np.any(array >= sizes[axis]):
            raise ProblemError("INDEX_OUT_OF_RANGE", f"{name} must be 0 to {sizes[axis] - 1}")


def _check_magnitudes(problem: ClearingProblem) -> None:
    """Refuse what could reach 2^62 anywhere: gangs, their watts, the cost of a placement, the value of a clearing.

    Estimated from above in floating point, whose relative error of 1e-15 is nothing beside the factor 2 of headroom.
    """
    largest = _largest_per_profile(problem)
    values = np.abs(problem.value_micros.astype(np.float64))
    scale = problem.job_scale.astype(np.float64)
    units, watts, cost, gain = (scale * per_scale[problem.job_profile] for per_scale in largest)
    if np.any(units >= LARGEST) or np.any(watts >= LARGEST):
        raise ProblemError("OVERFLOW", "job_scale * candidate_units (or its watts) could exceed 64 bits")
    if np.any(cost >= LARGEST):
        raise ProblemError("OVERFLOW", "the cost of a placement could exceed 64 bits")
    if values.sum() + gain.sum() >= LARGEST:
        raise ProblemError("OVERFLOW", "the value of a clearing could exceed 64 bits")


def _largest_per_profile(problem: ClearingProblem) -> tuple[npt.NDArray[np.float64], ...]:
    """(P,) each, for scale 1: most units, most watts, largest |cost|, most a negative cost could bring in."""
    offering = problem.candidate_offering
    units = problem.candidate_units.astype(np.float64)
    unit_slots = units * np.minimum(problem.candidate_slots, problem.slots)
    cost = problem.unit_cost_micros.astype(np.float64)
    dearest = np.abs(cost).max(axis=1, initial=0.0)[offering]
    cheapest = np.maximum(0.0, -cost.min(axis=1, initial=0.0))[offering]
    fixed = problem.candidate_fixed_micros.astype(np.float64)
    watts = problem.facility_watts_per_unit.astype(np.float64)[offering]
    profile = np.repeat(np.arange(problem.profiles), np.diff(problem.profile_start))
    candidate_largest = (
        units,
        units * watts,
        np.abs(fixed) + unit_slots * dearest,
        np.maximum(0.0, -fixed) + unit_slots * cheapest,
    )
    largest = []
    for per_candidate in candidate_largest:
        most = np.zeros(problem.profiles)
        np.maximum.at(most, profile, per_candidate)
        largest.append(most)
    return tuple(largest)
