"""Jobs against offerings, as columns: what may run where, for how long, how far away, or the first rule against it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Rules = npt.NDArray[np.int8]
CELLS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Of one job, for each offering: 0 or the rule that rules it out; run time; RTT; whether it lies outside the origin."""

    rule: Rules
    slots: Ints
    rtt_ms: Floats
    away: Bools


@dataclass(frozen=True, slots=True)
class Eligible:
    """Of jobs J at offerings O. A rule looks at a part of what a job asks for, and is asked once for all that ask alike."""

    kind: tuple[Ints, ...]
    """By rule: (J,) which of the kinds of that rule a job is."""
    ruled_out: tuple[Bools, ...]
    """By rule: (kinds, O)."""
    device: Ints
    """(O,) row of the offering's device."""
    slots_on_device: Ints
    """(J, D) run time; 1 where the device does not fit."""
    origin: Ints
    """(J,) row in `origins`."""
    origins: tuple[str, ...]
    """Ids of the regions that orders come from, as they come."""
    rtt_ms: Floats
    """(origins, O)"""
    away: Bools
    """(origins, O) whether it lies outside the origin."""

    def rules(self, jobs: Ints) -> Rules:
        """(jobs, O) 0, or the most fundamental rule that rules it out."""
        rule = np.zeros((len(jobs), len(self.device)), dtype=np.int8)
        for number in range(len(self.kind), 0, -1):
            np.copyto(rule, np.int8(number), where=self.ruled_out[number - 1][self.kind[number - 1][jobs]])
        return rule

    def slots(self, jobs: Ints, offerings: Ints) -> Ints:
        """Run time of each job at the offering beside it."""
        slots: Ints = self.slots_on_device[jobs, self.device[offerings]]
        return slots

    def rtt(self, jobs: Ints, offerings: Ints) -> Floats:
        """RTT in ms between each job's origin and the offering beside it."""
        rtt: Floats = self.rtt_ms[self.origin[jobs], offerings]
        return rtt

    def pairs(self) -> tuple[Ints, Ints]:
        """(job, offering) of all that no rule stands against, job by job."""
        found = list(self._pairs())
        jobs, offerings = zip(*found, strict=True) if found else ((), ())
        return _joined(jobs), _joined(offerings)

    def _pairs(self) -> Iterator[tuple[Ints, Ints]]:
        jobs = np.arange(len(self.origin))
        most = max(1, CELLS_AT_ONCE // max(len(self.device), 1))
        for begin in range(0, len(jobs), most):
            at, offering = np.nonzero(self.rules(jobs[begin : begin + most]) == 0)
            yield at + begin, offering

    def of(self, job: int) -> Eligibility:
        """Of one job."""
        origin = self.origin[job]
        rule, slots = self.rules(np.array([job]))[0], self.slots_on_device[job][self.device]
        return Eligibility(rule, slots, self.rtt_ms[origin], self.away[origin])


def _joined(parts: tuple[Ints, ...]) -> Ints:
    return np.concatenate(parts).astype(np.int64) if parts else np.zeros(0, dtype=np.int64)
