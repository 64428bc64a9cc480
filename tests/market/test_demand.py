"""The order generator: seeded, true to its tables, and the source of the shipped day."""

import csv
import shutil
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from market.domain.errors import InvalidInput
from market.scenarios.demand import (
    ORDER_COLUMNS,
    DemandTables,
    GeneratedOrder,
    generate_orders,
    order_row,
    read_demand_tables,
    write_orders,
)

EAST_WEST = Path(__file__).parents[2] / "fixtures" / "east_west"


@pytest.fixture(scope="module")
def tables() -> DemandTables:
    return read_demand_tables(EAST_WEST)


@pytest.fixture(scope="module")
def many(tables: DemandTables) -> list[GeneratedOrder]:
    return generate_orders(tables, 10_000, 7)


def test_same_seed_same_orders(tables: DemandTables) -> None:
    assert generate_orders(tables, 300, 11) == generate_orders(tables, 300, 11)


def test_another_seed_gives_other_orders(tables: DemandTables) -> None:
    assert generate_orders(tables, 300, 11) != generate_orders(tables, 300, 12)


def test_the_shipped_day_is_what_the_generator_makes(tables: DemandTables, tmp_path: Path) -> None:
    write_orders(generate_orders(tables, 2000, 2025), tmp_path / "orders.csv", 2025)
    assert (tmp_path / "orders.csv").read_text("utf-8") == (EAST_WEST / "orders.csv").read_text("utf-8")


def test_a_row_has_the_columns_of_the_file(tables: DemandTables) -> None:
    assert tuple(order_row(generate_orders(tables, 1, 1)[0])) == ORDER_COLUMNS


def test_no_orders_and_fewer_than_none(tables: DemandTables) -> None:
    assert generate_orders(tables, 0, 1) == []
    with pytest.raises(InvalidInput, match="not negative"):
        generate_orders(tables, -1, 1)


def test_shares_of_job_classes_follow_the_table(many: list[GeneratedOrder]) -> None:
    wanted: defaultdict[str, float] = defaultdict(float)
    with (EAST_WEST / "job_classes.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            wanted[row["job_class"]] += float(row["share_of_orders"])
    drawn = Counter(order.job_class for order in many)
    for job_class, share in wanted.items():
        assert drawn[job_class] / len(many) == pytest.approx(share, abs=0.015)


def test_origins_follow_the_weights(many: list[GeneratedOrder]) -> None:
    with (EAST_WEST / "origin_weights.csv").open(encoding="utf-8", newline="") as file:
        weights = {row["region_id"]: float(row["weight"]) for row in csv.DictReader(file)}
    drawn = Counter(order.origin_region for order in many)
    for region, weight in weights.items():
        assert drawn[region] / len(many) == pytest.approx(weight, abs=0.015)


def test_orders_are_sane(tables: DemandTables, many: list[GeneratedOrder]) -> None:
    for order in many:
        assert order.units > 0
        assert order.hours >= 0.5
        assert 0 <= order.earliest_hour < 24
        assert order.earliest_hour < order.deadline_hour <= 48
        assert order.limit_micros > 0
        assert order.buyer_id in tables.buyers[order.origin_region]
        assert not order.allowed_regions or order.origin_region in order.allowed_regions


def test_online_demand_peaks_by_day_and_real_time_is_near(many: list[GeneratedOrder]) -> None:
    interactive = [o.earliest_hour for o in many if o.job_class == "inference_interactive"]
    assert sum(9 <= hour < 19 for hour in interactive) / len(interactive) > 0.6
    assert all((o.max_rtt_ms or 99) <= 10 for o in many if o.job_class == "inference_realtime")
    assert all((o.max_rtt_ms or 99) <= 30 for o in many if o.job_class == "inference_interactive")


BROKEN_CELLS = [
    ("offerings.csv", "ask_cny_per_unit_hour", "cheap", "an amount in CNY"),
    ("offerings.csv", "device_id", "abacus", "an id of devices.csv"),
    ("diurnal.csv", "hour", "24", "an hour from 0 to 23"),
    ("job_classes.csv", "hours_median", "nan", "a number, zero or more"),
    ("job_classes.csv", "units_choices", "8:0.5", "value=weight"),
    ("job_classes.csv", "units_choices", "8=0", "value=weight"),
    ("job_classes.csv", "curve", "lunar", "a curve of diurnal.csv"),
    ("job_classes.csv", "devices_choices", "abacus=1", "value=weight"),
    ("origin_weights.csv", "region_id", "atlantis", "a region with a buyer"),
    ("impossible_orders.csv", "reason", "BAD_LUCK", "NO_SUCH_DEVICE or"),
]


@pytest.mark.parametrize(("name", "column", "cell", "expected"), BROKEN_CELLS)
def test_a_broken_cell_is_named(tmp_path: Path, name: str, column: str, cell: str, expected: str) -> None:
    scenario = tmp_path / "scenario"
    shutil.copytree(EAST_WEST, scenario)
    break_third_row(scenario / name, column, cell)
    with pytest.raises(InvalidInput) as caught:
        read_demand_tables(scenario)
    assert caught.value.code == "broken_row"
    assert caught.value.facts["line"] == 4
    assert caught.value.facts["column"] == column
    assert name in caught.value.message
    assert expected in caught.value.facts["expected"]


def break_third_row(path: Path, column: str, cell: str) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        header, rows = reader.fieldnames or [], list(reader)
    rows[2][column] = cell
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def test_a_missing_or_empty_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"regions\.csv is missing"):
        read_demand_tables(tmp_path)
    (tmp_path / "regions.csv").write_text("id\n", "utf-8")
    with pytest.raises(InvalidInput, match=r"regions\.csv holds no row"):
        read_demand_tables(tmp_path)
