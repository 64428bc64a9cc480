"""What can be wrong with the solver's input, as named errors with stable codes.

SolverError
├── ProblemError   the problem's arrays contradict each other or the contract
├── LimitsError    the limits make no sense
├── ClearingError  a stored clearing cannot be read, or does not belong to the problem
└── ClusterError   the cluster that should evaluate cannot
"""

from __future__ import annotations


class SolverError(ValueError):
    """Base of the solver's errors; `code` is stable and meant for programs, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        """Show the code before the message, so that a log line can be searched for it."""
        return f"{self.code}: {self.message}"

    def __reduce__(self) -> tuple[type[SolverError], tuple[str, str]]:
        """Survive the way between processes."""
        return type(self), (self.code, self.message)


class ProblemError(SolverError):
    """The problem is not one the solver can take.

    Codes: MISSING_ARRAY, NOT_A_PROBLEM_FILE, NOT_INTEGER, WRONG_SHAPE, OUT_OF_RANGE, NEGATIVE, NOT_POSITIVE,
    BAD_POINTER, INDEX_OUT_OF_RANGE, BAD_SLOT_HOURS, OVERFLOW.
    """


class LimitsError(SolverError):
    """A limit is out of its range.

    Codes: BAD_SECONDS, BAD_GAP, BAD_WORKERS, BAD_SEED,
    BAD_SHARDS.
    """


class ClearingError(SolverError):
    """A clearing cannot be read or used. Codes: NOT_A_CLEARING_FILE, MISSING_ARRAY, WRONG_SHAPE, NOT_INTEGER,
    NOT_A_NUMBER.
    """


class ClusterError(SolverError):
    """The cluster that should evaluate cannot; the problem itself may be cleared elsewhere.

    Codes: RAY_MISSING, NO_CLUSTER, CLUSTER_FULL, CLUSTER_DIFFERS, SHARD_FAILED, SHARDS_LOST.
    """
