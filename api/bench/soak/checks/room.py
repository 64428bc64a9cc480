"""No offering ever gave more than it has, no node ever drew more than it may: instant by instant, the past included."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from api.bench.soak.checks.look import MOST_EXAMPLES, Discrepancy, Look, listed, moment

HOUR = timedelta(hours=1)
LOCAL = ZoneInfo("Asia/Shanghai")
TENTHS = 10
Span = tuple[datetime, datetime, int]
"""From, until, and how much of something."""

_GRANTS = """
SELECT offering_id, node_id, starts_at, ends_at, ended_at, units * unit_tenths AS tenths FROM allocations
"""
_OFFERINGS = """
SELECT o.id, o.node_id, o.units, o.free_units_by_hour, d.watts_per_unit, n.pue, n.power_cap_kw
FROM offerings o JOIN devices d ON d.id = o.device_id JOIN nodes n ON n.id = o.node_id
"""
_WHILE_DOWN = """
SELECT a.id, a.node_id, g.sequence FROM allocations a
JOIN events g ON g.kind = 'allocation.granted' AND g.resource_id = a.id
WHERE (SELECT n.kind FROM events n WHERE n.resource = 'node' AND n.resource_id = a.node_id
       AND n.sequence < g.sequence ORDER BY n.sequence DESC LIMIT 1) = 'node.down'
"""


def check_room(look: Look) -> Iterator[Discrepancy]:
    """Offerings by their hours, nodes by their power; nothing is granted where a node is down."""
    offerings = {row.id: row for row in look.rows(_OFFERINGS)}
    used: dict[str, list[Span]] = defaultdict(list)
    drawn: dict[str, list[Span]] = defaultdict(list)
    for offering_id, node_id, starts_at, ends_at, ended_at, tenths in look.rows(_GRANTS):
        start, end = moment(starts_at), moment(ends_at)
        if ended_at is not None:
            end = min(end, moment(ended_at))
        offering = offerings.get(offering_id)
        if offering is None or offering.node_id != node_id:
            yield Discrepancy("place_unknown", f"{offering_id} at {node_id}")
        elif start < end:
            used[offering_id].append((start, end, tenths))
            drawn[node_id].append((start, end, tenths * round(offering.watts_per_unit * offering.pue)))
    found = [*_over_capacity(used, offerings), *_over_power(drawn, offerings)]
    yield from found[:MOST_EXAMPLES]
    if len(found) > MOST_EXAMPLES:
        yield Discrepancy(found[-1].code, f"and {len(found) - MOST_EXAMPLES} more")
    yield from look.broken("granted_while_down", _WHILE_DOWN)


def _over_capacity(
    used: Mapping[str, Sequence[Span]], offerings: Mapping[str, object]
) -> Iterator[Discrepancy]:
    for offering_id, spans in used.items():
        free = listed(offerings[offering_id].free_units_by_hour)  # type: ignore[attr-defined]
        for hour, tenths in peaks(spans).items():
            limit = TENTHS * int(free[hour.astimezone(LOCAL).hour])
            if tenths > limit:
                facts = f"{offering_id} gives {tenths / TENTHS:g} of {limit / TENTHS:g} units at {hour.isoformat()}"
                yield Discrepancy("above_capacity", facts)


def _over_power(
    drawn: Mapping[str, Sequence[Span]], offerings: Mapping[str, object]
) -> Iterator[Discrepancy]:
    caps = {one.node_id: one.power_cap_kw for one in offerings.values()}  # type: ignore[attr-defined]
    for node_id, spans in drawn.items():
        if caps[node_id] is None:
            continue
        limit = TENTHS * 1000 * caps[node_id]
        for hour, tenth_watts in peaks(spans).items():
            if tenth_watts > limit:
                facts = (
                    f"{node_id} draws {tenth_watts / TENTHS:g} W of {limit / TENTHS:g} at {hour.isoformat()}"
                )
                yield Discrepancy("above_power", facts)


def peaks(spans: Sequence[Span]) -> dict[datetime, int]:
    """The most at any instant of each clock hour; what ends at an instant makes room for what begins then."""
    changes: dict[datetime, int] = defaultdict(int)
    for start, end, amount in spans:
        changes[start] += amount
        changes[end] -= amount
    most: dict[datetime, int] = {}
    at, now = datetime.min.replace(tzinfo=LOCAL), 0
    for instant in sorted(changes):
        hour = at.replace(minute=0, second=0, microsecond=0)
        while now and hour < instant:  # what ran since the change before, in every hour until this one
            most[hour] = max(most.get(hour, 0), now)
            hour += HOUR
        at, now = instant, now + changes[instant]
    return most
