"""How often the longest tests try: as every change deserves, or (`make thorough`) as a release promises."""

import os


def often(usually: int, thoroughly: int) -> int:
    """How many times to try."""
    return thoroughly if os.environ.get("SUANLI_THOROUGH") == "1" else usually
