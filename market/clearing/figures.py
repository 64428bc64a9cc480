"""The figures of a clearing: what was placed, what it costs, how far, how green, how far west.

Shares of demand are measured in IT energy (kWh), the one measure in which card-hours and core-hours add up.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from market.clearing.asked import JOB_CLASSES, Kinds
from market.clearing.builder import BuiltProblem
from market.clearing.placements import Placements, read_placements
from market.clearing.supply import cny
from market.domain.orders import WHOLE_UNIT, JobClass
from market.domain.places import Side
from solver import Clearing

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What value no clearing of a round can exceed, in micro-yuan: of all orders together, and of each job class.

    The first is certified by the round's prices. A class's own bound is what it could be worth alone in the market.
    """

    overall: int
    by_job_class: Mapping[JobClass, int]


def round_bounds(built: BuiltProblem, clearing: Clearing) -> Bounds:
    """Bounds by which the clearing and every baseline of the same round are measured."""
    from solver import baselines  # noqa: PLC0415 - Numba takes half a second, and a start should not wait for it

    classes = _classes(built)
    worth = replace(built.problem, value_micros=built.worth_micros) if built.bonus_micros else built.problem
    alone = baselines.bound_alone(worth, list(classes.values()))
    return Bounds(
        overall=int(clearing.bound_micros) - built.bonus_micros,
        by_job_class=dict(zip(classes, alone, strict=True)),
    )


def clearing_figures(built: BuiltProblem, clearing: Clearing, bounds: Bounds) -> dict[str, Any]:
    """All published figures of one clearing, overall and by job class."""
    placed = read_placements(built, clearing)
    way = _Way.of(built, placed)
    everyone = np.ones(len(built.snapshot.orders), dtype=np.bool_)
    return {
        **_figures_of(built, placed, way, everyone, bounds.overall),
        "status": clearing.status.value,
        "utilisation": _utilisation_by_side(built, placed),
        "by_job_class": {
            name.value: _figures_of(built, placed, way, members, bounds.by_job_class[name])
            for name, members in _classes(built).items()
        },
    }


def _classes(built: BuiltProblem) -> dict[JobClass, Bools]:
    """(J,) members of each job class that has any."""
    members = {name: built.asked.job_class == row for row, name in enumerate(JOB_CLASSES)}
    return {name: rows for name, rows in members.items() if rows.any()}


@dataclass(frozen=True, slots=True)
class _Way:
    """Over the placed orders: whether they come from the east, and whether they run in the west."""

    eastern: Bools
    western: Bools

    @classmethod
    def of(cls, built: BuiltProblem, placed: Placements) -> "_Way":
        catalogue, found = built.snapshot.catalogue, built.eligibility
        western = _is([catalogue.region_of(o.node_id).side for o in catalogue.offerings], Side.WEST)
        eastern = _is([catalogue.region_by_id[origin].side for origin in found.origins], Side.EAST)
        return cls(eastern[found.origin[placed.job]], western[placed.offering])


def _figures_of(
    built: BuiltProblem, placed: Placements, way: _Way, members: Bools, bound: int
) -> dict[str, Any]:
    rows = members[placed.job]
    it_kwh, facility_kwh = placed.it_kwh[rows].sum(), placed.facility_kwh[rows].sum()
    rtt = placed.rtt_ms[rows]
    value = int((built.worth_micros[placed.job] - placed.policy_cost_micros)[rows].sum())
    return {
        "orders": int(members.sum()),
        "placed": int(rows.sum()),
        "value_micros": value,
        "bound_micros": bound,
        "gap": (bound - value) / bound if bound else 0.0,
        "spend_cny": cny(int(placed.price_micros[rows].sum())),
        "rtt_ms_mean": _rounded(rtt.mean()) if len(rtt) else None,
        "rtt_ms_p95": _rounded(np.percentile(rtt, 95)) if len(rtt) else None,
        "facility_kwh": _rounded(facility_kwh),
        "pue_mean": _rounded(facility_kwh / it_kwh, 4) if it_kwh else None,
        "carbon_kg_location": _rounded(placed.carbon_kg_location[rows].sum()),
        "carbon_kg_market": _rounded(placed.carbon_kg_market[rows].sum()),
        "west_share_of_eastern_demand": _west_share(placed, way, rows),
    }


def _west_share(placed: Placements, way: _Way, rows: Bools) -> float | None:
    """Share of placed demand of eastern origin that runs in the west, by IT energy."""
    eastern = rows & way.eastern
    demand = placed.it_kwh[eastern].sum()
    return _rounded(placed.it_kwh[eastern & way.western].sum() / demand, 4) if demand else None


def _utilisation_by_side(built: BuiltProblem, placed: Placements) -> dict[str, dict[str, float]]:
    """Busy share of all listed units by side, before and after the round, in IT energy over the horizon."""
    catalogue, horizon = built.snapshot.catalogue, built.snapshot.horizon
    watts = np.array([catalogue.device_by_id[o.device_id].watts_per_unit for o in catalogue.offerings])
    total = np.array([o.units for o in catalogue.offerings]) * watts * horizon.slots / 1000
    free = built.supply.capacity_units.sum(axis=1) * watts / 1000
    granted = np.bincount(placed.offering, weights=placed.it_kwh, minlength=len(catalogue.offerings))
    sides = [catalogue.region_of(o.node_id).side for o in catalogue.offerings]
    found = {}
    for side in Side:
        rows = _is(sides, side)
        if rows.any():
            listed = total[rows].sum()
            before, after = listed - free[rows].sum(), listed - free[rows].sum() + granted[rows].sum()
            found[side.value] = {"before": _rounded(before / listed, 4), "after": _rounded(after / listed, 4)}
    return found


def east_west_flows(built: BuiltProblem, clearing: Clearing) -> list[dict[str, Any]]:
    """Granted demand by (origin region, serving region, job class), largest IT energy first."""
    placed = read_placements(built, clearing)
    catalogue, origins = built.snapshot.catalogue, built.eligibility.origins
    serving = [catalogue.region_of(offering.node_id).id for offering in catalogue.offerings]
    keys = [
        (origins[origin], serving[offering], JOB_CLASSES[job_class].value)
        for origin, offering, job_class in zip(
            built.eligibility.origin[placed.job].tolist(),
            placed.offering.tolist(),
            built.asked.job_class[placed.job].tolist(),
            strict=True,
        )
    ]
    ways = Kinds.of(keys)
    amounts = (
        np.ones(len(keys)),
        (placed.units * placed.unit_tenths * placed.slots).astype(np.float64) / WHOLE_UNIT,
        placed.it_kwh,
        [cny(price) for price in placed.price_micros.tolist()],
    )
    sums = zip(*(np.bincount(ways.of_each, weights=amount).tolist() for amount in amounts), strict=True)
    rows = [
        _flow(keys[first], of_way, catalogue.region_by_id)
        for first, of_way in zip(ways.first, sums, strict=True)
    ]
    return sorted(
        rows, key=lambda flow: (-flow["it_kwh"], flow["from_region"], flow["to_region"], flow["job_class"])
    )


def _flow(key: tuple[str, str, str], sums: Sequence[float], regions: Mapping[str, Any]) -> dict[str, Any]:
    origin, target, job_class = key
    return {
        "from_region": origin,
        "to_region": target,
        "from_side": regions[origin].side.value,
        "to_side": regions[target].side.value,
        "job_class": job_class,
        "orders": int(sums[0]),
        "unit_hours": sums[1],
        "it_kwh": _rounded(sums[2]),
        "spend_cny": sums[3],
    }


def _is(sides: Iterable[Side], side: Side) -> Bools:
    return np.array([found is side for found in sides], dtype=np.bool_)


def _rounded(number: float, places: int = 2) -> float:
    return round(float(number), places)
