"""How long and how hard `clear` may try."""

from __future__ import annotations

import math
from dataclasses import dataclass

from solver.errors import LimitsError

MOST_SHARDS = 10_000


@dataclass(frozen=True)
class Limits:
    """Stop at `seconds` of wall-clock time or at the certified relative `gap`, whichever comes first.

    `workers` and `seed` go to the parts that search; with them given, and unless the seconds run out, the answer is
    the same every time: what decides results is counted in work, never in seconds.

    `shards` is how many parts the demand of many jobs is added up from; None: as many as workers, or as a cluster has
    cores. Their number decides how sums are rounded, not who evaluates them: threads or a cluster, the answer is the same.
    """

    seconds: float = 60.0
    gap: float = 0.001
    workers: int = 2
    seed: int = 0
    shards: int | None = None

    def __post_init__(self) -> None:
        """Raise LimitsError where a limit is out of its range."""
        if not (math.isfinite(self.seconds) and self.seconds > 0):
            raise LimitsError("BAD_SECONDS", f"seconds must be positive and finite, not {self.seconds}")
        if not (math.isfinite(self.gap) and self.gap >= 0):
            raise LimitsError("BAD_GAP", f"gap must be zero or more and finite, not {self.gap}")
        if not 1 <= self.workers <= 256:
            raise LimitsError("BAD_WORKERS", f"workers must be 1 to 256, not {self.workers}")
        if not 0 <= self.seed < 2**31:
            raise LimitsError("BAD_SEED", f"seed must be 0 to 2^31 - 1, not {self.seed}")
        if self.shards is not None and not 1 <= self.shards <= MOST_SHARDS:
            raise LimitsError("BAD_SHARDS", f"shards must be 1 to {MOST_SHARDS}, not {self.shards}")
