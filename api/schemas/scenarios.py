"""What-ifs as they are asked for and as they end."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from api.schemas.fields import Cny, CnyText, Reference, Schema, Words, example
from api.schemas.policies import BALANCED, PolicyAnswer, PolicyWeights
from api.schemas.rounds import PolicyChoice
from api.schemas.schedule import SCHEDULE, ScheduleAnswer
from market.domain.money import format_cny
from market.domain.policy import preset
from market.whatif.alteration import MOST_GROWTH, Alteration
from market.whatif.comparison import ScenarioOutcome
from market.whatif.demand import LEAST_DEMAND, MOST_DEMAND
from market.whatif.replay import Replay
from market.whatif.sweep import Point, Sweep

MOST_SCENARIOS, MOST_POINTS = 20, 200
OUTCOME: Mapping[str, Any] = {
    "name": "as_is",
    "policy": None,
    "cleared_under": BALANCED,
    "status": "FEASIBLE",
    "value": "734512.10",
    "bound": "738801.55",
    "gap": 0.0058,
    "seconds": 4.2,
    "figures": {"placed": 1635, "spend_cny": 632184.17, "carbon_kg_location": 52178.0},
    "flows": [],
    "schedule": SCHEDULE,
}
POINT: Mapping[str, Any] = {
    "path": "carbon",
    "carbon_price_per_kg": "0.20",
    "latency_price_per_ms_unit_hour": "0.00",
    "spend": "634576.42",
    "rtt_ms_mean": 15.9,
    "latency_ms_unit_hours": 71413352.0,
    "carbon_kg_location": 50482.0,
    "carbon_kg_market": 31200.0,
    "facility_kwh": 88100.0,
    "on_front": True,
    "cost": "644672.82",
    "least_cost": "641450.12",
    "gap": 0.005,
    "policy": {
        **BALANCED,
        "name": "sweep",
        "energy_weight": 0.0,
        "carbon_price_per_kg": "0.20",
        "transfer_price_per_gb": "0.00",
    },
}
GREENER = {
    "name": "dear carbon, one node down",
    "policy": "green",
    "carbon_price_per_kg": "1.50",
    "energy_weight": None,
    "latency_weight": None,
    "latency_price_per_ms_unit_hour": "0.02",
    "demand_scale": 1.5,
    "demand_seed": 0,
    "nodes_down": ["zhongwei_cloud"],
    "growth": {"zhongwei": 1.2},
    "max_rtt_ms": 30,
}


class ScenarioRequest(Schema):
    """What is different. Left out: as it is."""

    model_config = example(**GREENER)

    name: Words
    policy: PolicyChoice | None = Field(None, description="A preset by name, or weights in full.")
    carbon_price_per_kg: Cny | None = None
    energy_weight: Annotated[float, Field(ge=0, le=1000)] | None = None
    latency_weight: Annotated[float, Field(ge=0, le=1000)] | None = None
    latency_price_per_ms_unit_hour: Cny | None = Field(
        None,
        description="CNY that a millisecond of RTT counts per unit-hour for every order, in place of what its buyer says; "
        "times `latency_weight`, which is 1 then unless it is given. As in a sweep.",
    )
    demand_scale: Annotated[float, Field(ge=LEAST_DEMAND, le=MOST_DEMAND)] | None = Field(
        None,
        description="So many times the orders: ranked by a hash of `demand_seed` and their id, the last are left out, or "
        "the first stand in the book once more. Of two scales the larger holds all orders of the smaller.",
    )
    demand_seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = Field(
        0, description="Other seeds leave out and repeat other orders."
    )
    nodes_down: Annotated[list[Reference], Field(max_length=1000), Field(fail_fast=True)] = Field(
        default_factory=list, description="Nodes that take nothing."
    )
    growth: dict[Reference, Annotated[float, Field(ge=0, le=MOST_GROWTH)]] = Field(
        default_factory=dict,
        description="Units and power cap of a node, or of all nodes of a region, times this.",
    )
    max_rtt_ms: Annotated[float, Field(ge=0, le=10**6)] | None = Field(
        None, description="Holds for every order that does not ask for less."
    )

    def alteration(self) -> Alteration:
        """The market's noun."""
        policy = self.policy
        chosen = policy.policy() if isinstance(policy, PolicyWeights) else policy and preset(policy)
        return Alteration(
            name=self.name,
            policy=chosen or None,
            energy_weight=self.energy_weight,
            carbon_micros_per_kg=self.carbon_price_per_kg,
            latency_weight=self.latency_weight,
            latency_micros_per_ms_unit_hour=self.latency_price_per_ms_unit_hour,
            demand_scale=self.demand_scale,
            demand_seed=self.demand_seed,
            nodes_down=frozenset(self.nodes_down),
            growth=dict(self.growth),
            max_rtt_ms=self.max_rtt_ms,
        )


class ScenariosRequest(Schema):
    """Which book to clear again, and how it is different each time."""

    model_config = example(round_id=None, scenarios=[GREENER], seconds_limit=10, gap=0.005)

    round_id: Reference | None = Field(None, description="A landed round's book; null for the open one.")
    scenarios: Annotated[list[ScenarioRequest], Field(fail_fast=True)] = Field(
        min_length=1, max_length=MOST_SCENARIOS
    )
    seconds_limit: Annotated[float, Field(gt=0, le=600)] = Field(10.0, description="For each scenario.")
    gap: Annotated[float, Field(ge=0, le=1)] = 0.005


class ScenarioAnswer(Schema):
    """One scenario: value, bound and gap in its own policy, and the figures that compare."""

    model_config = example(**OUTCOME)

    name: str
    policy: str | None = Field(description="The policy that was asked for by name; null for the book's own.")
    cleared_under: PolicyAnswer = Field(
        description="All that was priced, with the scenario's own prices in it."
    )
    status: str
    value: CnyText
    bound: CnyText
    gap: float
    seconds: float
    figures: dict[str, Any]
    flows: list[dict[str, Any]]
    schedule: ScheduleAnswer = Field(
        description="What each node would run hour by hour, and which demand would flow where: as of a round."
    )

    @classmethod
    def of(cls, outcome: ScenarioOutcome) -> "ScenarioAnswer":
        """What a scenario looks like from outside."""
        policy = outcome.alteration.policy
        return cls.model_construct(
            name=outcome.alteration.name,
            policy=None if policy is None else policy.name,
            cleared_under=PolicyAnswer.of(outcome.policy),
            status=outcome.status,
            value=format_cny(outcome.value_micros),
            bound=format_cny(outcome.bound_micros),
            gap=outcome.gap,
            seconds=outcome.seconds,
            figures=dict(outcome.figures),
            flows=[dict(flow) for flow in outcome.flows],
            schedule=ScheduleAnswer.of(outcome.schedule),
        )


class ScenariosAnswer(Schema):
    """The book as it is (`as_is`, first), and each scenario."""

    model_config = example(items=[OUTCOME])

    items: list[ScenarioAnswer]

    @classmethod
    def of(cls, outcomes: Sequence[ScenarioOutcome]) -> "ScenariosAnswer":
        """All of them."""
        return cls.model_construct(items=[ScenarioAnswer.of(outcome) for outcome in outcomes])


class SweepRequest(Schema):
    """How finely to draw the front."""

    model_config = example(round_id=None, points=24, seconds_limit=3)

    round_id: Reference | None = Field(None, description="A landed round's book; null for the open one.")
    points: Annotated[int, Field(ge=3, le=MOST_POINTS)] = 24
    seconds_limit: Annotated[float, Field(gt=0, le=60)] = Field(3.0, description="For each point.")


class PointAnswer(Schema):
    """The least cost of the whole work at these prices of carbon and latency."""

    model_config = example(**POINT)

    path: str
    carbon_price_per_kg: CnyText
    latency_price_per_ms_unit_hour: CnyText
    spend: CnyText
    rtt_ms_mean: float
    latency_ms_unit_hours: float
    carbon_kg_location: float
    carbon_kg_market: float
    facility_kwh: float
    on_front: bool
    cost: CnyText = Field(
        description="What the point minimises: spend, and carbon and latency at its prices."
    )
    least_cost: CnyText = Field(description="No placement of the whole work costs less: proven.")
    gap: float = Field(description="(cost - least_cost) / cost.")
    policy: PolicyAnswer = Field(
        description="A scenario with this policy and this price of latency minimises what the point does."
    )

    @classmethod
    def of(cls, point: Point) -> "PointAnswer":
        """What a point looks like from outside."""
        totals = point.totals
        return cls.model_construct(
            path=point.weights.path,
            carbon_price_per_kg=format_cny(round(point.weights.carbon_micros_per_kg)),
            latency_price_per_ms_unit_hour=format_cny(round(point.weights.latency_micros_per_ms_unit_hour)),
            spend=format_cny(totals.spend_micros),
            rtt_ms_mean=round(totals.rtt_ms_mean, 3),
            latency_ms_unit_hours=round(totals.latency_ms_unit_hours, 1),
            carbon_kg_location=round(totals.carbon_kg_location, 2),
            carbon_kg_market=round(totals.carbon_kg_market, 2),
            facility_kwh=round(totals.facility_kwh, 2),
            on_front=point.on_front,
            cost=format_cny(point.cost_micros),
            least_cost=format_cny(point.least_cost_micros),
            gap=point.gap,
            policy=PolicyAnswer.of(point.weights.policy()),
        )


class SweepAnswer(Schema):
    """Every point places the same `orders`; clearings that left one out (`left_out`) are no points."""

    model_config = example(orders=1559, left_out=1, points=[POINT])

    orders: int
    left_out: int
    points: list[PointAnswer]

    @classmethod
    def of(cls, found: Sweep) -> "SweepAnswer":
        """What a sweep looks like from outside."""
        points = [PointAnswer.of(point) for point in found.points]
        return cls.model_construct(orders=found.orders, left_out=found.left_out, points=points)


class ReplayAnswer(Schema):
    """A past round cleared again from its record."""

    model_config = example(
        round_id="rnd_01k0a1b2c3d4e5f6g7h8j9kmnp",
        exact=True,
        ended_by_time=False,
        verified=True,
        recorded_value="734512.10",
        value="734512.10",
        recorded_bound="748801.55",
        bound="748801.55",
    )

    round_id: str
    exact: bool = Field(description="Every placement, every price, value and bound are the same.")
    ended_by_time: bool = Field(description="The round used up its seconds; it may replay differently.")
    verified: bool = Field(description="The judge finds nothing wrong with what was recorded.")
    recorded_value: CnyText
    value: CnyText
    recorded_bound: CnyText
    bound: CnyText

    @classmethod
    def of(cls, found: Replay) -> "ReplayAnswer":
        """What a replay looks like from outside."""
        return cls.model_construct(
            round_id=found.round_id,
            exact=found.exact,
            ended_by_time=found.ended_by_time,
            verified=found.verified,
            recorded_value=format_cny(found.recorded_value_micros),
            value=format_cny(found.value_micros),
            recorded_bound=format_cny(found.recorded_bound_micros),
            bound=format_cny(found.bound_micros),
        )
