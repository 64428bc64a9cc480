"""CPython, set up for a server: what its garbage collector looks at, and how long one thread may keep the others waiting."""

import gc
import sys

YOUNG_OBJECTS = 20_000
"""So many new objects before the collector looks at them (CPython: 700). A batch of orders makes hundreds of thousands,
none in a circle: walking through them again and again took a third of its time."""
LOOKS_AT_OLDER_ONES = (20, 50)
TURN_SECONDS = 0.001
"""How long a thread that only reckons (a round that is read, a batch) keeps the interpreter (CPython: 5 ms). A request asks
for it a dozen times, and waits so long each time."""


def settle_interpreter() -> None:
    """Once, when everything is loaded: the collector leaves that alone from now on, and looks at the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *LOOKS_AT_OLDER_ONES)
    sys.setswitchinterval(TURN_SECONDS)
