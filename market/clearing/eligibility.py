"""Which offerings can run a job at all, and the first rule that rules out each of the others.

Rules are asked from the most to the least fundamental; an offering is a candidate when none applies.
Facts about time and competition (too late, no capacity, priced out) are the solver's to find.
"""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from market.domain.catalogue import Catalogue
from market.domain.devices import REFERENCE_DEVICE, Device
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


@dataclass(frozen=True, slots=True)
class Eligibility:
    """For each offering: 0 or the rule that rules it out; run time; RTT; whether it lies outside the origin."""

    rule: npt.NDArray[np.int8]
    slots: npt.NDArray[np.int64]
    rtt_ms: npt.NDArray[np.float64]
    away: Bools


class EligibilityRules:
    """The catalogue as columns, so that one job is checked against all offerings at once."""

    def __init__(self, catalogue: Catalogue, listed_units: npt.NDArray[np.int64]) -> None:
        """`listed_units`: (O,) most units listed in any slot of the horizon."""
        offerings = catalogue.offerings
        nodes = [catalogue.node_by_id[o.node_id] for o in offerings]
        self._catalogue = catalogue
        self._device_row = {device_id: row for row, device_id in enumerate(catalogue.device_by_id)}
        self._device = np.array([self._device_row[o.device_id] for o in offerings], dtype=np.int64)
        self._region = np.array([node.region_id for node in nodes], dtype=object)
        self._pue = np.array([node.pue for node in nodes])
        self._green = np.array([node.green_share for node in nodes])
        self._largest_tenths = WHOLE_UNIT * np.minimum([_largest_order(o) for o in offerings], listed_units)
        self._smallest_tenths = np.array([_smallest_order_tenths(o) for o in offerings], dtype=np.int64)
        self._by_origin: dict[str, tuple[npt.NDArray[np.float64], Bools]] = {}

    def check(self, job: Job, share: float = 1.0) -> Eligibility:
        """Ask every rule of every offering; `share` of the job's run time is still to do."""
        hours = np.full(len(self._device_row), math.nan)
        for device, device_hours in self._hours_by_device(job).items():
            hours[self._device_row[device]] = device_hours * share
        slots = np.maximum(np.ceil(hours - 1e-9), 1)
        slots[np.isnan(hours)] = 1
        tenths = job.units * job.unit_tenths
        rtt, away = self._seen_from(job.origin_region)
        ruled_out = (
            np.isnan(hours)[self._device],
            rtt > (math.inf if job.max_rtt_ms is None else job.max_rtt_ms),
            self._not_allowed(job),
            (tenths > self._largest_tenths) | (tenths < self._smallest_tenths),
        )
        rule = np.zeros(len(self._device), dtype=np.int8)
        for number, out in reversed(list(enumerate(ruled_out, start=1))):
            rule[out] = number
        return Eligibility(rule, slots.astype(np.int64)[self._device], rtt, away)

    def facts(self, job: Job, offering_row: int, eligibility: Eligibility) -> Mapping[str, Any]:
        """What decided at one offering, in numbers."""
        code = RULED_OUT[eligibility.rule[offering_row] - 1]
        if code is ReasonCode.TOO_FAR:
            return {"rtt_ms": float(eligibility.rtt_ms[offering_row]), "max_rtt_ms": job.max_rtt_ms}
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

    def _hours_by_device(self, job: Job) -> dict[str, float]:
        """Hours on each device that fits; devices that do not fit are missing."""
        devices = self._catalogue.device_by_id
        wanted = set(devices) if job.devices is None else set(job.devices)
        fitting = [d for d in devices.values() if d.id in wanted and _device_fits(d, job)]
        if isinstance(job.hours, Mapping):
            return {d.id: job.hours[d.id] for d in fitting if d.id in job.hours}
        reference = devices.get(job.devices[0] if job.devices else REFERENCE_DEVICE[job.compute_class])
        base = reference.speed_for(job.precision) if reference else None
        if base is None:
            base = 1.0
        return {d.id: job.hours * base / speed for d in fitting if (speed := d.speed_for(job.precision))}

    def _seen_from(self, origin: str) -> tuple[npt.NDArray[np.float64], Bools]:
        """RTT of each offering, and whether it lies elsewhere: once for all jobs of an origin."""
        if origin not in self._by_origin:
            known = self._catalogue.rtt_ms
            rtt = np.array(
                [known.get((origin, region), UNREACHABLE_MS) for region in self._region], dtype=np.float64
            )
            self._by_origin[origin] = rtt, self._region != origin
        return self._by_origin[origin]

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


def what_rules_depend_on(job: Job) -> Hashable:
    """Jobs of which this is the same are ruled out alike at each offering, with the same facts; their run times differ."""
    runs_on = tuple(sorted(job.hours)) if isinstance(job.hours, Mapping) else None
    return (
        (job.compute_class, job.precision, job.min_memory_gb, job.devices, runs_on),
        (job.origin_region, job.max_rtt_ms, job.allowed_regions, job.max_pue, job.min_green_share),
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


def _device_fits(device: Device, job: Job) -> bool:
    enough_memory = job.min_memory_gb is None or device.memory_gb >= job.min_memory_gb
    runs_precision = device.speed_for(job.precision) is not None
    return device.compute_class is job.compute_class and enough_memory and runs_precision
