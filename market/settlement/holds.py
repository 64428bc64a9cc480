"""Holds: what lies in escrow for an order.

An open order holds its limit price, an allocated one what is still to pay of its price, an interrupted one what its
buyer may still spend on it, an ended one nothing. The sum of a buyer's holds is the balance of its escrow, always.
"""

from collections.abc import Sequence
from dataclasses import replace

from market.domain.errors import MarketError
from market.domain.ledger import TransferKind
from market.domain.orders import Order
from market.domain.rounds import Allocation
from market.domain.states import OrderState
from market.settlement.postings import Postings, buyer_account, escrow_account, insufficient


def admit(postings: Postings, answers: Sequence[Order | MarketError]) -> list[Order | MarketError]:
    """Orders in sequence; those whose hold their buyer's credit does not cover are refused instead."""
    wanting = [a for a in answers if isinstance(a, Order) and a.state is OrderState.OPEN]
    accounts = {order.buyer_id: buyer_account(order.buyer_id) for order in wanting}
    postings.hold_limited(list(accounts.values()))
    promised = dict.fromkeys(accounts, 0)
    admitted: list[Order | MarketError] = []
    for answer in answers:
        if not isinstance(answer, Order) or answer.state is not OrderState.OPEN:
            admitted.append(answer)
            continue
        limit, account = answer.terms.limit_price_micros, accounts[answer.buyer_id]
        available = postings.available_micros(account)
        if available is not None and available - promised[answer.buyer_id] < limit:
            admitted.append(insufficient(account, available - promised[answer.buyer_id], limit))
            continue
        promised[answer.buyer_id] += limit
        admitted.append(answer)
    return admitted


def ask_nobody(postings: Postings, orders: Sequence[Order]) -> None:
    """Take orders as covered, whatever their buyers' accounts hold: the rule of the table refuses what is not."""
    postings.take_as_unlimited([buyer_account(order.buyer_id) for order in orders])


def accept(postings: Postings, order: Order) -> Order:
    """Hold the limit price. An order that is new was stored with its hold; the money moves here."""
    limit = order.terms.limit_price_micros
    buyer, escrow = buyer_account(order.buyer_id), escrow_account(order.buyer_id)
    postings.require(buyer, limit)
    postings.move(TransferKind.HOLD, (buyer, escrow), limit, order)
    if order.held_micros == limit:
        return order
    return postings.note_order(order, replace(order, held_micros=limit))


def hold_exactly(
    postings: Postings,
    order: Order,
    amount_micros: int,
    allocation: Allocation | None = None,
    to: OrderState | None = None,
) -> Order:
    """Bring an order's hold to an amount: release what is too much, hold what is missing; `to` the state it takes."""
    buyer, escrow = buyer_account(order.buyer_id), escrow_account(order.buyer_id)
    missing = amount_micros - order.held_micros
    if missing > 0:
        postings.require(buyer, missing)
        postings.move_any(TransferKind.HOLD, (buyer, escrow), missing, order, allocation)
    else:
        postings.move_any(TransferKind.RELEASE, (escrow, buyer), -missing, order, allocation)
    after = replace(order, held_micros=amount_micros, state=order.state if to is None else to)
    return postings.note_order(order, after)


def hold_what_remains(
    postings: Postings, order: Order, limit_micros: int, allocation: Allocation | None = None
) -> Order:
    """Hold again what the buyer may still spend on an interrupted order, as far as its credit goes.

    Whoever lost a node is not refused for lack of credit: the order goes on with what can be held for it.
    """
    remaining = limit_micros - order.paid_micros
    available = postings.available_micros(buyer_account(order.buyer_id))
    if available is not None:
        remaining = min(remaining, order.held_micros + max(available, 0))
    return hold_exactly(postings, order, remaining, allocation)
