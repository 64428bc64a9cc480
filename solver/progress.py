"""What `clear` tells of itself while it works."""

from __future__ import annotations

from typing import NamedTuple


class Progress(NamedTuple):
    """Where the search is: the name of the step just done, seconds so far, value and proven bound in micros."""

    step: str
    seconds: float
    value_micros: int
    bound_micros: int
