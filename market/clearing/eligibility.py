"""Which offerings can run a job at all, and the first rule that rules out each of the others.

Rules are asked from the most to the least fundamental; an offering is a candidate when none applies.
Facts about time and competition (too late, no capacity, priced out) are the solver's to find.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from market.clearing.asked import Kinds
from market.clearing.eligible import Eligibility, Eligible
from market.clearing.run_times import RunTimes, whole_slots
from market.domain.catalogue import Catalogue
from market.domain.offerings import Offering
from market.domain.orders import WHOLE_UNIT, Job
from market.domain.rounds import ReasonCode

Bools = npt.NDArray[np.bool_]

RULED_OUT = (
    ReasonCode.NO_SUCH_DEVICE,
    ReasonCode.TOO_FAR,
    ReasonCode.NOT_ALLOWED_THERE,
    ReasonCode.TOO_LARGE,
)
"""Code of `Eligibility.rule` k is RULED_OUT[k - 1]; 0 means candidate."""

UNREACHABLE_MS = 1e9
"""RTT to a region no distance is known for: nobody can be that patient."""


class EligibilityRules:
    """The catalogue as columns, so that jobs are checked against all offerings at once."""

    def __init__(self, catalogue: Catalogue, listed_units: npt.NDArray[np.int64]) -> None:
        """`listed_units`: (O,) most units listed in any slot of the horizon."""
        offerings = catalogue.offerings
        nodes = [catalogue.node_by_id[o.node_id] for o in offerings]
        self._catalogue = catalogue
        self._run_times = RunTimes(catalogue.device_by_id)
        device_row = {device_id: row for row, device_id in enumerate(catalogue.device_by_id)}
        self._device = np.array([device_row[o.device_id] for o in offerings], dtype=np.int64)
        self._region = np.array([node.region_id for node in nodes], dtype=object)
        self._pue = np.array([node.pue for node in nodes])
        self._green = np.array([node.green_share for node in nodes])
        self._largest_tenths = WHOLE_UNIT * np.minimum([_largest_order(o) for o in offerings], listed_units)
        self._smallest_tenths = np.array([_smallest_order_tenths(o) for o in offerings], dtype=np.int64)
        self._by_origin: dict[str, tuple[npt.NDArray[np.float64], Bools]] = {}

    def check(self, job: Job, share: float = 1.0) -> Eligibility:
        """Ask every rule of every offering; `share` of the job's run time is still to do."""
        return self.check_all([job], [share]).of(0)

    def check_all(self, jobs: Sequence[Job], shares: Sequence[float]) -> Eligible:
        """The same of many jobs at once: each rule once for all jobs that are alike in what it looks at."""
        asks = [what_rules_depend_on(job) for job in jobs]
        kinds = [Kinds.of(asked[rule] for asked in asks) for rule in range(len(RULED_OUT))]
        distant, placed, sized = ([jobs[first] for first in kind.first] for kind in kinds[1:])
        origin = Kinds.of(job.origin_region for job in jobs)
        origins = tuple(jobs[first].origin_region for first in origin.first)
        seen = [self._seen_from(region) for region in origins]
        away = self._rows([elsewhere for _, elsewhere in seen])
        hours = self._run_times.hours(jobs, kinds[0])
        no_device = np.isnan(hours[list(kinds[0].first)])[:, self._device]
        return Eligible(
            kind=tuple(kind.of_each for kind in kinds),
            ruled_out=(
                no_device,
                self._rows([self._too_far(job) for job in distant]),
                self._rows([self._not_allowed(job) for job in placed]),
                self._rows([self._wrong_size(job) for job in sized]),
            ),
            device=self._device,
            slots_on_device=whole_slots(hours * np.array(shares, dtype=np.float64)[:, None]),
            origin=origin.of_each,
            origins=origins,
            rtt_ms=np.array([rtt for rtt, _ in seen], dtype=np.float64).reshape(away.shape),
            away=away,
        )

    def facts(self, job: Job, offering_row: int, rule: int) -> Mapping[str, Any]:
        """What decided at one offering that this rule rules out, in numbers."""
        code = RULED_OUT[rule - 1]
        if code is ReasonCode.TOO_FAR:
            rtt_ms, _ = self._seen_from(job.origin_region)
            return {"rtt_ms": float(rtt_ms[offering_row]), "max_rtt_ms": job.max_rtt_ms}
        if code is ReasonCode.NOT_ALLOWED_THERE:
            return self._policy_facts(job, offering_row)
        if code is ReasonCode.TOO_LARGE:
            return self._size_facts(job, offering_row)
        return {"device": self._catalogue.offerings[offering_row].device_id}

    def _size_facts(self, job: Job, row: int) -> Mapping[str, Any]:
        """Too large for the largest gang, or too small for the smallest order: TOO_LARGE stands for both."""
        offering = self._catalogue.offerings[row]
        units = job.units if job.unit_tenths == WHOLE_UNIT else job.unit_tenths / WHOLE_UNIT
        if job.units * job.unit_tenths < self._smallest_tenths[row]:
            return {"units": units, "min_units_per_order": offering.min_units_per_order}
        return {
            "units": units,
            "largest_order_units": int(self._largest_tenths[row]) // WHOLE_UNIT,
            "max_gang_units": offering.max_gang_units,
        }

    def _seen_from(self, origin: str) -> tuple[npt.NDArray[np.float64], Bools]:
        """RTT of each offering, and whether it lies elsewhere: once for all jobs of an origin."""
        if origin not in self._by_origin:
            known = self._catalogue.rtt_ms
            rtt = np.array(
                [known.get((origin, region), UNREACHABLE_MS) for region in self._region], dtype=np.float64
            )
            self._by_origin[origin] = rtt, self._region != origin
        return self._by_origin[origin]

    def _rows(self, found: Sequence[Bools]) -> Bools:
        return np.array(found, dtype=np.bool_).reshape(len(found), len(self._device))

    def _too_far(self, job: Job) -> Bools:
        rtt_ms, _ = self._seen_from(job.origin_region)
        out: Bools = rtt_ms > (math.inf if job.max_rtt_ms is None else job.max_rtt_ms)
        return out

    def _wrong_size(self, job: Job) -> Bools:
        tenths = job.units * job.unit_tenths
        out: Bools = (tenths > self._largest_tenths) | (tenths < self._smallest_tenths)
        return out

    def _not_allowed(self, job: Job) -> Bools:
        out = np.zeros(len(self._device), dtype=np.bool_)
        if job.allowed_regions is not None:
            out |= ~np.isin(self._region, job.allowed_regions)
        if job.max_pue is not None:
            out |= self._pue > job.max_pue
        if job.min_green_share is not None:
            out |= self._green < job.min_green_share
        return out

    def _policy_facts(self, job: Job, row: int) -> Mapping[str, Any]:
        region = str(self._region[row])
        if job.allowed_regions is not None and region not in job.allowed_regions:
            return {"region": region, "allowed_regions": list(job.allowed_regions)}
        if job.max_pue is not None and self._pue[row] > job.max_pue:
            return {"pue": float(self._pue[row]), "max_pue": job.max_pue}
        return {"green_share": float(self._green[row]), "min_green_share": job.min_green_share}


def what_rules_depend_on(job: Job) -> tuple[Hashable, ...]:
    """By rule: jobs of which this is the same are ruled out at the same offerings, with the same facts, written alike."""
    runs_on = tuple(sorted(job.hours)) if isinstance(job.hours, Mapping) else None
    return (
        (job.compute_class, job.precision, job.min_memory_gb, job.devices, runs_on),
        (job.origin_region, repr(job.max_rtt_ms)),
        (job.allowed_regions, repr(job.max_pue), repr(job.min_green_share)),
        (job.units, job.unit_tenths),
    )


def _largest_order(offering: Offering) -> int:
    """Units: an order is one gang in one interconnect domain, and the provider may take less than that."""
    most = offering.max_units_per_order
    return offering.max_gang_units if most is None else min(offering.max_gang_units, most)


def _smallest_order_tenths(offering: Offering) -> int:
    """Tenths of a card: one where tenths are sold and single cards are, else the smallest order in whole cards."""
    if offering.slices_per_unit == WHOLE_UNIT and offering.min_units_per_order == 1:
        return 1
    return WHOLE_UNIT * offering.min_units_per_order
