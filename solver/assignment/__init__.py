"""Generalized assignment: every item to one agent, no agent overloaded, least cost; see MODEL.md."""

from solver.assignment.outcome import AssignmentOutcome, Milestone
from solver.assignment.problem import (
    AssignmentError,
    AssignmentProblem,
    parse_assignment,
    read_assignment,
)
from solver.assignment.solve import solve_assignment
from solver.assignment.verify import AssignmentVerification, verify_assignment

__all__ = [
    "AssignmentError",
    "AssignmentOutcome",
    "AssignmentProblem",
    "AssignmentVerification",
    "Milestone",
    "parse_assignment",
    "read_assignment",
    "solve_assignment",
    "verify_assignment",
]
