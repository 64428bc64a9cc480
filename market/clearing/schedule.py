"""The schedule of a clearing, hour by hour: how much each node runs, and which demand flows from where to where.

Shares are measured in power (kW), the one measure in which cards and cores add up: facility power at nodes, IT power in
flows. Everything is a sum; no order, buyer or price is named.
"""

from collections import defaultdict
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
    outside_kw: Sequence[float]
    """Of what its providers use or sell elsewhere: listed units that they do not offer in the hour."""
    before_kw: Sequence[float]
    """Of what was allocated already."""
    granted_kw: Sequence[float]
    """Of what the round granted."""


@dataclass(frozen=True, slots=True)
class FlowHours:
    """Demand of one job class from one region, served in another: IT energy over all hours, IT power by hour (kW)."""

    from_region: str
    to_region: str
    job_class: str | None
    """None: of several classes, none of which is told by itself."""
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
        """Hours of so many orders together: a single order's hours are its buyer's.

        Flows of fewer orders are told as one flow of several classes where together they are enough; else they keep
        their sums, without hours.
        """
        told = [flow for flow in self.flows if flow.orders >= orders]
        few: dict[tuple[str, str], list[FlowHours]] = defaultdict(list)
        for flow in self.flows:
            if flow.orders < orders:
                few[flow.from_region, flow.to_region].append(flow)
        for flows in few.values():
            if sum(flow.orders for flow in flows) >= orders:
                told.append(_joined(flows))
            else:
                told += (replace(flow, first_hour=None, it_kw=()) for flow in flows)
        return replace(self, flows=tuple(sorted(told, key=_largest_first)))


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
    listed, outside = _listed_kw(catalogue, horizon)
    return tuple(
        NodeHours(
            node.id,
            round(float(listed[n]), 1),
            _rounded(outside[n]),
            _rounded(drawn[0, n]),
            _rounded(drawn[1, n]),
        )
        for n, node in enumerate(catalogue.nodes)
    )


def _listed_kw(catalogue: Catalogue, horizon: Horizon) -> tuple[Floats, Floats]:
    """(nodes,) facility power of all that is listed; (nodes, slots) of what of it is not offered in the hour."""
    row = {node.id: number for number, node in enumerate(catalogue.nodes)}
    listed, outside = np.zeros(len(row)), np.zeros((len(row), horizon.slots))
    for offering in catalogue.offerings:
        if offering.state is OfferingState.WITHDRAWN:
            continue
        watts = catalogue.device_by_id[offering.device_id].watts_per_unit
        kw_per_unit = watts * catalogue.node_by_id[offering.node_id].pue / 1000
        listed[row[offering.node_id]] += offering.units * kw_per_unit
        offered = np.array(offering.free_units_by_hour)[horizon.local_hours()]
        outside[row[offering.node_id]] += (offering.units - offered) * kw_per_unit
    return listed, outside


def _flow_hours(
    catalogue: Catalogue, horizon: Horizon, granted: Iterable[GrantedRun]
) -> tuple[FlowHours, ...]:
    runs: dict[tuple[str, str, str], list[GrantedRun]] = defaultdict(list)
    for run in granted:
        runs[run.origin_region, catalogue.node_by_id[run.node_id].region_id, run.job_class].append(run)
    drawn = np.zeros((len(runs), horizon.slots))
    kwh = []
    for kw, together in zip(drawn, runs.values(), strict=True):
        parts = [run.facility_kwh / catalogue.node_by_id[run.node_id].pue for run in together]
        kwh.append(round(sum(parts), 2))
        for run, it_kwh in zip(together, parts, strict=True):
            _add(kw, run, it_kwh, horizon)
    flows = (
        FlowHours(*key, len(runs[key]), it_kwh, *_from_first(kw))
        for key, it_kwh, kw in zip(runs, kwh, np.round(drawn, 3).tolist(), strict=True)
    )
    return tuple(sorted(flows, key=_largest_first))


def _joined(flows: Sequence[FlowHours]) -> FlowHours:
    """Flows between the same regions as one, of whatever class."""
    past = max((flow.first_hour or 0) + len(flow.it_kw) for flow in flows)
    kw = np.zeros(past)
    for flow in flows:
        first = flow.first_hour or 0
        kw[first : first + len(flow.it_kw)] += flow.it_kw
    first_hour, it_kw = _from_first(np.round(kw, 3).tolist())
    return replace(
        flows[0],
        job_class=None,
        orders=sum(flow.orders for flow in flows),
        it_kwh=round(sum(flow.it_kwh for flow in flows), 2),
        first_hour=first_hour,
        it_kw=it_kw,
    )


def _largest_first(flow: FlowHours) -> tuple[float, str, str, str]:
    return -flow.it_kwh, flow.from_region, flow.to_region, flow.job_class or ""


def _from_first(kw: list[float]) -> tuple[int, tuple[float, ...]]:
    """The first hour with any power, and what is drawn from then on until it is over."""
    busy = [hour for hour, power in enumerate(kw) if power]
    return (busy[0], tuple(kw[busy[0] : busy[-1] + 1])) if busy else (0, ())


def _add(kw: Floats, run: Run, kwh: float, horizon: Horizon) -> None:
    """The run's even power in those of its hours that the horizon has."""
    first, past = (run.starts_at - horizon.starts_at) // HOUR, (run.ends_at - horizon.starts_at) // HOUR
    kw[max(first, 0) : max(past, 0)] += kwh / (past - first)


def _rounded(kw: Floats) -> tuple[float, ...]:
    """To a watt."""
    return tuple(np.round(kw, 3).tolist())
