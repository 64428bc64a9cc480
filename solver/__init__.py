"""The solver: a pure function from a problem in arrays to placements, prices and a proof. See MODEL.md.

`clear` finds, `verify` judges; they share nothing but the nouns. Imports nothing of the rest of the exchange.
"""

from solver.clear import clear
from solver.cluster.settings import ClusterSettings
from solver.engine import Engine
from solver.errors import ClearingError, ClusterError, LimitsError, ProblemError, SolverError
from solver.limits import Limits
from solver.outcome import Clearing, Status
from solver.problem import ClearingProblem
from solver.progress import Progress
from solver.verify import Verification, Violation, verify

__all__ = [
    "Clearing",
    "ClearingError",
    "ClearingProblem",
    "ClusterError",
    "ClusterSettings",
    "Engine",
    "Limits",
    "LimitsError",
    "ProblemError",
    "Progress",
    "SolverError",
    "Status",
    "Verification",
    "Violation",
    "clear",
    "verify",
]
