"""Whether what a round grants still fits when it lands: between its opening and its end others may have taken some.

A round clears what it froze. Meanwhile orders may have been placed at once, quotes held, nodes lost: what was granted
there and fits no more is left out, the later order first.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from market.clearing.snapshot import MarketSnapshot
from market.clearing.supply import Supply, build_supply, parts_of
from market.domain.clock import HOUR
from market.domain.rounds import Allocation
from market.persistence.store import Store

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def without_room(
    work: Store, frozen: MarketSnapshot, granted: Sequence[Allocation], now: datetime
) -> set[str]:
    """Ids of the orders among the granted, in queue order, that found their place taken. Capacity is held meanwhile."""
    current = replace(
        frozen,
        catalogue=work.catalogue(),
        allocations=work.rounds.live_allocations(frozen.horizon.starts_at),
        held_quotes=work.promises.held_quotes(now),
    )
    return no_longer_fitting(frozen, current, granted)


def no_longer_fitting(
    frozen: MarketSnapshot, current: MarketSnapshot, granted: Sequence[Allocation]
) -> set[str]:
    """Ids of the orders among the granted, in queue order, for which there is no room any more.

    `current` is the market as it is at landing, over the same horizon. Orders that are granted another place give up the
    one they have: where anything is short, only what fits beside that as well is sure to.
    """
    if _nothing_was_taken(frozen, current):
        return set()
    moving = {allocation.order_id for allocation in granted}
    staying = tuple(a for a in current.allocations if a.order_id not in moving)
    supply = _supply(current, staying)
    uses = _Uses(current, supply, granted)
    if not uses.short(supply).any():
        return set()
    return uses.in_turn(_supply(current, current.allocations))


def _nothing_was_taken(frozen: MarketSnapshot, current: MarketSnapshot) -> bool:
    """Whether nothing holds capacity that did not when the round froze the market, and its nodes are as they were.

    An order that was cleared and still has a place may have to keep it, though it was cleared to go elsewhere.
    """
    held = {a.id for a in frozen.allocations} | {quote.id for quote in frozen.held_quotes}
    holding = {a.id for a in current.allocations} | {quote.id for quote in current.held_quotes}
    cleared = {order.id for order in frozen.orders}
    may_stay = any(allocation.order_id in cleared for allocation in current.allocations)
    return holding <= held and not may_stay and current.catalogue.nodes == frozen.catalogue.nodes


def _supply(current: MarketSnapshot, allocations: tuple[Allocation, ...]) -> Supply:
    return build_supply(current.catalogue, allocations, current.policy, current.horizon, current.held_quotes)


class _Uses:
    """What each granted allocation takes, as columns: offering, node, slots, parts and watts."""

    def __init__(self, current: MarketSnapshot, supply: Supply, granted: Sequence[Allocation]) -> None:
        row = {offering.id: row for row, offering in enumerate(current.catalogue.offerings)}
        starts_at = current.horizon.starts_at
        self._orders = [a.order_id for a in granted]
        self._offering: Ints = np.array([row[a.offering_id] for a in granted], dtype=np.int64)
        self._node = supply.offering_node[self._offering].astype(np.int64)
        self._first: Ints = np.array([(a.starts_at - starts_at) // HOUR for a in granted], dtype=np.int64)
        self._end: Ints = np.array([-((starts_at - a.ends_at) // HOUR) for a in granted], dtype=np.int64)
        per_unit = supply.parts_per_unit[self._offering].tolist()
        self._parts: Ints = np.array(
            [parts_of(a.units, a.unit_tenths, n) for a, n in zip(granted, per_unit, strict=True)],
            dtype=np.int64,
        )
        self._watts: Ints = self._parts * supply.facility_watts_per_part[self._offering]

    def short(self, supply: Supply) -> Bools:
        """(G,) whether an allocation runs in an hour in which its offering, or its node's power, is too short for all."""
        units_short = _summed(supply.capacity_parts, self._offering, self._first, self._end, self._parts)
        watts_short = _summed(supply.node_power_watts, self._node, self._first, self._end, self._watts)
        found: Bools = _any_in(units_short, self._offering, self._first, self._end)
        return found | _any_in(watts_short, self._node, self._first, self._end)

    def in_turn(self, supply: Supply) -> set[str]:
        """Orders left out when those that run where it is short are let in one by one, in queue order."""
        units, watts = supply.capacity_parts, supply.node_power_watts
        short = self.short(supply)
        for index in np.flatnonzero(~short).tolist():
            self._let_in(index, units, watts)
        out: set[str] = set()
        for index in np.flatnonzero(short).tolist():
            if self._fits(index, units, watts):
                self._let_in(index, units, watts)
            else:
                out.add(self._orders[index])
        return out

    def _fits(self, index: int, units: Ints, watts: Ints) -> bool:
        window = slice(self._first[index], self._end[index])
        enough_units = (units[self._offering[index], window] >= self._parts[index]).all()
        return bool(enough_units and (watts[self._node[index], window] >= self._watts[index]).all())

    def _let_in(self, index: int, units: Ints, watts: Ints) -> None:
        window = slice(self._first[index], self._end[index])
        units[self._offering[index], window] -= self._parts[index]
        watts[self._node[index], window] -= self._watts[index]


def _summed(free: Ints, row: Ints, first: Ints, end: Ints, amount: Ints) -> Bools:
    """(rows, T) whether the amounts that run in a slot are together more than is free there."""
    steps = np.zeros((free.shape[0], free.shape[1] + 1), dtype=np.int64)
    np.add.at(steps, (row, first), amount)
    np.add.at(steps, (row, end), -amount)
    over: Bools = np.cumsum(steps, axis=1)[:, :-1] > free
    return over


def _any_in(slots: Bools, row: Ints, first: Ints, end: Ints) -> Bools:
    """Whether any slot of a window of a row is marked."""
    marked = np.zeros((slots.shape[0], slots.shape[1] + 1), dtype=np.int64)
    np.cumsum(slots, axis=1, out=marked[:, 1:])
    found: Bools = marked[row, end] > marked[row, first]
    return found
