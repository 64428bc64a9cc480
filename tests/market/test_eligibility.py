"""Every candidate rule as a pair: just inside it is a candidate, just outside it is ruled out with facts."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from toy_market import CATALOGUE, job, offering

from market.clearing.eligibility import RULED_OUT, EligibilityRules, what_rules_depend_on
from market.domain.devices import ComputeClass, Precision
from market.domain.rounds import ReasonCode

LISTED = np.array([o.units for o in CATALOGUE.offerings])
RULES = EligibilityRules(CATALOGUE, LISTED)
ROW = {offering.id: row for row, offering in enumerate(CATALOGUE.offerings)}


def verdict(offering_id: str, **changes: Any) -> ReasonCode | None:
    rule = RULES.check(job(**changes)).rule[ROW[offering_id]]
    return RULED_OUT[rule - 1] if rule else None


@pytest.mark.parametrize(
    ("offering_id", "inside", "outside", "code"),
    [
        ("off_2", {"devices": ("a100_80",)}, {"devices": ("910b",)}, ReasonCode.NO_SUCH_DEVICE),
        ("off_3", {"min_memory_gb": 64}, {"min_memory_gb": 64.1}, ReasonCode.NO_SUCH_DEVICE),
        ("off_3", {"precision": Precision.FP32}, {"precision": Precision.FP64}, ReasonCode.NO_SUCH_DEVICE),
        (
            "off_5",
            {"compute_class": ComputeClass.HPC, "precision": Precision.FP64},
            {"compute_class": ComputeClass.GPU, "precision": Precision.FP64},
            ReasonCode.NO_SUCH_DEVICE,
        ),
        ("off_2", {"hours": {"a100_80": 3}}, {"hours": {"910b": 3}}, ReasonCode.NO_SUCH_DEVICE),
        ("off_2", {"max_rtt_ms": 28.0}, {"max_rtt_ms": 27.9}, ReasonCode.TOO_FAR),
        (
            "off_2",
            {"allowed_regions": ("west",)},
            {"allowed_regions": ("east",)},
            ReasonCode.NOT_ALLOWED_THERE,
        ),
        ("off_2", {"max_pue": 1.1}, {"max_pue": 1.09}, ReasonCode.NOT_ALLOWED_THERE),
        ("off_2", {"min_green_share": 0.9}, {"min_green_share": 0.91}, ReasonCode.NOT_ALLOWED_THERE),
        ("off_1", {"units": 4}, {"units": 5}, ReasonCode.TOO_LARGE),
    ],
)
def test_each_rule_in_and_out(
    offering_id: str, inside: dict[str, Any], outside: dict[str, Any], code: ReasonCode
) -> None:
    assert verdict(offering_id, **inside) is None
    assert verdict(offering_id, **outside) is code
    facts = RULES.facts(job(**outside), ROW[offering_id], 1 + RULED_OUT.index(code))
    assert facts


def test_the_most_fundamental_rule_is_named() -> None:
    assert verdict("off_1", devices=("910b",), max_rtt_ms=0.1, units=10**6) is ReasonCode.NO_SUCH_DEVICE
    assert verdict("off_2", max_rtt_ms=0.1, max_pue=1.0) is ReasonCode.TOO_FAR


@pytest.mark.parametrize(
    ("changes", "a100_slots", "slots_910b"),
    [
        ({"hours": 3}, 3, 6),  # measured on the reference device
        ({"hours": 3, "devices": ("910b", "a100_80")}, 2, 3),  # measured on the first listed one
        ({"hours": {"a100_80": 2.5, "910b": 4}}, 3, 4),  # said for each
        ({"hours": 3, "precision": None}, 3, 3),  # not bound by arithmetic
        ({"hours": 0.1}, 1, 1),  # a slot is the least
    ],
)
def test_hours_follow_the_device(changes: dict[str, Any], a100_slots: int, slots_910b: int) -> None:
    slots = RULES.check(job(**changes)).slots
    assert (slots[ROW["off_2"]], slots[ROW["off_3"]]) == (a100_slots, slots_910b)


@pytest.mark.parametrize(
    ("listing", "units", "tenths", "facts"),
    [
        ({}, 8, 10, None),
        ({"max_gang_units": 6}, 7, 10, {"units": 7, "largest_order_units": 6, "max_gang_units": 6}),
        ({"max_units_per_order": 5}, 5, 10, None),
        (
            {"max_units_per_order": 5},
            6,
            10,
            {"units": 6, "largest_order_units": 5, "max_gang_units": 8},
        ),
        ({"max_units_per_order": 99, "max_gang_units": 6}, 6, 10, None),
        ({"min_units_per_order": 4}, 4, 10, None),
        ({"min_units_per_order": 4}, 3, 10, {"units": 3, "min_units_per_order": 4}),
        ({}, 1, 9, {"units": 0.9, "min_units_per_order": 1}),  # whole cards only
        ({"slices_per_unit": 10}, 1, 1, None),
        ({"slices_per_unit": 10}, 8, 10, None),
        ({"slices_per_unit": 10, "min_units_per_order": 2}, 1, 9, {"units": 0.9, "min_units_per_order": 2}),
    ],
)
def test_the_size_of_an_order(
    listing: dict[str, Any], units: int, tenths: int, facts: dict[str, Any] | None
) -> None:
    one = replace(CATALOGUE, offerings=(offering("off_2", "west_green", "a100_80", 8, 6, **listing),))
    rules = EligibilityRules(one, np.array([8]))
    asked = job(units=units, unit_tenths=tenths)
    found = rules.check(asked)
    if facts is None:
        assert not found.rule[0]
    else:
        assert RULED_OUT[found.rule[0] - 1] is ReasonCode.TOO_LARGE
        assert rules.facts(asked, 0, int(found.rule[0])) == facts


@pytest.mark.parametrize(("share", "slots"), [(1.0, 3), (0.67, 3), (2 / 3, 2), (0.5, 2), (0.01, 1)])
def test_what_is_left_of_a_job_runs_in_whole_slots(share: float, slots: int) -> None:
    assert RULES.check(job(hours=3), share).slots[ROW["off_2"]] == slots


def test_many_are_checked_as_each_alone() -> None:
    """Kinds of one rule are not those of another, and 20 is not written as 20.0."""
    asked: list[dict[str, Any]] = [
        {},
        {"max_rtt_ms": 20},
        {"max_rtt_ms": 20.0},
        {"max_rtt_ms": 20.0, "units": 9},
        {"allowed_regions": ("west",), "max_pue": 1.1},
        {"allowed_regions": ("west",), "min_green_share": 0.95, "origin_region": "west"},
        {"devices": ("910b",), "hours": 2.5},
        {"hours": {"910b": 4}},
        {"hours": {"910b": 4, "a100_80": 1}, "min_memory_gb": 64.1},
    ]
    jobs = [job(**changes) for changes in asked]
    shares = [1.0, 0.5] * 4 + [0.3]
    together = RULES.check_all(jobs, shares)
    for number, (one, share) in enumerate(zip(jobs, shares, strict=True)):
        found, alone = together.of(number), RULES.check(one, share)
        for column in ("rule", "slots", "rtt_ms", "away"):
            assert getattr(found, column).tolist() == getattr(alone, column).tolist()
    kinds = [what_rules_depend_on(one)[1] for one in jobs]
    assert len(set(kinds)) == 4  # no limit; 20; 20.0; from the west without one
    offered = together.pairs()
    assert list(zip(*(column.tolist() for column in offered), strict=True)) == [
        (number, row)
        for number, one in enumerate(jobs)
        for row in np.flatnonzero(RULES.check(one).rule == 0).tolist()
    ]
