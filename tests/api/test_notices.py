"""Several servers on one PostgreSQL database: what one commits wakes whoever listens at another, at once.

Nobody looks at the log by himself here for an hour: what is heard was told.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import text

from api.operations.stopping import Stopping
from api.server import ServerThread, open_exchange
from api.settings import Settings
from api.streams.event_feed import Feed, FeedLimits
from market.desks.desk import UnitOfWork
from market.domain.audience import Audience, Wanted
from market.domain.clock import SystemClock
from market.enquiries.desk import Enquiries
from market.exchange import Exchange
from market.persistence.database import Database
from market.persistence.notices import CHANNEL, Patience, hearing

pytestmark = pytest.mark.postgres
EVERYTHING = Audience(everything=True)
NEVER_POLLING = FeedLimits(poll_seconds=3600)
SOON = Patience(look_seconds=3600, first_pause_seconds=0.01)
PATIENCE_SECONDS = 60


@pytest.fixture
def here(postgres_database: Database) -> Exchange:
    return Exchange(postgres_database, SystemClock())


@pytest.fixture
def elsewhere(postgres_database: Database) -> Iterator[Exchange]:
    with closing(Database(postgres_database.url)) as database:
        yield Exchange(database, SystemClock())


class GivenUp(Exception):
    """A unit of work that comes to nothing after it has told of itself."""


def happen(
    exchange: Exchange, number: int, and_then: Callable[[UnitOfWork], object] = lambda work: work
) -> None:
    with exchange._unit_of_work() as work:
        work.events.record("account", "deposited", f"acc_{number}")
        and_then(work)


def give_up(work: UnitOfWork) -> None:
    assert work.events.write()
    raise GivenUp


@contextmanager
def feed_at(exchange: Exchange) -> Iterator[Feed]:
    enquiries = Enquiries(exchange.database, exchange.clock)
    with (
        closing(Feed(enquiries, exchange.bell, Stopping(), NEVER_POLLING)) as feed,
        hearing(exchange.database, exchange.bell.ring, SOON),
    ):
        yield feed


def listening_backends(exchange: Exchange) -> list[int]:
    asked = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query = :listen")
    with exchange.database.reading() as session:
        return list(session.scalars(asked, {"listen": f"LISTEN {CHANNEL}"}))


def until(holds: Callable[[], object]) -> None:
    """A server learns of the end of a connection a moment later."""
    over_at = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < over_at
        time.sleep(0.01)


def end_backends(exchange: Exchange) -> int:
    """Cut off whoever LISTENs; how many there were."""
    found = listening_backends(exchange)
    with exchange.database.reading() as session:
        for pid in found:
            session.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid})
    return len(found)


def test_what_is_committed_elsewhere_wakes_a_feed_at_once(here: Exchange, elsewhere: Exchange) -> None:
    async def listen(feed: Feed) -> list[str]:
        heard: list[str] = []
        async with feed.listen(None) as listener:
            for number in range(3):
                await asyncio.to_thread(happen, elsewhere, number)
                assert await listener.wait(PATIENCE_SECONDS)
                heard += [event.resource_id for event in await feed.next(listener, EVERYTHING, Wanted())]
        return heard

    with feed_at(here) as feed:
        assert asyncio.run(listen(feed)) == ["acc_0", "acc_1", "acc_2"]
    until(lambda: not listening_backends(here))


def test_a_connection_that_is_cut_off_is_made_anew_and_nothing_is_missed(
    here: Exchange, elsewhere: Exchange
) -> None:
    async def listen(feed: Feed) -> list[str]:
        heard: list[str] = []
        async with feed.listen(None) as listener:
            for number in range(3):
                while not await asyncio.to_thread(end_backends, elsewhere):
                    await asyncio.sleep(0.01)
                await asyncio.to_thread(happen, elsewhere, number)
                assert await listener.wait(PATIENCE_SECONDS)
                heard += [event.resource_id for event in await feed.next(listener, EVERYTHING, Wanted())]
        return heard

    with feed_at(here) as feed:
        assert asyncio.run(listen(feed)) == ["acc_0", "acc_1", "acc_2"]


def test_a_transaction_that_is_rolled_back_tells_nobody_and_ones_own_are_not_heard_twice(
    here: Exchange, elsewhere: Exchange
) -> None:
    rings = threading.Semaphore(0)
    with hearing(here.database, rings.release, SOON):
        assert rings.acquire(timeout=PATIENCE_SECONDS)  # it listens
        happen(here, 0)
        with pytest.raises(GivenUp):
            happen(elsewhere, 1, and_then=give_up)
        happen(elsewhere, 2)
        assert rings.acquire(timeout=PATIENCE_SECONDS)
        assert not rings.acquire(blocking=False)


def test_a_server_hears_while_it_is_up_and_lets_go_afterwards(
    postgres_database: Database, elsewhere: Exchange
) -> None:
    heard = threading.Event()
    with open_exchange(Settings(database_url=postgres_database.url)) as opened:
        with ServerThread(opened.app):
            until(lambda: listening_backends(elsewhere))
            opened.exchange.bell.hear(heard.set)
            happen(elsewhere, 1)
            assert heard.wait(PATIENCE_SECONDS)
        until(lambda: not listening_backends(elsewhere))


def test_sqlite_has_nobody_to_hear(sqlite_database: Database) -> None:
    before = threading.active_count()
    with hearing(sqlite_database, lambda: pytest.fail("rung")):
        happen(Exchange(sqlite_database, SystemClock()), 1)
        assert threading.active_count() == before
