"""The main path on a real database: submit, clear, land; and what must not happen on the way."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from toy_market import FREE, HOUR, SCENARIO, START, terms

from market.domain.clock import VirtualClock
from market.domain.errors import Conflict, InvalidInput, MarketError, NotFound, NotPermitted
from market.domain.orders import Order
from market.domain.parties import Actor
from market.domain.states import OrderState, RoundState
from market.enquiries.desk import Enquiries
from market.exchange import AnsweredBefore, Exchange, Once, RoundRequest, Submission
from market.persistence.paging import PageRequest
from solver import Clearing, ClearingProblem, Limits, clear, verify

ROUND = RoundRequest(policy=FREE)


def submit(exchange: Exchange, actor: Actor, *many: Any, buyer: str = "buy_toy") -> list[Order]:
    answers = exchange.submit_orders(actor, [Submission(buyer, one) for one in many])
    assert all(isinstance(answer, Order) for answer in answers)
    return [answer for answer in answers if isinstance(answer, Order)]


def solved_after(action: Callable[[], object]) -> Callable[[ClearingProblem, Limits], Clearing]:
    """A solver during which something happens."""

    def solve(problem: ClearingProblem, limits: Limits) -> Clearing:
        action()
        return clear(problem, limits)

    return solve


def test_an_order_is_placed_where_it_is_cheapest(
    exchange: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor
) -> None:
    (placed,) = submit(exchange, buyer, terms(devices=("a100_80",)))
    landed = exchange.clear_round(operator, ROUND)
    assert (landed.state, landed.placed, landed.gap) == (RoundState.LANDED, 1, 0.0)
    (allocation,) = enquiries.allocations(buyer, PageRequest(), {}).items
    # off_4 asks 5 a unit-hour: 2 units x 3 hours
    assert (allocation.offering_id, allocation.price_micros) == ("off_4", 30_000_000)
    assert (allocation.starts_at, allocation.ends_at) == (START, START + 3 * HOUR)
    assert enquiries.order(buyer, placed.id).state is OrderState.ALLOCATED
    states = [event.data["state"] for event in enquiries.order_history(buyer, placed.id)]
    assert states == ["open", "allocated"]


def test_what_is_granted_is_not_granted_again(
    exchange: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor
) -> None:
    submit(exchange, buyer, *[terms(units=4, hours=24, devices=("a100_80",)) for _ in range(3)])
    assert exchange.clear_round(operator, ROUND).placed == 3
    submit(exchange, buyer, *[terms(units=4, hours=24, devices=("a100_80",)) for _ in range(3)])
    assert exchange.clear_round(operator, ROUND).placed == 1
    used = dict.fromkeys(["off_1", "off_2", "off_4"], 0)
    for allocation in enquiries.allocations(operator, PageRequest(), {}).items:
        used[allocation.offering_id] += allocation.units
    assert used == {"off_1": 4, "off_2": 8, "off_4": 4}


def test_no_simpler_rule_is_worth_more(exchange: Exchange, operator: Actor, buyer: Actor) -> None:
    submit(exchange, buyer, *[terms(limit_cny=100 + i, units=1 + i % 4, hours=1 + i % 5) for i in range(30)])
    first = exchange.clear_round(operator, RoundRequest(policy=FREE, slots=24, limits=Limits(gap=0.05)))
    assert first.state is RoundState.LANDED
    assert first.figures["solver"]["value_micros"] == first.value_micros
    for baseline in first.figures["baselines"].values():
        assert baseline["value_micros"] <= first.figures["solver"]["value_micros"]


def test_an_order_cancelled_while_the_round_clears_stays_cancelled(
    exchange: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor
) -> None:
    kept, gone = submit(exchange, buyer, terms(), terms())
    exchange._solve = solved_after(lambda: exchange.cancel_order(buyer, gone.id))
    landed = exchange.clear_round(operator, ROUND)
    assert (landed.placed, landed.left_out) == (1, 1)
    assert enquiries.order(buyer, gone.id).state is OrderState.CANCELLED
    assert [a.order_id for a in enquiries.allocations(buyer, PageRequest(), {}).items] == [kept.id]


def test_an_offering_withdrawn_while_the_round_clears_grants_nothing(
    exchange: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor
) -> None:
    (waiting,) = submit(exchange, buyer, terms(devices=("910b",)))
    exchange._solve = solved_after(lambda: exchange.withdraw_offering(operator, "off_3"))
    landed = exchange.clear_round(operator, ROUND)
    assert (landed.placed, landed.left_out, landed.value_micros) == (0, 1, 0)
    assert landed.figures["flows"] == []
    assert enquiries.order(buyer, waiting.id).state is OrderState.OPEN


def test_figures_are_of_what_was_granted(
    exchange: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor
) -> None:
    kept, gone, _ = submit(
        exchange, buyer, terms(limit_cny=100), terms(limit_cny=300, devices=("a100_80",)), terms(limit_cny=1)
    )
    before = exchange.clear_round(operator, RoundRequest(policy=FREE, slots=1))  # nothing runs in an hour
    assert (before.placed, before.left_out) == (0, 0)
    exchange._solve = solved_after(lambda: exchange.cancel_order(buyer, gone.id))
    landed = exchange.clear_round(operator, ROUND)
    assert (landed.orders, landed.placed, landed.left_out) == (3, 1, 1)
    assert enquiries.round(landed.id, operator) == landed
    (allocation,) = enquiries.allocations(operator, PageRequest(), {}).items
    assert allocation.order_id == kept.id
    found = landed.figures["solver"]
    assert found["placed"] == sum(of_class["placed"] for of_class in found["by_job_class"].values()) == 1
    assert found["spend_cny"] == allocation.price_micros / 10**6
    assert [flow["orders"] for flow in landed.figures["flows"]] == [1]
    assert landed.value_micros == found["value_micros"] == 100 * 10**6 - allocation.price_micros
    assert landed.gap == found["gap"] == (landed.bound_micros - landed.value_micros) / landed.bound_micros
    assert (landed.status, found["status"]) == ("FEASIBLE", "FEASIBLE")
    problem, clearing, _ = enquiries.round_record(operator, landed.id)
    cleared = Clearing.load(BytesIO(clearing))  # the record is the solver's, and still holds
    assert verify(ClearingProblem.load(BytesIO(problem)), cleared).ok
    assert (int(cleared.placed.sum()), cleared.bound_micros) == (2, landed.bound_micros)


@pytest.mark.parametrize(
    "change", [{"ask_micros_per_unit_hour": 10**7}, {"max_gang_units": 1}, {"free_units_by_hour": (0,) * 24}]
)
def test_an_offering_amended_while_the_round_clears_grants_nothing(
    exchange: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor, change: dict[str, Any]
) -> None:
    (waiting,) = submit(exchange, buyer, terms(units=2, devices=("910b",)))
    exchange._solve = solved_after(lambda: exchange.amend_offering(operator, "off_3", **change))
    assert exchange.clear_round(operator, ROUND).placed == 0
    assert enquiries.order(buyer, waiting.id).state is OrderState.OPEN
    exchange._solve = clear
    assert exchange.clear_round(operator, ROUND).placed == ("ask_micros_per_unit_hour" in change)


def test_a_clearing_that_does_not_verify_lands_nothing_and_says_so(
    exchange: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor
) -> None:
    (waiting,) = submit(exchange, buyer, terms(hours_to_deadline=4))

    def too_late(problem: ClearingProblem, limits: Limits) -> Clearing:
        honest = clear(problem, limits)
        return replace(honest, start_slot=np.array([20], dtype=np.int32))

    exchange._solve = too_late
    refused = exchange.clear_round(operator, ROUND)
    assert refused.state is RoundState.REFUSED
    assert refused.failure == "clearing_refused: ENDS_TOO_LATE"
    assert enquiries.order(buyer, waiting.id).state is OrderState.OPEN
    assert enquiries.allocations(operator, PageRequest(), {}).items == ()


def test_a_solver_that_dies_fails_the_round_and_frees_the_place(
    exchange: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor
) -> None:
    submit(exchange, buyer, terms())

    def dying(_problem: ClearingProblem, _limits: Limits) -> Clearing:
        raise MemoryError("at /somewhere/private")

    exchange._solve = dying
    with pytest.raises(MemoryError):
        exchange.clear_round(operator, ROUND)
    (failed,) = enquiries.rounds(PageRequest()).items
    assert (failed.state, failed.failure) == (RoundState.FAILED, "internal_error: MemoryError")
    exchange._solve = clear
    assert exchange.clear_round(operator, ROUND).placed == 1


def test_one_round_at_a_time(exchange: Exchange, operator: Actor, buyer: Actor) -> None:
    submit(exchange, buyer, terms())
    refusals: list[MarketError] = []

    def second_round() -> None:
        with pytest.raises(Conflict) as refusal:
            exchange.clear_round(operator, ROUND)
        refusals.append(refusal.value)

    exchange._solve = solved_after(second_round)
    assert exchange.clear_round(operator, ROUND).placed == 1
    assert [refusal.code for refusal in refusals] == ["round_in_progress"]


def test_orders_past_their_deadline_expire(
    exchange: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor, clock: VirtualClock
) -> None:
    late, fine = submit(exchange, buyer, terms(hours_to_deadline=4), terms(hours_to_deadline=24))
    clock.advance(timedelta(hours=5))
    assert exchange.clear_round(operator, ROUND).orders == 1
    assert enquiries.order(buyer, late.id).state is OrderState.EXPIRED
    assert enquiries.order(buyer, fine.id).state is OrderState.ALLOCATED


def test_cancelling_an_allocated_order_frees_what_it_held(
    exchange: Exchange, operator: Actor, buyer: Actor
) -> None:
    whole = terms(units=8, hours=24, devices=("910b",), precision=None)
    (first,) = submit(exchange, buyer, whole)
    assert exchange.clear_round(operator, ROUND).placed == 1
    exchange.cancel_order(buyer, first.id)
    submit(exchange, buyer, whole)
    assert exchange.clear_round(operator, ROUND).placed == 1
    with pytest.raises(Conflict, match="cancelled"):
        exchange.cancel_order(buyer, first.id)


def test_a_batch_answers_each_order_on_its_own(exchange: Exchange, buyer: Actor) -> None:
    good, no_region, no_device, late, stranger = exchange.submit_orders(
        buyer,
        [
            Submission("buy_toy", terms()),
            Submission("buy_toy", terms(origin_region="atlantis")),
            Submission("buy_toy", terms(devices=("abacus",))),
            Submission("buy_toy", terms(hours_to_deadline=-1)),
            Submission("buy_nobody", terms()),
        ],
    )
    assert isinstance(good, Order)
    codes = [
        answer.code for answer in (no_region, no_device, late, stranger) if isinstance(answer, MarketError)
    ]
    assert codes == ["unknown_region", "unknown_device", "deadline_passed", "unknown_buyer"]


def test_the_same_key_and_request_is_carried_out_once(
    exchange: Exchange, enquiries: Enquiries, buyer: Actor
) -> None:
    once = Once(buyer.key_id, "k1", "hash")
    (first,) = exchange.submit_orders(buyer, [Submission("buy_toy", terms())], once)
    assert isinstance(first, Order)
    with pytest.raises(AnsweredBefore) as again:
        exchange.submit_orders(buyer, [Submission("buy_toy", terms())], once)
    assert again.value.answer == {"orders": [{"order_id": first.id}]}
    with pytest.raises(Conflict) as refusal:
        exchange.submit_orders(buyer, [Submission("buy_toy", terms())], replace(once, request_hash="other"))
    assert refusal.value.code == "idempotency_key_reused"
    assert len(enquiries.orders(buyer, PageRequest()).items) == 1


def test_tenants_see_only_their_own(
    exchange: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor, other_buyer: Actor
) -> None:
    (mine,) = submit(exchange, buyer, terms())
    exchange.clear_round(operator, ROUND)
    assert enquiries.orders(other_buyer, PageRequest()).items == ()
    assert enquiries.allocations(other_buyer, PageRequest(), {}).items == ()
    asks: list[Callable[[], object]] = [
        lambda: enquiries.order(other_buyer, mine.id),
        lambda: enquiries.order_history(other_buyer, mine.id),
        lambda: enquiries.explain_order(other_buyer, mine.id),
        lambda: exchange.cancel_order(other_buyer, mine.id),
    ]
    for ask in asks:
        with pytest.raises(NotFound):
            ask()


def test_only_the_operator_runs_the_exchange(exchange: Exchange, buyer: Actor) -> None:
    for ask in (lambda: exchange.clear_round(buyer, ROUND), lambda: exchange.set_policy(buyer, FREE)):
        with pytest.raises(NotPermitted):
            ask()


def test_loading_a_scenario_twice_changes_nothing(exchange: Exchange, enquiries: Enquiries) -> None:
    assert exchange.load_scenario(SCENARIO) is False
    assert len(enquiries.offerings(PageRequest(), {}).items) == 5


@pytest.mark.parametrize(
    "request_",
    [
        RoundRequest(starts_at=START + timedelta(minutes=1)),
        RoundRequest(starts_at=START - timedelta(hours=2)),
        RoundRequest(starts_at=START + timedelta(days=400)),
        RoundRequest(slots=0),
        RoundRequest(slots=97),
    ],
)
def test_rounds_that_make_no_sense_are_refused(
    exchange: Exchange, operator: Actor, request_: RoundRequest
) -> None:
    with pytest.raises(InvalidInput):
        exchange.clear_round(operator, request_)


def test_pages_do_not_shift_under_inserts(exchange: Exchange, enquiries: Enquiries, buyer: Actor) -> None:
    first = submit(exchange, buyer, *[terms() for _ in range(5)])
    page = enquiries.orders(buyer, PageRequest(limit=2, newest_first=True))
    submit(exchange, buyer, terms(), terms())
    rest = enquiries.orders(buyer, PageRequest(limit=10, cursor=page.next_cursor, newest_first=True))
    assert [o.id for o in (*page.items, *rest.items)] == [o.id for o in reversed(first)]
    assert rest.next_cursor is None


def test_the_placed_order_of_equal_ones_is_the_earlier(
    exchange: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor
) -> None:
    twins = submit(exchange, buyer, *[terms(units=8, hours=24, devices=("910b",), precision=None)] * 2)
    assert exchange.clear_round(operator, ROUND).placed == 1
    assert enquiries.order(buyer, twins[0].id).state is OrderState.ALLOCATED
