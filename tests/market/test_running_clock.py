"""A simulation's clock: one time for all its processes, faster than the machine's."""

import pickle
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from api.settings import Settings
from market.domain.clock import RunningClock, SystemClock, VirtualClock, real_seconds

START = datetime(2025, 7, 15, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_it_runs_as_fast_as_told_and_is_the_same_in_another_process() -> None:
    since = datetime.now(UTC) - timedelta(seconds=10)
    clock = RunningClock(since, START, 360.0)
    other = pickle.loads(pickle.dumps(clock))  # noqa: S301 - our own
    first, second = clock.now(), other.now()
    assert START + HOUR <= first <= second


def test_it_stands_at_its_start_until_it_begins() -> None:
    clock = RunningClock(datetime.now(UTC) + HOUR, START, 72.0)
    assert clock.now() == START


def test_whoever_sleeps_until_an_interval_has_passed_sleeps_less() -> None:
    assert real_seconds(RunningClock(START, START, 72.0), timedelta(minutes=6)) == 5
    assert real_seconds(SystemClock(), HOUR) == real_seconds(VirtualClock(START), HOUR) == 3600


def test_settings_make_it_and_warn() -> None:
    assert isinstance(Settings().clock(), SystemClock)
    simulated = Settings(simulated_since=START, simulated_start=START, simulated_speed=72)
    assert simulated.clock() == RunningClock(START, START, 72.0)
    assert any("time is simulated, 72 times" in risk for risk in simulated.risks())
    assert not any("simulated" in risk for risk in Settings().risks())


@pytest.mark.parametrize(
    "settings",
    [
        {"simulated_since": START},
        {"simulated_start": START},
        {"simulated_speed": 2},
        {"simulated_since": START, "simulated_start": START, "simulated_speed": 0},
        {"simulated_since": datetime(2025, 7, 1), "simulated_start": START},  # noqa: DTZ001 - of no zone
    ],
)
def test_half_a_simulation_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings(**settings)  # type: ignore[arg-type]
