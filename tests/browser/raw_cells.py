"""Cells of a saved table beside those that were shown: as raw as the API tells them, and the same."""

import re
from datetime import datetime

from market.domain.clock import MARKET_ZONE

SAME_TEXT = "'"
"""A spreadsheet would run what begins like this, so CSV quotes it."""
NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
NOTHING = "–"


def require_same_head(raw: list[str], shown: list[str]) -> None:
    """Labels, with a unit in the file where there is one."""
    assert len(raw) == len(shown)
    for one, told in zip(raw, shown, strict=True):
        assert one == told or one.startswith(f"{told} (") or is_same_moment(one, told), (one, told)


def require_same_row(raw: list[str], shown: list[str]) -> None:
    """Cell by cell; numbers without signs, separators and units of display."""
    assert len(raw) == len(shown)
    for one, told in zip(raw, shown, strict=True):
        same = (
            one.removeprefix(SAME_TEXT) == told
            or (one == "" and told == NOTHING)
            or is_same_moment(one, told)
            or is_same_number(one, told)
        )
        assert same, (one, told)


def is_same_moment(raw: str, shown: str) -> bool:
    """A moment as English readers of the page see it, in Beijing's time."""
    moment = raw.split(" (", maxsplit=1)[0]
    if not MOMENT.fullmatch(moment):
        return False
    return shown == f"{datetime.fromisoformat(moment).astimezone(MARKET_ZONE):%d/%m, %H:%M}"


def is_same_number(raw: str, shown: str) -> bool:
    """A number, to the digits that are shown of it."""
    found = re.search(r"\d[\d,]*(\.(\d+))?", shown)
    if found is None or not NUMBER.fullmatch(raw):
        return False
    sign = -1 if shown.startswith(("−", "-")) else 1
    scale = 100 if "%" in shown else 1
    told = sign * float(found[0].replace(",", ""))
    return abs(float(raw) * scale - told) <= 0.5001 * 10 ** -len(found[2] or "")
