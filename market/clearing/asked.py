"""What the orders of a problem ask for, read once into columns: whatever is reckoned of all orders starts from these."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from market.domain.orders import JobClass, Order

Ints = npt.NDArray[np.int64]
JOB_CLASSES = tuple(JobClass)


@dataclass(frozen=True, slots=True)
class Asked:
    """Columns over the jobs (J,)."""

    units: Ints
    """Whole units; 1 where the order takes `unit_tenths` of one."""
    unit_tenths: Ints
    job_class: Ints
    """Row in JOB_CLASSES."""

    @classmethod
    def of(cls, orders: Sequence[Order]) -> "Asked":
        """Read them."""
        jobs = [order.job for order in orders]
        class_row = {name: row for row, name in enumerate(JOB_CLASSES)}
        return cls(
            units=np.array([job.units for job in jobs], dtype=np.int64),
            unit_tenths=np.array([job.unit_tenths for job in jobs], dtype=np.int64),
            job_class=np.array([class_row[job.job_class] for job in jobs], dtype=np.int64),
        )


@dataclass(frozen=True, slots=True)
class Kinds:
    """Which of many are alike, numbered as they come."""

    of_each: Ints
    """The kind of each."""
    first: tuple[int, ...]
    """Of each kind, the first that is of it."""

    @classmethod
    def of(cls, keys: Iterable[Hashable]) -> "Kinds":
        """Alike are those with equal keys."""
        number: dict[Hashable, int] = {}
        of_each: list[int] = []
        first: list[int] = []
        for at, key in enumerate(keys):
            if key not in number:
                number[key] = len(first)
                first.append(at)
            of_each.append(number[key])
        return cls(np.array(of_each, dtype=np.int64), tuple(first))
