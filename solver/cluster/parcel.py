"""Arrays on their way between processes: what arrives may be written to exactly where the original may.

Ray lends arrays read-only, and a kernel is compiled anew for arrays that are: other machine code, perhaps other bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from solver.classes import Classes
from solver.layout import Layout

Arrays = TypeVar("Arrays", Layout, Classes)


@dataclass(frozen=True)
class Parcel(Generic[Arrays]):
    """A named tuple of arrays, and which of them may be written to."""

    arrays: Arrays
    writable: tuple[bool, ...]

    def unpack(self) -> Arrays:
        """Copies of one's own."""
        copies = []
        for array, writable in zip(self.arrays, self.writable, strict=True):
            copy = np.array(array)
            copy.setflags(write=writable)
            copies.append(copy)
        return type(self.arrays)(*copies)


def pack(arrays: Arrays) -> Parcel[Arrays]:
    """As they are here."""
    return Parcel(arrays, tuple(bool(array.flags.writeable) for array in arrays))


def without_jobs(layout: Layout) -> Layout:
    """What a shard reads of a layout: as large as the candidates, whatever the number of jobs."""
    nothing = np.zeros(0, dtype=np.int64)
    rows = ("profile", "scale", "value_micros", "first", "end")
    return layout._replace(**{name: _like(getattr(layout, name), nothing) for name in rows})


def _like(original: npt.NDArray[Any], content: npt.NDArray[Any]) -> npt.NDArray[Any]:
    copy = content.copy()
    copy.setflags(write=original.flags.writeable)
    return copy
