"""The shipped day of 2,000 orders: the certified gap, and that each policy moves the figures its way."""

import json
from pathlib import Path
from typing import Any

import pytest
from thoroughness import often

from api.demo.story import DemoRequest, run_demo
from market.domain.policy import PRESETS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
LARGEST_GAP = 0.06
ENOUGH = 0.02
"""Gap at which a search may end: policies differ by more. Under `make thorough` it goes on as the demonstration does."""
OUTPUT = Path(__file__).parents[1] / "output"
Figures = dict[str, Any]


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Figures]:
    """The day under each policy."""
    found = {}
    with pytest.MonkeyPatch.context() as environment:
        if often(usually=1, thoroughly=0):
            environment.setenv("SUANLI_SOLVER_GAP", str(ENOUGH))
        for policy in PRESETS:
            file = tmp_path_factory.mktemp(policy) / "figures.json"
            run_demo(DemoRequest(once=True, json_file=file, policy=policy, port=0))
            found[policy] = json.loads(file.read_text(encoding="utf-8"))
    OUTPUT.mkdir(exist_ok=True)
    (OUTPUT / "policies.json").write_text(
        json.dumps({name: day["solver"] for name, day in found.items()}, indent=1)
    )
    return found


def per_kwh(day: Figures, name: str) -> float:
    return float(day["solver"][name] / day["solver"]["facility_kwh"])


@pytest.mark.parametrize("policy", PRESETS)
def test_the_gap_is_small_and_no_baseline_is_worth_more(policy: str, days: dict[str, Figures]) -> None:
    day = days[policy]
    assert 0 <= day["solver"]["gap"] <= LARGEST_GAP
    for baseline in day["baselines"].values():
        assert baseline["value_micros"] <= day["solver"]["value_micros"]


def test_three_orders_are_explained(days: dict[str, Figures]) -> None:
    explained = {entry["kind"]: entry["explanation"] for entry in days["balanced"]["explained"]}
    assert set(explained) == {"moved_west", "kept_east", "not_placed"}
    assert explained["not_placed"]["smallest_change"] is not None


@pytest.mark.parametrize("basis", ["carbon_kg_location", "carbon_kg_market"])
def test_green_lowers_carbon(basis: str, days: dict[str, Figures]) -> None:
    assert days["green"]["solver"][basis] < days["balanced"]["solver"][basis]
    assert per_kwh(days["green"], basis) < per_kwh(days["balanced"], basis)


def test_latency_lowers_the_round_trip(days: dict[str, Figures]) -> None:
    assert days["latency"]["solver"]["rtt_ms_mean"] < days["balanced"]["solver"]["rtt_ms_mean"]


def test_price_lowers_spending(days: dict[str, Figures]) -> None:
    price, balanced = days["price"]["solver"], days["balanced"]["solver"]
    assert price["spend_cny"] < balanced["spend_cny"]
    assert price["spend_cny"] / price["placed"] < balanced["spend_cny"] / balanced["placed"]
