"""What can be asked of promises: quotes, those that are held, and how forecasts fared."""

from dataclasses import dataclass

from market.clearing.changes import smallest_change
from market.clearing.free_market import FreeMarket
from market.clearing.options import Option, options_of
from market.domain.clock import Clock
from market.domain.orders import Order, OrderTerms
from market.domain.parties import Actor, Role
from market.domain.quotes import ForecastScore, HeldQuote
from market.domain.rounds import Change, Reason
from market.domain.scopes import Scope
from market.domain.states import OrderState
from market.ordering.checks import check_order
from market.ordering.free_now import spot_horizon, spot_snapshot
from market.ordering.promises import own_quote
from market.persistence.database import Database
from market.persistence.store import Store

MOST_SCORED = 10_000
"""Forecasts that the published score is of: the newest that could be scored."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What an order would cost now, best option of each node first; why not at the other nodes; and what it would take
    to place it at its limit price: that price, and the smallest change of one field."""

    options: tuple[Option, ...]
    reasons: tuple[Reason, ...]
    price_to_place_micros: int | None
    smallest_change: Change | None


NOTHING_OFFERED = Quote((), (), None, None)
"""For an order that cannot be asked for any more."""


class PromiseEnquiries:
    """Read-only desk for promises. Safe between threads: each call has a session of its own."""

    _database: Database
    _clock: Clock

    def quote(self, actor: Actor, buyer_id: str | None, terms: OrderTerms) -> Quote:
        """What an order would cost now, node by node, and why not elsewhere. Nothing is stored.

        Only an operator may leave the buyer open: nobody is charged for a question.
        """
        actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.READ)
        if buyer_id is None:
            actor.require(Role.OPERATOR, scope=Scope.READ)
        now = self._clock.now()
        with self._database.reading() as session:
            work = Store(session)
            catalogue = work.catalogue()
            check_order(work, catalogue.directory, buyer_id, terms, now)
            snapshot = spot_snapshot(work, catalogue, (), spot_horizon(terms, now), now)
        order = Order("ord_quote", buyer_id or "buy_quote", terms, OrderState.OPEN, now)
        market = FreeMarket(snapshot)
        options = options_of(snapshot, order, market.fits(order))
        offered = {option.node_id for option in options}
        reasons = tuple(reason for reason in market.reasons(order) if reason.node_id not in offered)
        return Quote(options, reasons, market.price_to_place(order), smallest_change(market, order))

    def held_quote(self, actor: Actor, quote_id: str) -> HeldQuote:
        """One quote that is or was held; `NotFound` also for another buyer's."""
        actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.READ)
        with self._database.reading() as session:
            return own_quote(Store(session), actor, quote_id)

    def forecast_score(self) -> ForecastScore:
        """How the newest forecasts fared that are known how: for everybody to see."""
        with self._database.reading() as session:
            return Store(session).promises.forecast_score(MOST_SCORED)
