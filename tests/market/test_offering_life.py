"""The life of an offering on a real database: versions, drain, maintenance, withdrawal, its calendar."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from toy_market import FREE, HOUR, START, offering, terms

from market.domain.clock import VirtualClock
from market.domain.errors import Conflict, InvalidInput, MarketError, NotFound
from market.domain.offerings import Maintenance, Offering, SlaGrade
from market.domain.orders import Order
from market.domain.parties import Actor, Role
from market.domain.states import AllocationState, OfferingState, OrderState
from market.enquiries.desk import Enquiries
from market.exchange import Exchange, RoundRequest, Submission
from market.persistence.paging import PageRequest
from solver import Clearing, ClearingProblem, Limits, clear

ROUND = RoundRequest(policy=FREE)
EVERYTHING = PageRequest(limit=1000)


@pytest.fixture
def provider(exchange: Exchange, operator: Actor) -> Actor:
    return exchange.authenticate(exchange.issue_key(operator, Role.PROVIDER, "prv_toy"))


@pytest.fixture
def stranger(exchange: Exchange, operator: Actor) -> Actor:
    return exchange.authenticate(exchange.issue_key(operator, Role.PROVIDER, "prv_other"))


def submit(exchange: Exchange, buyer: Actor, **asked: Any) -> Order:
    (answer,) = exchange.submit_orders(buyer, [Submission("buy_toy", terms(**asked))])
    assert isinstance(answer, Order)
    return answer


def placed_at(exchange: Exchange, operator: Actor, buyer: Actor, **asked: Any) -> Order:
    """An order on off_4, the cheapest a100: 8 units, 5 kW at 1.2 kW a card."""
    order = submit(exchange, buyer, **{"devices": ("a100_80",), "units": 3, "hours": 4, **asked})
    assert exchange.clear_round(operator, ROUND).placed == 1
    return order


def code_of(ask: Callable[[], object]) -> str:
    with pytest.raises(MarketError) as refusal:
        ask()
    return refusal.value.code


# Versions


def test_every_change_of_terms_is_a_version_with_who_and_when(
    exchange: Exchange, enquiries: Enquiries, provider: Actor, operator: Actor, clock: VirtualClock
) -> None:
    listed = exchange.list_offering(provider, offering("off_x", "east_metro", "910b", 8, 3))
    clock.advance(HOUR)
    exchange.amend_offering(provider, listed.id, ask_micros_per_unit_hour=2_500_000)
    exchange.amend_offering(provider, listed.id, ask_micros_per_unit_hour=2_500_000)  # changes nothing
    clock.advance(HOUR)
    exchange.drain_offering(operator, listed.id, START + 9 * HOUR)
    clock.advance(HOUR)
    withdrawn = exchange.withdraw_offering(provider, listed.id)
    kept = enquiries.offering_versions(listed.id, EVERYTHING, provider).items
    assert [v.offering.version for v in kept] == [1, 2, 3, 4]
    assert [v.since for v in kept] == [START + n * HOUR for n in range(4)]
    whose = [provider.key_id, provider.key_id, operator.key_id, provider.key_id]
    assert [v.changed_by for v in kept] == whose
    assert [v.offering.ask_micros_per_unit_hour for v in kept] == [3_000_000] + [2_500_000] * 3
    assert kept[0].offering == listed
    assert kept[-1].offering == withdrawn == enquiries.offering(listed.id)


def test_what_was_loaded_has_a_first_version_before_and_after_it_changes(
    exchange: Exchange, enquiries: Enquiries, provider: Actor
) -> None:
    loaded = enquiries.offering("off_1")
    (only,) = enquiries.offering_versions("off_1", EVERYTHING).items
    assert (only.offering, only.since) == (loaded, START)
    windows = (Maintenance(START + HOUR, START + 2 * HOUR, 1),)
    exchange.amend_offering(
        provider,
        "off_1",
        maintenance=windows,
        min_units_per_order=2,
        max_units_per_order=3,
        heartbeat_minutes=15,
        sla=SlaGrade.CRITICAL,
    )
    first, second = enquiries.offering_versions("off_1", EVERYTHING, provider).items
    assert (first.offering, first.since, first.changed_by) == (loaded, START, "scenario")
    assert second.offering == enquiries.offering("off_1")
    assert (second.offering.maintenance, second.offering.sla) == (windows, SlaGrade.CRITICAL)


def test_versions_are_public_but_not_whose_key_set_them(
    exchange: Exchange, enquiries: Enquiries, provider: Actor, stranger: Actor, buyer: Actor, operator: Actor
) -> None:
    exchange.amend_offering(provider, "off_1", ask_micros_per_unit_hour=1)
    for reader in (None, stranger, buyer):
        page = enquiries.offering_versions("off_1", EVERYTHING, reader)
        assert [v.changed_by for v in page.items] == ["", ""]
    told = enquiries.offering_versions("off_1", EVERYTHING, operator).items
    assert [v.changed_by for v in told] == ["scenario", provider.key_id]
    page = enquiries.offering_versions("off_1", PageRequest(limit=1))
    rest = enquiries.offering_versions("off_1", PageRequest(cursor=page.next_cursor))
    assert [v.offering.version for v in (*page.items, *rest.items)] == [1, 2]
    for cursor in ("eA", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ"):  # "x", and a number beyond any
        with pytest.raises(InvalidInput, match="cursor"):
            enquiries.offering_versions("off_1", PageRequest(cursor=cursor))
    with pytest.raises(NotFound):
        enquiries.offering_versions("off_9", EVERYTHING)


def test_an_order_keeps_the_ask_it_was_matched_at(
    exchange: Exchange, enquiries: Enquiries, provider: Actor, operator: Actor, buyer: Actor
) -> None:
    placed_at(exchange, operator, buyer)
    exchange.amend_offering(provider, "off_4", ask_micros_per_unit_hour=5_500_000)
    placed_at(exchange, operator, buyer, units=1)
    second, first = enquiries.allocations(
        operator, PageRequest(newest_first=True), {"offering_id": "off_4"}
    ).items
    # 5 CNY x 3 units x 4 h; 5.50 x 1 x 4
    assert (first.offering_version, first.ask_micros_per_unit_hour) == (1, 5_000_000)
    assert (second.offering_version, second.ask_micros_per_unit_hour) == (2, 5_500_000)
    assert (first.price_micros, second.price_micros) == (60_000_000, 22_000_000)


def test_tenths_of_a_card_are_granted_at_their_share_of_the_ask(
    exchange: Exchange, enquiries: Enquiries, provider: Actor, operator: Actor, buyer: Actor
) -> None:
    shared = offering("off_x", "east_metro", "a100_80", 1, 4, slices_per_unit=10)
    listed = exchange.list_offering(provider, shared)
    small = {"devices": ("a100_80",), "units": 1, "hours": 24, "hours_to_deadline": 24}
    for tenths in (7, 4, 3):
        submit(exchange, buyer, unit_tenths=tenths, limit_cny=100 * tenths, **small)
    assert exchange.clear_round(operator, ROUND).placed == 2
    granted = enquiries.allocations(operator, EVERYTHING, {}).items
    assert {a.offering_id for a in granted} == {listed.id}
    assert sorted(a.unit_tenths for a in granted) == [3, 7]
    # 4 CNY x 0.7 and x 0.3, 24 h; 1 kW x PUE 1.5
    assert sorted(a.price_micros for a in granted) == [28_800_000, 67_200_000]
    assert sorted(a.facility_kwh for a in granted) == [pytest.approx(10.8), pytest.approx(25.2)]
    assert all(hour.free_tenths == 0 for hour in enquiries.offering_calendar(listed.id, None, 24))


# Drain


def test_nothing_is_placed_that_would_run_into_a_drain(
    exchange: Exchange, enquiries: Enquiries, provider: Actor, operator: Actor, buyer: Actor
) -> None:
    exchange.drain_offering(provider, "off_4", START + 3 * HOUR)
    asked = {"devices": ("a100_80",), "units": 3, "allowed_regions": ("west",)}
    long, short = submit(exchange, buyer, hours=4, **asked), submit(exchange, buyer, hours=3, **asked)
    exchange.clear_round(operator, ROUND)
    where = {a.order_id: a.offering_id for a in enquiries.allocations(operator, EVERYTHING, {}).items}
    assert where == {long.id: "off_2", short.id: "off_4"}


def test_a_drain_is_moved_and_taken_back_until_it_begins(
    exchange: Exchange, provider: Actor, clock: VirtualClock
) -> None:
    assert code_of(lambda: exchange.drain_offering(provider, "off_4", START - timedelta(seconds=1))) == (
        "drain_in_past"
    )
    assert code_of(lambda: exchange.drain_offering(provider, "off_4", START + timedelta(minutes=59))) == (
        "drain_without_notice"
    )
    exchange.drain_offering(provider, "off_4", START + 3 * HOUR)
    assert exchange.drain_offering(provider, "off_4", START + 5 * HOUR).drain_at == START + 5 * HOUR
    assert exchange.drain_offering(provider, "off_4", None).drain_at is None
    assert exchange.drain_offering(provider, "off_4", START + 2 * HOUR).version == 5
    clock.advance(2 * HOUR)
    for at in (None, START + 9 * HOUR):
        assert code_of(lambda at=at: exchange.drain_offering(provider, "off_4", at)) == "drain_begun"  # type: ignore[misc]


def test_what_runs_into_a_drain_is_interrupted_then_and_matched_again(
    exchange: Exchange,
    enquiries: Enquiries,
    provider: Actor,
    operator: Actor,
    buyer: Actor,
    clock: VirtualClock,
) -> None:
    order = placed_at(exchange, operator, buyer)
    exchange.drain_offering(provider, "off_4", START + 2 * HOUR)
    exchange.keep_time()
    clock.advance(2 * HOUR)
    exchange.keep_time()
    assert enquiries.order(buyer, order.id).state is OrderState.INTERRUPTED
    assert exchange.clear_round(operator, ROUND).placed == 1
    newest = enquiries.allocations(operator, PageRequest(newest_first=True), {}).items[0]
    assert (newest.order_id, newest.offering_id) == (order.id, "off_2")


# Maintenance


@pytest.mark.parametrize(
    ("window", "hours_over"),
    [
        ((0, 24, 3), None),  # what is granted fits
        ((4, 24, 0), None),  # it is over by then
        ((-5, 0, 0), "window_over"),
        ((0, 24, 2), [0, 1, 2, 3]),
        ((2.5, 3, 0), [2]),
        ((3.999, 4.001, 2), [3]),
    ],
)
def test_maintenance_that_does_not_fit_what_is_granted_is_refused(
    exchange: Exchange,
    enquiries: Enquiries,
    operator: Actor,
    provider: Actor,
    buyer: Actor,
    window: tuple[float, float, int],
    hours_over: list[int] | str | None,
) -> None:
    placed_at(exchange, operator, buyer)  # 3 units, hours 0 to 3
    before = enquiries.offering("off_4")
    first, end, units_left = window
    announced = Maintenance(START + first * HOUR, START + end * HOUR, units_left)
    for ask in (
        lambda: exchange.add_maintenance(provider, "off_4", announced),
        lambda: exchange.amend_offering(provider, "off_4", maintenance=(announced,)),
    ):
        if hours_over is None:
            assert ask().maintenance == (announced,)
            continue
        with pytest.raises(MarketError) as refusal:
            ask()
        assert enquiries.offering("off_4") == before
        if isinstance(hours_over, str):
            assert (type(refusal.value), refusal.value.code) == (InvalidInput, hours_over)
        else:
            assert (type(refusal.value), refusal.value.code) == (Conflict, "in_use")
            assert refusal.value.facts == {
                "hours": [(START + n * HOUR).isoformat().replace("+00:00", "Z") for n in hours_over],
                "hours_in_use": len(hours_over),
                "units_in_use": 3.0,
                "units_left": units_left,
            }


def test_forced_maintenance_interrupts_what_does_not_fit_beside_what_was_granted_earlier(
    exchange: Exchange,
    enquiries: Enquiries,
    provider: Actor,
    operator: Actor,
    buyer: Actor,
    clock: VirtualClock,
) -> None:
    first = placed_at(exchange, operator, buyer, units=2)
    second = placed_at(exchange, operator, buyer, units=1)
    third = placed_at(exchange, operator, buyer, units=1)
    clock.advance(HOUR)  # time was not kept: what was due is done before
    window = Maintenance(START + HOUR, START + 3 * HOUR, 3)
    exchange.add_maintenance(provider, "off_4", window, force=True)
    states = [enquiries.order(buyer, order.id).state for order in (first, second, third)]
    assert states == [OrderState.ACTIVE, OrderState.ACTIVE, OrderState.INTERRUPTED]
    steps = [
        (event.data["state"], event.data["cause"], event.actor)
        for event in enquiries.order_history(buyer, third.id)
    ]
    assert steps[-2:] == [
        ("active", "started", "exchange"),
        ("interrupted", "provider_failed", provider.key_id),
    ]
    with pytest.raises(Conflict):
        exchange.add_maintenance(provider, "off_4", replace(window, units_left=2))
    exchange.add_maintenance(provider, "off_4", replace(window, units_left=1), force=True)
    exchange.keep_time()
    states = [enquiries.order(buyer, order.id).state for order in (first, second, third)]
    assert states == [OrderState.INTERRUPTED, OrderState.ACTIVE, OrderState.INTERRUPTED]
    assert exchange.clear_round(operator, ROUND).placed == 2


def test_maintenance_caps_what_a_round_may_use(
    exchange: Exchange, enquiries: Enquiries, provider: Actor, operator: Actor, buyer: Actor
) -> None:
    exchange.add_maintenance(provider, "off_4", Maintenance(START, START + 2 * HOUR, 2))
    asked = {"devices": ("a100_80",), "units": 3, "hours": 2, "limit_cny": 31, "hours_to_deadline": 4}
    submit(exchange, buyer, **asked)
    assert exchange.clear_round(operator, ROUND).placed == 1
    (granted,) = enquiries.allocations(operator, EVERYTHING, {}).items
    assert (granted.offering_id, granted.starts_at) == ("off_4", START + 2 * HOUR)


def test_a_provider_changes_only_its_own(
    exchange: Exchange, enquiries: Enquiries, stranger: Actor, buyer: Actor
) -> None:
    before = enquiries.offering("off_4")
    window = Maintenance(START, START + HOUR)
    asks: list[Callable[[Actor], Offering]] = [
        lambda actor: exchange.drain_offering(actor, "off_4", START + HOUR),
        lambda actor: exchange.add_maintenance(actor, "off_4", window),
        lambda actor: exchange.amend_offering(actor, "off_4", units=9),
        lambda actor: exchange.withdraw_offering(actor, "off_4"),
    ]
    for ask in asks:
        assert code_of(lambda ask=ask: ask(stranger)) == "not_found"  # type: ignore[misc]
        assert code_of(lambda ask=ask: ask(buyer)) == "not_permitted"  # type: ignore[misc]
    assert enquiries.offering("off_4") == before


# Withdrawal


def test_what_is_running_on_a_withdrawn_offering_finishes(
    exchange: Exchange,
    enquiries: Enquiries,
    provider: Actor,
    operator: Actor,
    buyer: Actor,
    clock: VirtualClock,
) -> None:
    order = placed_at(exchange, operator, buyer)
    exchange.keep_time()
    exchange.withdraw_offering(provider, "off_4")
    later = submit(exchange, buyer, devices=("a100_80",), units=1, hours=1)
    assert exchange.clear_round(operator, ROUND).placed == 1
    assert enquiries.allocations(operator, EVERYTHING, {"order_id": later.id}).items[0].offering_id == "off_2"
    clock.advance(4 * HOUR)
    exchange.keep_time()
    assert enquiries.order(buyer, order.id).state is OrderState.COMPLETED
    for ask in (
        lambda: exchange.drain_offering(provider, "off_4", START + 9 * HOUR),
        lambda: exchange.add_maintenance(provider, "off_4", Maintenance(START, START + 9 * HOUR)),
        lambda: exchange.amend_offering(provider, "off_4", units=9),
    ):
        assert code_of(ask) == "offering_withdrawn"


# While a round clears


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda exchange, actor: exchange.drain_offering(actor, "off_4", START + HOUR),
        lambda exchange, actor: exchange.drain_offering(actor, "off_4", START + 90 * HOUR),
        lambda exchange, actor: exchange.add_maintenance(actor, "off_4", Maintenance(START, START + HOUR)),
        lambda exchange, actor: exchange.amend_offering(actor, "off_4", ask_micros_per_unit_hour=1),
        lambda exchange, actor: exchange.withdraw_offering(actor, "off_4"),
    ],
    ids=["drain", "drain much later", "maintenance", "price", "withdrawal"],
)
def test_what_a_round_placed_on_an_offering_that_changed_meanwhile_is_left_out(
    exchange: Exchange,
    enquiries: Enquiries,
    provider: Actor,
    operator: Actor,
    buyer: Actor,
    meanwhile: Callable[[Exchange, Actor], object],
) -> None:
    there = submit(exchange, buyer, devices=("a100_80",), units=3, hours=4)
    elsewhere = submit(exchange, buyer, devices=("910b",), units=3, hours=4)

    def solve(problem: ClearingProblem, limits: Limits) -> Clearing:
        meanwhile(exchange, provider)
        return clear(problem, limits)

    exchange._solve = solve
    landed = exchange.clear_round(operator, ROUND)
    assert (landed.placed, landed.left_out) == (1, 1)
    (granted,) = enquiries.allocations(operator, EVERYTHING, {}).items
    assert granted.order_id == elsewhere.id
    assert enquiries.order(buyer, there.id).state is OrderState.OPEN
    exchange._solve = clear
    assert exchange.clear_round(operator, ROUND).placed == 1


def test_an_allocation_in_the_past_is_not_in_the_way_of_maintenance(
    exchange: Exchange,
    enquiries: Enquiries,
    provider: Actor,
    operator: Actor,
    buyer: Actor,
    clock: VirtualClock,
) -> None:
    placed_at(exchange, operator, buyer)
    clock.advance(4 * HOUR)
    window = Maintenance(START, START + 9 * HOUR)
    assert exchange.add_maintenance(provider, "off_4", window).maintenance == (window,)
    (granted,) = enquiries.allocations(operator, EVERYTHING, {}).items
    assert granted.state in {AllocationState.GRANTED, AllocationState.COMPLETED}


def test_windows_are_few_and_end_after_they_start(exchange: Exchange, provider: Actor) -> None:
    many = tuple(Maintenance(START + n * HOUR, START + (n + 1) * HOUR, 8) for n in range(101))
    assert code_of(lambda: exchange.amend_offering(provider, "off_4", maintenance=many)) == "too_many_windows"
    full = exchange.amend_offering(provider, "off_4", maintenance=many[:100])
    assert code_of(lambda: exchange.add_maintenance(provider, "off_4", many[100])) == "too_many_windows"
    assert exchange.amend_offering(provider, "off_4", maintenance=()).maintenance == ()
    again = exchange.list_offering(provider, replace(full, maintenance=many[:1]))
    assert (again.version, again.state) == (1, OfferingState.OPEN)
    with pytest.raises(InvalidInput):
        Maintenance(START, START)
