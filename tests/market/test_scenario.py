"""Loading validates everything: a broken row is named by file, line, column and what was expected."""

import csv
import shutil
from pathlib import Path

import pytest
from toy_market import START

from market.domain.clock import VirtualClock
from market.domain.devices import ComputeClass
from market.domain.errors import InvalidInput
from market.enquiries.desk import Enquiries
from market.exchange import Exchange
from market.persistence.database import Database
from market.persistence.paging import PageRequest
from market.scenarios.scarcity import demand_over_supply
from market.scenarios.scenario import Scenario, original_of, read_orders, read_scenario, scenario_directory


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the shipped scenario, to be broken."""
    return Path(shutil.copytree(scenario_directory("east_west"), tmp_path / "copy"))


def break_cell(path: Path, line: int, column: str, to: str) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    rows[line - 1][rows[0].index(column)] = to
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


@pytest.mark.parametrize(
    ("file", "column", "to", "expected"),
    [
        ("regions.csv", "lat", "north", "a number"),
        ("regions.csv", "side", "left", "east"),
        ("regions.csv", "confidence", "sure", "assumption"),
        ("regions.csv", "source", "", "a name"),
        ("nodes.csv", "region_id", "atlantis", "known ids"),
        ("nodes.csv", "pue", "nan", "a number"),
        ("nodes.csv", "pue", "0.9", "a valid row"),
        ("nodes.csv", "green_share", "1.5", "a valid row"),
        ("nodes.csv", "tariff_cny_per_kwh_h03", "-1", "an amount"),
        ("devices.csv", "compute_class", "quantum", "gpu"),
        ("devices.csv", "watts_per_unit", "1.5", "whole number"),
        ("offerings.csv", "units", "0", "a valid row"),
        ("offerings.csv", "ask_cny_per_unit_hour", "1e3", "an amount"),
        ("offerings.csv", "free_units_h00", "99999999", "a valid row"),
        ("offerings.csv", "provider_id", "prv_nobody", "known ids"),
        ("offerings.csv", "id", "off_0002", "an id not used before"),
        ("rtt.csv", "rtt_ms", "-1", "a number, zero or more"),
    ],
)
def test_a_broken_cell_is_named(copy: Path, file: str, column: str, to: str, expected: str) -> None:
    line = 4
    break_cell(copy / file, line, column, to)
    with pytest.raises(InvalidInput) as refusal:
        read_scenario(copy)
    assert refusal.value.code == "broken_row"
    assert refusal.value.facts["line"] == line
    assert refusal.value.facts["file"].endswith(file)
    assert expected in refusal.value.message


def test_missing_and_empty_files_are_named(copy: Path) -> None:
    (copy / "nodes.csv").write_text("id\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"nodes\.csv holds no row"):
        read_scenario(copy)
    (copy / "nodes.csv").unlink()
    with pytest.raises(InvalidInput, match=r"nodes\.csv is missing"):
        read_scenario(copy)
    (copy / "nodes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match=r"nodes\.csv is not a UTF-8 CSV file"):
        read_scenario(copy)


def test_a_distance_left_out_is_named(copy: Path) -> None:
    lines = (copy / "rtt.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (copy / "rtt.csv").write_text("".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(InvalidInput, match="every pair of regions once"):
        read_scenario(copy)


def test_an_unknown_scenario_names_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match="east_west"):
        scenario_directory("atlantis")


def test_the_shipped_scenario_loads_whole_on_each_engine(database: Database, east_west: Scenario) -> None:
    exchange = Exchange(database, VirtualClock(START))
    assert exchange.load_scenario(east_west) is True
    assert exchange.load_scenario(east_west) is False
    enquiries = Enquiries(database, VirtualClock(START))
    stored = {node.id: node for node in enquiries.nodes(PageRequest(limit=1000)).items}
    assert stored == {node.id: node for node in east_west.nodes}
    listed = {o.id: o for o in enquiries.offerings(PageRequest(limit=1000), {}).items}
    assert listed == {o.id: o for o in east_west.offerings}


def test_the_shipped_day_reads_back() -> None:
    orders = read_orders(scenario_directory("east_west") / "orders.csv")
    assert [order.number for order in orders] == list(range(1, 2001))


def test_the_scarce_scenario_wants_more_than_there_is() -> None:
    directory = scenario_directory("east_west_scarce")
    scarce = read_scenario(directory)
    orders = read_orders(original_of(directory) / "orders.csv")
    ratios = demand_over_supply(scarce.offerings, scarce.devices, orders)
    assert set(ratios) == set(ComputeClass)
    assert all(1.3 <= ratio < 1.31 for ratio in ratios.values()), ratios
