"""Promises: quotes that are held until a stated time."""

from market.desks.desk import Desk
from market.desks.repeating import repeatable
from market.domain.orders import Order, OrderTerms
from market.domain.parties import Actor, Role
from market.domain.quotes import HeldQuote
from market.domain.scopes import Scope
from market.domain.states import OrderState
from market.idempotency import Once, refuse_answered
from market.ordering.checks import check_order
from market.ordering.promises import hold_quote, own_quote, release_quote
from market.persistence.store import Store


class PromiseDesk(Desk):
    """Holds quotes and takes them back."""

    def require_unanswered(self, actor: Actor, once: Once) -> None:
        """`AnsweredBefore` where a question about quotes was answered under its key; nobody is waited for."""
        actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.READ)
        with self.database.reading() as session:
            refuse_answered(Store(session), once)

    @repeatable
    def hold_quote(
        self, actor: Actor, buyer_id: str, terms: OrderTerms, minutes: int, once: Once | None = None
    ) -> HeldQuote:
        """Set the cheapest place for an order aside for its buyer; `not_placed_now` where nothing is free for it."""
        actor.require(Role.BUYER, scope=Scope.ORDERS)
        now = self.clock.now()
        with self._unit_of_work(actor, once) as work:
            work.promises.hold_capacity()
            catalogue = work.catalogue()
            check_order(work, catalogue.directory, buyer_id, terms, now)
            order = Order(self._ids.new("ord", now), buyer_id, terms, OrderState.OPEN, now)
            quote = hold_quote(work, catalogue, order, minutes, self._ids, now)
            work.answer = {"quote_id": quote.id}
        return quote

    @repeatable
    def release_quote(self, actor: Actor, quote_id: str, once: Once | None = None) -> HeldQuote:
        """Give a held quote back before its time."""
        actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.ORDERS)
        with self._unit_of_work(actor, once) as work:
            released = release_quote(work, own_quote(work, actor, quote_id), self.clock.now())
            work.answer = {"quote_id": quote_id}
        return released
