"""Quotes that are held: what they set aside, for whom, how long, and what an order gets on them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from toy_market import FREE, HOUR, START, terms

from market.domain.clock import VirtualClock
from market.domain.errors import Conflict, InvalidInput, MarketError, NotFound, NotPermitted
from market.domain.orders import Order, OrderTerms, TimeInForce
from market.domain.parties import Actor, Role
from market.domain.quotes import HeldQuote, HeldQuoteState
from market.domain.rounds import Allocation
from market.domain.states import OrderState
from market.enquiries.desk import Enquiries
from market.exchange import AnsweredBefore, Exchange, Once, RoundRequest, Submission
from market.ordering.promises import MOST_HELD
from market.persistence.store import Store

pytestmark = pytest.mark.slow

ROUND = RoundRequest(policy=FREE)
WHOLE_910B: dict[str, Any] = {
    "units": 8,
    "hours": 24,
    "hours_to_deadline": 25,
    "devices": ("910b",),
    "precision": None,
}
"""All of off_3 for a day: 8 units x 24 h x 2 CNY = 384 CNY."""
TENTH: dict[str, Any] = {"units": 4, "hours": 3, "devices": ("910b",), "precision": None}
"""Half of off_3 for three hours: 4 x 3 x 2 = 24 CNY."""


@pytest.fixture
def plain(exchange: Exchange, operator: Actor) -> Exchange:
    """The toy exchange under a policy that prices nothing besides the ask."""
    exchange.set_policy(operator, FREE)
    return exchange


@pytest.fixture
def provider(exchange: Exchange, operator: Actor) -> Actor:
    return exchange.authenticate(exchange.issue_key(operator, Role.PROVIDER, "prv_toy"))


def hold(exchange: Exchange, buyer: Actor, minutes: int = 10, **changes: Any) -> HeldQuote:
    assert buyer.organisation_id is not None
    return exchange.hold_quote(buyer, buyer.organisation_id, terms(**changes), minutes)


def use(exchange: Exchange, buyer: Actor, quote_id: str, asked: OrderTerms) -> Order | MarketError:
    assert buyer.organisation_id is not None
    (answer,) = exchange.submit_orders(buyer, [Submission(buyer.organisation_id, asked, quote_id=quote_id)])
    return answer


def refused(answer: Order | MarketError, code: str) -> MarketError:
    assert isinstance(answer, MarketError), answer
    assert answer.code == code
    return answer


def only_allocation(exchange: Exchange) -> Allocation:
    with exchange.database.reading() as session:
        (allocation,) = Store(session).rounds.running_allocations()
    return allocation


def test_a_held_quote_names_the_cheapest_place_and_keeps_its_price(
    plain: Exchange, enquiries: Enquiries, buyer: Actor, provider: Actor, clock: VirtualClock
) -> None:
    clock.advance(timedelta(minutes=30))
    quote = hold(plain, buyer, **TENTH)
    assert (quote.offering_id, quote.node_id, quote.price_micros) == ("off_3", "west_green", 24 * 10**6)
    assert (quote.starts_at, quote.ends_at) == (START + HOUR, START + 4 * HOUR)
    assert quote.expires_at == START + timedelta(minutes=40)
    assert enquiries.held_quote(buyer, quote.id) == quote
    plain.amend_offering(provider, "off_3", ask_micros_per_unit_hour=9 * 10**6)
    clock.advance(timedelta(minutes=9))
    order = use(plain, buyer, quote.id, terms(limit_cny=24, **TENTH))
    assert isinstance(order, Order)
    assert (order.state, order.terms.time_in_force) == (OrderState.ALLOCATED, TimeInForce.IMMEDIATE)
    granted = only_allocation(plain)
    assert (granted.order_id, granted.price_micros) == (order.id, 24 * 10**6)
    assert (granted.starts_at, granted.ends_at) == (quote.starts_at, quote.ends_at)
    assert (granted.ask_micros_per_unit_hour, granted.offering_version) == (2 * 10**6, 1)
    assert granted.charges_micros == granted.earnings_micros == (8 * 10**6,) * 3
    assert granted.facility_kwh == pytest.approx(4 * 3 * 1.1)  # 1 kW a card, PUE 1.1
    assert order.held_micros == 24 * 10**6
    used = enquiries.held_quote(buyer, quote.id)
    assert (used.state, used.order_id) == (HeldQuoteState.USED, order.id)


def test_what_is_held_is_free_for_nobody_else_until_it_lapses(
    plain: Exchange, operator: Actor, buyer: Actor, other_buyer: Actor, clock: VirtualClock
) -> None:
    hold(plain, other_buyer, minutes=10, **WHOLE_910B)
    asked = terms(**WHOLE_910B)
    immediate = replace(asked, time_in_force=TimeInForce.IMMEDIATE)
    with pytest.raises(Conflict) as refusal:
        hold(plain, buyer, **WHOLE_910B)
    assert refusal.value.code == "not_placed_now"
    refused(plain.submit_orders(buyer, [Submission("buy_toy", immediate)])[0], "not_placed_now")
    plain.submit_orders(buyer, [Submission("buy_toy", asked)])
    assert plain.clear_round(operator, ROUND).placed == 0
    clock.advance(timedelta(minutes=10))
    answer = plain.submit_orders(buyer, [Submission("buy_toy", immediate)])[0]
    assert isinstance(answer, Order)  # lapsed by the clock alone; the state follows when time is kept
    assert [plain.keep_time().quotes_lapsed for _ in range(2)] == [1, 0]


def test_a_quote_is_used_once_by_its_own_buyer_in_time(
    plain: Exchange, buyer: Actor, other_buyer: Actor, clock: VirtualClock
) -> None:
    quote = hold(plain, buyer, **TENTH)
    refused(use(plain, other_buyer, quote.id, terms(**TENTH)), "unknown_quote")
    refused(use(plain, buyer, "quo_none", terms(**TENTH)), "unknown_quote")
    twice = [Submission("buy_toy", terms(**TENTH), quote_id=quote.id)] * 2
    first, second = plain.submit_orders(buyer, twice)
    assert isinstance(first, Order)
    refused(second, "quote_expired")
    refused(use(plain, buyer, quote.id, terms(**TENTH)), "quote_expired")
    late = hold(plain, buyer, minutes=5, **TENTH)
    clock.advance(timedelta(minutes=5))
    refused(use(plain, buyer, late.id, terms(hours_to_deadline=30, **TENTH)), "quote_expired")


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"units": 3}, ["units"]),
        ({"hours": 4}, ["hours"]),
        ({"devices": ("a100_80",)}, ["job"]),
        ({"max_rtt_ms": 5}, ["job"]),
        ({"limit_cny": 23}, ["limit_price"]),
        ({"hours_to_deadline": 2}, ["deadline"]),
        ({"earliest_start": START + 2 * HOUR}, ["earliest_start"]),
    ],
)
def test_another_order_than_was_asked_for_is_a_mismatch(
    plain: Exchange, buyer: Actor, changes: dict[str, Any], fields: list[str]
) -> None:
    quote = hold(plain, buyer, **TENTH)
    refusal = refused(use(plain, buyer, quote.id, terms(**(TENTH | changes))), "quote_mismatch")
    assert set(fields) <= set(refusal.facts["fields"])
    assert isinstance(use(plain, buyer, quote.id, terms(**TENTH)), Order)  # the quote is as good as before


def test_a_quote_is_held_until_its_window_begins_and_no_longer(
    plain: Exchange, buyer: Actor, clock: VirtualClock
) -> None:
    on_the_hour = hold(plain, buyer, minutes=60, **TENTH)
    assert on_the_hour.expires_at == on_the_hour.starts_at == START + HOUR
    clock.advance(timedelta(minutes=20))
    late = hold(plain, buyer, minutes=60, **TENTH)
    assert late.expires_at == late.starts_at == START + HOUR
    clock.advance(timedelta(minutes=40) - timedelta.resolution)
    assert isinstance(use(plain, buyer, on_the_hour.id, terms(**TENTH)), Order)
    clock.advance(timedelta.resolution)
    refused(use(plain, buyer, late.id, terms(hours_to_deadline=30, **TENTH)), "quote_expired")


def test_what_can_only_begin_now_is_not_held(plain: Exchange, buyer: Actor) -> None:
    now_or_never = terms(hours_to_deadline=TENTH["hours"], **TENTH)
    with pytest.raises(Conflict) as refusal:
        plain.hold_quote(buyer, "buy_toy", now_or_never, 10)
    assert refusal.value.code == "not_placed_now"
    at_once = replace(now_or_never, time_in_force=TimeInForce.IMMEDIATE)
    assert isinstance(plain.submit_orders(buyer, [Submission("buy_toy", at_once)])[0], Order)


def test_a_released_quote_is_free_again(
    plain: Exchange, enquiries: Enquiries, buyer: Actor, other_buyer: Actor
) -> None:
    quote = hold(plain, buyer, **WHOLE_910B)
    for ask in (plain.release_quote, enquiries.held_quote):
        with pytest.raises(NotFound):
            ask(other_buyer, quote.id)
    assert plain.release_quote(buyer, quote.id).state is HeldQuoteState.LAPSED
    with pytest.raises(Conflict, match="ask for a new one"):
        plain.release_quote(buyer, quote.id)
    assert hold(plain, other_buyer, **WHOLE_910B).offering_id == "off_3"


def test_a_buyer_holds_only_so_many(plain: Exchange, buyer: Actor, other_buyer: Actor) -> None:
    some = dict(TENTH, units=1, hours=1)
    quotes = [hold(plain, buyer, **some) for _ in range(MOST_HELD)]
    with pytest.raises(Conflict) as refusal:
        hold(plain, buyer, **some)
    assert refusal.value.code == "too_many_quotes"
    hold(plain, other_buyer, **some)
    plain.release_quote(buyer, quotes[0].id)
    hold(plain, buyer, **some)


def test_only_buyers_hold_quotes_and_not_for_ever(plain: Exchange, operator: Actor, buyer: Actor) -> None:
    with pytest.raises(NotPermitted):
        plain.hold_quote(operator, "buy_toy", terms(), 5)
    for minutes in (0, 61):
        with pytest.raises(InvalidInput):
            hold(plain, buyer, minutes)


def test_a_draft_cannot_lean_on_a_quote(plain: Exchange, buyer: Actor) -> None:
    quote = hold(plain, buyer, **TENTH)
    draft = Submission("buy_toy", terms(**TENTH), draft=True, quote_id=quote.id)
    refused(plain.submit_orders(buyer, [draft])[0], "quote_for_draft")


def test_a_withdrawn_offering_keeps_its_promise_and_a_drained_one_cannot(
    plain: Exchange, buyer: Actor, provider: Actor
) -> None:
    kept, broken = hold(plain, buyer, **TENTH), hold(plain, buyer, **TENTH)
    plain.withdraw_offering(provider, "off_3")
    assert isinstance(use(plain, buyer, kept.id, terms(**TENTH)), Order)
    with plain._unit_of_work() as work:
        offering = work.offering("off_3")
        assert offering is not None
        work.listings.replace(replace(offering, drain_at=START + HOUR))
    refused(use(plain, buyer, broken.id, terms(**TENTH)), "quote_expired")


def test_held_again_under_the_same_key_is_one_hold(plain: Exchange, buyer: Actor) -> None:
    once = Once(buyer.key_id, "k", "hash")
    quote = plain.hold_quote(buyer, "buy_toy", terms(**TENTH), 5, once)
    with pytest.raises(AnsweredBefore) as again:
        plain.hold_quote(buyer, "buy_toy", terms(**TENTH), 5, once)
    assert again.value.answer == {"quote_id": quote.id}


def test_a_quote_held_while_a_round_clears_is_not_granted_by_it(
    plain: Exchange, operator: Actor, buyer: Actor, other_buyer: Actor
) -> None:
    plain.submit_orders(buyer, [Submission("buy_toy", terms(**WHOLE_910B))])
    opened = plain.open_round(operator, ROUND)
    quote = hold(plain, other_buyer, **WHOLE_910B)
    landed = plain.finish_round(opened)
    assert (landed.placed, landed.left_out) == (0, 1)
    assert isinstance(use(plain, other_buyer, quote.id, terms(**WHOLE_910B)), Order)
