"""Candidates of all orders as columns, and the profiles that orders share.

Orders with the same needs from the same origin share a profile, whatever their size, value and window: candidates are
those of one unit, or of the tenths of one that are asked for; the order's units are the scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from market.clearing.asked import Asked, Kinds
from market.clearing.eligible import Eligible
from market.clearing.supply import Supply
from market.domain.money import LARGEST_MICROS
from market.domain.orders import WHOLE_UNIT, Order
from market.domain.policy import Policy

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Columns over the candidates (C,), job by job, by offering."""

    job: Ints
    offering: Ints
    slots: Ints
    parts: Ints
    """For scale 1."""
    fixed_micros: Ints
    """For scale 1."""

    def those(self, rows: Bools | Ints) -> "Candidates":
        """Some of them."""
        return Candidates(
            self.job[rows], self.offering[rows], self.slots[rows], self.parts[rows], self.fixed_micros[rows]
        )


@dataclass(frozen=True, slots=True)
class Profiles:
    """What jobs share."""

    of_job: Ints
    """(J,) profiles are numbered as jobs come."""
    start: Ints
    """(P + 1,) where the candidates of each begin."""
    candidates: Candidates
    """Of the first job of each."""


def find_candidates(
    orders: Sequence[Order], asked: Asked, eligible: Eligible, supply: Supply, policy: Policy
) -> Candidates:
    """What no rule stands against, and what no amount of money is too small for."""
    job, offering = eligible.pairs()
    slots, tenths = eligible.slots(job, offering), asked.unit_tenths[job]
    parts: Ints = supply.parts_per_unit[offering] * tenths // WHOLE_UNIT
    per_ms = np.array([o.terms.latency_cost_micros_per_ms_unit_hour for o in orders], dtype=np.float64)
    moved = [o.job.data_gb * policy.transfer_micros_per_gb / o.job.units for o in orders]
    latency = eligible.rtt(job, offering) * slots * per_ms[job] * policy.latency_weight
    transfer = np.where(
        eligible.away[eligible.origin[job], offering], np.array(moved, dtype=np.float64)[job], 0.0
    )
    fixed = np.floor(latency * (tenths / WHOLE_UNIT) + transfer + 0.5)
    dearest_part = supply.part_cost_micros.max(axis=1, initial=0).astype(np.float64)
    dearest = (dearest_part[offering] * parts * slots + fixed) * asked.units[job]
    kept = dearest <= LARGEST_MICROS
    found = Candidates(job, offering, slots, parts, np.where(kept, fixed, 0.0).astype(np.int64))
    return found if kept.all() else found.those(kept)


def share_profiles(candidates: Candidates, origin: Ints) -> Profiles:
    """Give jobs of one origin (J,) with the same candidates one profile."""
    sizes = np.bincount(candidates.job, minlength=len(origin))
    start = np.concatenate(([0], np.cumsum(sizes)))
    columns = (candidates.offering, candidates.slots, candidates.parts, candidates.fixed_micros)
    rows = np.stack(columns, axis=1).tobytes()
    width = len(columns) * candidates.offering.itemsize
    ends = (start * width).tolist()
    shared = Kinds.of(
        (where, rows[begin:end]) for where, begin, end in zip(origin.tolist(), ends, ends[1:], strict=False)
    )
    first = np.zeros(len(origin), dtype=np.bool_)
    first[list(shared.first)] = True
    return Profiles(
        of_job=shared.of_each,
        start=np.concatenate(([0], np.cumsum(sizes[first]))).astype(np.int64),
        candidates=candidates.those(first[candidates.job]),
    )
