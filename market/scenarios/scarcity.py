"""Scarce days: a scenario whose free units are scaled until a day of orders wants so many times what is free.

Demand over supply is measured for each compute class in unit-hours: what the orders ask for (units x hours as stated)
over what the offerings have free on one day. Only free units are scaled; units, gangs and asks stay.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from market.domain.devices import ComputeClass, Device
from market.domain.errors import InvalidInput
from market.domain.offerings import Offering
from market.scenarios.demand import GeneratedOrder


def demand_over_supply(
    offerings: Sequence[Offering], devices: Iterable[Device], orders: Iterable[GeneratedOrder]
) -> Mapping[ComputeClass, float]:
    """Unit-hours wanted over unit-hours free, by compute class that has any free."""
    class_of = {device.id: device.compute_class for device in devices}
    wanted: Counter[ComputeClass] = Counter()
    free: Counter[ComputeClass] = Counter()
    for order in orders:
        wanted[ComputeClass(order.compute_class)] += order.units * math.ceil(order.hours)
    for offering in offerings:
        free[class_of[offering.device_id]] += sum(offering.free_units_by_hour)
    return {name: wanted[name] / hours for name, hours in free.items() if hours}


def scaled_to(
    offerings: Sequence[Offering], devices: Sequence[Device], orders: Sequence[GeneratedOrder], ratio: float
) -> tuple[Offering, ...]:
    """The offerings with fewer (or more) units free, so that demand is `ratio` times supply in each class.

    Whole units; what rounding leaves over is carried on to the next offering of the class. Never above the units there
    are.
    """
    if not ratio > 0:
        raise InvalidInput("invalid_ratio", "demand over supply is a number above zero")
    class_of = {device.id: device.compute_class for device in devices}
    factor = {name: now / ratio for name, now in demand_over_supply(offerings, devices, orders).items()}
    left_over: dict[tuple[ComputeClass, int], float] = {}
    scaled = []
    for offering in offerings:
        name, free = class_of[offering.device_id], []
        for hour, units in enumerate(offering.free_units_by_hour):
            exact = units * factor.get(name, 1.0) + left_over.get((name, hour), 0.0)
            free.append(min(offering.units, int(exact)))
            left_over[name, hour] = exact - free[-1]
        scaled.append(replace(offering, free_units_by_hour=tuple(free)))
    return tuple(scaled)
