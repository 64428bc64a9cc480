"""What happens after an order was placed: hours run, nodes fail, providers report, and money follows."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest
from market_day import CNY, Day
from toy_market import HOUR, START

from market.desks.running import FailureCause
from market.domain.clock import VirtualClock
from market.domain.errors import Conflict, NotFound, NotPermitted
from market.domain.orders import TimeInForce
from market.domain.parties import Actor, Role
from market.domain.states import AllocationState, NodeState, OrderState
from market.exchange import AnsweredBefore, Exchange, Once
from market.persistence.database import Database
from market.running.upkeep import Upkept
from solver import Clearing, ClearingProblem, Limits, clear

pytestmark = pytest.mark.slow


@pytest.fixture
def day(exchange: Exchange, clock: VirtualClock, operator: Actor, buyer: Actor) -> Day:
    return Day(exchange, clock, operator, buyer)


def test_a_whole_life_hour_by_hour(day: Day) -> None:
    order = day.submit(devices=("a100_80",), limit_cny=100)
    assert day.order(order).held_micros == 100 * CNY
    day.clear()
    placed = day.order(order)
    assert (placed.state, placed.held_micros) == (OrderState.ALLOCATED, 30 * CNY)
    assert day.paid_cny() == 0
    seen = []
    for hour in range(4):
        day.at(hour) if hour else day.tick()
        now, allocation = day.order(order), day.allocation(order)
        seen.append(
            (now.state.value, now.held_micros // CNY, now.paid_micros // CNY, allocation.settled_hours)
        )
        assert day.balance("acc_prv_toy") == now.paid_micros == allocation.paid_micros
    assert seen == [
        ("active", 30, 0, 0),
        ("active", 20, 10, 1),
        ("active", 10, 20, 2),
        ("completed", 0, 30, 3),
    ]
    assert day.life(order) == ["submitted", "placed_in_round", "started", "completed"]
    done = day.allocation(order)
    assert (done.state, done.started_at, done.ended_at) == (
        AllocationState.COMPLETED,
        START,
        START + 3 * HOUR,
    )


def provider(exchange: Exchange, operator: Actor, id_: str = "prv_toy") -> Actor:
    return exchange.authenticate(exchange.issue_key(operator, Role.PROVIDER, id_))


def test_keeping_time_twice_changes_nothing(day: Day) -> None:
    order = day.submit(devices=("a100_80",))
    day.clear()
    day.at(2.5)
    before = day.order(order), day.allocation(order), day.life(order), day.transfers()
    assert day.tick() == Upkept()
    assert (day.order(order), day.allocation(order), day.life(order), day.transfers()) == before


def test_a_clock_that_goes_back_changes_nothing(day: Day) -> None:
    order, waiting = day.submit(devices=("a100_80",)), day.submit(limit_cny=1)
    day.clear()
    day.at(2.5)
    before = day.order(order), day.order(waiting), day.allocation(order), day.transfers()
    day.clock.advance(timedelta(hours=-20))
    assert day.tick() == Upkept()
    day.clear()
    assert (day.order(order), day.order(waiting), day.allocation(order), day.transfers()) == before
    day.clock.advance(timedelta(hours=21))
    assert day.tick().completed == 1
    assert day.paid_cny() == 30


def test_a_tick_that_comes_late_does_all_that_was_due(day: Day) -> None:
    order = day.submit(devices=("a100_80",))
    day.clear()
    day.clock.advance(10 * HOUR)
    assert day.tick() == Upkept(started=1, captured_hours=3, completed=1)
    assert day.life(order) == ["submitted", "placed_in_round", "started", "completed"]
    assert day.allocation(order).ended_at == START + 3 * HOUR


def test_ticks_at_once_capture_once(day: Day, exchange: Exchange) -> None:
    orders = [day.submit(devices=("a100_80",), units=1) for _ in range(4)]
    day.clear()
    day.tick()
    day.clock.advance(2 * HOUR)
    begin = threading.Barrier(4)

    def tick() -> Upkept:
        begin.wait()
        return exchange.keep_time(day.operator)

    with ThreadPoolExecutor(4) as pool:
        done = [ticked.result() for ticked in [pool.submit(tick) for _ in range(4)]]
    assert sum(one.captured_hours for one in done) == 8
    day.checked(None)
    assert {day.allocation(order).settled_hours for order in orders} == {2}
    assert day.balance("acc_prv_toy") == sum(day.order(order).paid_micros for order in orders)


def test_what_somebody_else_is_just_at_is_left_to_them_and_no_round_waits_for_it(day: Day) -> None:
    order = day.submit(devices=("a100_80",))
    day.clear()
    day.clock.advance(HOUR)
    with closing(Database(day.exchange.database.url)) as elsewhere:
        assert elsewhere.time_lock.take()
        assert day.exchange.keep_time() == Upkept()
        day.clear()
        assert day.life(order) == ["submitted", "placed_in_round"]
        assert day.exchange.keep_time(day.operator).started == 1  # whoever asks for it gets it
    day.clock.advance(HOUR)
    assert day.tick().captured_hours == 1


def test_a_node_that_goes_down_interrupts_its_own_and_nothing_else(day: Day) -> None:
    lost = day.submit(devices=("a100_80",), units=4)  # off_4 at west_tight asks least
    kept = day.submit(devices=("910b",), units=4)  # off_3 at west_green
    day.clear()
    day.at(2)
    assert day.allocation(lost).node_id == "west_tight"
    kept_before = day.allocation(kept)
    assert day.balance("acc_prv_toy") == (2 * 4 * 5 + 2 * 4 * 2) * CNY
    down = day.checked(day.exchange.node_down(day.operator, "west_tight"))
    assert down.state is NodeState.DOWN
    # all work is lost and refunded, and a tenth of its price of 60 credited
    waiting = day.order(lost)
    assert (waiting.state, waiting.paid_micros, waiting.held_micros) == (
        OrderState.INTERRUPTED,
        0,
        waiting.terms.limit_price_micros,
    )
    assert day.allocation(lost).state is AllocationState.INTERRUPTED
    assert day.paid_cny() == 16 - 6
    assert day.clear().orders == 1
    again = day.allocation(lost)
    assert (again.node_id, again.starts_at, again.state) == (
        "west_green",
        START + 2 * HOUR,
        AllocationState.GRANTED,
    )
    assert day.allocation(kept) == kept_before
    day.at(6)
    assert day.order(lost).state is OrderState.COMPLETED
    assert day.life(lost)[2:] == ["started", "node_down", "re_matched", "started", "completed"]
    assert day.paid_cny() == 3 * 4 * 2 + 3 * 4 * 6 - 6


def test_checkpoints_are_kept_and_the_rest_is_matched_again(day: Day) -> None:
    order = day.submit({"interruptible": True}, devices=("a100_80",), units=2, hours=4)
    day.clear()
    day.at(1.5)
    day.exchange.node_down(day.operator, "west_tight")
    waiting = day.checked(day.order(order))
    assert (waiting.remaining_share, waiting.paid_micros) == (0.75, 10 * CNY)
    assert waiting.held_micros == waiting.remaining_limit_micros
    day.clear()
    rest = day.allocation(order)
    assert (rest.ends_at - rest.starts_at, rest.node_id) == (3 * HOUR, "west_green")
    day.at(8)
    assert day.order(order).paid_micros == (10 + 3 * 2 * 6) * CNY
    assert day.order(order).state is OrderState.COMPLETED


def test_a_node_takes_nothing_while_it_is_down(day: Day) -> None:
    day.exchange.node_down(day.operator, "west_tight")
    order = day.submit(devices=("a100_80",))
    day.clear()
    assert day.allocation(order).node_id == "west_green"
    with pytest.raises(Conflict, match="node is down and cannot become down"):
        day.exchange.node_down(day.operator, "west_tight")
    day.exchange.node_up(day.operator, "west_tight")
    other = day.submit(devices=("a100_80",))
    day.clear()
    assert day.allocation(other).node_id == "west_tight"
    for ask in (day.exchange.node_down, day.exchange.node_up):
        with pytest.raises(NotFound):
            ask(day.operator, "atlantis")
        with pytest.raises(NotPermitted):
            ask(day.buyer, "west_tight")


def test_a_node_that_goes_down_while_a_round_clears_gets_nothing(day: Day) -> None:
    order = day.submit(devices=("a100_80",))

    def solve(problem: ClearingProblem, limits: Limits) -> Clearing:
        day.exchange.node_down(day.operator, "west_tight")
        return clear(problem, limits)

    day.exchange._solve = solve
    landed = day.clear()
    assert (landed.placed, landed.left_out) == (0, 1)
    assert day.order(order).state is OrderState.OPEN


def test_a_missed_heartbeat_interrupts(day: Day) -> None:
    day.exchange.amend_offering(day.operator, "off_4", heartbeat_minutes=30)
    order = day.submit(devices=("a100_80",))
    day.clear()
    day.tick()
    assert day.order(order).state is OrderState.ALLOCATED  # its provider starts it, nobody else
    of_toy, id_ = provider(day.exchange, day.operator), day.allocation(order).id
    started = day.checked(day.exchange.report_start(of_toy, id_))
    assert (started.state, started.started_at, started.heartbeat_at) == (AllocationState.ACTIVE, START, START)
    for _ in range(3):
        day.clock.advance(timedelta(minutes=30))
        assert day.tick().interrupted == 0
        day.checked(day.exchange.report_heartbeat(of_toy, id_))
    day.clock.advance(timedelta(minutes=31))
    assert day.tick() == Upkept(interrupted=1)
    assert (day.life(order)[-1], day.allocation(order).ended_at) == ("heartbeat_missed", START + 2 * HOUR)
    assert day.order(order).paid_micros == 0
    assert day.paid_cny() == -3
    with pytest.raises(Conflict) as refused:
        day.exchange.report_heartbeat(of_toy, id_)
    assert refused.value.code == "not_running"


def test_what_is_never_started_is_interrupted_and_costs_nothing(day: Day) -> None:
    day.exchange.amend_offering(day.operator, "off_4", heartbeat_minutes=90)
    order = day.submit({"interruptible": True}, devices=("a100_80",))
    day.clear()
    day.at(2)
    assert (day.order(order).state, day.order(order).remaining_share) == (OrderState.INTERRUPTED, 1.0)
    assert day.paid_cny() == -3


def test_a_window_that_went_by_without_a_start_is_interrupted(day: Day) -> None:
    day.exchange.amend_offering(day.operator, "off_4", heartbeat_minutes=1440)
    order = day.submit({"deadline": START + 9 * HOUR}, devices=("a100_80",))
    day.clear()
    day.at(2)
    assert day.order(order).state is OrderState.ALLOCATED
    day.at(3)
    assert (day.life(order)[-1], day.allocation(order).ended_at) == ("heartbeat_missed", START + 3 * HOUR)
    assert day.paid_cny() == -3
    day.at(9)
    assert (day.order(order).state, day.order(order).held_micros) == (OrderState.EXPIRED, 0)


def test_silence_while_the_exchange_was_away_is_not_held_against_a_provider(day: Day) -> None:
    day.exchange.amend_offering(day.operator, "off_4", heartbeat_minutes=30)
    order = day.submit(devices=("a100_80",))
    day.clear()
    day.exchange.report_start(day.operator, day.allocation(order).id)
    day.clock.advance(timedelta(minutes=90))
    back = Exchange(day.exchange.database, day.clock)
    assert back.keep_time() == Upkept(captured_hours=1)
    assert day.order(order).state is OrderState.ACTIVE
    day.clock.advance(timedelta(minutes=31))
    assert back.keep_time().interrupted == 1


def test_a_drained_offering_lets_go_of_what_runs_beyond(day: Day) -> None:
    long, short = (
        day.submit({"interruptible": True}, devices=("a100_80",), units=2, hours=h) for h in (5, 2)
    )
    day.clear()
    assert {day.allocation(o).offering_id for o in (long, short)} == {"off_4"}
    day.exchange.amend_offering(day.operator, "off_4", drain_at=START + 2.5 * HOUR)
    day.at(3)
    assert day.order(short).state is OrderState.COMPLETED
    assert day.life(long)[-1] == "drained"
    assert day.allocation(long).ended_at == START + 2.5 * HOUR
    # whole hours stay paid, and notice was given: nothing is credited
    assert (day.order(long).remaining_share, day.paid_cny()) == (0.6, 4 * 2 * 5)
    day.clear()
    assert day.allocation(long).offering_id == "off_2"


def test_an_early_end_is_paid_by_the_second(day: Day) -> None:
    order = day.submit(devices=("a100_80",))
    day.clear()
    day.at(1.5)
    done = day.checked(day.exchange.report_completion(day.operator, day.allocation(order).id))
    assert (done.state, done.ended_at, done.paid_micros) == (
        AllocationState.COMPLETED,
        START + 1.5 * HOUR,
        15 * CNY,
    )
    assert (day.order(order).state, day.paid_cny()) == (OrderState.COMPLETED, 15)
    late = day.submit(devices=("a100_80",), units=4)
    assert day.clear().placed == 1  # what was left is free again
    assert day.allocation(late).offering_id == "off_4"


def test_a_job_that_fails_pays_what_it_used(day: Day) -> None:
    order = day.submit(devices=("a100_80",))
    day.clear()
    day.at(2)
    id_ = day.allocation(order).id
    failed = day.checked(day.exchange.report_failure(day.operator, id_, FailureCause.JOB, "out of memory"))
    assert (failed.state, failed.paid_micros) == (AllocationState.FAILED, 20 * CNY)
    assert (day.order(order).state, day.life(order)[-1]) == (OrderState.FAILED, "job_failed")
    assert day.clear().orders == 0


def test_a_provider_that_fails_refunds_credits_and_gives_way(day: Day) -> None:
    order = day.submit(devices=("a100_80",))
    day.clear()
    day.at(2)
    of_toy, id_ = provider(day.exchange, day.operator), day.allocation(order).id
    day.checked(day.exchange.report_failure(of_toy, id_, FailureCause.PROVIDER))
    assert (day.life(order)[-1], day.paid_cny()) == ("provider_failed", -3)
    assert day.clear().placed == 1
    assert day.life(order)[-1] == "re_matched"


def test_reports_that_make_no_sense_are_refused(day: Day) -> None:
    day.exchange.amend_offering(day.operator, "off_4", heartbeat_minutes=60)
    order = day.submit(
        {"earliest_start": START + 2 * HOUR, "deadline": START + 5 * HOUR}, devices=("a100_80",)
    )
    day.clear()
    id_, of_toy = day.allocation(order).id, provider(day.exchange, day.operator)
    for report, code in (
        (day.exchange.report_start, "too_early"),
        (day.exchange.report_heartbeat, "not_running"),
        (day.exchange.report_completion, "illegal_transition"),
    ):
        with pytest.raises(Conflict) as refused:
            report(of_toy, id_)
        assert refused.value.code == code
    other = provider(day.exchange, day.operator, "prv_other")
    with pytest.raises(NotFound):
        day.exchange.report_start(other, id_)
    with pytest.raises(NotPermitted):
        day.exchange.report_start(day.buyer, id_)
    day.clock.advance(5 * HOUR)
    with pytest.raises(Conflict) as late:
        day.exchange.report_start(of_toy, id_)
    assert late.value.code == "too_late"


def test_a_report_under_one_key_is_carried_out_once(day: Day) -> None:
    order = day.submit(devices=("a100_80",))
    day.clear()
    day.at(1)
    once, id_ = Once("client", "k1", "hash"), day.allocation(order).id
    day.exchange.report_completion(day.operator, id_, once)
    with pytest.raises(AnsweredBefore) as again:
        day.exchange.report_completion(day.operator, id_, once)
    assert again.value.answer == {"allocation_id": id_}
    day.exchange.keep_time(day.operator, Once("client", "k2", "hash"))
    with pytest.raises(AnsweredBefore):
        day.exchange.keep_time(day.operator, Once("client", "k2", "hash"))
    with pytest.raises(NotPermitted):
        day.exchange.keep_time(day.buyer)


def test_orders_past_their_deadline_expire_and_hold_nothing(day: Day) -> None:
    waiting, fine = day.submit(limit_cny=1, hours_to_deadline=4), day.submit(limit_cny=1)
    lost = day.submit(devices=("a100_80",), units=4, hours=3, hours_to_deadline=5)
    day.clear()
    day.at(2)
    day.exchange.node_down(day.operator, "west_tight")
    day.at(5)
    assert [day.order(o).state for o in (waiting, fine, lost)] == [
        OrderState.EXPIRED,
        OrderState.OPEN,
        OrderState.EXPIRED,
    ]
    assert day.life(waiting) == ["submitted", "deadline_passed"]
    assert day.balance("acc_escrow_buy_toy") == CNY


def test_what_waits_for_one_round_expires_when_that_round_did_not_place_it(day: Day) -> None:
    once = {"time_in_force": TimeInForce.NEXT_ROUND}
    placed, missed = day.submit(once, devices=("a100_80",)), day.submit(once, limit_cny=1)
    patient = day.submit(limit_cny=1)
    landed = day.clear()
    assert landed.placed == 1
    assert day.life(placed)[-1] == "placed_in_round"
    assert day.life(missed)[-1] == "round_missed"
    assert (day.order(missed).state, day.order(missed).held_micros) == (OrderState.EXPIRED, 0)
    assert day.order(patient).state is OrderState.OPEN


def test_cancelling_what_runs_pays_an_hour_of_notice(day: Day) -> None:
    order = day.submit(devices=("a100_80",), hours=5)
    day.clear()
    day.at(1.5)
    day.checked(day.exchange.cancel_order(day.buyer, order.id))
    assert day.order(order).state is OrderState.CANCELLED
    assert day.paid_cny() == 25  # 1.5 hours, and one of notice
    assert day.allocation(order).state is AllocationState.CANCELLED
    day.at(8)
    assert day.paid_cny() == 25


def test_what_is_over_is_not_cancelled_any_more(day: Day) -> None:
    order = day.submit(devices=("a100_80",))
    day.clear()
    day.clock.advance(3 * HOUR)
    with pytest.raises(Conflict, match="completed"):
        day.exchange.cancel_order(day.buyer, order.id)
    day.tick()
    assert day.order(order).state is OrderState.COMPLETED
