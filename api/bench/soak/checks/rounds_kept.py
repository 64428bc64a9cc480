"""Rounds: at most one clears, what was granted was granted by one that landed, as many as it says."""

from collections.abc import Iterator

from api.bench.soak.checks.look import Discrepancy, Look

_UNLANDED = """
SELECT a.id, a.round_id, r.state FROM allocations a JOIN rounds r ON r.id = a.round_id WHERE r.state <> 'landed'
"""
_MISCOUNTED = """
SELECT r.id, r.placed, coalesce(a.granted, 0) FROM rounds r
LEFT JOIN (SELECT round_id, count(*) AS granted FROM allocations GROUP BY round_id) a ON a.round_id = r.id
WHERE r.state = 'landed' AND coalesce(a.granted, 0) < r.placed
"""
_ENDLESS = "SELECT id, state FROM rounds WHERE (state = 'clearing') <> (closed_at IS NULL)"


def check_rounds(look: Look) -> Iterator[Discrepancy]:
    """Each is whole."""
    clearing = look.one("SELECT count(*) FROM rounds WHERE state = 'clearing'")
    if clearing > 1:
        yield Discrepancy("two_rounds_clear", f"{clearing} at a time")
    yield from look.broken("granted_by_no_round", _UNLANDED)
    yield from look.broken("round_miscounted", _MISCOUNTED)
    yield from look.broken("round_without_end", _ENDLESS)
