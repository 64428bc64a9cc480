"""Numba, typed: the decorators for every kernel of the solver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(function: Kernel) -> Kernel:
    """Compile for one thread, once per machine: the result is cached beside the source."""
    return cast("Kernel", njit(cache=True, nogil=True)(function))


def compiled_fast(function: Kernel) -> Kernel:
    """The same for floating point that guides and proves nothing: sums may be reordered, infinities not used."""
    return cast("Kernel", njit(cache=True, nogil=True, fastmath=_REORDERED)(function))


_REORDERED = {"reassoc", "contract", "arcp", "nsz"}
