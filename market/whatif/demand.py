"""More or less demand: orders left out or repeated by a rule that anybody can repeat.

Orders are ranked by a hash of the seed and their id. Of `scale` = whole + rest every order stands `whole` times in the book,
and the first `round(rest x orders)` of the ranking once more. So the number is exact, equal seeds give equal books, and of
two scales the larger holds every order that the smaller one does. A repetition waits right behind its original.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b

from market.domain.orders import Order

LEAST_DEMAND, MOST_DEMAND = 0.1, 3.0


def scaled_demand(orders: Sequence[Order], scale: float, seed: int) -> tuple[Order, ...]:
    """The book with so many times the orders, in queue order; repetitions have an id and a place of their own."""
    whole = int(scale)
    ranked = sorted(orders, key=lambda order: _rank(order.id, seed))
    once_more = {order.id for order in ranked[: round((scale - whole) * len(orders))]}
    return tuple(copy for order in orders for copy in _copies(order, whole + (order.id in once_more)))


def _copies(order: Order, times: int) -> Iterator[Order]:
    for number in range(1, times + 1):
        yield (
            order
            if number == 1
            else replace(order, id=f"{order.id}~{number}", queue_key=f"{order.queue_key}~{number}")
        )


def _rank(order_id: str, seed: int) -> bytes:
    return blake2b(f"{seed}:{order_id}".encode(), digest_size=8).digest()
