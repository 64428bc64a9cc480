"""What is different in a what-if: a pure change of a frozen market."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from market.clearing.snapshot import MarketSnapshot
from market.domain.catalogue import Catalogue
from market.domain.errors import InvalidInput
from market.domain.offerings import Offering
from market.domain.orders import Order
from market.domain.places import Node
from market.domain.policy import Policy
from market.domain.states import NodeState
from market.whatif.demand import LEAST_DEMAND, MOST_DEMAND, scaled_demand

MOST_GROWTH = 100.0


@dataclass(frozen=True, slots=True)
class Alteration:
    """Another policy, other prices in it, nodes that are down, places that have grown, a tighter latency limit, demand.

    `growth` multiplies units and power cap of a node, or of all nodes of a region, by id. `max_rtt_ms` holds for
    every order that does not ask for less. `latency_micros_per_ms_unit_hour` prices everybody's milliseconds alike, in
    place of what buyers say; it weighs once unless `latency_weight` says otherwise. `demand_scale` and `demand_seed`:
    see `scaled_demand`.
    """

    name: str
    policy: Policy | None = None
    energy_weight: float | None = None
    carbon_micros_per_kg: int | None = None
    latency_weight: float | None = None
    latency_micros_per_ms_unit_hour: int | None = None
    nodes_down: frozenset[str] = frozenset()
    growth: Mapping[str, float] = field(default_factory=dict)
    max_rtt_ms: float | None = None
    demand_scale: float | None = None
    demand_seed: int = 0

    def __post_init__(self) -> None:
        for place, factor in self.growth.items():
            if not 0 <= factor <= MOST_GROWTH:
                raise InvalidInput(
                    "invalid_growth", f"growth lies between 0 and {MOST_GROWTH:g}", place=place
                )
        if self.max_rtt_ms is not None and self.max_rtt_ms < 0:
            raise InvalidInput("invalid_rtt", "max_rtt_ms is not negative")
        if self.demand_scale is not None and not LEAST_DEMAND <= self.demand_scale <= MOST_DEMAND:
            raise InvalidInput(
                "invalid_demand", f"demand_scale lies between {LEAST_DEMAND:g} and {MOST_DEMAND:g}"
            )

    @property
    def keeps_candidates(self) -> bool:
        """Whether the same orders may run in the same places as without it."""
        return self.max_rtt_ms is None and self.demand_scale is None


AS_IS = Alteration("as_is")


def altered(snapshot: MarketSnapshot, what: Alteration) -> MarketSnapshot:
    """The market as it would be; `InvalidInput` where a place is unknown."""
    check_places(snapshot.catalogue, what)
    return replace(
        snapshot,
        catalogue=_altered_catalogue(snapshot.catalogue, what),
        orders=_altered_orders(snapshot.orders, what),
        policy=_altered_policy(what.policy or snapshot.policy, what),
    )


def check_places(catalogue: Catalogue, what: Alteration) -> None:
    """`InvalidInput` where it names a place that there is not."""
    for node_id in what.nodes_down - catalogue.node_by_id.keys():
        raise InvalidInput("unknown_node", f"no node {node_id!r}", node=node_id)
    for place in what.growth.keys() - catalogue.node_by_id.keys() - catalogue.region_by_id.keys():
        raise InvalidInput("unknown_place", f"no node or region {place!r}", place=place)


def _altered_policy(policy: Policy, what: Alteration) -> Policy:
    given = {
        "energy_weight": what.energy_weight,
        "carbon_micros_per_kg": what.carbon_micros_per_kg,
        "latency_weight": 1.0 if _prices_latency_alone(what) else what.latency_weight,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    return replace(policy, name=f"{policy.name}*", **changes) if changes else policy  # type: ignore[arg-type]


def _prices_latency_alone(what: Alteration) -> bool:
    return what.latency_micros_per_ms_unit_hour is not None and what.latency_weight is None


def _altered_orders(orders: Sequence[Order], what: Alteration) -> tuple[Order, ...]:
    scale, price = what.demand_scale, what.latency_micros_per_ms_unit_hour
    scaled = orders if scale is None else scaled_demand(orders, scale, what.demand_seed)
    return tuple(_priced(_nearer(order, what.max_rtt_ms), price) for order in scaled)


def _altered_catalogue(catalogue: Catalogue, what: Alteration) -> Catalogue:
    factor = {
        node.id: what.growth.get(node.id, what.growth.get(node.region_id, 1.0)) for node in catalogue.nodes
    }
    nodes = tuple(_altered_node(node, factor[node.id], what.nodes_down) for node in catalogue.nodes)
    offerings = tuple(_grown(offering, factor[offering.node_id]) for offering in catalogue.offerings)
    return replace(catalogue, nodes=nodes, offerings=offerings)


def _altered_node(node: Node, factor: float, down: frozenset[str]) -> Node:
    cap = node.power_cap_kw
    return replace(
        node,
        power_cap_kw=None if cap is None else max(1, round(cap * factor)),
        state=NodeState.DOWN if node.id in down or factor == 0 else node.state,
    )


def _grown(offering: Offering, factor: float) -> Offering:
    """With so many times the units; the load from elsewhere stays, so growth is all free. The gang limit stays."""
    units = max(1, round(offering.units * factor))
    grown = units - offering.units
    return replace(
        offering,
        units=units,
        max_gang_units=min(offering.max_gang_units, units),
        min_units_per_order=min(offering.min_units_per_order, units),
        max_units_per_order=None
        if offering.max_units_per_order is None
        else min(offering.max_units_per_order, units),
        free_units_by_hour=tuple(max(0, free + grown) for free in offering.free_units_by_hour),
    )


def _nearer(order: Order, max_rtt_ms: float | None) -> Order:
    limit = order.job.max_rtt_ms
    if max_rtt_ms is None or (limit is not None and limit <= max_rtt_ms):
        return order
    return replace(order, terms=replace(order.terms, job=replace(order.job, max_rtt_ms=max_rtt_ms)))


def _priced(order: Order, micros_per_ms_unit_hour: int | None) -> Order:
    if micros_per_ms_unit_hour is None:
        return order
    return replace(
        order, terms=replace(order.terms, latency_cost_micros_per_ms_unit_hour=micros_per_ms_unit_hour)
    )
