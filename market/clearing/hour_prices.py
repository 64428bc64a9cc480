"""Prices by offering and hour, read from what a round recorded: later changes of a listing do not touch them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

from market.clearing.builder import BuiltProblem
from market.clearing.snapshot import Horizon
from market.clearing.supply import priced_ask_micros
from market.domain.rounds import Round
from solver import Clearing, ClearingProblem


@dataclass(frozen=True, slots=True)
class HourPrice:
    """Price of one offering in one hour, in micro-yuan per unit-hour: ask, energy and carbon as priced, congestion."""

    offering_id: str
    node_id: str
    hour: datetime
    ask_micros: int
    energy_micros: int
    carbon_micros: int
    congestion_micros: int
    free_units: int


def price_parts(built: BuiltProblem) -> Mapping[str, list[int]]:
    """What a round keeps beside its problem, by offering, to take the unit cost apart again.

    Carbon does not vary by hour; energy is what the unit cost holds besides ask and carbon. Where the problem counts
    in tenths of a unit, `parts_per_unit` says so: ten tenths cost up to 9 micro-yuan more than the unit, by rounding.
    """
    carbon = built.supply.carbon_micros.max(axis=1, initial=0)
    return {
        "ask_micros": built.supply.ask_micros.tolist(),
        "carbon_micros": carbon.tolist(),
        "parts_per_unit": built.supply.parts_per_unit.tolist(),
    }


def read_hour_prices(
    landed: Round, problem_npz: bytes, clearing_npz: bytes, names: Mapping[str, Any], only: str | None
) -> tuple[HourPrice, ...]:
    """Every offering of a landed round hour by hour, or one of them."""
    problem = ClearingProblem.load(BytesIO(problem_npz))
    clearing = Clearing.load(BytesIO(clearing_npz))
    horizon = Horizon(landed.starts_at, landed.slots)
    ask = np.array(names["ask_micros"], dtype=np.int64)
    carbon = np.array(names["carbon_micros"], dtype=np.int64)
    parts = np.array(names["parts_per_unit"], dtype=np.int64)
    energy = (
        problem.unit_cost_micros * parts[:, None] - (priced_ask_micros(ask, landed.policy) + carbon)[:, None]
    )
    congestion = congestion_by_hour(problem, clearing, parts)
    return tuple(
        HourPrice(
            offering_id=offering_id,
            node_id=names["nodes"][problem.offering_node[row]],
            hour=horizon.slot_start(slot),
            ask_micros=int(ask[row]),
            energy_micros=int(energy[row, slot]),
            carbon_micros=int(carbon[row]),
            congestion_micros=congestion[row][slot],
            free_units=int(problem.capacity_units[row, slot]) // int(parts[row]),
        )
        for row, offering_id in enumerate(names["offerings"])
        if only is None or offering_id == only
        for slot in range(horizon.slots)
    )


def congestion_by_hour(
    problem: ClearingProblem, clearing: Clearing, parts_per_unit: npt.NDArray[np.int64]
) -> list[list[int]]:
    """By offering and slot, what scarcity of units, and of power at the node, adds to a unit-hour: of each part to the
    nearest micro-yuan.
    """
    watts = problem.facility_watts_per_unit.astype(object)[:, None]
    power = clearing.power_price_micros.astype(object)[problem.offering_node] * watts
    of_part = clearing.price_micros.astype(object) + (power + 500) // 1000
    found: list[list[int]] = (parts_per_unit.astype(object)[:, None] * of_part).tolist()
    return found
