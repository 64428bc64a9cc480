"""The schedule of a clearing, hour by hour: how much each node runs, and which demand flows from where to where.

Shares are measured in power (kW), the one measure in which cards and cores add up: facility power at nodes, IT power in
flows. Everything is a sum; no order, buyer or price is named.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from market.clearing.builder import BuiltProblem
from market.clearing.placements import Placements
from market.clearing.snapshot import Horizon
from market.domain.catalogue import Catalogue
from market.domain.clock import HOUR
from market.domain.rounds import GrantedRun, Run
from market.domain.states import OfferingState

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NodeHours:
    """Facility power of one node by hour (kW)."""

    node_id: str
    listed_kw: float
    """If every unit listed there ran, as the catalogue is now."""
    before_kw: Sequence[float]
    """Of what was allocated already."""
    granted_kw: Sequence[float]
    """Of what the round granted."""


@dataclass(frozen=True, slots=True)
class FlowHours:
    """Demand of one job class from one region, served in another: IT energy over all hours, IT power by hour (kW)."""

    from_region: str
    to_region: str
    job_class: str
    orders: int
    it_kwh: float
    first_hour: int | None
    """The hour (0: the first) that `it_kw` begins with; None where the hours are not told."""
    it_kw: Sequence[float]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Hours, what nodes run in them, and the flows that make them run it, the largest first."""

    hours: Sequence[datetime]
    nodes: Sequence[NodeHours]
    flows: Sequence[FlowHours]

    def told_of_at_least(self, orders: int) -> "Schedule":
        """Without the hours of flows of fewer orders: a single order's hours are its buyer's."""
        told = (
            flow if flow.orders >= orders else replace(flow, first_hour=None, it_kw=()) for flow in self.flows
        )
        return replace(self, flows=tuple(told))


def schedule_of(
    catalogue: Catalogue, horizon: Horizon, granted: Sequence[GrantedRun], before: Iterable[Run]
) -> Schedule:
    """The schedule of what was granted, beside what ran before."""
    return Schedule(
        hours=tuple(horizon.slot_start(slot) for slot in range(horizon.slots)),
        nodes=_node_hours(catalogue, horizon, granted, before),
        flows=_flow_hours(catalogue, horizon, granted),
    )


def runs_of(built: BuiltProblem, placed: Placements) -> list[GrantedRun]:
    """What the placed orders of a clearing draw."""
    snapshot = built.snapshot
    found = []
    for row, job in enumerate(placed.job):
        start, wanted = int(placed.start[row]), snapshot.orders[job].job
        found.append(
            GrantedRun(
                node_id=snapshot.catalogue.offerings[placed.offering[row]].node_id,
                starts_at=snapshot.horizon.slot_start(start),
                ends_at=snapshot.horizon.slot_start(start + int(placed.slots[row])),
                facility_kwh=float(placed.facility_kwh[row]),
                origin_region=wanted.origin_region,
                job_class=wanted.job_class.value,
            )
        )
    return found


def _node_hours(
    catalogue: Catalogue, horizon: Horizon, granted: Iterable[Run], before: Iterable[Run]
) -> tuple[NodeHours, ...]:
    row = {node.id: number for number, node in enumerate(catalogue.nodes)}
    drawn = np.zeros((2, len(row), horizon.slots))
    for which, runs in enumerate((before, granted)):
        for run in runs:
            _add(drawn[which, row[run.node_id]], run, run.facility_kwh, horizon)
    listed = _listed_kw(catalogue)
    return tuple(
        NodeHours(node.id, round(listed[node.id], 1), _rounded(drawn[0, n]), _rounded(drawn[1, n]))
        for n, node in enumerate(catalogue.nodes)
    )


def _listed_kw(catalogue: Catalogue) -> dict[str, float]:
    listed = dict.fromkeys(catalogue.node_by_id, 0.0)
    for offering in catalogue.offerings:
        if offering.state is not OfferingState.WITHDRAWN:
            watts = catalogue.device_by_id[offering.device_id].watts_per_unit
            pue = catalogue.node_by_id[offering.node_id].pue
            listed[offering.node_id] += offering.units * watts * pue / 1000
    return listed


def _flow_hours(
    catalogue: Catalogue, horizon: Horizon, granted: Iterable[GrantedRun]
) -> tuple[FlowHours, ...]:
    drawn: dict[tuple[str, str, str], Floats] = {}
    kwh: dict[tuple[str, str, str], float] = {}
    orders: dict[tuple[str, str, str], int] = {}
    for run in granted:
        node = catalogue.node_by_id[run.node_id]
        key = (run.origin_region, node.region_id, run.job_class)
        it_kwh = run.facility_kwh / node.pue
        _add(drawn.setdefault(key, np.zeros(horizon.slots)), run, it_kwh, horizon)
        kwh[key] = kwh.get(key, 0.0) + it_kwh
        orders[key] = orders.get(key, 0) + 1
    largest_first = sorted(drawn, key=lambda key: (-round(kwh[key], 2), key))
    return tuple(_flow(key, orders[key], kwh[key], drawn[key]) for key in largest_first)


def _flow(key: tuple[str, str, str], orders: int, it_kwh: float, kw: Floats) -> FlowHours:
    from_region, to_region, job_class = key
    busy = np.flatnonzero(kw)
    first, last = (int(busy[0]), int(busy[-1])) if len(busy) else (0, -1)
    return FlowHours(
        from_region=from_region,
        to_region=to_region,
        job_class=job_class,
        orders=orders,
        it_kwh=round(it_kwh, 2),
        first_hour=first,
        it_kw=_rounded(kw[first : last + 1]),
    )


def _add(kw: Floats, run: Run, kwh: float, horizon: Horizon) -> None:
    """The run's even power in those of its hours that the horizon has."""
    first, past = (run.starts_at - horizon.starts_at) // HOUR, (run.ends_at - horizon.starts_at) // HOUR
    kw[max(first, 0) : max(past, 0)] += kwh / (past - first)


def _rounded(kw: Floats) -> tuple[float, ...]:
    """To a watt."""
    return tuple(np.round(kw, 3).tolist())
