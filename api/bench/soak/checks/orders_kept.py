"""Clients' books against what is stored: every accepted order is there exactly once, and nothing else is."""

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from decimal import Decimal

from api.bench.soak.books import KnownOrder
from api.bench.soak.checks.look import MOST_EXAMPLES, Discrepancy, Look

MICROS = 1_000_000
IRREVOCABLE = frozenset({"cancelled", "completed", "failed"})
"""States that clients were told of and that cannot be left."""


def check_orders(
    look: Look, known: Mapping[str, KnownOrder], unanswered: Set[str] = frozenset()
) -> Iterator[Discrepancy]:
    """Orders lost, doubled, invented, or not as they were acknowledged.

    `unanswered`: keys of requests that never had an answer; what they made is nobody's fault.
    """
    stored: Counter[str] = Counter()
    excused = _made_by(look, unanswered)
    for id_, buyer_id, state, limit in look.rows(
        "SELECT id, buyer_id, state, limit_price_micros FROM orders"
    ):
        stored[id_] += 1
        order = known.get(id_)
        if order is None:
            if id_ not in excused:
                yield Discrepancy("order_nobody_sent", f"{id_} of {buyer_id}, {state}")
            continue
        if buyer_id != order.buyer_id:
            yield Discrepancy("order_of_another", f"{id_}: {buyer_id}, not {order.buyer_id}")
        if order.state in IRREVOCABLE and state != order.state:
            yield Discrepancy("state_taken_back", f"{id_} was acknowledged as {order.state} and is {state}")
        if limit not in {round(Decimal(text) * MICROS) for text in order.limits}:
            yield Discrepancy("terms_lost", f"{id_}: limit {limit}, acknowledged {sorted(order.limits)}")
    lost = [id_ for id_ in known if id_ not in stored]
    for id_ in lost[:MOST_EXAMPLES]:
        yield Discrepancy("order_lost", f"{id_}, accepted under {known[id_].key}")
    if len(lost) > MOST_EXAMPLES:
        yield Discrepancy("order_lost", f"and {len(lost) - MOST_EXAMPLES} more")
    yield from (
        Discrepancy("order_doubled", f"{id_}: {count} rows") for id_, count in stored.items() if count > 1
    )


def _made_by(look: Look, keys: Set[str]) -> set[str]:
    """Ids that the exchange's own memory of answers names under the keys."""
    made: set[str] = set()
    for key in keys:
        for (answer,) in look.rows("SELECT CAST(answer AS TEXT) FROM answers WHERE key = :key", key=key):
            made |= {word for word in answer.replace('"', " ").split() if word.startswith("ord_")}
    return made
