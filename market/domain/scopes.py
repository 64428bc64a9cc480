"""Scopes: what a key may be used for, area by area."""

from enum import StrEnum


class Scope(StrEnum):
    """One area. `read` is for what is asked; what is changed needs the scope of its area, and no other.

    No scope is part of another: a key that only reports on allocations reads nothing besides.
    """

    READ = "read"
    ORDERS = "orders:write"
    OFFERINGS = "offerings:write"
    ALLOCATIONS = "allocations:write"
    MONEY = "money:write"
    ROUNDS = "rounds:write"
    MARKET = "market:write"
    WEBHOOKS = "webhooks:write"
    ACCESS = "access:write"


EVERYTHING = "*"
"""In place of scopes: all that the key's role has, those included that are invented later."""

EVERY_SCOPE = frozenset(Scope)
