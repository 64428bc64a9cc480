"""A unit of work that clashed with another one is done again, whole: nothing of it was stored.

PostgreSQL ends one of two transactions that wait for each other (40P01), or that cannot both be as if alone (40001). Only
these two: after anything else it may be unsure what was stored, or it would only happen again.
"""

import logging
import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError

from market.domain.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")
CLASHES = frozenset({"40001", "40P01"})
MOST_TRIES = 5
FIRST_PAUSE_SECONDS = 0.01
"""Doubled with each try, and anything between the half and the whole of it, so that two do not meet again."""
RETRY_AFTER_SECONDS = 1
_logger = logging.getLogger(__name__)


def repeatable(work: Callable[P, T]) -> Callable[P, T]:
    """For what is a unit of work, and nothing else that would be done twice.

    `Unavailable` `database_contended` where it clashed every time.
    """

    @wraps(work)
    def repeating(*args: P.args, **kwargs: P.kwargs) -> T:
        for tried in range(1, MOST_TRIES):
            try:
                return work(*args, **kwargs)
            except DBAPIError as error:
                if not is_clash(error):
                    raise
                _logger.info("%s clashed with another unit of work: once more", work.__qualname__)
            time.sleep(FIRST_PAUSE_SECONDS * 2**tried * random.uniform(0.5, 1.0))  # noqa: S311
        try:
            return work(*args, **kwargs)
        except DBAPIError as error:
            if not is_clash(error):
                raise
            raise Unavailable(
                "database_contended",
                f"others changed the same things meanwhile, {MOST_TRIES} times over, and it was taken back each time: "
                "send it again shortly",
                retry_after_seconds=RETRY_AFTER_SECONDS,
            ) from error

    return repeating


def is_clash(error: DBAPIError) -> bool:
    """Whether the database ended it for another transaction's sake, and took all of it back."""
    return getattr(error.orig, "sqlstate", None) in CLASHES
