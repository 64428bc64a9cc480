"""The last check before a round is stored: a good outcome passes, and every way to break one is refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from toy_market import CATALOGUE, FREE, HOUR, START, order, snapshot, terms

from market.clearing.builder import build_problem
from market.clearing.landing import RoundOutcome, read_outcome
from market.domain.catalogue import Catalogue
from market.domain.ids import IdSource
from market.domain.offerings import Maintenance
from market.domain.orders import Order
from market.domain.parties import Actor
from market.domain.places import Node
from market.domain.policy import PricingRule
from market.domain.rounds import Allocation
from market.domain.states import NodeState, OfferingState, OrderState, RoundState
from market.enquiries.desk import Enquiries
from market.exchange import Exchange, RoundRequest, Submission
from market.persistence.paging import PageRequest
from market.persistence.store import Store
from market.rounds.landing import fit_landing, land_round, prepare_landing
from market.settlement.invariants import Broken, check_outcome
from solver import Limits, clear

MARGINAL = replace(FREE, pricing=PricingRule.MARGINAL)
BOOK = {
    one.id: one
    for one in (
        order(1, units=4, hours=3, devices=("a100_80",), limit_cny=120),
        order(2, units=8, hours=2, devices=("a100_80",), limit_cny=300),
        order(3, units=4, hours=2, devices=("a100_80",), limit_cny=90, hours_to_deadline=3),
        order(4, units=4, hours=2, devices=("a100_80",), limit_cny=200, hours_to_deadline=3),
    )
}


@pytest.fixture(scope="module")
def granted() -> tuple[Allocation, ...]:
    """Three offerings with a100s, whose power and units are short; what four orders got there."""
    built = build_problem(snapshot(*BOOK.values(), policy=MARGINAL, slots=4))
    clearing = clear(built.problem, Limits(seconds=5, gap=0.0))
    found = read_outcome(built, clearing, "rnd_1", IdSource(), START).allocations
    assert len(found) == 4
    return found


def codes(
    granted: tuple[Allocation, ...], catalogue: Catalogue = CATALOGUE, running: tuple[Allocation, ...] = ()
) -> set[Broken]:
    return {broken.code for broken in check_outcome(catalogue, BOOK, granted, running)}


def test_a_sound_outcome_passes(granted: tuple[Allocation, ...]) -> None:
    assert codes(granted) == set()
    assert codes(()) == set()


def raised(allocation: Allocation, **by: int) -> Allocation:
    """With one micro-yuan more or less in the first hour of some list, or in the price."""
    changes: dict[str, Any] = {}
    for name, micros in by.items():
        found = getattr(allocation, name)
        changes[name] = found + micros if isinstance(found, int) else (found[0] + micros, *found[1:])
    return replace(allocation, **changes)


def at_ask(allocation: Allocation) -> Allocation:
    posted = (allocation.ask_micros_per_unit_hour * allocation.units,) * len(allocation.charges_micros)
    return replace(allocation, price_micros=sum(posted), charges_micros=posted, earnings_micros=posted)


def above_its_limit(allocation: Allocation) -> Allocation:
    limit, hours = BOOK[allocation.order_id].terms.limit_price_micros, len(allocation.charges_micros)
    charges = (limit + 1, *(0,) * (hours - 1))
    return replace(
        allocation, price_micros=limit + 1, charges_micros=charges, earnings_micros=(limit + 1,) * hours
    )


def one_micro_below_its_ask(allocation: Allocation) -> Allocation:
    return raised(at_ask(allocation), charges_micros=-1, earnings_micros=-1, price_micros=-1)


def with_a_negative_charge(allocation: Allocation) -> Allocation:
    rest = (0,) * (len(allocation.charges_micros) - 2)
    return replace(allocation, charges_micros=(-1, allocation.price_micros + 1, *rest))


def beyond_its_deadline(allocation: Allocation) -> Allocation:
    later = 30 * HOUR
    return replace(allocation, starts_at=allocation.starts_at + later, ends_at=allocation.ends_at + later)


SUMS = Broken.CHARGES_DO_NOT_ADD_UP
MUTATIONS: list[tuple[str, Broken, Callable[[Allocation], Allocation]]] = [
    ("one micro above the limit", Broken.ABOVE_LIMIT, above_its_limit),
    ("one micro below the ask", Broken.BELOW_ASK, one_micro_below_its_ask),
    ("price of another sum", SUMS, lambda a: raised(a, price_micros=-1)),
    ("a charge that no price has", SUMS, lambda a: raised(a, charges_micros=-1)),
    ("an hour without a charge", SUMS, lambda a: replace(a, charges_micros=(a.price_micros,))),
    ("an hour without earnings", SUMS, lambda a: replace(a, earnings_micros=a.earnings_micros[1:])),
    ("a buyer pays what nobody earns", SUMS, lambda a: raised(at_ask(a), charges_micros=1, price_micros=1)),
    ("a negative charge", SUMS, with_a_negative_charge),
    ("before the order may start", Broken.OUTSIDE_WINDOW, lambda a: replace(a, ends_at=a.starts_at)),
    ("beyond the deadline", Broken.OUTSIDE_WINDOW, beyond_its_deadline),
    ("a broken hour", Broken.OUTSIDE_WINDOW, lambda a: replace(a, ends_at=a.ends_at - timedelta(minutes=1))),
    ("fewer units than asked", Broken.OTHER_SIZE, lambda a: replace(a, units=a.units - 1)),
    ("a tenth less", Broken.OTHER_SIZE, lambda a: replace(a, unit_tenths=9)),
    ("units there are not", Broken.OVER_CAPACITY, lambda a: replace(a, units=9)),
    ("another buyer's order", Broken.UNKNOWN_ORDER, lambda a: replace(a, buyer_id="buy_other")),
    ("an order nobody gave", Broken.UNKNOWN_ORDER, lambda a: replace(a, order_id="ord_none")),
    ("an offering nobody listed", Broken.UNKNOWN_OFFERING, lambda a: replace(a, offering_id="off_none")),
    ("another provider's offering", Broken.UNKNOWN_OFFERING, lambda a: replace(a, provider_id="prv_other")),
    ("another node's offering", Broken.UNKNOWN_OFFERING, lambda a: replace(a, node_id="east_metro_2")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "mutate"), [row[1:] for row in MUTATIONS], ids=[row[0] for row in MUTATIONS]
)
def test_every_mutation_of_any_allocation_is_refused(
    granted: tuple[Allocation, ...], code: Broken, mutate: Callable[[Allocation], Allocation]
) -> None:
    for at in range(len(granted)):
        mutated = (*granted[:at], mutate(granted[at]), *granted[at + 1 :])
        assert code in codes(mutated)


def test_a_grant_given_twice_is_refused(granted: tuple[Allocation, ...]) -> None:
    assert Broken.GRANTED_TWICE in codes((*granted, granted[0]))


def test_what_runs_already_counts(granted: tuple[Allocation, ...]) -> None:
    for allocation in granted:
        others = replace(allocation, order_id="ord_running", units=1)
        free = 8 if allocation.offering_id != "off_1" else 4
        used = sum(
            a.units
            for a in granted
            if a.offering_id == allocation.offering_id
            and a.starts_at < allocation.ends_at
            and allocation.starts_at < a.ends_at
        )
        found = codes(granted, running=(replace(others, units=free - used + 1),))
        assert Broken.OVER_CAPACITY in found
        # the same order's earlier place is given up, and other hours are nobody's concern
        assert codes(granted, running=(allocation,)) == set()
        later = replace(others, units=free, starts_at=START + 30 * HOUR, ends_at=START + 31 * HOUR)
        assert codes(granted, running=(later,)) == set()


def test_tenths_are_counted_as_tenths() -> None:
    card = replace(
        CATALOGUE.offerings[0], units=1, max_gang_units=1, free_units_by_hour=(1,) * 24, slices_per_unit=10
    )
    catalogue = replace(CATALOGUE, offerings=(card, *CATALOGUE.offerings[1:]))
    shares = [order(n, units=1, unit_tenths=3, hours=1, devices=("a100_80",)) for n in range(1, 5)]
    built = build_problem(snapshot(*shares[:3], catalogue=catalogue))
    first = read_outcome(
        built, clear(built.problem, Limits(gap=0.0)), "rnd_1", IdSource(), START
    ).allocations[0]
    at_card = replace(first, offering_id="off_1", node_id="east_metro", charges_micros=(3_000_000,),
                      earnings_micros=(3_000_000,), price_micros=3_000_000)  # fmt: skip
    book = {one.id: one for one in shares}
    crowd = [replace(at_card, order_id=one.id) for one in shares]
    assert check_outcome(catalogue, book, crowd[:3], ()) == []
    (broken,) = check_outcome(catalogue, book, crowd, ())
    assert broken.code is Broken.OVER_CAPACITY
    assert (broken.facts["tenths"], broken.facts["limit_tenths"]) == (12, 10)
    (broken,) = check_outcome(catalogue, book, crowd[:3], crowd[3:])
    assert broken.code is Broken.OVER_CAPACITY


def with_offering(offering_id: str, **changes: Any) -> Catalogue:
    offerings = tuple(replace(o, **changes) if o.id == offering_id else o for o in CATALOGUE.offerings)
    return replace(CATALOGUE, offerings=offerings)


def with_node(node_id: str, **changes: Any) -> Catalogue:
    nodes: tuple[Node, ...] = tuple(replace(n, **changes) if n.id == node_id else n for n in CATALOGUE.nodes)
    return replace(CATALOGUE, nodes=nodes)


@pytest.mark.parametrize(
    "changes",
    [
        {"drain_at": START + timedelta(minutes=1)},
        {"maintenance": (Maintenance(START, START + 4 * HOUR, units_left=1),)},
        {"available_until": START},
        {"available_from": START + 20 * HOUR},
        {"state": OfferingState.WITHDRAWN},
        {"free_units_by_hour": (0,) * 24},
    ],
)
def test_the_calendar_is_read_anew(granted: tuple[Allocation, ...], changes: dict[str, Any]) -> None:
    for allocation in granted:
        assert codes(granted, with_offering(allocation.offering_id, **changes)) == {Broken.OVER_CAPACITY}


def test_power_and_fallen_nodes_are_read_anew(granted: tuple[Allocation, ...]) -> None:
    for allocation in granted:
        node_id = allocation.node_id
        assert codes(granted, with_node(node_id, power_cap_kw=1)) == {Broken.OVER_POWER}
        assert codes(granted, with_node(node_id, state=NodeState.DOWN)) == {Broken.OVER_CAPACITY}


def test_an_ask_that_rose_is_not_undercut(granted: tuple[Allocation, ...]) -> None:
    for allocation in granted:
        dearer = with_offering(allocation.offering_id, ask_micros_per_unit_hour=10**9)
        assert Broken.BELOW_ASK in codes(granted, dearer)


def test_a_broken_outcome_does_not_land(
    exchange: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor
) -> None:
    submitted = exchange.submit_orders(
        buyer, [Submission("buy_toy", terms(limit_cny=100, devices=("a100_80",))) for _ in range(3)]
    )
    ids = [one.id for one in submitted if isinstance(one, Order)]

    def land(break_it: Callable[[RoundOutcome], RoundOutcome]) -> str:
        opened = exchange.open_round(operator, RoundRequest(policy=FREE))
        try:
            built = build_problem(opened.snapshot)
            clearing = clear(built.problem, Limits(gap=0.0))
            outcome = break_it(read_outcome(built, clearing, opened.round.id, IdSource(), START))
            with exchange._unit_of_work() as work:
                fitted = fit_landing(work, opened, built, outcome, START)
                prepared = prepare_landing(work, fitted, IdSource())
                land_round(work, prepared, IdSource())
        finally:
            exchange.database.round_lock.release()
        return opened.round.id

    def dearer(outcome: RoundOutcome) -> RoundOutcome:
        first, *rest = outcome.allocations
        return replace(outcome, allocations=(above_limit(first), *rest))

    def above_limit(allocation: Allocation) -> Allocation:
        charges = (10**9, *allocation.charges_micros[1:])
        return replace(allocation, price_micros=sum(charges), charges_micros=charges, earnings_micros=charges)

    refused = enquiries.round(land(dearer), operator)
    assert (refused.state, refused.failure) == (RoundState.REFUSED, "outcome_refused: ABOVE_LIMIT")
    assert (refused.placed, refused.value_micros, dict(refused.figures)) == (0, None, {})
    assert enquiries.allocations(operator, PageRequest(), {}).items == ()
    orders = [enquiries.order(buyer, id_) for id_ in ids]
    assert {one.state for one in orders} == {OrderState.OPEN}
    assert {one.held_micros for one in orders} == {100_000_000}
    with exchange.database.reading() as session:
        assert Store(session).rounds.record(refused.id) is None
    # the next round goes on as if nothing had been
    assert enquiries.round(land(lambda sound: sound), operator).placed == 3
