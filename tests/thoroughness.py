"""How often the longest tests try: what suits every change, or (SUANLI_THOROUGH=1, `make thorough`) what a release promises."""

import os


def often(usually: int, thoroughly: int) -> int:
    """How many times to try."""
    return thoroughly if os.environ.get("SUANLI_THOROUGH") == "1" else usually
