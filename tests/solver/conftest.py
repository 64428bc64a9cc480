"""What tests of the solver share: a search that is over sooner."""

from collections.abc import Iterator

import pytest
from thoroughness import often

from solver import exact


@pytest.fixture(scope="module")
def brief_search() -> Iterator[None]:
    """Of more than a few jobs the exact finish does a tenth of its usual work: what ends it is work, as ever."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact, "DETERMINISTIC_SECONDS", exact.DETERMINISTIC_SECONDS * often(1, 10) / 10)
        yield
