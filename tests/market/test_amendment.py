"""Orders amended, handed in late and taken back; also all at once, and while a round clears."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from toy_market import FREE, START, terms

from market.domain.amendments import amended_terms, keeps_place
from market.domain.clock import VirtualClock
from market.domain.errors import Conflict, InvalidInput, MarketError, NotFound
from market.domain.ledger import account_of, escrow_of
from market.domain.orders import Order, TimeInForce
from market.domain.parties import Actor
from market.domain.states import OrderState
from market.enquiries.desk import Enquiries
from market.exchange import Exchange, RoundRequest, Submission
from market.persistence.database import Database
from market.persistence.store import Store
from solver import Clearing, ClearingProblem, Limits, clear

ROUND = RoundRequest(policy=FREE)
HOUR = timedelta(hours=1)


def submit(exchange: Exchange, actor: Actor, draft: bool = False, **changes: Any) -> Order:
    (answer,) = exchange.submit_orders(actor, [Submission("buy_toy", terms(**changes), draft)])
    assert isinstance(answer, Order)
    return answer


PLAIN = terms(
    max_rtt_ms=30,
    allowed_regions=("east",),
    devices=("a100_80",),
    units=4,
    hours_to_deadline=10,
    limit_cny=100,
)


@pytest.mark.parametrize(
    "changes",
    [
        {"limit_price_micros": 101_000_000},
        {"deadline": START + 11 * HOUR},
        {"max_rtt_ms": 31},
        {"max_rtt_ms": None},
        {"allowed_regions": ("west", "east")},
        {"allowed_regions": None},
        {"devices": ("a100_80", "910b")},
        {"units": 3},
        {"units": 1, "unit_tenths": 5},
        {"limit_price_micros": 101_000_000, "deadline": START + 11 * HOUR, "max_rtt_ms": None, "units": 1},
        {},
    ],
)
def test_asking_for_less_or_paying_more_keeps_the_place(changes: dict[str, Any]) -> None:
    assert keeps_place(PLAIN, amended_terms(PLAIN, changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"limit_price_micros": 99_000_000},
        {"deadline": START + 9 * HOUR},
        {"max_rtt_ms": 29},
        {"allowed_regions": ("west",)},
        {"devices": ("910b",)},
        {"devices": ("910b", "a100_80")},  # hours are measured on the first: another job
        {"devices": None},
        {"units": 5},
        {"hours": 2},
        {"interruptible": True},
        {"earliest_start": START + HOUR},
        {"latency_cost_micros_per_ms_unit_hour": 1},
        {"time_in_force": TimeInForce.NEXT_ROUND},
        {"max_pue": 2.0},
        {"limit_price_micros": 101_000_000, "units": 5},
    ],
)
def test_anything_else_goes_to_the_end(changes: dict[str, Any]) -> None:
    assert not keeps_place(PLAIN, amended_terms(PLAIN, changes))


def test_an_amendment_is_stored_told_and_queued(
    exchange: Exchange, enquiries: Enquiries, clock: VirtualClock, buyer: Actor
) -> None:
    first, second = submit(exchange, buyer, limit_cny=100), submit(exchange, buyer)
    clock.advance(timedelta(minutes=1))
    dearer = exchange.amend_order(buyer, first.id, {"limit_price_micros": 131_000_000})
    assert dearer.queue_key == first.queue_key
    assert exchange.amend_order(buyer, first.id, {"units": 3}).queue_key > second.queue_key
    assert enquiries.order(buyer, first.id).terms == amended_terms(
        first.terms, {"limit_price_micros": 131_000_000, "units": 3}
    )
    told = [(event.data["cause"], event.data["reason"]) for event in enquiries.order_history(buyer, first.id)]
    assert told == [
        ("submitted", "submitted"),
        ("amended", "limit_price from 100.00 to 131.00"),
        ("amended", "units from 2 to 3; at the end of the queue"),
    ]


def test_nothing_changed_is_no_step_in_a_life(exchange: Exchange, enquiries: Enquiries, buyer: Actor) -> None:
    order = submit(exchange, buyer)
    assert exchange.amend_order(buyer, order.id, {"units": 2}) == enquiries.order(buyer, order.id)
    assert len(enquiries.order_history(buyer, order.id)) == 1


def test_an_amendment_is_checked_like_a_new_order(
    exchange: Exchange, clock: VirtualClock, buyer: Actor, other_buyer: Actor
) -> None:
    order = submit(exchange, buyer, earliest_start=START)
    for changes, code in (
        ({"origin_region": "atlantis"}, "unknown_region"),
        ({"devices": ("abacus",)}, "unknown_device"),
        ({"deadline": START}, "deadline_before_start"),
        ({"units": 0}, "invalid_units"),
        ({"limit_price_micros": 0}, "invalid_amount"),
    ):
        with pytest.raises(InvalidInput) as refusal:
            exchange.amend_order(buyer, order.id, changes)
        assert refusal.value.code == code
    with pytest.raises(NotFound):
        exchange.amend_order(other_buyer, order.id, {"units": 1})
    clock.advance(timedelta(days=3))  # an old start that stays is no reason to refuse a new deadline
    late = exchange.amend_order(buyer, order.id, {"deadline": START + timedelta(days=4)})
    assert late.terms.deadline == START + timedelta(days=4)


def test_only_what_waits_can_be_amended(exchange: Exchange, operator: Actor, buyer: Actor) -> None:
    placed, cancelled = submit(exchange, buyer), submit(exchange, buyer)
    exchange.cancel_order(buyer, cancelled.id)
    assert exchange.clear_round(operator, ROUND).placed == 1
    for order in (placed, cancelled):
        with pytest.raises(Conflict) as refusal:
            exchange.amend_order(buyer, order.id, {"units": 1})
        assert refusal.value.code == "not_amendable"


def test_a_draft_waits_until_it_is_submitted(
    exchange: Exchange, enquiries: Enquiries, clock: VirtualClock, operator: Actor, buyer: Actor
) -> None:
    draft = submit(exchange, buyer, draft=True)
    assert (draft.state, draft.held_micros) == (OrderState.DRAFT, 0)
    assert exchange.clear_round(operator, ROUND).orders == 0
    exchange.amend_order(buyer, draft.id, {"units": 1})
    clock.advance(timedelta(minutes=1))
    between = submit(exchange, buyer)
    opened = exchange.submit_draft(buyer, draft.id)
    assert opened == enquiries.order(buyer, draft.id)
    assert opened.state is OrderState.OPEN
    assert opened.queue_key > between.queue_key  # it queues from now on, not from when it was drafted
    assert [e.data["cause"] for e in enquiries.order_history(buyer, draft.id)] == [
        "drafted",
        "amended",
        "submitted",
    ]
    with pytest.raises(Conflict):
        exchange.submit_draft(buyer, draft.id)
    assert exchange.clear_round(operator, ROUND).placed == 2


def test_a_draft_that_came_too_late_stays_one(
    exchange: Exchange, enquiries: Enquiries, clock: VirtualClock, buyer: Actor
) -> None:
    draft = submit(exchange, buyer, draft=True, hours_to_deadline=2)
    clock.advance(3 * HOUR)
    with pytest.raises(InvalidInput, match="past"):
        exchange.submit_draft(buyer, draft.id)
    assert enquiries.order(buyer, draft.id).state is OrderState.DRAFT


# At the same time


def _both(*actions: Callable[[], object]) -> list[object]:
    """What each action returned or was refused with, all begun at once."""
    together = Barrier(len(actions))

    def act(action: Callable[[], object]) -> object:
        together.wait()
        try:
            return action()
        except MarketError as error:
            return error

    with ThreadPoolExecutor(len(actions)) as threads:
        return list(threads.map(act, actions))


def test_of_two_cancels_at_once_one_is_refused(
    exchange: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor
) -> None:
    waiting, placed = submit(exchange, buyer, limit_cny=1), submit(exchange, buyer)
    exchange.clear_round(operator, ROUND)
    for order in (waiting, placed):
        answers = _both(*[lambda id_=order.id: exchange.cancel_order(buyer, id_)] * 2)
        refused = [answer for answer in answers if isinstance(answer, Conflict)]
        assert len(refused) == 1
        assert enquiries.order(buyer, order.id).state is OrderState.CANCELLED
        assert [e.data["cause"] for e in enquiries.order_history(buyer, order.id)].count("cancelled") == 1


def test_of_many_amendments_at_once_none_is_lost(
    exchange: Exchange, enquiries: Enquiries, buyer: Actor
) -> None:
    order = submit(exchange, buyer)
    changes: list[dict[str, Any]] = [
        {"limit_price_micros": 2_000_000_000},
        {"units": 1},
        {"max_rtt_ms": 50},
        {"interruptible": True},
    ]
    _both(*[lambda given=given: exchange.amend_order(buyer, order.id, given) for given in changes])
    stored = enquiries.order(buyer, order.id).terms
    everything = {name: value for given in changes for name, value in given.items()}
    assert stored == amended_terms(order.terms, everything)
    assert len(enquiries.order_history(buyer, order.id)) == 5


def _during(action: Callable[[], object]) -> Callable[[ClearingProblem, Limits], Clearing]:
    """A solver beside which somebody else acts, on another thread."""

    def solve(problem: ClearingProblem, limits: Limits) -> Clearing:
        with ThreadPoolExecutor(1) as thread:
            acting = thread.submit(action)
            clearing = clear(problem, limits)
            acting.result()
        return clearing

    return solve


def test_an_order_amended_while_the_round_clears_is_left_out(
    exchange: Exchange,
    enquiries: Enquiries,
    operator: Actor,
    buyer: Actor,
    database: Database,
    clock: VirtualClock,
) -> None:
    amended, other = submit(exchange, buyer), submit(exchange, buyer)
    busy = Exchange(database, clock, _during(lambda: exchange.amend_order(buyer, amended.id, {"units": 3})))
    landed = busy.clear_round(operator, ROUND)
    assert (landed.placed, landed.left_out) == (1, 1)
    assert enquiries.order(buyer, amended.id).state is OrderState.OPEN
    assert enquiries.order(buyer, other.id).state is OrderState.ALLOCATED
    assert exchange.clear_round(operator, ROUND).placed == 1
    (allocation,) = [a for a in (enquiries.explain_order(buyer, amended.id).allocation,) if a is not None]
    assert allocation.units == 3


def test_a_refusal_of_terms_that_were_amended_meanwhile_is_not_told(
    exchange: Exchange,
    enquiries: Enquiries,
    operator: Actor,
    buyer: Actor,
    database: Database,
    clock: VirtualClock,
) -> None:
    order = submit(exchange, buyer, limit_cny=1)
    dearer = {"limit_price_micros": 500_000_000}
    Exchange(database, clock, _during(lambda: exchange.amend_order(buyer, order.id, dearer))).clear_round(
        operator, ROUND
    )
    assert enquiries.explain_order(buyer, order.id).round_id is None


def test_an_order_cancelled_while_the_round_clears_is_left_out(
    exchange: Exchange,
    enquiries: Enquiries,
    operator: Actor,
    buyer: Actor,
    database: Database,
    clock: VirtualClock,
) -> None:
    gone, other = submit(exchange, buyer), submit(exchange, buyer)
    busy = Exchange(database, clock, _during(lambda: exchange.cancel_order(buyer, gone.id)))
    landed = busy.clear_round(operator, ROUND)
    assert (landed.placed, landed.left_out) == (1, 1)
    assert enquiries.order(buyer, gone.id).state is OrderState.CANCELLED
    assert enquiries.order(buyer, other.id).state is OrderState.ALLOCATED


# Money


def escrow(database: Database) -> int:
    with database.reading() as session:
        account = Store(session).ledger.account(escrow_of("buy_toy"))
    return 0 if account is None else account.balance_micros


def test_the_hold_follows_the_limit_price(
    exchange: Exchange, enquiries: Enquiries, buyer: Actor, database: Database
) -> None:
    order = submit(exchange, buyer, draft=True, limit_cny=100)
    assert escrow(database) == 0
    exchange.amend_order(buyer, order.id, {"limit_price_micros": 50_000_000})
    assert escrow(database) == 0
    exchange.submit_draft(buyer, order.id)
    for limit in (50_000_000, 80_000_000, 30_000_000):
        exchange.amend_order(buyer, order.id, {"limit_price_micros": limit})
        assert escrow(database) == enquiries.order(buyer, order.id).held_micros == limit
    exchange.cancel_order(buyer, order.id)
    assert escrow(database) == enquiries.order(buyer, order.id).held_micros == 0


def test_what_the_credit_does_not_cover_changes_nothing(
    exchange: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor, database: Database
) -> None:
    order = submit(exchange, buyer, limit_cny=100)
    exchange.set_credit_limit(operator, account_of("buy_toy"), 120_000_000)
    with pytest.raises(Conflict) as refusal:
        exchange.amend_order(buyer, order.id, {"limit_price_micros": 121_000_000, "units": 1})
    assert refusal.value.code == "insufficient_funds"
    assert enquiries.order(buyer, order.id) == order
    assert escrow(database) == 100_000_000
    exchange.amend_order(buyer, order.id, {"limit_price_micros": 120_000_000})
    assert escrow(database) == 120_000_000


def test_an_order_amended_to_immediate_is_placed_or_stays_as_it_was(
    exchange: Exchange, enquiries: Enquiries, buyer: Actor, database: Database
) -> None:
    order = submit(exchange, buyer, limit_cny=5)
    now = {"time_in_force": TimeInForce.IMMEDIATE}
    with pytest.raises(Conflict) as refusal:
        exchange.amend_order(buyer, order.id, now)
    assert refusal.value.code == "not_placed_now"
    assert enquiries.order(buyer, order.id) == order
    assert escrow(database) == 5_000_000
    placed = exchange.amend_order(buyer, order.id, {**now, "limit_price_micros": 500_000_000})
    assert placed.state is OrderState.ALLOCATED
    assert placed == enquiries.order(buyer, order.id)
    assert [e.data["cause"] for e in enquiries.order_history(buyer, order.id)] == [
        "submitted",
        "amended",
        "placed_at_once",
    ]
