"""CSV rows that know where they stand: a broken cell is reported with file, line, column and what was expected."""

import csv
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from market.domain.errors import InvalidInput
from market.domain.money import parse_cny

Value = TypeVar("Value")
Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row of a CSV file."""

    file: Path
    line: int
    cells: Mapping[str, str]

    def read(self, column: str, expected: str, parse: Callable[[str], Value]) -> Value:
        """Parse one cell; `InvalidInput` names file, line, column and what was expected."""
        cell = self.cells.get(column)
        if cell is None:
            raise self.broken(column, expected, "no such cell")
        try:
            return parse(cell)
        except (ValueError, InvalidInput) as error:
            raise self.broken(column, expected, repr(cell)) from error

    def broken(self, column: str, expected: str, found: str) -> InvalidInput:
        """The error for a cell of this row."""
        return InvalidInput(
            "broken_row",
            f"{self.file.name}, line {self.line}, column {column}: expected {expected}, found {found}",
            file=str(self.file),
            line=self.line,
            column=column,
            expected=expected,
        )

    def text(self, column: str) -> str:
        """A name or an id; never empty."""
        return self.read(column, "a name", _nonempty)

    def number(self, column: str) -> float:
        """A finite number, zero or more."""
        return self.read(column, "a number, zero or more", nonnegative)

    def signed(self, column: str) -> float:
        """A finite number."""
        return self.read(column, "a number", _finite)

    def count(self, column: str) -> int:
        """A whole number, zero or more."""
        return self.read(column, "a whole number, zero or more", _whole)

    def money(self, column: str) -> int:
        """An amount in CNY, as micro-yuan."""
        return self.read(column, "an amount in CNY, zero or more, at most 6 places", _not_negative_cny)

    def one_of(self, column: str, allowed: Iterable[str]) -> str:
        """One of the allowed words."""
        names = sorted(allowed)
        shown = " or ".join(names) if len(names) <= 10 else f"one of {len(names)} known ids"
        return self.read(column, shown, word_of(names))

    def optional(self, column: str, read: Callable[[str], Value]) -> Value | None:
        """What `read` makes of the cell, None where it is empty."""
        return None if self.cells.get(column) == "" else read(column)

    def words(self, column: str) -> tuple[str, ...]:
        """A list `a|b|c`; an empty cell is an empty list."""
        return self.read(column, "words joined by |", lambda cell: tuple(cell.split("|")) if cell else ())


def read_rows(path: Path) -> list[CsvRow]:
    """All rows of a CSV file; `InvalidInput` where it is missing, empty or not text."""
    if not path.is_file():
        raise InvalidInput("missing_file", f"{path.name} is missing from {path.parent}", file=str(path))
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows = [CsvRow(path, reader.line_num, cells) for cells in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(
            "broken_file", f"{path.name} is not a UTF-8 CSV file: {error}", file=str(path)
        ) from error
    if not rows:
        raise InvalidInput("empty_file", f"{path.name} holds no row", file=str(path))
    return rows


def word_of(allowed: Iterable[str]) -> Callable[[str], str]:
    """A parser that takes only the allowed words."""
    names = frozenset(allowed)

    def check(cell: str) -> str:
        if cell not in names:
            raise ValueError(cell)
        return cell

    return check


def _nonempty(cell: str) -> str:
    if not cell:
        raise ValueError("empty")
    return cell


def _finite(cell: str) -> float:
    value = float(cell)
    if not math.isfinite(value):
        raise ValueError(cell)
    return value


def _not_negative(parse: Callable[[str], Number]) -> Callable[[str], Number]:
    """A parser that takes only what is zero or more of what another one takes."""

    def check(cell: str) -> Number:
        value = parse(cell)
        if value < 0:
            raise ValueError(cell)
        return value

    return check


nonnegative = _not_negative(_finite)
"""A finite number, zero or more."""
_whole = _not_negative(int)
_not_negative_cny = _not_negative(parse_cny)
