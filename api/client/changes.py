"""A proposed change of an order in words."""

from collections.abc import Mapping
from typing import Any

WORDS: Mapping[str, str] = {
    "limit_price": "pay up to CNY {to} instead of {now}",
    "deadline": "end by {to} instead of {now}",
    "max_rtt_ms": "allow {to} ms RTT instead of {now}",
    "allowed_regions": "also allow {added}",
    "devices": "also allow {added}",
    "units": "take {to} units instead of {now}",
    "max_pue": "allow a PUE of {to} instead of {now}",
    "min_green_share": "accept a green share of {to} instead of {now}",
}


def change_in_words(change: Mapping[str, Any], order: Mapping[str, Any]) -> str:
    """What a `smallest_change` asks of an order, both as the API tells them."""
    field, to = change["field"], change["to"]
    now = {**order["job"], **order}[field]
    if change["by"] == 0:
        return "nothing: it fits as it is"
    added = ", ".join(one for one in to if one not in now) if isinstance(to, list) else ""
    return WORDS[field].format(to=to, now=now, added=added)
