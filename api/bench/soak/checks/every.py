"""All checks at one look."""

from collections.abc import Mapping, Set

from api.bench.soak.books import KnownOrder
from api.bench.soak.checks.lives import check_lives
from api.bench.soak.checks.look import Discrepancy, Look
from api.bench.soak.checks.money import check_money
from api.bench.soak.checks.orders_kept import check_orders
from api.bench.soak.checks.room import check_room
from api.bench.soak.checks.rounds_kept import check_rounds


def check_all(
    look: Look, known: Mapping[str, KnownOrder], unanswered: Set[str] = frozenset()
) -> list[Discrepancy]:
    """Everything that does not hold; empty: all of it does."""
    return [
        *check_orders(look, known, unanswered),
        *check_lives(look),
        *check_money(look),
        *check_room(look),
        *check_rounds(look),
    ]
