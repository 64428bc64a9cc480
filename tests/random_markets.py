"""Random markets for the solver's tests: small ones with everything odd in them, and larger, realistic ones."""

from __future__ import annotations

import numpy as np

from solver import ClearingProblem

NO_LIMIT_WATTS = 10**15


def tiny_market(
    seed: int, jobs: int = 6, slots: int = 4, offerings: int = 3, nodes: int = 2
) -> ClearingProblem:
    """Few jobs that fight over few units; numbers small enough to read, negative costs and useless jobs included."""
    rng = np.random.default_rng(seed)
    profiles = int(rng.integers(1, max(2, jobs)))
    sizes = rng.integers(0, 4, profiles)
    candidates = int(sizes.sum())
    first = rng.integers(0, slots, jobs)
    power = (
        rng.integers(0, 60, (nodes, slots)) if rng.random() < 0.5 else np.full((nodes, slots), NO_LIMIT_WATTS)
    )
    return ClearingProblem(
        capacity_units=rng.integers(0, 9, (offerings, slots)),
        unit_cost_micros=rng.integers(-2, 9, (offerings, slots)),
        offering_node=rng.integers(0, nodes, offerings),
        facility_watts_per_unit=rng.integers(0, 9, offerings),
        node_power_watts=power,
        job_profile=rng.integers(0, profiles, jobs),
        job_scale=rng.integers(1, 4, jobs),
        value_micros=rng.integers(0, 120, jobs),
        first_slot=first,
        end_slot=np.minimum(slots + 1, first + rng.integers(0, slots + 1, jobs)),
        profile_start=np.concatenate(([0], np.cumsum(sizes))),
        candidate_offering=rng.integers(0, offerings, candidates),
        candidate_slots=rng.integers(1, slots + 2, candidates),
        candidate_units=rng.integers(1, 4, candidates),
        candidate_fixed_micros=rng.integers(-3, 12, candidates),
    )


def market(
    seed: int,
    jobs: int,
    slots: int = 24,
    offerings: int = 50,
    nodes: int = 12,
    load: float = 1.2,
    reach: int = 30,
) -> ClearingProblem:
    """Gangs of power-law size, lognormal run times, devices of different speed, tariffs by the hour, binding power.

    `load` is unit-slots asked for over unit-slots there are; `reach` the most candidates a profile has.
    """
    rng = np.random.default_rng(seed)
    profiles = max(1, jobs // 4)
    sizes = rng.integers(min(offerings, max(1, reach // 3)), min(offerings, reach) + 1, profiles)
    offering = np.concatenate([np.sort(rng.choice(offerings, size, replace=False)) for size in sizes])
    speed = rng.choice([0.5, 0.8, 1.0, 1.6, 2.2], offerings)
    hours = np.clip(np.ceil(rng.lognormal(1.6, 0.8, profiles)), 1, slots // 2)
    run = np.maximum(1, np.ceil(np.repeat(hours, sizes) / speed[offering])).astype(np.int64)
    scale = rng.choice([1, 2, 4, 8, 16, 32, 64], jobs, p=[0.3, 0.2, 0.18, 0.16, 0.08, 0.05, 0.03])
    profile = rng.integers(0, profiles, jobs)
    work = float((scale * hours[profile]).sum())
    capacity = np.maximum(1, rng.lognormal(0, 0.7, offerings))
    capacity = np.maximum(1, capacity * work / load / slots / capacity.sum()).astype(np.int64)
    base = 8_000_000 * speed * rng.lognormal(0, 0.15, offerings)
    hour = np.arange(slots) % 24
    tariff = np.where((hour < 7), 0.9, np.where((hour > 16) & (hour < 22), 1.15, 1.0))
    first = np.minimum(rng.integers(0, slots, jobs), slots - 1 - rng.integers(0, slots // 2 + 1, jobs)).clip(
        0
    )
    patience = rng.choice([2, 6, 12, 24], jobs)
    end = np.minimum(slots, first + np.ceil(hours[profile]).astype(np.int64) + patience)
    watts = rng.integers(400, 1500, offerings)
    node = rng.integers(0, nodes, offerings)
    peak = np.zeros(nodes, dtype=np.int64)
    np.add.at(peak, node, capacity * watts)
    power = np.where(rng.random(nodes) < 0.6, peak * 0.85, NO_LIMIT_WATTS).astype(np.int64)
    wobble = 0.7 + 0.3 * rng.random((offerings, slots))
    return ClearingProblem(
        capacity_units=(capacity[:, None] * wobble).astype(np.int64),
        unit_cost_micros=(base[:, None] * tariff).astype(np.int64),
        offering_node=node,
        facility_watts_per_unit=watts,
        node_power_watts=np.repeat(power[:, None], slots, axis=1),
        job_profile=profile,
        job_scale=scale,
        value_micros=(scale * hours[profile] * 8_000_000 * rng.lognormal(0.35, 0.35, jobs)).astype(np.int64),
        first_slot=first,
        end_slot=end,
        profile_start=np.concatenate(([0], np.cumsum(sizes))),
        candidate_offering=offering,
        candidate_slots=run,
        candidate_units=np.ones(offering.size, dtype=np.int64),
        candidate_fixed_micros=rng.integers(0, 3_000_000, offering.size),
    )


def contested_market(seed: int, jobs: int = 7, slots: int = 4, offerings: int = 2) -> ClearingProblem:
    """A handful of jobs that want about twice what there is: rules that do not look ahead get about half of these wrong.

    Costs differ in every slot, so hardly two placements of a job are worth the same.
    """
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 4, jobs)
    candidates = int(sizes.sum())
    run = rng.integers(1, min(3, slots) + 1, candidates)
    units, scale = rng.integers(1, 4, candidates), rng.integers(1, 3, jobs)
    first = rng.integers(0, max(1, slots // 2), jobs)
    work = scale * np.maximum.reduceat(units * run, np.cumsum(sizes) - sizes) if jobs else scale
    watts = rng.integers(100, 900, offerings)
    return ClearingProblem(
        capacity_units=rng.integers(2, 7, (offerings, slots)),
        unit_cost_micros=rng.integers(-200, 1000, (offerings, slots)),
        offering_node=rng.integers(0, 2, offerings),
        facility_watts_per_unit=watts,
        node_power_watts=rng.integers(1000, 5000, (2, slots)),
        job_profile=np.arange(jobs),
        job_scale=scale,
        value_micros=work * rng.integers(600, 3000, jobs) + rng.integers(0, 99, jobs),
        first_slot=first,
        end_slot=np.minimum(slots, first + rng.integers(2, slots + 2, jobs)),
        profile_start=np.concatenate(([0], np.cumsum(sizes))),
        candidate_offering=rng.integers(0, offerings, candidates),
        candidate_slots=run,
        candidate_units=units,
        candidate_fixed_micros=rng.integers(-300, 900, candidates),
    )
