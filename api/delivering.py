"""The couriers of an exchange, as its settings say."""

from collections.abc import Callable

from api.settings import Settings
from market.couriers.courier import Couriers
from market.couriers.turns import Turns
from market.exchange import Exchange


def couriers_of(exchange: Exchange, settings: Settings, may_look: Callable[[], bool]) -> Couriers:
    """Couriers that begin to work, and pay for their queue, when there is a webhook to deliver to.

    `may_look` is asked before each look at what is due.
    """

    def make_turns() -> Turns:
        from market.couriers.durable_turns import DurableTurns  # noqa: PLC0415 - DBOS takes 1.6 s to import

        return DurableTurns(exchange.database.url)

    return Couriers(exchange, settings.courier_terms(), make_turns, may_look)
