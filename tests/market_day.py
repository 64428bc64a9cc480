"""What tests of lives share: a day that is walked hour by hour, with the books looked at after every step."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from toy_market import FREE, HOUR, START, terms

from market.domain.clock import VirtualClock
from market.domain.ledger import AccountKind, Transfer, escrow_of
from market.domain.orders import Order
from market.domain.parties import Actor
from market.domain.policy import Policy
from market.domain.rounds import Allocation, Round
from market.domain.states import OrderState
from market.exchange import Exchange, RoundRequest, Submission
from market.persistence.paging import PageRequest
from market.persistence.store import Store

CNY = 10**6


@dataclass(frozen=True, slots=True)
class Day:
    """An exchange, its clock and an operator; every step leaves balanced books or fails."""

    exchange: Exchange
    clock: VirtualClock
    operator: Actor
    buyer: Actor
    policy: Policy = FREE

    def submit(self, more: dict[str, Any] | None = None, buyer: str = "buy_toy", **asked: Any) -> Order:
        """An order in the book; `more` are terms beside those that `toy_market.terms` takes."""
        wanted = replace(terms(**asked), **(more or {}))
        (order,) = self.exchange.submit_orders(self.operator, [Submission(buyer, wanted)])
        assert isinstance(order, Order), order
        return self.checked(order)

    def clear(self, **request: Any) -> Round:
        """A landed round."""
        policy = request.pop("policy", self.policy)
        return self.checked(self.exchange.clear_round(self.operator, RoundRequest(policy, **request)))

    def at(self, hours: float) -> None:
        """Let time pass until so many hours after the start, a tick at every full hour on the way and at the end."""
        end = START + hours * HOUR
        while self.clock.now() < end:
            self.clock.advance(min(HOUR, end - self.clock.now()))
            self.tick()

    def tick(self) -> Any:
        """Keep time."""
        return self.checked(self.exchange.keep_time())

    def order(self, order: Order) -> Order:
        """An order as it is now."""
        return self._read(lambda work: work.orders.named([order.id])[order.id])

    def life(self, order: Order) -> list[str]:
        """The causes of every step of an order's life."""
        return self._read(lambda work: [event.data["cause"] for event in work.orders.history(order.id)])

    def allocation(self, order: Order) -> Allocation:
        """The newest allocation of an order."""
        page = PageRequest(limit=1, newest_first=True)
        return self._read(lambda work: work.rounds.page_allocations(page, {"order_id": order.id}).items[0])

    def allocations(self, order: Order) -> tuple[Allocation, ...]:
        """Every allocation of an order, oldest first."""
        return self._read(
            lambda work: work.rounds.page_allocations(PageRequest(), {"order_id": order.id}).items
        )

    def balance(self, account_id: str) -> int:
        """Micro-yuan in an account."""
        account = self._read(lambda work: work.ledger.account(account_id))
        return account.balance_micros if account else 0

    def transfers(self) -> tuple[Transfer, ...]:
        """The whole ledger."""
        return self._read(lambda work: work.ledger.page_transfers(PageRequest(1000), None, {}).items)

    def paid_cny(self, buyer: str = "buy_toy") -> float:
        """What a buyer is out of pocket, holds left aside."""
        return -(self.balance(f"acc_{buyer}") + self.balance(escrow_of(buyer))) / CNY

    def checked(self, answer: Any) -> Any:
        """Books balance, and every escrow is the sum of what its buyer's orders hold."""
        self._read(require_balance)
        return answer

    def _read(self, ask: Callable[[Store], Any]) -> Any:
        with self.exchange.database.reading() as session:
            return ask(Store(session))


def require_balance(work: Store) -> None:
    """Ledger imbalance is zero; escrow equals holds; whatever has ended holds nothing."""
    assert work.ledger.imbalance_micros() == 0
    orders = work.orders.page(PageRequest(limit=1000)).items
    for account in work.ledger.accounts():
        if account.kind is AccountKind.ESCROW:
            held = sum(order.held_micros for order in orders if order.buyer_id == account.owner_id)
            assert account.balance_micros == held, account
    over = {
        OrderState.COMPLETED,
        OrderState.CANCELLED,
        OrderState.EXPIRED,
        OrderState.FAILED,
        OrderState.DRAFT,
    }
    assert all(order.held_micros == 0 for order in orders if order.state in over)
