"""A landing is made ready before it is written: what happens in between is worked in, and what fits is written whole."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import repeat
from threading import Event
from typing import Any

import pytest
from promises_kept import broken_promises
from sqlalchemy import func, select, text
from toy_market import FREE, SCENARIO, START, terms

from market.clearing.builder import build_problem
from market.clearing.landing import read_outcome
from market.domain.clock import VirtualClock
from market.domain.errors import MarketError
from market.domain.ids import IdSource
from market.domain.orders import Order, TimeInForce
from market.domain.parties import Actor
from market.domain.rounds import Round
from market.domain.states import Cause, OrderState, RoundState
from market.enquiries.desk import Enquiries
from market.exchange import Exchange, RoundRequest, Submission
from market.persistence.database import Database
from market.persistence.models import ExplanationRow, NodeRow, RoundRecordRow
from market.persistence.paging import PageRequest
from market.persistence.staging import staging
from market.persistence.store import Store
from market.rounds.landing import PreparedLanding, fit_landing, land_round, prepare_landing
from market.rounds.steps import freeze_market, sight_market
from solver import Limits, clear

ROUND = RoundRequest(policy=FREE)
A_CARD = {"devices": ("a100_80",)}
Act = Callable[[Exchange, Actor, list[str]], object]


def submit(exchange: Exchange, actor: Actor, *many: Any) -> list[str]:
    answers = exchange.submit_orders(actor, [Submission("buy_toy", one) for one in many])
    return [answer.id for answer in answers if isinstance(answer, Order)]


def make_ready(
    exchange: Exchange, operator: Actor, meanwhile: Callable[[], object] = lambda: None
) -> PreparedLanding:
    """A round that is cleared, `meanwhile` something happens, and prepared, with everything stored that is beforehand."""
    opened = exchange.open_round(operator, ROUND)
    meanwhile()
    built = build_problem(opened.snapshot)
    found = clear(built.problem, Limits(gap=0.0))
    outcome = read_outcome(built, found, opened.round.id, IdSource(), START)
    with exchange.database.reading() as session:
        fitted = fit_landing(Store(session), opened, built, outcome, START)
        prepared = prepare_landing(Store(session), fitted, exchange._ids)
    for store in prepared.beforehand():
        with exchange._unit_of_work() as work:
            store(work)
    return prepared


def land(exchange: Exchange, prepared: PreparedLanding) -> Round:
    try:
        with staging(exchange.database.engine) as stage:
            ready = prepared.laid_ready(stage)
            with exchange._unit_of_work(on=stage) as work:
                return land_round(work, ready, exchange._ids)[0]
    finally:
        exchange.database.round_lock.release()


def placed_at_once(exchange: Exchange, buyer: Actor, units: int) -> None:
    asked = replace(terms(units=units, hours=24, **A_CARD), time_in_force=TimeInForce.IMMEDIATE)
    (answer,) = exchange.submit_orders(buyer, [Submission("buy_toy", asked)])
    assert isinstance(answer, Order), answer


def cancel_the_first(exchange: Exchange, operator: Actor, ids: list[str]) -> None:
    exchange.cancel_order(operator, ids[0])


def amend_the_first(exchange: Exchange, operator: Actor, ids: list[str]) -> None:
    exchange.amend_order(operator, ids[0], {"limit_price_micros": 900_000_000})


def withdraw_the_cheapest(exchange: Exchange, operator: Actor, _ids: list[str]) -> None:
    exchange.withdraw_offering(operator, "off_4")


def lose_the_node(exchange: Exchange, operator: Actor, _ids: list[str]) -> None:
    exchange.node_down(operator, "west_tight")


def take_the_place(exchange: Exchange, operator: Actor, _ids: list[str]) -> None:
    placed_at_once(exchange, operator, 4)  # the four cards that off_4 has power for


@pytest.mark.parametrize(
    "act", [cancel_the_first, amend_the_first, withdraw_the_cheapest, lose_the_node, take_the_place]
)
def test_what_changes_before_a_prepared_round_lands_is_left_out(
    exchange: Exchange, enquiries: Enquiries, operator: Actor, act: Act
) -> None:
    ids = submit(
        exchange,
        operator,
        terms(units=2, hours=24, limit_cny=950, **A_CARD),
        terms(hours=3, devices=("910b",)),
    )
    prepared = make_ready(exchange, operator)
    (first,) = [a for a in prepared.fit.outcome.allocations if a.order_id == ids[0]]
    assert first.offering_id == "off_4"
    act(exchange, operator, ids)
    landed = land(exchange, prepared)
    assert (landed.state, landed.placed, landed.left_out) == (RoundState.LANDED, 1, 1)
    assert landed.figures["solver"]["placed"] == 1
    states = [enquiries.order(operator, id_).state for id_ in ids]
    assert states == [
        OrderState.CANCELLED if act is cancel_the_first else OrderState.OPEN,
        OrderState.ALLOCATED,
    ]
    granted = enquiries.allocations(operator, PageRequest(), {"round_id": landed.id}).items
    assert [a.order_id for a in granted] == [ids[1]]
    assert broken_promises(exchange.database) == []
    told = [event.kind for event in enquiries.order_history(operator, ids[0])]
    assert "order.placed_in_round" not in told


@pytest.mark.parametrize(
    "act", [cancel_the_first, amend_the_first, withdraw_the_cheapest, lose_the_node, take_the_place]
)
def test_what_changes_while_a_round_clears_is_left_out_before_it_is_prepared(
    exchange: Exchange, enquiries: Enquiries, operator: Actor, act: Act
) -> None:
    asked = terms(units=2, hours=24, limit_cny=950, **A_CARD), terms(hours=3, devices=("910b",))
    ids = submit(exchange, operator, *asked)
    prepared = make_ready(exchange, operator, lambda: act(exchange, operator, ids))
    assert [a.order_id for a in prepared.fit.outcome.allocations] == [ids[1]]
    assert (ids[0] in prepared.fit.still_open) == (act not in (cancel_the_first, amend_the_first))
    landed = land(exchange, prepared)
    assert (landed.state, landed.placed, landed.left_out) == (RoundState.LANDED, 1, 1)
    assert enquiries.order(operator, ids[1]).state is OrderState.ALLOCATED
    assert broken_promises(exchange.database) == []


def test_orders_that_the_round_does_not_know_change_nothing(
    exchange: Exchange, enquiries: Enquiries, operator: Actor
) -> None:
    ids = submit(exchange, operator, terms(**A_CARD), terms(limit_cny=1, **A_CARD))
    prepared = make_ready(exchange, operator)
    (new,) = submit(exchange, operator, terms(**A_CARD))
    landed = land(exchange, prepared)
    assert (landed.orders, landed.placed, landed.left_out) == (2, 1, 0)
    states = [enquiries.order(operator, id_).state for id_ in (*ids, new)]
    assert states == [OrderState.ALLOCATED, OrderState.OPEN, OrderState.OPEN]
    assert broken_promises(exchange.database) == []


def test_whoever_waits_for_one_round_and_loses_its_place_has_had_it(
    exchange: Exchange, enquiries: Enquiries, operator: Actor
) -> None:
    once = replace(terms(units=2, hours=24, **A_CARD), time_in_force=TimeInForce.NEXT_ROUND)
    hopeless = replace(terms(limit_cny=1, **A_CARD), time_in_force=TimeInForce.NEXT_ROUND)
    ids = submit(exchange, operator, once, hopeless, hopeless)
    prepared = make_ready(exchange, operator)
    exchange.withdraw_offering(operator, "off_4")
    exchange.cancel_order(operator, ids[2])
    assert land(exchange, prepared).left_out == 1
    states = [enquiries.order(operator, id_).state for id_ in ids]
    assert states == [OrderState.EXPIRED, OrderState.EXPIRED, OrderState.CANCELLED]
    assert broken_promises(exchange.database) == []


def test_what_the_round_leaves_in_the_book_is_what_is_there_when_it_lands(
    exchange: Exchange, operator: Actor
) -> None:
    placed, displaced, dear, gone = submit(
        exchange,
        operator,
        terms(hours=3, devices=("910b",)),
        terms(units=2, hours=24, **A_CARD),
        terms(limit_cny=1, **A_CARD),
        terms(limit_cny=1, **A_CARD),
    )
    prepared = make_ready(exchange, operator)
    assert {order.id for order in prepared.fit.waiting(prepared.opened)} == {dear, gone}
    exchange.withdraw_offering(operator, "off_4")
    exchange.cancel_order(operator, gone)
    try:
        with exchange._unit_of_work() as work:
            _landed, after = land_round(work, prepared, exchange._ids)
    finally:
        exchange.database.round_lock.release()
    assert [a.order_id for a in after.fit.outcome.allocations] == [placed]
    assert {order.id for order in after.fit.waiting(after.opened)} == {displaced, dear}


def test_what_would_break_a_promise_is_refused_even_where_its_order_has_gone(
    exchange: Exchange, operator: Actor
) -> None:
    """Nothing was drawn up for it: what is left of it could only land without its money."""
    ids = submit(exchange, operator, terms(**A_CARD), terms(**A_CARD))
    opened = exchange.open_round(operator, ROUND)
    built = build_problem(opened.snapshot)
    outcome = read_outcome(built, clear(built.problem, Limits(gap=0.0)), opened.round.id, IdSource(), START)
    first, *rest = outcome.allocations
    dear = replace(first, charges_micros=tuple(10**12 for _ in first.charges_micros))
    broken = replace(outcome, allocations=(dear, *rest))
    with exchange.database.reading() as session:
        fitted = fit_landing(Store(session), opened, built, broken, START)
        prepared = prepare_landing(Store(session), fitted, exchange._ids)
    assert prepared.fit.broken
    exchange.cancel_order(operator, dear.order_id)
    refused = land(exchange, prepared)
    assert refused.state is RoundState.REFUSED
    with exchange.database.reading() as session:
        assert Store(session).rounds.running_allocations() == ()
        assert Store(session).orders.named(ids)[rest[0].order_id].state is OrderState.OPEN
    assert broken_promises(exchange.database) == []


def test_events_tell_of_the_round_before_what_it_grants(
    exchange: Exchange, enquiries: Enquiries, operator: Actor
) -> None:
    submit(exchange, operator, terms(**A_CARD), terms(**A_CARD))
    prepared = make_ready(exchange, operator)
    with exchange.database.reading() as session:
        before = Store(session).events.newest()
    land(exchange, prepared)
    with exchange.database.reading() as session:
        touched = Store(session).events.touched_since(before, {"round", "allocation", "order"})
    assert {kind: len(ids) for kind, ids in touched.items()} == {"round": 1, "allocation": 2, "order": 2}


def test_what_is_read_for_a_landing_is_of_one_moment(exchange: Exchange, operator: Actor) -> None:
    """Else a node that goes down between two questions is up where room is looked for, and down for the last check."""
    states = select(NodeRow.id, NodeRow.state).order_by(NodeRow.id)
    with exchange.database.reading() as session:
        seen, up = Store(session).events.newest(), session.execute(states).all()
        exchange.node_down(operator, "west_green")
        assert session.execute(states).all() == up
        assert Store(session).events.newest() == seen
    with exchange.database.reading() as session:
        assert session.execute(states).all() != up
        assert Store(session).events.newest() > seen


def stored_of(exchange: Exchange, round_id: str) -> list[int]:
    """Rows of a round that are stored beforehand: explanations, records."""
    with exchange.database.reading() as session:
        tables = (ExplanationRow, RoundRecordRow)
        return [
            session.scalar(select(func.count()).select_from(t).where(t.round_id == round_id)) or 0
            for t in tables
        ]


def test_what_is_stored_beforehand_is_seen_once_the_round_has_landed(
    exchange: Exchange, operator: Actor
) -> None:
    _, unplaced = submit(exchange, operator, terms(**A_CARD), terms(limit_cny=1, **A_CARD))
    prepared = make_ready(exchange, operator)
    id_ = prepared.opened.round.id
    assert stored_of(exchange, id_) == [1, 1]
    with exchange.database.reading() as session:
        assert Store(session).orders.explanation(unplaced) is None
        assert Store(session).rounds.record(id_) is None
    land(exchange, prepared)
    with exchange.database.reading() as session:
        found = Store(session).orders.explanation(unplaced)
        assert found is not None
        assert found.round_id == id_
        assert Store(session).rounds.record(id_) is not None


def test_a_round_cut_off_before_it_landed_leaves_nothing(exchange: Exchange, operator: Actor) -> None:
    """As after a kill between what is stored beforehand and the landing: its claim is gone with its process."""
    submit(exchange, operator, terms(**A_CARD), terms(limit_cny=1, **A_CARD))
    prepared = make_ready(exchange, operator)
    exchange.database.round_lock.release()
    failed = exchange.abandon_interrupted_round()
    assert failed is not None
    assert (failed.id, failed.state) == (prepared.opened.round.id, RoundState.FAILED)
    assert stored_of(exchange, failed.id) == [0, 0]
    with pytest.raises(MarketError) as refusal:  # whoever still tries to land it is too late
        land(exchange, prepared)
    assert refusal.value.code == "round_over"
    assert broken_promises(exchange.database) == []


def test_a_round_that_was_taken_over_stores_nothing_more(exchange: Exchange, operator: Actor) -> None:
    submit(exchange, operator, terms(**A_CARD), terms(limit_cny=1, **A_CARD))
    prepared = make_ready(exchange, operator)
    exchange.database.round_lock.release()
    exchange.abandon_interrupted_round()
    for store in prepared.beforehand():
        with pytest.raises(MarketError, match="not clearing"), exchange._unit_of_work() as work:
            store(work)
    assert stored_of(exchange, prepared.opened.round.id) == [0, 0]


def test_a_round_that_is_taken_over_while_it_is_made_ready_leaves_nothing(
    exchange: Exchange, operator: Actor
) -> None:
    """Its reasons may be stored beside, elsewhere: whoever fails there fails the landing, and nobody stores any later."""
    submit(exchange, operator, terms(**A_CARD), terms(limit_cny=1, **A_CARD))
    opened = exchange.open_round(operator, ROUND)
    built = build_problem(opened.snapshot)
    outcome = read_outcome(built, clear(built.problem, Limits(gap=0.0)), opened.round.id, IdSource(), START)
    exchange.database.round_lock.release()
    exchange.abandon_interrupted_round()
    with pytest.raises(MarketError) as refusal:
        exchange._land(opened, built, outcome)
    assert refusal.value.code == "round_over"
    assert stored_of(exchange, opened.round.id) == [0, 0]
    assert broken_promises(exchange.database) == []


def fail_after(begun: Event) -> None:
    assert begun.wait(60)
    raise RuntimeError("not ready")


def test_where_a_landing_cannot_be_made_ready_no_more_is_stored(exchange: Exchange) -> None:
    begun, stored = Event(), 0

    def store(_work: Store) -> None:
        nonlocal stored
        stored += 1
        begun.set()

    with pytest.raises(RuntimeError, match="not ready"), exchange._storing_beside(repeat(store, 1000)):
        fail_after(begun)
    assert 0 < stored < 1000


def test_where_storing_and_making_ready_both_fail_both_are_told(exchange: Exchange) -> None:
    begun = Event()

    def store(_work: Store) -> None:
        begun.set()
        raise ValueError("nothing left to store on")

    with pytest.raises(RuntimeError, match="not ready") as failure, exchange._storing_beside([store]):
        fail_after(begun)
    (note,) = failure.value.__notes__
    assert "nothing left to store on" in note


def test_a_change_that_the_log_does_not_tell_of_lands_nothing(exchange: Exchange, operator: Actor) -> None:
    """The rows are written over exactly what was read: whatever else is there refuses the landing whole."""
    ids = submit(exchange, operator, terms(**A_CARD), terms(**A_CARD))
    prepared = make_ready(exchange, operator)
    with exchange._unit_of_work() as work:
        order = work.orders.held(ids)[ids[0]]
        changed = work.orders.bind_steps([(order, replace(order, remaining_share=0.5))])
        assert changed.write(work.session)
    with pytest.raises(MarketError) as refusal:
        land(exchange, prepared)
    assert refusal.value.code == "order_changed"
    with exchange.database.reading() as session:
        assert Store(session).rounds.running_allocations() == ()
    assert broken_promises(exchange.database) == []


def test_what_happens_between_reading_the_market_and_opening_the_round_is_in_it(
    exchange: Exchange, operator: Actor
) -> None:
    kept, gone, amended = submit(exchange, operator, *[terms(**A_CARD) for _ in range(3)])
    with exchange.database.reading() as session:
        sighting = sight_market(Store(session), ROUND, START)
    (new,) = submit(exchange, operator, terms(**A_CARD))
    exchange.cancel_order(operator, gone)
    exchange.amend_order(operator, amended, {"limit_price_micros": 900_000_000})
    exchange.withdraw_offering(operator, "off_1")
    placed_at_once(exchange, operator, 1)
    with exchange._unit_of_work() as work:
        caught_up = freeze_market(work, ROUND, exchange._ids, START, sighting).snapshot
        assert caught_up == freeze_market_whole(work)
        work.session.rollback()
    assert {order.id for order in caught_up.orders} == {kept, amended, new}
    assert len(caught_up.allocations) == 1


def freeze_market_whole(work: Store) -> object:
    """The snapshot of a market that is read in one go."""
    opened = work.rounds.in_progress()
    assert opened is not None
    work.rounds.close(replace(opened, state=RoundState.FAILED, closed_at=START))
    return freeze_market(work, ROUND, IdSource(), START, sight_market(work, ROUND, START)).snapshot


@pytest.mark.postgres
def test_a_landing_holds_orders_in_the_sequence_of_everybody_who_does(postgres_database: Database) -> None:
    """Else it would hold the book and want what may be moved, and upkeep hold that and want the book."""
    exchange = Exchange(postgres_database, VirtualClock(START))
    assert exchange.load_scenario(SCENARIO)
    operator = exchange.authenticate(exchange.create_operator_key())
    movable, in_book = sorted(submit(exchange, operator, terms(**A_CARD), terms(**A_CARD)))
    with exchange._unit_of_work() as work:
        granted = list(work.orders.held([movable]).values())
        work.orders.move(granted, OrderState.ALLOCATED, START, Cause.PLACED_IN_ROUND, "by hand", "")

    def hold_as_a_landing_does() -> None:
        with exchange._unit_of_work() as work:
            work.orders.hold_book(and_also=[movable])

    with ThreadPoolExecutor(1) as threads, exchange._unit_of_work() as upkeep:
        upkeep.orders.held([movable])
        landing = threads.submit(hold_as_a_landing_does)
        with postgres_database.reading() as looking:
            while not looking.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                assert not landing.done()
        upkeep.orders.held([in_book])
        upkeep.session.commit()
        landing.result()
