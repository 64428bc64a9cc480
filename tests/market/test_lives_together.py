"""Many lives taken forward together end as they would one by one: the same rows, the same money, the same log."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from databases import Databases
from market_day import Day
from sqlalchemy import event, select, update
from toy_market import HOUR, SCENARIO, START, offering

from market.desks.desk import UnitOfWork
from market.domain.clock import VirtualClock
from market.domain.errors import Conflict
from market.domain.ids import IdSource
from market.domain.parties import Actor, Role
from market.domain.states import Cause, NodeState, OrderState
from market.exchange import Exchange
from market.persistence.database import Database
from market.persistence.models import AllocationRow, Base, EventRow, OrderRow
from market.persistence.money_models import AccountRow, TransferRow
from market.persistence.store import Store
from market.running.lives import Lives, held_running
from market.running.upkeep import Watch

pytestmark = pytest.mark.slow

OPERATOR = Actor("key_operator", Role.OPERATOR, None)
BUYER = Actor("key_buyer", Role.BUYER, "buy_toy")
MINUTE = timedelta(minutes=1)
STEPS = {"started", "captured_hours", "completed", "interrupted"}


def fill(url: str) -> None:
    """A market in which everything is about to happen: starts, hours, ends, a drain, silence, a node that is down."""
    with closing(Database(url)) as database:
        database.upgrade()
        exchange = Exchange(database, VirtualClock(START))
        exchange.load_scenario(SCENARIO)
        for changes in ({"heartbeat_minutes": 60}, {"heartbeat_minutes": 90}):
            reporting = offering("off_x", "east_metro", "x86_core_hpc", 2, 1, **changes)
            exchange.list_offering(OPERATOR, replace(reporting, ask_micros_per_unit_hour=1000))
        day = Day(exchange, VirtualClock(START), OPERATOR, BUYER)
        hpc: dict[str, Any] = {"compute_class": "hpc", "precision": "fp64", "units": 1}
        for hours in (0.5, 1, 2.25, 3, 5):
            day.submit(**hpc, hours=hours)
            day.submit(devices=("910b",), units=1, hours=hours)
            day.submit({"interruptible": True}, buyer="buy_other", devices=("910b",), units=1, hours=hours)
        day.submit(**hpc, hours=2, earliest_start=START + 4 * HOUR)
        waiting = [day.submit(devices=("a100_80",), units=1, hours=h) for h in (1.5, 3, 4)]
        day.clear()
        exchange.drain_offering(OPERATOR, drained_offering(day), START + 2.5 * HOUR)
        assert all(day.order(order).state is OrderState.ALLOCATED for order in waiting)


def drained_offering(day: Day) -> str:
    """The one that the orders for its device were granted."""
    with day.exchange.database.reading() as session:
        live = Store(session).rounds.running_allocations()
        devices = {one.id: one.device_id for one in Store(session).offerings()}
    return next(one.offering_id for one in live if devices[one.offering_id] == "910b")


@contextmanager
def opened(databases: Databases) -> Iterator[Database]:
    """A copy of that market of one's own."""
    original, _ = databases.prepared(fill)
    with databases.copied(original) as url, closing(Database(url)) as database:
        yield database


@contextmanager
def unit_of_work(database: Database, now: datetime) -> Iterator[UnitOfWork]:
    with database.writing() as session:
        work = UnitOfWork(session, now)
        yield work
        work.events.write()
        session.commit()


def break_node(database: Database, now: datetime) -> None:
    """A node with something on it is down, and nobody has noticed yet what it held."""
    with unit_of_work(database, now) as work:
        held = work.held_node("west_tight")
        assert held is not None
        work.move_node(held, NodeState.DOWN)


def keep_time_one_by_one(database: Database, now: datetime) -> None:
    """The rule itself: each life by itself, each of its steps written before the next one is taken."""
    with unit_of_work(database, now) as work:
        watch = Watch.over(work, now, START)
        for allocation in work.rounds.running_allocations():
            if watch.is_due(allocation):
                (running,) = held_running(work, [allocation.order_id])
                watch.take_forward(Lives(work, IdSource(), now), running)


def rows(database: Database, table: type[Base], but: str = "") -> list[Any]:
    with database.reading() as session:
        found = session.execute(select(table.__table__)).mappings().all()
    return sorted(repr({name: value for name, value in row.items() if name != but}) for row in found)


def causes(database: Database) -> set[str]:
    """Of everything that happened to orders."""
    with database.reading() as session:
        found = session.scalars(select(EventRow.data).where(EventRow.resource == "order"))
        return {str(data["cause"]) for data in found}


@pytest.mark.parametrize(
    "moments",
    [
        [HOUR * 0, HOUR, 2 * HOUR, 3 * HOUR, 5 * HOUR, 8 * HOUR],
        [1.5 * HOUR, 2.75 * HOUR, 4.5 * HOUR],
        [30 * HOUR],
    ],
    ids=["hour by hour", "between hours", "late"],
)
def test_together_and_one_by_one_are_the_same(databases: Databases, moments: list[timedelta]) -> None:
    with opened(databases) as together, opened(databases) as alone:
        clock, seen = VirtualClock(START), set()
        exchange = Exchange(together, clock)
        for number, moment in enumerate(moments):
            now = START + moment
            clock.advance(now - clock.now())
            if number == len(moments) // 2:
                break_node(together, now)
                break_node(alone, now)
            done = exchange.keep_time()
            keep_time_one_by_one(alone, now)
            seen |= {name for name in STEPS if getattr(done, name)}
            for table in (OrderRow, AllocationRow, AccountRow, EventRow):
                assert rows(together, table) == rows(alone, table), table
            assert rows(together, TransferRow, "id") == rows(alone, TransferRow, "id")
        assert seen == STEPS
        assert causes(together) >= {Cause.DRAINED, Cause.HEARTBEAT_MISSED, Cause.COMPLETED}
        assert (Cause.NODE_DOWN in causes(together)) == (len(moments) > 1)


def test_what_is_due_is_all_that_is_named(databases: Databases) -> None:
    with opened(databases) as database:
        clock = VirtualClock(START)
        exchange, most = Exchange(database, clock), 0
        for step in range(70):
            if step == 30:
                break_node(database, clock.now())
            with database.reading() as session:
                work = Store(session)
                for since in (START, START + 3 * HOUR):
                    watch = Watch.over(work, clock.now(), since)
                    due = [one for one in work.rounds.running_allocations() if watch.is_due(one)]
                    assert watch.due(work) == due
                    most = max(most, len(due))
            clock.advance(7 * MINUTE - timedelta(microseconds=1) * (step % 3))
            if step % 8 == 7:
                exchange.keep_time()
        assert most > 5


def test_lives_are_written_in_as_many_statements_however_many_they_are(databases: Databases) -> None:
    def statements(database: Database, most: int) -> int:
        sent: list[str] = []
        now = START + 9 * HOUR
        with unit_of_work(database, now) as work:
            watch, lives = Watch.over(work, now, now), Lives(work, IdSource(), now)
            due = [one.order_id for one in watch.due(work)][:most]
            taken = held_running(work, due)
            event.listen(database.engine, "before_cursor_execute", lambda *told: sent.append(told[2]))
            with lives.together():
                for running in taken:
                    watch.take_forward(lives, running)
        assert len(taken) == most
        return sum(sql.startswith(("UPDATE orders", "UPDATE allocations")) for sql in sent)

    with opened(databases) as few, opened(databases) as many:
        assert statements(few, 2) == statements(many, 12) == 2


@pytest.mark.parametrize(
    ("table", "changed", "code"),
    [
        (OrderRow, {"state": "active"}, "order_changed"),
        (OrderRow, {"held_micros": 1}, "sums_changed"),
        (AllocationRow, {"state": "active"}, "allocation_changed"),
        (AllocationRow, {"settled_hours": 1}, "sums_changed"),
    ],
)
def test_whoever_read_what_is_outdated_is_refused(
    databases: Databases, table: type[Base], changed: dict[str, Any], code: str
) -> None:
    with opened(databases) as database, database.writing() as session:
        work = UnitOfWork(session, START)
        due = [allocation.order_id for allocation in Watch.over(work, START, START).due(work)][:3]
        read = held_running(work, due)
        mine = {OrderRow: read[1].order.id, AllocationRow: read[1].allocation.id}[table]
        plain: Any = table.__table__
        session.execute(update(plain).where(plain.c.id == mine).values(changed))
        lives = Lives(work, IdSource(), START)
        with pytest.raises(Conflict) as refusal, lives.together():  # noqa: PT012 - the end of the block refuses
            for running in read:
                lives.start(running, START)
        assert refusal.value.code == code
