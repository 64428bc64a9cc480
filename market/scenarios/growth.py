"""Large days: a scenario whose centres grow until they are of the size of a day of any number of orders."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from market.domain.offerings import Offering
from market.domain.places import Node
from market.scenarios.demand import GeneratedOrder
from market.scenarios.scarcity import demand_over_supply, scaled_to
from market.scenarios.scenario import Scenario


def grown_to(scenario: Scenario, orders: Sequence[GeneratedOrder], ratio: float) -> Scenario:
    """As much of everything as makes the orders' unit-hours `ratio` times what is free, and power for it."""
    wanted = demand_over_supply(scenario.offerings, scenario.devices, orders)
    factor = max(1, round(max(wanted.values(), default=1.0) / ratio) + 1)
    roomy = [replace(offering, units=offering.units * factor) for offering in scenario.offerings]
    offerings = scaled_to(roomy, scenario.devices, orders, ratio)

    def powered(node: Node) -> Node:
        if node.power_cap_kw is None:
            return node
        growth = max(0.01, _free_at(node, offerings) / max(1, _free_at(node, scenario.offerings)))
        return replace(node, power_cap_kw=max(1, round(node.power_cap_kw * growth)))

    return replace(scenario, offerings=offerings, nodes=tuple(powered(node) for node in scenario.nodes))


def _free_at(node: Node, offerings: Iterable[Offering]) -> int:
    return sum(sum(one.free_units_by_hour) for one in offerings if one.node_id == node.id)
