"""Many rows of one table in one statement, bound to the database's types column by column.

SQLAlchemy binds each value of each row on its own, which takes longer than SQLite takes to store it. Here a column's type is
asked once for all rows, and one and the same object (a moment, a word of the log) is bound once.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from market.persistence.models import Base

Bind = Callable[[Any], Any]


def insert_rows(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns; none: nothing happens."""
    if not rows:
        return
    connection = session.connection()
    names = tuple(rows[0])
    sql, binds = _statement(table, names, connection.dialect)
    columns = [_bound(bind, [row[name] for row in rows]) for name, bind in zip(names, binds, strict=True)]
    connection.exec_driver_sql(sql, list(zip(*columns, strict=True)))


@lru_cache(maxsize=256)
def _statement(
    table: type[Base], names: tuple[str, ...], dialect: Dialect
) -> tuple[str, tuple[Bind | None, ...]]:
    """The statement with its parameters by position, and how each is bound."""
    columns = [table.__table__.c[name] for name in names]
    sign = {"qmark": "?", "format": "%s", "pyformat": "%s"}[dialect.paramstyle]
    quoted = dialect.identifier_preparer
    into = quoted.format_table(table.__table__)
    named = ", ".join(quoted.format_column(column) for column in columns)
    sql = f"INSERT INTO {into} ({named}) VALUES ({', '.join([sign] * len(names))})"  # noqa: S608 - names of ours
    return sql, tuple(column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns)


def _bound(bind: Bind | None, values: Sequence[Any]) -> Sequence[Any]:
    """A column's values as the driver takes them."""
    if bind is None:
        return values
    known: dict[int, Any] = {}
    for value in values:  # all of them are held here: an address stands for one object
        if id(value) not in known:
            known[id(value)] = bind(value)
    return [known[id(value)] for value in values]
