"""Duties: done by one of all who could, by another when that one is gone, and by nobody who only thinks it still leads."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
from api_house import House
from sqlalchemy import text

from api.duties.all_duties import Duties
from api.duties.leadership import Term
from api.duties.rounds import ScheduledRounds
from api.duties.upkeep import Upkeep
from market.domain.errors import Unavailable
from market.exchange import RoundRequest
from market.persistence.claims import ClaimName
from market.persistence.database import Database
from market.round_desks.desk import RoundsHere
from solver import Limits

BEAT_SECONDS = 0.02
PATIENCE_SECONDS = 60
HOUR = timedelta(hours=1)
REQUEST = RoundRequest(limits=Limits(5.0))


class Watched:
    """A duty that only says where it is done."""

    name = ClaimName.UPKEEP

    def __init__(self, who: str, leaders: list[str]) -> None:
        self._who, self._leaders = who, leaders
        self.term: Term | None = None

    @contextmanager
    def led(self, term: Term) -> Iterator[None]:
        self.term = term
        self._leaders.append(self._who)
        try:
            yield
        finally:
            self._leaders.remove(self._who)


class Process:
    """One of several that could do it, with a connection to the database of its own."""

    def __init__(self, who: str, url: str, leaders: list[str]) -> None:
        self.database = Database(url)
        self.duty = Watched(who, leaders)
        self._duties = Duties(self.database, BEAT_SECONDS)
        self._duties.add(self.duty)
        self._duties.start()

    def close(self) -> None:
        self._duties.stop()
        self.database.close()


def until(holds: Callable[[], object]) -> None:
    over_at = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < over_at
        time.sleep(0.01)


def test_one_leads_and_the_next_one_when_that_one_ends(database: Database) -> None:
    leaders: list[str] = []
    with closing(Process("first", database.url, leaders)) as first:
        until(lambda: leaders == ["first"])
        with closing(Process("second", database.url, leaders)) as second:
            time.sleep(10 * BEAT_SECONDS)
            assert leaders == ["first"]
            first._duties.begin_stopping()
            until(lambda: leaders == ["second"])
            assert first.duty.term is not None
            assert second.duty.term is not None
            assert (first.duty.term.taken_over, second.duty.term.taken_over) == (False, True)
            assert not first.duty.term.is_ours()
    assert leaders == []


def test_a_leader_whose_session_is_cut_off_stands_back_and_another_one_leads(
    postgres_database: Database,
) -> None:
    leaders: list[str] = []
    ended = text("SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'")
    with (
        closing(Process("first", postgres_database.url, leaders)),
        closing(Process("second", postgres_database.url, leaders)),
    ):
        for _ in range(3):
            until(lambda: len(leaders) == 1)
            with postgres_database.engine.connect() as connection:
                connection.execute(ended)
            until(lambda: len(leaders) <= 1)
        until(lambda: len(leaders) == 1)


def test_whoever_has_lost_its_lock_knows_before_it_acts(postgres_database: Database) -> None:
    """Whether or not it has looked already: it asks the lock."""
    duties = Duties(postgres_database, beat_seconds=PATIENCE_SECONDS)
    leaders: list[str] = []
    duty = Watched("here", leaders)
    duties.add(duty)
    with duties.done():
        until(lambda: leaders)
        assert duty.term is not None
        assert duty.term.is_ours()
        with postgres_database.engine.connect() as connection:
            connection.execute(
                text("SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'")
            )
        assert not duty.term.is_ours()


def term(*, taken_over: bool = False, ours: bool = True) -> Term:
    return Term(lambda: ours, taken_over)


def test_whoever_takes_rounds_over_goes_on_where_the_one_before_was(house: House) -> None:
    rounds = ScheduledRounds(house.exchange, RoundsHere(house.exchange), REQUEST, HOUR)
    assert rounds.next_at() is None
    ended = house.exchange.clear_round(house.exchange.authenticate(house.keys.operator), REQUEST)
    assert ended.closed_at is not None
    assert rounds.next_at() == ended.closed_at + HOUR, "as whoever does not lead tells it"
    house.clock.advance(HOUR / 2)
    with rounds.led(term(taken_over=True)):
        assert rounds.next_at() == ended.closed_at + HOUR
    with rounds.led(term()):
        until(lambda: rounds.next_at() == house.clock.now() + HOUR)


def test_a_round_that_is_overdue_clears_at_once_after_a_take_over(house: House) -> None:
    rounds = ScheduledRounds(house.exchange, RoundsHere(house.exchange), REQUEST, HOUR)
    house.exchange.clear_round(house.exchange.authenticate(house.keys.operator), REQUEST)
    house.clock.advance(2 * HOUR)
    with rounds.led(term(taken_over=True)):
        until(lambda: rounds_of(house) == 2)
    assert rounds_of(house) == 2


def test_whoever_leads_no_longer_opens_no_round(house: House) -> None:
    rounds = ScheduledRounds(house.exchange, RoundsHere(house.exchange), REQUEST, HOUR)
    house.exchange.clear_round(house.exchange.authenticate(house.keys.operator), REQUEST)
    house.clock.advance(2 * HOUR)
    with rounds.led(term(taken_over=True, ours=False)):
        until(lambda: alive(rounds) == "round_timer_died")
    assert rounds_of(house) == 1


def alive(duty: ScheduledRounds) -> str | None:
    try:
        duty.require_alive()
    except Unavailable as refusal:
        return refusal.code
    return None


def rounds_of(house: House) -> int:
    return len(house.ask("GET", "/v1/rounds").json()["items"])


def test_time_is_kept_at_once_and_again(house: House) -> None:
    order = house.submit()
    house.exchange.clear_round(house.exchange.authenticate(house.keys.operator), REQUEST)
    house.clock.advance(24 * HOUR)
    upkeep = Upkeep(house.exchange, timedelta(seconds=1))
    with upkeep.led(term()):
        until(lambda: state_of(house, order["id"]) == "completed")
        upkeep.require_alive()


def state_of(house: House, order_id: str) -> str:
    return str(house.ask("GET", f"/v1/orders/{order_id}", house.keys.buyer).json()["state"])


def test_time_that_could_not_be_kept_is_kept_the_next_time(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept = threading.Semaphore(0)
    failing = [RuntimeError("no")]

    def keep_time() -> None:
        if failing:
            raise failing.pop()
        kept.release()

    monkeypatch.setattr(house.exchange, "keep_time", keep_time)
    with Upkeep(house.exchange, timedelta(milliseconds=10)).led(term()):
        assert kept.acquire(timeout=PATIENCE_SECONDS)
    assert "time was not kept" in caplog.text
