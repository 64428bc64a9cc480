"""Conditions on a change: asked of the thing as it is while nobody else can change it."""

from collections.abc import Callable
from typing import TypeVar

from market.domain.errors import PreconditionFailed

T = TypeVar("T")


def require(only_if: Callable[[T], bool] | None, thing: T) -> None:
    """`PreconditionFailed` where a thing that is held is not what its changer expects it to be; None expects nothing."""
    if only_if is not None and not only_if(thing):
        raise PreconditionFailed(
            "precondition_failed", "somebody changed this meanwhile: read it again, then send the change anew"
        )
