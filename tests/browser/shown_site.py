"""What the browser looks at."""

from typing import Any, NamedTuple


class Site(NamedTuple):
    """Where the page is, and the round it shows."""

    url: str
    round: dict[str, Any]
