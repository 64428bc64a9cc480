"""Where movable orders stay if they are not moved, in the terms of a problem."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solver import Clearing

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Staying:
    """Columns over the jobs (J,); -1 and 0 for orders from the book, which have no place yet.

    A job that may be moved is worth what its present place costs, so that staying adds nothing to a round's value and
    a move adds what it saves; and a bonus besides, so that it is not left unplaced. The bonus is nobody's money:
    published values and bounds are without it.
    """

    candidate: Ints
    start: Ints
    bonus_micros: Ints

    @property
    def movable(self) -> Bools:
        """(J,) whether a job has a place."""
        found: Bools = self.candidate >= 0
        return found

    def moved(self, clearing: Clearing) -> Bools:
        """(J,) whether a job is placed elsewhere than it is."""
        found: Bools = self.movable & (clearing.chosen >= 0) & (clearing.chosen != self.candidate)
        return found

    def evicted(self, clearing: Clearing) -> bool:
        """Whether somebody lost a place."""
        return bool((self.movable & (clearing.chosen < 0)).any())
