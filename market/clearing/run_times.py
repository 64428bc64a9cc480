"""How long jobs run on each device that fits them."""

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from market.clearing.asked import Kinds
from market.domain.devices import REFERENCE_DEVICE, Device
from market.domain.orders import Job

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class RunTimes:
    """The devices as columns, by their ids; nan stands where a device does not fit."""

    def __init__(self, devices: Mapping[str, Device]) -> None:
        self._devices = devices

    def hours(self, jobs: Sequence[Job], alike: Kinds) -> Floats:
        """(J, D) hours; jobs of a kind fit the same devices, and were measured on the same one."""
        asked = [jobs[first] for first in alike.first]
        speed = np.array([self._speeds(job) for job in asked]).reshape(len(asked), len(self._devices))
        base = np.array([self._base(job) for job in asked])
        measured = [math.nan if isinstance(job.hours, Mapping) else job.hours for job in jobs]
        hours: Floats = speed[alike.of_each]
        np.divide((np.array(measured, dtype=np.float64) * base[alike.of_each])[:, None], hours, out=hours)
        for at, job in enumerate(jobs):
            if isinstance(job.hours, Mapping):
                fits = ~np.isnan(speed[alike.of_each[at]])
                hours[at, fits] = [
                    job.hours[name] for name, there in zip(self._devices, fits, strict=True) if there
                ]
        return hours

    def _speeds(self, job: Job) -> list[float]:
        """Of each device for this job; where its buyer says the hours on each, 1 for those of which they are said."""
        wanted: Collection[str] = self._devices if job.devices is None else job.devices
        fits = {d.id: d.id in wanted and _device_fits(d, job) for d in self._devices.values()}
        if isinstance(job.hours, Mapping):
            return [1.0 if fits[name] and name in job.hours else math.nan for name in self._devices]
        return [
            (fits[d.id] and d.speed_for(job.precision)) or math.nan  # a device of no speed runs nothing
            for d in self._devices.values()
        ]

    def _base(self, job: Job) -> float:
        """Speed of the device that the job's hours were measured on."""
        name = job.devices[0] if job.devices else REFERENCE_DEVICE[job.compute_class]
        reference = self._devices.get(name)
        base = reference.speed_for(job.precision) if reference else None
        return 1.0 if base is None else base


def whole_slots(hours: Floats) -> Ints:
    """Slots that so many hours take; 1 where they are nan."""
    slots = np.maximum(np.ceil(hours - 1e-9), 1)
    slots[np.isnan(slots)] = 1
    return slots.astype(np.int64)


def _device_fits(device: Device, job: Job) -> bool:
    enough_memory = job.min_memory_gb is None or device.memory_gb >= job.min_memory_gb
    runs_precision = device.speed_for(job.precision) is not None
    return device.compute_class is job.compute_class and enough_memory and runs_precision
