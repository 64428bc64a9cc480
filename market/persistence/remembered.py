"""Ids that something is known of, kept between units of work so that nobody asks for it again."""

from collections.abc import Iterable

MOST_IDS = 10_000
"""That are remembered, some 100 bytes each; the next one begins anew."""


class RememberedIds:
    """Safe between threads: what is kept is replaced whole."""

    def __init__(self) -> None:
        self._ids = frozenset[str]()

    def __contains__(self, id_: str) -> bool:
        """Whether it is known of this one; of others it may be true as well."""
        return id_ in self._ids

    def among(self, ids: Iterable[str]) -> frozenset[str]:
        """Those of the ids that it is known of."""
        return self._ids.intersection(ids)

    def keep(self, ids: Iterable[str]) -> None:
        """It is known of these from now on."""
        new = frozenset(ids) - self._ids
        if new:
            grown = self._ids | new
            self._ids = new if len(grown) > MOST_IDS else grown

    def forget(self) -> None:
        """It is known of none."""
        self._ids = frozenset()
