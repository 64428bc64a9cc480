"""Made-up markets of any size, realistic where it matters to a solver: same arguments and seed, same arrays.

`generate_market` is vectorised: a million jobs take seconds. Every distribution is written up in BENCHMARKS.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from solver.bench.supply import DEVICES, Supply, make_supply
from solver.outcome import Float64Array
from solver.problem import ClearingProblem, Int32Array, Int64Array

REACH = 32
"""Most candidates of a profile."""
LATENCY_MS = np.array([5.0, 10.0, 30.0, np.inf])
LATENCY_SHARE = np.array([0.06, 0.12, 0.32, 0.50])
LATENCY_PREMIUM = np.array([1.35, 1.2, 1.08, 1.0])
LATENCY_MICROS_PER_MS_HOUR = np.array([20_000.0, 15_000.0, 5_000.0, 500.0])
TRANSFER_MICROS = 400_000.0
"""Fixed cost of bringing one unit's data to another region."""
HOURS = np.array([1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 36, 48, 72])
"""Durations on a speed-1 device, in hours: the grid that lognormal draws are rounded up to."""
GANGS = np.array([1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64])
GANG_EXPONENT = 1.6
ODD_GANG_WEIGHT = 0.25
"""Gangs that are no power of two are a quarter as likely as the law has it."""
ROOM_FOR = 2
"""A gang is cut until its largest candidate holds this many like it at the emptiest hour."""
SLACK = np.array([1.0, 1.5, 2.5, 4.0])
FOLLOWS_DEMAND = 0.7
"""How far providers build where demand is: 0 not at all, 1 in proportion to it."""


class Need(NamedTuple):
    """What a job asks of a device."""

    memory_gb: int
    devices: tuple[str, ...] | None
    """None: any with the memory."""
    share: float
    splits: bool = False
    """Whether several cards may pool their memory: units = memory needed / memory of a card."""


NEEDS = (
    Need(16, None, 0.30),
    Need(64, None, 0.22),
    Need(80, None, 0.10),
    Need(128, ("910b", "a800", "h20", "910c", "h800", "h200"), 0.12, splits=True),
    Need(24, ("rtx4090", "l40s", "a800", "h20", "h800", "h200"), 0.16),
    Need(32, ("910b", "910c"), 0.10),
)


class _Profiles(NamedTuple):
    """P profiles and their C candidates."""

    start: Int64Array
    offering: Int64Array
    slots: Int64Array
    units: Int64Array
    fixed_micros: Int64Array
    cheapest_micros: Float64Array
    """(P,) least cost at scale 1, at each offering's mean unit cost."""
    work: Float64Array
    """(P,) unit-slots at scale 1, over the candidates as `pull` weighs them."""
    pull: Float64Array
    """(C,) share of the profile's jobs a candidate would draw if cost alone decided, and not sharply."""
    least_slots: Int64Array
    """(P,) shortest run."""
    usual_slots: Int64Array
    """(P,) median run."""


def default_offerings(jobs: int, slots: int = 24) -> int:
    """How many offerings a market of this size has: the sizes of the published table, log-log between them."""
    largest = 680 if slots in range(2, 96) else 640
    known_jobs = np.log([10.0, 1_000, 10_000, 100_000, 1_000_000])
    known_offerings = np.log([8.0, 70, 240, 510, largest])
    return max(1, round(float(np.exp(np.interp(np.log(max(1, jobs)), known_jobs, known_offerings)))))


def generate_market(
    jobs: int,
    slots: int = 24,
    seed: int = 0,
    *,
    offerings: int | None = None,
    load: float = 1.0,
    reach: int = REACH,
) -> ClearingProblem:
    """A market of `jobs` orders over `slots` slots of one hour.

    `load` is demand over supply in unit-slots: every job spread over its candidates, the cheaper the more, over the
    free units of offerings somebody can use, less what power caps keep idle. `reach` is the most candidates of a
    profile. Raises ValueError where an argument is out of its range.
    """
    if jobs < 0 or slots < 1 or seed < 0 or reach < 1 or not 0 < load < float("inf"):
        raise ValueError("jobs and seed must be 0 or more, slots and reach 1 or more, load above 0")
    offerings = default_offerings(jobs, slots) if offerings is None else offerings
    if offerings < 1:
        raise ValueError("offerings must be 1 or more")
    supply_seed, profile_seed, job_seed = np.random.SeedSequence([seed, slots, offerings]).spawn(3)
    # 1. Supply, and who could ask for what.
    supply = make_supply(_rng(supply_seed), offerings, slots, 1.0)
    rng = _rng(job_seed)
    keys = _draw_keys(rng, supply, jobs, slots)
    used, job_profile = np.unique(keys, return_inverse=True)
    profiles = _make_profiles(_rng(profile_seed), supply, used, slots, reach)
    # 2. Gangs, and supply sized to the load they make.
    wanted = rng.choice(GANGS, jobs, p=_gang_shares()).astype(np.int64)
    supply = _build_where_demand_is(supply, profiles, job_profile, wanted)
    scale, units, watts = _size(supply, profiles, job_profile, wanted, load)
    # 3. Windows and values.
    first, end = _draw_windows(rng, profiles, job_profile, slots)
    value = scale * profiles.cheapest_micros[job_profile] * rng.lognormal(0.7, 0.45, jobs)
    value *= LATENCY_PREMIUM[_latency_of(used)[job_profile]]
    return ClearingProblem(
        capacity_units=units,
        unit_cost_micros=supply.unit_cost_micros,
        offering_node=supply.offering_node.astype(np.int32),
        facility_watts_per_unit=supply.facility_watts,
        node_power_watts=watts,
        job_profile=job_profile.astype(np.int32),
        job_scale=scale,
        value_micros=np.rint(value).astype(np.int64),
        first_slot=first,
        end_slot=end,
        profile_start=profiles.start,
        candidate_offering=profiles.offering.astype(np.int32),
        candidate_slots=profiles.slots.astype(np.int32),
        candidate_units=profiles.units,
        candidate_fixed_micros=profiles.fixed_micros,
    )


def _rng(seed: np.random.SeedSequence) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def _gang_shares() -> Float64Array:
    weight = GANGS**-GANG_EXPONENT * np.where(np.log2(GANGS) % 1 == 0, 1.0, ODD_GANG_WEIGHT)
    return np.asarray(weight / weight.sum())


def _draw_keys(rng: np.random.Generator, supply: Supply, jobs: int, slots: int) -> Int64Array:
    """(J,) origin x latency class x need x hours, as one number."""
    origin_weight = np.where(supply.east, 2.2, 1.0) * rng.lognormal(0.0, 0.4, supply.east.size)
    origin = rng.choice(supply.east.size, jobs, p=origin_weight / origin_weight.sum())
    latency = rng.choice(LATENCY_MS.size, jobs, p=LATENCY_SHARE)
    need = rng.choice(len(NEEDS), jobs, p=[need.share for need in NEEDS])
    longest = np.searchsorted(HOURS, max(1, slots // 2), side="right") - 1
    hours = np.minimum(np.searchsorted(HOURS, rng.lognormal(1.5, 0.8, jobs)), longest)
    key = ((origin * LATENCY_MS.size + latency) * len(NEEDS) + need) * HOURS.size + hours
    return np.asarray(key, dtype=np.int64)


def _latency_of(keys: Int64Array) -> Int64Array:
    return keys // (HOURS.size * len(NEEDS)) % LATENCY_MS.size


def _make_profiles(
    rng: np.random.Generator, supply: Supply, keys: Int64Array, slots: int, reach: int
) -> _Profiles:
    """The candidates of every profile: what its device need, latency and the horizon allow, the cheaper ones rather."""
    need, latency = keys // HOURS.size % len(NEEDS), _latency_of(keys)
    origin = keys // (HOURS.size * len(NEEDS) * LATENCY_MS.size)
    hours = HOURS[keys % HOURS.size].astype(np.float64)
    speed = np.array([device.speed for device in DEVICES])[supply.offering_device]
    node_rtt = supply.rtt_ms[:, supply.node_region[supply.offering_node]]
    run, units = _runs_and_units(supply, need, hours, speed, slots)
    able = (units > 0) & (run <= slots)
    near = _relaxed_reach(node_rtt[origin], able, latency)
    ms_cost = LATENCY_MICROS_PER_MS_HOUR[latency][:, None] * node_rtt[origin] * run
    away = supply.node_region[supply.offering_node][None, :] != origin[:, None]
    fixed = np.rint((ms_cost + np.where(away, TRANSFER_MICROS, 0.0)) * np.maximum(1, units))
    cost = fixed + supply.unit_cost_micros.mean(axis=1) * run * units
    score = np.where(near, cost * rng.lognormal(0.0, 0.35, cost.shape), np.inf)
    chosen = np.zeros(score.shape, dtype=bool)
    cheapest = np.argsort(score, axis=1, kind="stable")[:, :reach]
    np.put_along_axis(chosen, cheapest, values=True, axis=1)
    chosen &= near
    profile, offering = np.nonzero(chosen)
    least = np.where(chosen, cost, np.inf)
    at = least.argmin(axis=1) if least.size else np.zeros(0, dtype=np.int64)
    rows = np.arange(keys.size)
    chosen_run = np.where(chosen, run, np.nan)
    pull = (least[rows, at][:, None] / least) ** 4
    pull /= pull.sum(axis=1, keepdims=True)
    return _Profiles(
        start=np.concatenate(([0], np.cumsum(chosen.sum(axis=1)))).astype(np.int64),
        offering=offering.astype(np.int64),
        slots=run[profile, offering],
        units=units[profile, offering],
        fixed_micros=fixed[profile, offering].astype(np.int64),
        cheapest_micros=cost[rows, at],
        work=(run * units * pull).sum(axis=1),
        pull=pull[profile, offering],
        least_slots=np.nanmin(chosen_run, axis=1).astype(np.int64),
        usual_slots=np.ceil(np.nanmedian(chosen_run, axis=1)).astype(np.int64),
    )


def _runs_and_units(
    supply: Supply, need: Int64Array, hours: Float64Array, speed: Float64Array, slots: int
) -> tuple[Int64Array, Int64Array]:
    """(P, O) run time in slots, and units at scale 1 (0 where the device will not do).

    With one slot there is no time to stretch: a slower device takes more units instead.
    """
    kinds = np.zeros((len(NEEDS), len(DEVICES)), dtype=np.int64)
    for row, wanted in enumerate(NEEDS):
        for column, device in enumerate(DEVICES):
            cards = -(-wanted.memory_gb // device.memory_gb)
            if (wanted.devices is None or device.name in wanted.devices) and (cards == 1 or wanted.splits):
                kinds[row, column] = cards
    units = kinds[need[:, None], supply.offering_device[None, :]]
    if slots == 1:
        return np.ones_like(units), units * np.ceil(2.0 / speed).astype(np.int64)
    return np.ceil(hours[:, None] / speed[None, :]).astype(np.int64), units


def _relaxed_reach(
    rtt_ms: Float64Array, able: npt.NDArray[np.bool_], latency: Int64Array
) -> npt.NDArray[np.bool_]:
    """(P, O) what can be used: able and near enough; where nothing is, the next latency class, then the nearest able."""
    near = able & (rtt_ms <= LATENCY_MS[latency][:, None])
    for limit in LATENCY_MS:
        none = ~near.any(axis=1)
        near[none] = able[none] & (rtt_ms[none] <= limit)
    return near


def _build_where_demand_is(
    supply: Supply, profiles: _Profiles, job_profile: Int64Array, wanted: Int64Array
) -> Supply:
    """Offerings partly as large as their own draw has it, partly as demand spread by cost would have them."""
    per_profile = np.bincount(job_profile, wanted, minlength=profiles.work.size)
    asked = np.repeat(per_profile, np.diff(profiles.start)) * profiles.pull * profiles.slots * profiles.units
    demand = np.bincount(profiles.offering, asked, minlength=supply.offering_node.size)
    own = supply.units_share.mean(axis=1)
    level = max(demand.mean(), 1e-9)
    factor = (np.maximum(demand / level, 0.1) / (own / own.mean())) ** FOLLOWS_DEMAND
    return replace(supply, units_share=supply.units_share * factor[:, None])


def _size(
    supply: Supply, profiles: _Profiles, job_profile: Int64Array, wanted: Int64Array, load: float
) -> tuple[Int64Array, Int64Array, Int64Array]:
    """(J,) gangs, (O, T) free units and (N, T) watts, such that demand is `load` x what can be reached.

    A gang for which no candidate has room is cut, which lowers demand, which lowers supply: a few rounds settle it.
    """
    named = np.zeros(supply.offering_node.size, dtype=bool)
    named[profiles.offering] = True
    scale, factor = wanted, 1.0
    units, watts = supply.sized(factor)
    for _ in range(12):
        demand = float((scale * profiles.work[job_profile]).sum())
        there = max(1.0, _reachable(supply, units, watts, named))
        factor = max(1e-6, factor * demand / load / there)
        units, watts = supply.sized(factor)
        scale = np.minimum(wanted, _largest_gangs(supply, profiles, units, watts)[job_profile])
    return scale, units, watts


def _reachable(supply: Supply, units: Int64Array, watts: Int64Array, named: npt.NDArray[np.bool_]) -> float:
    """Free unit-slots of the offerings somebody names, scaled down where their node lacks the power for all of them."""
    draw = np.zeros(watts.shape)
    np.add.at(draw, supply.offering_node, units * supply.facility_watts[:, None].astype(np.float64))
    share = np.minimum(1.0, watts / np.maximum(1.0, draw))
    return float((units * share[supply.offering_node])[named].sum())


def _largest_gangs(supply: Supply, profiles: _Profiles, units: Int64Array, watts: Int64Array) -> Int64Array:
    """(P,) largest scale of which some candidate holds ROOM_FOR in every slot, 1 at least."""
    by_power = watts[supply.offering_node] // supply.facility_watts[:, None]
    alone = np.minimum(units, by_power).min(axis=1)
    each = alone[profiles.offering] // profiles.units // ROOM_FOR
    largest = np.maximum.reduceat(each, profiles.start[:-1]) if each.size else np.zeros(0, dtype=np.int64)
    return np.maximum(1, largest).astype(np.int64)


def _draw_windows(
    rng: np.random.Generator, profiles: _Profiles, job_profile: Int64Array, slots: int
) -> tuple[Int32Array, Int32Array]:
    """(J,) first slot and end: a third any time, a third by shift, a third from when they come with some slack."""
    jobs = job_profile.size
    kind = rng.random(jobs)
    least = profiles.least_slots[job_profile]
    span = np.ceil(profiles.usual_slots[job_profile] * rng.choice(SLACK, jobs)).astype(np.int64)
    span = np.clip(np.maximum(span, least), 1, slots)
    shift = max(1, slots // 3) if slots <= 24 else 8
    first = (rng.random(jobs) * (slots - span + 1)).astype(np.int64)
    end = first + span
    by_shift = kind < 0.65
    begin = first[by_shift] // shift * shift
    first[by_shift], end[by_shift] = begin, np.minimum(slots, np.maximum(begin + shift, end[by_shift]))
    any_time = kind < 0.32
    first[any_time], end[any_time] = 0, slots
    return first.astype(np.int32), end.astype(np.int32)
