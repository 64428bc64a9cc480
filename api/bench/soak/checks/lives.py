"""Each order is in one state and holds one place at most; its history is whole and leads to where it is."""

from collections.abc import Iterator

from api.bench.soak.checks.look import Discrepancy, Look

STEPS = {
    (None, "open"), (None, "draft"),
    ("draft", "open"), ("draft", "cancelled"), ("draft", "expired"), ("draft", "draft"),
    ("open", "open"), ("open", "allocated"), ("open", "cancelled"), ("open", "expired"),
    ("allocated", "allocated"), ("allocated", "active"), ("allocated", "cancelled"), ("allocated", "failed"),
    ("allocated", "interrupted"),
    ("active", "completed"), ("active", "cancelled"), ("active", "failed"), ("active", "interrupted"),
    ("interrupted", "interrupted"), ("interrupted", "allocated"), ("interrupted", "cancelled"),
    ("interrupted", "expired"),
}  # fmt: skip
"""From which state to which an order's history may lead, written down once more."""


def check_lives(look: Look) -> Iterator[Discrepancy]:
    """States, live allocations, histories."""
    yield from look.broken("placed_without_a_place", _PLACED)
    yield from look.broken("place_without_an_order", _LIVE)
    yield from look.broken("two_places_at_a_time", _TWO)
    yield from _histories(look)
    yield from look.broken("history_ends_elsewhere", _ENDS_ELSEWHERE.format(state=look.state_of_event()))
    yield from look.broken("history_begins_twice", _BEGINS)
    yield from look.broken("grants_untold", _GRANTS)


_PLACED = """
SELECT o.id, o.state FROM orders o WHERE o.state IN ('allocated', 'active') AND NOT EXISTS (
  SELECT 1 FROM allocations a WHERE a.order_id = o.id
  AND a.state = CASE o.state WHEN 'allocated' THEN 'granted' ELSE 'active' END)
"""
_LIVE = """
SELECT a.id, a.order_id, a.state, o.state FROM allocations a LEFT JOIN orders o ON o.id = a.order_id
WHERE (a.state = 'granted' AND coalesce(o.state, '') <> 'allocated')
   OR (a.state = 'active' AND coalesce(o.state, '') <> 'active')
   OR (a.state IN ('granted', 'active')) <> (coalesce(a.live, 0) = 1) OR a.buyer_id <> o.buyer_id
"""
_TWO = """
SELECT order_id, count(*) FROM allocations WHERE state IN ('granted', 'active') GROUP BY order_id HAVING count(*) > 1
"""
_ENDS_ELSEWHERE = """
SELECT o.id, o.state, t.state FROM orders o LEFT JOIN (
  SELECT resource_id, {state} AS state, row_number() OVER (PARTITION BY resource_id ORDER BY sequence DESC) AS back
  FROM events WHERE resource = 'order') t ON t.resource_id = o.id AND t.back = 1
WHERE t.state IS NULL OR t.state <> o.state
"""
_BEGINS = """
SELECT resource_id, count(*) FROM events WHERE kind IN ('order.submitted', 'order.drafted')
GROUP BY resource_id HAVING count(*) > 1
"""
_GRANTS = """
SELECT coalesce(e.id, a.id), coalesce(e.told, 0), coalesce(a.granted, 0) FROM (
  SELECT resource_id AS id, count(*) AS told FROM events
  WHERE kind IN ('order.placed_in_round', 'order.placed_at_once', 'order.re_matched', 'order.moved')
  GROUP BY resource_id) e
FULL OUTER JOIN (SELECT order_id AS id, count(*) AS granted FROM allocations GROUP BY order_id) a ON a.id = e.id
WHERE coalesce(e.told, 0) <> coalesce(a.granted, 0)
"""
_STEPS_TAKEN = """
SELECT before, after, count(*), min(resource_id) FROM (
  SELECT resource_id, {state} AS after, lag({state}) OVER (PARTITION BY resource_id ORDER BY sequence) AS before
  FROM events WHERE resource = 'order') steps GROUP BY before, after
"""


def _histories(look: Look) -> Iterator[Discrepancy]:
    for before, after, count, example in look.rows(_STEPS_TAKEN.format(state=look.state_of_event())):
        if (before, after) not in STEPS:
            yield Discrepancy("step_that_cannot_be", f"{before} to {after}: {count} times, {example} for one")
