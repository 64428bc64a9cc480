"""Money parses and prints exactly, and refuses what is not an amount."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.domain.errors import InvalidInput
from market.domain.money import LARGEST_MICROS, format_cny, parse_cny, round_micros


@given(st.integers(-LARGEST_MICROS, LARGEST_MICROS))
def test_what_is_printed_parses_back(micros: int) -> None:
    assert parse_cny(format_cny(micros)) == micros


@pytest.mark.parametrize(
    ("text", "micros"), [("1200.00", 1_200_000_000), ("0.000001", 1), ("-3.5", -3_500_000), ("7", 7_000_000)]
)
def test_decimal_strings(text: str, micros: int) -> None:
    assert parse_cny(text) == micros


@pytest.mark.parametrize(
    "text", ["", "NaN", "inf", "1e3", "1,000", "0.0000001", " 1", "1.", ".5", "１２", "100000001", "--1"]
)
def test_what_is_not_an_amount_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_cny(text)
    assert refusal.value.code == "invalid_amount"


def test_rounding_is_half_up() -> None:
    assert [round_micros(x) for x in (0.4, 0.5, 1.5, -0.5)] == [0, 1, 2, 0]
