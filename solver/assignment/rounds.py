"""Search and proof side by side, in rounds that meet: between them the workers exchange their best.

Threads suffice, for kernels and HiGHS let go of the interpreter. Rounds are counted in work, so that the outcome
does not depend on which worker was faster.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from solver.assignment.elite import Elite
from solver.assignment.explore import Field, dive_from_nothing, explore
from solver.assignment.knapsack import knapsacks_of
from solver.assignment.problem import AssignmentProblem
from solver.assignment.proof import Proof, Proven
from solver.assignment.standing import Standing

WORK_PER_ROUND = 80_000_000
"""Items x room that a worker's tries of one round may go through: about a second."""
FEWEST_TRIES, MOST_TRIES = 4, 80
PROOF_EVERY = 2
"""Every so many rounds the first worker proves instead of searching."""


def search_in_rounds(standing: Standing, field: Field, elite: Elite, workers: int, seed: int) -> None:
    """Go on until the bound is met, the target is reached or the time is up."""
    if standing.is_over() or standing.bound is None:
        return
    proof = Proof(standing.problem, standing.bound, standing.stop)
    chances = [np.random.default_rng([seed, worker]) for worker in range(workers)]
    with ThreadPoolExecutor(workers) as pool:
        try:
            crew = Crew(standing, field, pool, chances)
            elites = crew.dive(elite)
            turn = 0
            while not standing.is_over():
                turn += 1
                elites = crew.prove(elites, proof) if turn % PROOF_EVERY == 1 else crew.search(elites)
        finally:
            standing.stop.call()


class Crew:
    """The workers of one search; each has an elite and a chance of its own."""

    def __init__(
        self,
        standing: Standing,
        field: Field,
        pool: ThreadPoolExecutor,
        chances: list[np.random.Generator],
    ) -> None:
        """As many workers as there are chances."""
        self._standing, self._field, self._pool, self._chances = standing, field, pool, chances
        self._tries = _tries(standing.problem)

    def dive(self, elite: Elite) -> list[Elite]:
        """Everybody starts with a few dives."""
        plunge = partial(dive_from_nothing, self._field)
        jobs = [self._pool.submit(plunge, chance, self._standing.stop, elite) for chance in self._chances]
        return self._meet([job.result() for job in jobs], "dives")

    def search(self, elites: list[Elite]) -> list[Elite]:
        """Everybody explores."""
        return self._meet(self._explore(elites, range(len(elites)), self._tries), "explore")

    def prove(self, elites: list[Elite], proof: Proof) -> list[Elite]:
        """The first worker proves while the others, if any, explore."""
        attempt = proof.plan(_shared(elites))
        if attempt is None:
            return self.search(elites)
        proving = self._pool.submit(proof.make, attempt)
        grown = self._explore(elites, range(1, len(elites)), attempt.rounds() * self._tries)
        self._take(proving.result(), elites[0])
        return self._meet([elites[0], *grown], "core and explore")

    def _explore(self, elites: list[Elite], who: range, tries: int) -> list[Elite]:
        stop, enough = self._standing.stop, self._standing.enough()
        jobs = [
            self._pool.submit(explore, self._field, elites[at], tries, self._chances[at], (stop, enough))
            for at in who
        ]
        return [job.result() for job in jobs]

    def _take(self, proven: Proven, elite: Elite) -> None:
        if proven.infeasible:
            self._standing.refuted = True
        if proven.member:
            elite.add(proven.member.cost, proven.member.agent)
        self._standing.trusted(proven.lower_bound)

    def _meet(self, elites: list[Elite], step: str) -> list[Elite]:
        """Note the best, and give it to everybody."""
        shared = _shared(elites)
        self._standing.found(shared, step)
        for elite in elites:
            if shared.best:
                elite.add(*shared.best)
        return elites


def _shared(elites: list[Elite]) -> Elite:
    """The best of all, the first worker's first where they tie."""
    shared = Elite()
    for elite in elites:
        for member in elite.members:
            shared.add(*member)
    return shared


def _tries(problem: AssignmentProblem) -> int:
    work = problem.items * int(knapsacks_of(problem).room.sum())
    return int(np.clip(WORK_PER_ROUND // max(1, work), FEWEST_TRIES, MOST_TRIES))
