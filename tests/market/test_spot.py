"""Orders that are placed at once, at posted prices, in what is free; reckoned by hand on the toy market."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from toy_market import FREE, HOUR, SCENARIO, START, terms

from market.domain.clock import VirtualClock
from market.domain.errors import Conflict, MarketError, Unavailable
from market.domain.ledger import escrow_of
from market.domain.orders import Order, OrderTerms, TimeInForce
from market.domain.parties import Actor
from market.domain.rounds import Allocation, Round
from market.domain.states import Cause, OrderState, RoundState
from market.enquiries.desk import Enquiries
from market.exchange import AnsweredBefore, Exchange, Once, RoundRequest, Submission
from market.ordering.spot import require_promises
from market.persistence.database import Database
from market.persistence.paging import PageRequest
from market.persistence.store import Store
from solver import Clearing, ClearingProblem, Limits, clear

pytestmark = pytest.mark.slow

ROUND = RoundRequest(policy=FREE)
WHOLE_910B: dict[str, Any] = {"units": 8, "hours": 24, "devices": ("910b",), "precision": None}
"""All of off_3 for a day: 8 units x 24 h x 2 CNY = 384 CNY."""


def immediate(**changes: Any) -> OrderTerms:
    return replace(terms(**changes), time_in_force=TimeInForce.IMMEDIATE)


@pytest.fixture
def plain(exchange: Exchange, operator: Actor) -> Exchange:
    """The toy exchange under a policy that prices nothing besides the ask."""
    exchange.set_policy(operator, FREE)
    return exchange


def submit(exchange: Exchange, buyer: Actor, *asked: OrderTerms) -> list[Order | MarketError]:
    return exchange.submit_orders(buyer, [Submission("buy_toy", one) for one in asked])


def placed(answer: Order | MarketError) -> Order:
    assert isinstance(answer, Order), answer
    assert answer.state is OrderState.ALLOCATED
    return answer


def allocations(database: Database) -> tuple[Allocation, ...]:
    with database.reading() as session:
        return Store(session).rounds.running_allocations()


def escrow_micros(database: Database) -> int:
    with database.reading() as session:
        account = Store(session).ledger.account(escrow_of("buy_toy"))
        assert Store(session).ledger.imbalance_micros() == 0
    return 0 if account is None else account.balance_micros


def test_an_immediate_order_is_placed_where_it_is_cheapest(
    plain: Exchange, enquiries: Enquiries, buyer: Actor, clock: VirtualClock
) -> None:
    clock.advance(timedelta(minutes=10))
    (answer,) = submit(plain, buyer, immediate(limit_cny=31, hours=3, units=2))
    order = placed(answer)
    (granted,) = allocations(plain.database)
    # 910b at 2 CNY runs at half speed: 2 x 6 h x 2 CNY = 24; an A100 at west_tight 2 x 3 x 5 = 30
    assert (granted.offering_id, granted.price_micros, granted.round_id) == ("off_3", 24 * 10**6, None)
    assert (granted.starts_at, granted.ends_at) == (START + HOUR, START + 7 * HOUR)
    assert granted.charges_micros == granted.earnings_micros == (4 * 10**6,) * 6
    assert order.held_micros == 24 * 10**6 == escrow_micros(plain.database)
    assert enquiries.order(buyer, order.id) == order
    causes = [step.data["cause"] for step in enquiries.order_history(buyer, order.id)]
    assert causes == [Cause.SUBMITTED, Cause.PLACED_AT_ONCE]


def test_an_order_that_nothing_free_takes_is_refused_with_the_reasons_and_leaves_nothing(
    plain: Exchange, enquiries: Enquiries, buyer: Actor
) -> None:
    (answer,) = submit(plain, buyer, immediate(limit_cny=24))  # costs 24: worth no more than it costs
    assert isinstance(answer, Conflict)
    assert answer.code == "not_placed_now"
    assert {reason["code"] for reason in answer.facts["reasons"]} == {"PRICED_OUT"}
    assert answer.facts["price_to_place"] == "24.01"
    assert answer.facts["smallest_change"]["field"] == "limit_price"
    assert enquiries.orders(buyer, PageRequest()).items == ()
    assert escrow_micros(plain.database) == 0
    placed(submit(plain, buyer, replace(immediate(), limit_price_micros=24_010_000))[0])


def test_a_batch_is_not_sold_more_than_there_is(plain: Exchange, buyer: Actor) -> None:
    answers = submit(plain, buyer, *[immediate(**WHOLE_910B)] * 3, terms(), immediate(units=2, hours=1))
    placed(answers[0])
    assert [a.code for a in answers[1:3] if isinstance(a, MarketError)] == ["not_placed_now"] * 2
    assert isinstance(answers[3], Order)
    assert answers[3].state is OrderState.OPEN
    placed(answers[4])
    assert sorted(a.offering_id for a in allocations(plain.database)) == ["off_3", "off_4"]


def test_power_is_taken_one_order_at_a_time(plain: Exchange, buyer: Actor) -> None:
    """west_tight: 5 kW, 1.2 kW a unit: four units at 5 CNY; the next cheapest A100 asks 6 CNY at west_green."""
    asked = immediate(units=2, hours=24, devices=("a100_80",))
    answers = submit(plain, buyer, *[asked] * 4)
    found = {a.order_id: a.offering_id for a in allocations(plain.database)}
    assert [found[placed(a).id] for a in answers] == ["off_4", "off_4", "off_2", "off_2"]


def test_what_quotes_hold_and_rounds_granted_is_not_free(
    plain: Exchange, operator: Actor, buyer: Actor
) -> None:
    submit(plain, buyer, terms(**WHOLE_910B))
    assert plain.clear_round(operator, ROUND).placed == 1
    (answer,) = submit(plain, buyer, immediate(**WHOLE_910B))
    assert isinstance(answer, Conflict)
    assert {r["code"] for r in answer.facts["reasons"] if r["node"] == "west_green"} == {"NO_CAPACITY"}


def test_far_starts_are_placed_too_and_count_with_near_ones(plain: Exchange, buyer: Actor) -> None:
    far = replace(immediate(hours_to_deadline=24 * 9, **WHOLE_910B), earliest_start=START + 24 * 8 * HOUR)
    answers = submit(plain, buyer, far, immediate(**WHOLE_910B), far)
    placed(answers[0])
    placed(answers[1])
    assert isinstance(answers[2], Conflict)
    assert [a.starts_at for a in allocations(plain.database)] == [START + 24 * 8 * HOUR, START]


def test_an_open_order_amended_to_immediate_is_placed_or_stays_as_it_was(
    plain: Exchange, enquiries: Enquiries, buyer: Actor
) -> None:
    first, second = submit(plain, buyer, terms(**WHOLE_910B), terms(**WHOLE_910B))
    assert isinstance(first, Order)
    assert isinstance(second, Order)
    change = {"time_in_force": TimeInForce.IMMEDIATE}
    amended = plain.amend_order(buyer, first.id, change)
    assert (amended.state, amended.held_micros) == (OrderState.ALLOCATED, 384 * 10**6)
    with pytest.raises(Conflict) as refusal:
        plain.amend_order(buyer, second.id, change)
    assert refusal.value.code == "not_placed_now"
    assert enquiries.order(buyer, second.id) == second
    assert escrow_micros(plain.database) == (384 + 1000) * 10**6


def test_an_immediate_draft_is_placed_when_it_is_submitted(
    plain: Exchange, enquiries: Enquiries, buyer: Actor
) -> None:
    drafts = [Submission("buy_toy", immediate(**WHOLE_910B), draft=True)] * 2
    first, second = plain.submit_orders(buyer, drafts)
    assert isinstance(first, Order)
    assert isinstance(second, Order)
    assert allocations(plain.database) == ()
    assert placed(plain.submit_draft(buyer, first.id)).held_micros == 384 * 10**6
    with pytest.raises(Conflict):
        plain.submit_draft(buyer, second.id)
    assert enquiries.order(buyer, second.id) == second


def test_asked_again_under_its_key_an_immediate_order_is_not_placed_twice(
    plain: Exchange, buyer: Actor
) -> None:
    once = Once(buyer.key_id, "k", "hash")
    both = [Submission("buy_toy", immediate(**WHOLE_910B))] * 2
    first, second = plain.submit_orders(buyer, both, once)
    assert isinstance(second, MarketError)
    with pytest.raises(AnsweredBefore) as again:
        plain.submit_orders(buyer, both, once)
    remembered = again.value.answer["orders"]
    assert remembered[0] == {"order_id": placed(first).id}
    assert remembered[1]["code"] == "not_placed_now"
    assert len(allocations(plain.database)) == 1


def test_two_at_once_on_two_connections_do_not_share_a_place(plain: Exchange, buyer: Actor) -> None:
    exchanges = [plain, Exchange(Database(plain.database.url), plain.clock)]
    at_once, answers = Barrier(4), []

    def ask(exchange: Exchange) -> None:
        at_once.wait(30)
        answers.extend(submit(exchange, buyer, immediate(**WHOLE_910B)))

    run_together([lambda e=exchange: ask(e) for exchange in exchanges * 2])
    exchanges[1].database.close()
    assert sorted(type(answer).__name__ for answer in answers) == [
        "Conflict",
        "Conflict",
        "Conflict",
        "Order",
    ]
    assert len(allocations(plain.database)) == 1


def test_what_is_taken_while_a_round_clears_is_not_granted_by_it(
    plain: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor
) -> None:
    waiting, beside = submit(plain, buyer, terms(**WHOLE_910B), terms(units=4, hours=2, devices=("a100_80",)))
    assert isinstance(waiting, Order)
    assert isinstance(beside, Order)
    plain._solve = solved_after(lambda: placed(submit(plain, buyer, immediate(**WHOLE_910B))[0]))
    landed = plain.clear_round(operator, ROUND)
    assert (landed.state, landed.placed, landed.left_out) == (RoundState.LANDED, 1, 1)
    assert enquiries.order(buyer, waiting.id).state is OrderState.OPEN
    assert enquiries.order(buyer, beside.id).state is OrderState.ALLOCATED


def test_power_that_is_taken_while_a_round_clears_is_not_granted_by_it(
    plain: Exchange, operator: Actor, buyer: Actor
) -> None:
    """Four units at west_tight are what its power allows; those that a round grants later in the queue give way."""
    at_tight: dict[str, Any] = {"hours": 24, "devices": ("a100_80",), "min_green_share": 0.5, "max_pue": 1.3}
    submit(plain, buyer, *[terms(limit_cny=5 * 24 + 1, units=1, **at_tight)] * 4)
    plain._solve = solved_after(
        lambda: placed(submit(plain, buyer, immediate(limit_cny=361, units=3, **at_tight))[0])
    )
    landed = plain.clear_round(operator, ROUND)
    assert (landed.placed, landed.left_out) == (1, 3)
    assert sum(a.units for a in allocations(plain.database) if a.offering_id == "off_4") == 4


def test_an_order_amended_to_immediate_while_a_round_clears_is_placed_once(
    plain: Exchange, operator: Actor, buyer: Actor
) -> None:
    (order,) = submit(plain, buyer, terms(**WHOLE_910B))
    assert isinstance(order, Order)
    plain._solve = solved_after(
        lambda: plain.amend_order(buyer, order.id, {"time_in_force": TimeInForce.IMMEDIATE})
    )
    landed = plain.clear_round(operator, ROUND)
    assert (landed.placed, landed.left_out) == (0, 1)
    assert len(allocations(plain.database)) == 1


def test_rounds_and_immediate_orders_that_race_never_oversell(
    plain: Exchange, operator: Actor, buyer: Actor
) -> None:
    """Four rounds and sixteen orders on two exchanges at once; whoever wins, off_3 has 8 units."""
    other = Exchange(Database(plain.database.url), plain.clock)
    asked = dict(WHOLE_910B, units=3, hours=12)
    rounds: list[Round] = []

    def clear_rounds() -> None:
        for _ in range(4):
            submit(plain, buyer, terms(**asked), terms(**asked))
            rounds.append(plain.clear_round(operator, ROUND))

    def trade(exchange: Exchange) -> None:
        for _ in range(4):
            submit(exchange, buyer, immediate(**asked), immediate(**asked))

    run_together([clear_rounds, lambda: trade(plain), lambda: trade(other)])
    other.database.close()
    assert {landed.state for landed in rounds} == {RoundState.LANDED}
    running = allocations(plain.database)
    for hour in (START + n * HOUR for n in range(24)):
        assert sum(a.units for a in running if a.starts_at <= hour < a.ends_at) <= 8
    assert len(running) == 4  # two windows of twelve hours, two orders of three units in each
    escrow_micros(plain.database)


def solved_after(meanwhile: Callable[[], object]) -> Callable[[ClearingProblem, Limits], Clearing]:
    """A solver that takes its time: something happens on the market before it starts."""

    def solve(problem: ClearingProblem, limits: Limits) -> Clearing:
        meanwhile()
        return clear(problem, limits)

    return solve


def run_together(jobs: list[Callable[[], None]]) -> None:
    """Run jobs in threads, and raise what one of them raised."""
    failures: list[BaseException] = []

    def guarded(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as failure:  # noqa: BLE001 - raised below, in the test's own thread
            failures.append(failure)

    threads = [Thread(target=guarded, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if failures:
        raise failures[0]


def test_the_scenario_is_what_was_reckoned_with() -> None:
    assert [(o.id, o.units, o.ask_micros_per_unit_hour // 10**6) for o in SCENARIO.offerings] == [
        ("off_1", 4, 10),
        ("off_2", 8, 6),
        ("off_3", 8, 2),
        ("off_4", 8, 5),
        ("off_5", 1000, 1),
    ]


def test_the_last_check_refuses_an_immediate_order_that_would_break_a_promise(
    plain: Exchange, buyer: Actor, database: Database
) -> None:
    order = placed(submit(plain, buyer, immediate(devices=("910b",), precision=None))[0])
    (granted,) = allocations(database)
    later = replace(granted, starts_at=granted.starts_at + 9 * HOUR, ends_at=granted.ends_at + 9 * HOUR)
    for wrong in (
        replace(later, units=granted.units + 1),
        replace(later, price_micros=order.terms.limit_price_micros + 1),
    ):
        with database.reading() as session:
            work = Store(session)
            with pytest.raises(Unavailable) as refusal:
                require_promises(work, work.catalogue(), [(order, wrong)], promised=False)
        assert refusal.value.code == "outcome_refused"
    assert allocations(database) == (granted,)


def test_a_held_quote_keeps_its_ask_whatever_the_listing_asks_now(
    plain: Exchange, buyer: Actor, database: Database
) -> None:
    order = placed(submit(plain, buyer, immediate(devices=("910b",), precision=None))[0])
    (granted,) = allocations(database)
    cheaper = replace(granted, starts_at=granted.starts_at + 9 * HOUR, ends_at=granted.ends_at + 9 * HOUR)
    below_ask = replace(
        cheaper,
        ask_micros_per_unit_hour=0,
        price_micros=0,
        charges_micros=tuple(0 for _ in cheaper.charges_micros),
        earnings_micros=tuple(0 for _ in cheaper.earnings_micros),
    )
    with database.reading() as session:
        work = Store(session)
        require_promises(work, work.catalogue(), [(order, below_ask)], promised=True)
        with pytest.raises(Unavailable):
            require_promises(work, work.catalogue(), [(order, below_ask)], promised=False)
