"""A clearing hour by hour: what nodes run, and which demand flows where."""

from datetime import datetime
from typing import Any

from pydantic import Field

from api.schemas.fields import Schema, example
from market.access.tenancy import FEWEST_ORDERS_TOLD
from market.clearing.schedule import FlowHours, NodeHours, Schedule

HOURS = ["2025-07-16T16:00:00Z", "2025-07-16T17:00:00Z", "2025-07-16T18:00:00Z"]
NODE: dict[str, Any] = {
    "node_id": "tianfu_cluster",
    "listed_kw": 5120.6,
    "outside_kw": [1520.4, 1520.4, 1490.0],
    "before_kw": [1204.0, 1204.0, 860.5],
    "granted_kw": [310.2, 655.8, 655.8],
}
FLOW: dict[str, Any] = {
    "from_region": "shanghai",
    "to_region": "chengdu",
    "job_class": "inference_batch",
    "orders": 14,
    "it_kwh": 968.4,
    "first_hour": 1,
    "it_kw": [484.2, 484.2],
}
SCHEDULE: dict[str, Any] = {"hours": HOURS, "nodes": [NODE], "flows": [FLOW]}


class NodeHoursAnswer(Schema):
    """Facility power of one node, hour by hour (kW)."""

    model_config = example(**NODE)

    node_id: str
    listed_kw: float = Field(description="If every unit listed there ran, as the catalogue is now.")
    outside_kw: list[float] = Field(
        description="Of listed units that are not offered: their providers use or sell them elsewhere."
    )
    before_kw: list[float] = Field(description="Of what was allocated already, for each of `hours`.")
    granted_kw: list[float] = Field(description="Of what was granted, for each of `hours`.")

    @classmethod
    def of(cls, node: NodeHours) -> "NodeHoursAnswer":
        """One node."""
        return cls.model_construct(
            node_id=node.node_id,
            listed_kw=node.listed_kw,
            outside_kw=list(node.outside_kw),
            before_kw=list(node.before_kw),
            granted_kw=list(node.granted_kw),
        )


class FlowHoursAnswer(Schema):
    """Demand of one job class from one region, served in another."""

    model_config = example(**FLOW)

    from_region: str
    to_region: str
    job_class: str | None = Field(
        description=f"Null: of several classes with fewer than {FEWEST_ORDERS_TOLD} orders each, told together."
    )
    orders: int
    it_kwh: float = Field(description="IT energy over all hours.")
    first_hour: int | None = Field(
        description=f"Which of `hours` (0: the first) `it_kw` begins with. Null where there are fewer than "
        f"{FEWEST_ORDERS_TOLD} orders between the two regions that could be told together: an operator's key is told "
        "all of it."
    )
    it_kw: list[float] = Field(description="IT power (kW) from `first_hour` on, until the flow is over.")

    @classmethod
    def of(cls, flow: FlowHours) -> "FlowHoursAnswer":
        """One flow."""
        return cls.model_construct(
            from_region=flow.from_region,
            to_region=flow.to_region,
            job_class=flow.job_class,
            orders=flow.orders,
            it_kwh=flow.it_kwh,
            first_hour=flow.first_hour,
            it_kw=list(flow.it_kw),
        )


class ScheduleAnswer(Schema):
    """What nodes run hour by hour, and the flows that make them run it, the largest first."""

    model_config = example(**SCHEDULE)

    hours: list[datetime]
    nodes: list[NodeHoursAnswer]
    flows: list[FlowHoursAnswer]

    @classmethod
    def of(cls, schedule: Schedule) -> "ScheduleAnswer":
        """Sums only."""
        return cls.model_construct(**_parts(schedule))


class RoundScheduleAnswer(ScheduleAnswer):
    """A landed round, hour by hour."""

    model_config = example(round_id="rnd_01k0a1b2c3d4e5f6g7h8j9kmnp", **SCHEDULE)

    round_id: str

    @classmethod
    def of_round(cls, round_id: str, schedule: Schedule) -> "RoundScheduleAnswer":
        """The same, and whose it is."""
        return cls.model_construct(round_id=round_id, **_parts(schedule))


def _parts(schedule: Schedule) -> dict[str, Any]:
    return {
        "hours": list(schedule.hours),
        "nodes": [NodeHoursAnswer.of(node) for node in schedule.nodes],
        "flows": [FlowHoursAnswer.of(flow) for flow in schedule.flows],
    }
