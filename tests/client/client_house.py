"""A running exchange, in the words of these tests."""

from typing import NamedTuple

from api.client import Exchange, Retries

AT_ONCE = Retries(most=5, jitter=lambda: 0.0)
"""Tries as often as ever, but does not wait."""


class House(NamedTuple):
    """A running exchange and its keys."""

    server: str
    operator: str
    buyer: str

    def exchange(self, server: str | None = None, retries: Retries = AT_ONCE) -> Exchange:
        """A buyer's client."""
        return Exchange(server or self.server, self.buyer, retries=retries)
