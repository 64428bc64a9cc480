"""The garbage collector of a server: what was loaded to serve stays, and what a request makes is mostly gone by itself."""

import gc

YOUNG_OBJECTS = 20_000
"""So many new objects before the collector looks at them (CPython: 700). A batch of orders makes hundreds of thousands,
none in a circle: walking through them again and again took a third of its time."""
LOOKS_AT_OLDER_ONES = (20, 50)


def settle_memory() -> None:
    """Once, when everything is loaded: leave that alone from now on, and look at the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *LOOKS_AT_OLDER_ONES)
