"""Rounds on a schedule: nobody waits for real time here."""

import logging
from datetime import timedelta

import pytest
from api_house import House

from api.settings import Settings, read_interval
from api.timer import TIMER, RoundTimer
from market.domain.errors import InvalidInput
from market.domain.states import RoundState
from market.exchange import RoundRequest
from market.round_desks.desk import RoundsHere
from solver import Clearing, ClearingProblem, Limits, clear

HOUR = timedelta(hours=1)
REQUEST = RoundRequest(limits=Limits(5.0))


@pytest.mark.parametrize(("text", "seconds"), [("60s", 60), ("5m", 300), ("1h", 3600), ("24h", 86400)])
def test_intervals(text: str, seconds: int) -> None:
    assert read_interval(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "0s", "25h", "60", "1d", "-5m", "1.5h", "٣s"])
def test_no_intervals(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_interval(text)
    assert refused.value.code == "invalid_interval"
    monkeypatch.setenv("SUANLI_ROUND_EVERY", text)
    with pytest.raises(InvalidInput):
        Settings()


def test_time_is_kept_and_a_round_cleared_at_every_tick(house: House) -> None:
    order = house.submit()
    timer = RoundTimer(house.exchange, RoundsHere(house.exchange), REQUEST, HOUR)
    first = timer.tick()
    assert first is not None
    assert (first.state, first.placed) == (RoundState.LANDED, 1)
    house.clock.advance(24 * HOUR)
    assert timer.tick() is not None
    found = house.ask("GET", f"/v1/orders/{order['id']}", house.keys.buyer).json()
    assert found["state"] == "completed"


def test_a_round_that_clears_elsewhere_is_skipped_quietly(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    opened = house.exchange.open_round(TIMER, REQUEST)
    assert RoundTimer(house.exchange, RoundsHere(house.exchange), REQUEST, HOUR).tick() is None
    assert not caplog.records
    assert house.exchange.finish_round(opened).state is RoundState.LANDED


def test_a_round_that_fails_is_logged_and_the_next_one_comes(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.submit()
    waits = iter([False, False, True])
    failing = [True]

    def solve(problem: ClearingProblem, limits: Limits) -> Clearing:
        if failing.pop() if failing else False:
            raise MemoryError
        return clear(problem, limits)

    house.exchange._solve = solve
    with (
        caplog.at_level(logging.ERROR, "api.timer"),
        RoundTimer(house.exchange, RoundsHere(house.exchange), REQUEST, HOUR, lambda _seconds: next(waits)),
    ):
        pass
    assert [record.message for record in caplog.records if record.name == "api.timer"] == [
        "a scheduled round failed; the next one comes in 1:00:00"
    ]
    rounds = house.ask("GET", "/v1/rounds").json()["items"]
    assert [one["state"] for one in rounds] == ["landed", "failed"]


def test_it_stops_at_once_when_nothing_clears(house: House) -> None:
    with RoundTimer(house.exchange, RoundsHere(house.exchange), REQUEST, 24 * HOUR):
        pass
    assert house.ask("GET", "/v1/rounds").json()["items"] == []
