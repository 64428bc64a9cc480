"""The ledger: it sums to zero, accounts are their transfers, escrow is what orders hold, what was paid was transferred."""

from collections.abc import Iterator

from api.bench.soak.checks.look import Discrepancy, Look

_ACCOUNTS = """
SELECT coalesce(a.id, t.id), a.debits_micros, t.debits, a.credits_micros, t.credits FROM accounts a FULL OUTER JOIN (
  SELECT id, sum(debit) AS debits, sum(credit) AS credits FROM (
    SELECT debit_account_id AS id, amount_micros AS debit, 0 AS credit FROM transfers
    UNION ALL SELECT credit_account_id, 0, amount_micros FROM transfers) sides GROUP BY id) t ON t.id = a.id
WHERE coalesce(a.debits_micros, -1) <> coalesce(t.debits, 0) OR coalesce(a.credits_micros, -1) <> coalesce(t.credits, 0)
"""
_ESCROW = """
SELECT coalesce(a.owner_id, o.buyer_id), a.kept, o.held FROM (
  SELECT owner_id, credits_micros - debits_micros AS kept FROM accounts WHERE kind = 'escrow') a
FULL OUTER JOIN (SELECT buyer_id, sum(held_micros) AS held FROM orders GROUP BY buyer_id) o ON o.buyer_id = a.owner_id
WHERE coalesce(a.kept, 0) <> coalesce(o.held, 0)
"""
_BY_ORDER = """
SELECT o.id, o.state, o.held_micros, coalesce(t.held, 0), o.paid_micros, coalesce(t.paid, 0) FROM orders o LEFT JOIN (
  SELECT order_id,
    sum(CASE kind WHEN 'hold' THEN amount_micros WHEN 'release' THEN -amount_micros
        WHEN 'capture' THEN -amount_micros ELSE 0 END) AS held,
    sum(CASE kind WHEN 'capture' THEN amount_micros WHEN 'refund' THEN -amount_micros ELSE 0 END) AS paid
  FROM transfers WHERE order_id IS NOT NULL GROUP BY order_id) t ON t.order_id = o.id
WHERE o.held_micros <> coalesce(t.held, 0) OR o.paid_micros <> coalesce(t.paid, 0)
"""
_ABOVE_LIMIT = """
SELECT id, limit_price_micros, held_micros, paid_micros FROM orders WHERE held_micros + paid_micros > limit_price_micros
"""
_HELD_FOR_NOTHING = """
SELECT id, state, held_micros FROM orders
WHERE held_micros <> 0 AND state IN ('draft', 'completed', 'cancelled', 'expired', 'failed')
"""
_HOUR_PAID_TWICE = """
SELECT allocation_id, hour, count(*) FROM transfers WHERE kind = 'capture' AND hour IS NOT NULL
GROUP BY allocation_id, hour HAVING count(*) > 1
"""
_NOBODYS = """
SELECT t.id, t.order_id FROM transfers t LEFT JOIN orders o ON o.id = t.order_id
WHERE t.order_id IS NOT NULL AND o.id IS NULL
"""


def check_money(look: Look) -> Iterator[Discrepancy]:
    """All of it, to the micro-yuan."""
    imbalance = look.one("SELECT coalesce(sum(credits_micros - debits_micros), 0) FROM accounts")
    if imbalance:
        yield Discrepancy("ledger_unbalanced", f"accounts sum to {imbalance} micro-yuan")
    yield from look.broken("account_is_not_its_transfers", _ACCOUNTS)
    yield from look.broken("escrow_is_not_what_is_held", _ESCROW)
    yield from look.broken("order_is_not_its_transfers", _BY_ORDER)
    yield from look.broken("above_limit", _ABOVE_LIMIT)
    yield from look.broken("held_for_nothing", _HELD_FOR_NOTHING)
    yield from look.broken("hour_paid_twice", _HOUR_PAID_TWICE)
    yield from look.broken("transfer_for_no_order", _NOBODYS)
