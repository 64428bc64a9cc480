"""Following orders until they are where they were to go."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.client.answers import OrderDetail
    from api.client.exchange import Exchange

ENDED = frozenset({"completed", "cancelled", "expired", "failed"})
FIRST_SECONDS, LONGEST_SECONDS = 0.5, 5.0
MISSED = 3
"""Exit status where an order ended elsewhere: expired, failed, cancelled."""

Looks = Iterator[Collection[str] | None]
"""When to look again, and at which orders; None: at all of them."""


class Goal(StrEnum):
    """How far to follow."""

    PLACED = "placed"
    DONE = "done"

    @property
    def states(self) -> frozenset[str]:
        """States in which it is reached."""
        reached = {"completed"} if self is Goal.DONE else {"allocated", "active", "completed"}
        return frozenset(reached)


@dataclass
class Watch:
    """Orders on their way to a goal."""

    ids: Sequence[str]
    goal: Goal
    states: dict[str, str] = field(default_factory=dict)

    def follow(self, exchange: "Exchange", looks: Looks) -> Iterator["OrderDetail"]:
        """An order each time its state is another one, until all have reached the goal or have ended."""
        for worth in looks:
            for id_ in self.waiting():
                if worth is not None and id_ not in worth:
                    continue
                order = exchange.orders.read(id_)
                if self.states.get(id_) != order.state:
                    self.states[id_] = order.state
                    yield order
            if not self.waiting():
                return

    def waiting(self) -> list[str]:
        """Orders that are neither there nor beyond hope."""
        over = ENDED | self.goal.states
        return [id_ for id_ in self.ids if self.states.get(id_) not in over]

    @property
    def exit_status(self) -> int:
        """0 where all orders reached the goal."""
        return 0 if all(self.states.get(id_) in self.goal.states for id_ in self.ids) else MISSED


def looks_by_events(exchange: "Exchange", ids: Collection[str]) -> Looks:
    """When something happened to one of them; at all of them whenever the exchange begins to listen.

    An exchange that tells no events is looked at by the clock.
    """
    from api.client.errors import NotFound, UnexpectedAnswer  # noqa: PLC0415 - quick `--help`

    one = next(iter(ids)) if len(ids) == 1 else None
    try:
        about = {"resource": "order", "resource_id": one} if one else {"kinds": ["order.*"]}
        for event in exchange.events.listen(**about):
            if event is None:
                yield None
            elif event.resource_id in ids:
                yield {event.resource_id}
    except (NotFound, UnexpectedAnswer):
        yield from looks_by_clock()


def looks_by_clock(sleep: Callable[[float], None] = time.sleep) -> Looks:
    """Now, and again and again, ever more patiently."""
    pause = FIRST_SECONDS
    while True:
        yield None
        sleep(pause)
        pause = min(LONGEST_SECONDS, pause * 1.5)
