"""One look at a database: everything read in it is of one moment, on either engine."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, text

MOST_EXAMPLES = 20
"""Of one kind of discrepancy that are told one by one."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Something that does not hold: a stable name, and the facts."""

    code: str
    facts: str

    def __str__(self) -> str:
        """In one line."""
        return f"{self.code}: {self.facts}"


class Look:
    """Questions to one snapshot."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.on_postgres = connection.dialect.name == "postgresql"

    def rows(self, query: str, **parameters: object) -> Iterator[Any]:
        """Rows, as they come."""
        return iter(self._connection.execute(text(query), parameters))

    def one(self, query: str) -> Any:
        """The one value there is."""
        return self._connection.execute(text(query)).scalar()

    def state_of_event(self) -> str:
        """SQL for the state that an event's data tells."""
        return "data->>'state'" if self.on_postgres else "json_extract(data, '$.state')"

    def broken(self, code: str, query: str) -> Iterator[Discrepancy]:
        """A discrepancy for each row of a query that should have none; many are counted."""
        found = [tuple(row) for row in self.rows(query)]
        for row in found[:MOST_EXAMPLES]:
            yield Discrepancy(code, ", ".join(map(str, row)))
        if len(found) > MOST_EXAMPLES:
            yield Discrepancy(code, f"and {len(found) - MOST_EXAMPLES} more")


@contextmanager
def looking(url: str) -> Iterator[Look]:
    """A snapshot, held until the end."""
    engine = snapshot_engine(url)
    try:
        with engine.connect() as connection:
            look = Look(connection)
            if not look.on_postgres:
                connection.exec_driver_sql("BEGIN")
            look.one("SELECT count(*) FROM rounds")  # from here on it is of this moment
            yield look
    finally:
        engine.dispose()


def snapshot_engine(url: str) -> Engine:
    """An engine of the checks' own."""
    if url.startswith("postgresql"):
        return create_engine(url, isolation_level="REPEATABLE READ", connect_args={"connect_timeout": 30})
    return create_engine(url, connect_args={"timeout": 30, "isolation_level": None})


def moment(stored: datetime | str) -> datetime:
    """A stored time; SQLite has it as text, in UTC."""
    read = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def listed(stored: Any) -> list[Any]:
    """A stored list; SQLite has it as text."""
    read: list[Any] = json.loads(stored) if isinstance(stored, str) else stored
    return read
