"""What a backup says of itself."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

FORMAT = 1
NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class Member:
    """One table: its columns in the sequence of the values on a line, how many lines, and the SHA-256 of all of them."""

    columns: tuple[str, ...]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Of what program and schema, taken when, with what in it.

    `sequences` are the last numbers given out by tables that count for themselves; `moved_micros` is the sum of all
    transfers, `imbalance_micros` what the ledger is out by: zero, or it was broken when the backup was taken.
    """

    format: int
    program: str
    schema: str
    engine: str
    taken_at: str
    tables: Mapping[str, Member]
    sequences: Mapping[str, int]
    newest_event: int
    moved_micros: int
    imbalance_micros: int

    @property
    def rows(self) -> int:
        """Rows of all tables together."""
        return sum(member.rows for member in self.tables.values())

    def to_json(self) -> str:
        """As it is written."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: bytes) -> "Manifest":
        """Read back; `ValueError`, `KeyError` or `TypeError` where it is none."""
        found: dict[str, Any] = json.loads(text)
        tables = {
            str(name): Member(tuple(one["columns"]), int(one["rows"]), str(one["sha256"]))
            for name, one in found.pop("tables").items()
        }
        return cls(tables=tables, **found)


def member_name(table: str) -> str:
    """Where a table's rows are in the zip."""
    return f"tables/{table}.jsonl"
