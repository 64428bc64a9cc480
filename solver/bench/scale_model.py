"""From measured parts to sizes nobody here has: plain sums, every assumption a number that can be changed.

An evaluation with S shards on M machines takes

    serialise + M x out / bandwidth + 4 latencies + compute of a shard + S x back / bandwidth + S x (call + add)

where `compute` is processor time per job, measured, times the jobs of a shard (a shard has a core of its own); `call` is
the processor time of one shard's question and answer where the solver is, measured on evaluations of nothing. Prices go
to every machine once and straight from there: no tree, though Ray may pass them on. Answers all come back to one place,
because they are added up in one order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

BITS = 8.0
TRIPS = 4
"""Question and answer, and each large array is asked for where it lies."""


@dataclass(frozen=True)
class Assumptions:
    """What is not measured."""

    shards: int = 1_000
    jobs: int = 1_000_000_000
    shards_per_machine: int = 32
    latency_seconds: float = 100e-6
    """One way."""
    gigabits_per_second: float = 25.0
    """Of the solver's own connection, through which everything goes."""
    evaluations: int = 190
    """To find prices: the legs of `descent.COOLING`, and a bound after each that is not rough."""


@dataclass(frozen=True)
class Measured:
    """Seconds and bytes, for one job or one shard."""

    compute_per_job: float
    call_per_shard: float
    """Processor time of the solver's own process, Ray's threads in it included."""
    serialise: float
    add_per_shard: float
    bytes_out: int
    bytes_back: int
    assigned_bytes_per_job: float
    kept_bytes_per_job: float
    here_per_job: float
    """Classes, assignment, one certificate and one placement of every job, where the solver is."""

    @classmethod
    def of(cls, rows: list[dict[str, Any]]) -> Measured:
        """From the rows of a measurement; those of most shards say what a job and a shard cost."""
        most = rows[-1]
        jobs, shards = most["jobs"], most["shards"]
        return cls(
            compute_per_job=sum(most["compute_cpu_seconds_by_shard"]) / jobs,
            call_per_shard=most["call_cpu_seconds"] / shards,
            serialise=most["serialise_seconds"],
            add_per_shard=most["add_seconds"] / shards,
            bytes_out=most["bytes_out"],
            bytes_back=max(most["bytes_back_by_shard"]),
            assigned_bytes_per_job=most["bytes_assigned"] / jobs,
            kept_bytes_per_job=most["bytes_kept_here"] / jobs,
            here_per_job=sum(most["here"].values()) / jobs,
        )


@dataclass(frozen=True)
class Predicted:
    """One size."""

    shards: int
    jobs: int
    compute_seconds: float
    network_seconds: float
    calls_seconds: float
    """Serialising, calling and adding up, where the solver is."""
    evaluation_seconds: float
    efficiency: float
    """Computing over the whole evaluation."""
    prices_seconds: float
    """All evaluations of the descent."""
    here_seconds: float
    """Everything done once with every job where the solver is: it does not get less with shards."""
    assign_seconds: float
    """All classes through the solver's connection, once."""
    gigabytes_here: float


def predict(measured: Measured, assumed: Assumptions) -> list[Predicted]:
    """The asked size, and a tenth, a hundredth … of it down to one shard."""
    sizes, parts = [], assumed.shards
    while parts > 1:
        sizes.append(parts)
        parts //= 10
    jobs_per_shard = assumed.jobs / assumed.shards
    return [_at(measured, assumed, shards, round(shards * jobs_per_shard)) for shards in (1, *sizes[::-1])]


def _at(measured: Measured, assumed: Assumptions, shards: int, jobs: int) -> Predicted:
    bytes_per_second = assumed.gigabits_per_second * 1e9 / BITS
    machines = -(-shards // assumed.shards_per_machine)
    compute = measured.compute_per_job * jobs / shards
    moved = machines * measured.bytes_out + shards * measured.bytes_back
    network = moved / bytes_per_second + TRIPS * assumed.latency_seconds
    calls = measured.serialise + shards * (measured.call_per_shard + measured.add_per_shard)
    evaluation = compute + network + calls
    return Predicted(
        shards=shards,
        jobs=jobs,
        compute_seconds=compute,
        network_seconds=network,
        calls_seconds=calls,
        evaluation_seconds=evaluation,
        efficiency=compute / evaluation,
        prices_seconds=assumed.evaluations * evaluation,
        here_seconds=measured.here_per_job * jobs,
        assign_seconds=measured.assigned_bytes_per_job * jobs / bytes_per_second,
        gigabytes_here=measured.kept_bytes_per_job * jobs / 1e9,
    )
