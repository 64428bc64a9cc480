"""Many rows of one table in one statement (a COPY on PostgreSQL), bound to the database's types column by column.

SQLAlchemy binds each value of each row on its own, which takes longer than SQLite takes to store it. Here a column's type is
asked once for all rows, and one and the same object (a moment, a word of the log) is bound once. Rows may be bound before
the transaction that writes them: whoever holds the only writer then has nothing left to do but to write.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Protocol, Self

from pydantic_core import to_json
from sqlalchemy import JSON, Connection, Table
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from market.persistence.models import Base, UtcDateTime

Bind = Callable[[Any], Any]
FEWEST_TO_COPY = 2
"""One statement for all rows is also one call of each trigger for statements."""


class ReadyRows(Protocol):
    """Rows that are ready to be written, each about one order."""

    def __len__(self) -> int:
        """How many there are."""

    def without(self, order_ids: Collection[str]) -> Self:
        """The rows about all other orders."""

    def write(self, session: Session) -> bool:
        """Write them in one statement; whether each of them met a row, where they are written over others."""


@dataclass(frozen=True, slots=True)
class Writing:
    """How rows of one kind are written: their values by position, or all of them at once from elsewhere."""

    sql: str
    from_table: str
    """The same (on SQLite) from a table `{table}` whose columns c0, c1, ... are those values; it ends in a condition."""
    copy: str | None = None
    """The COPY that does the same, where the database has one."""
    from_json: str | None = None
    """The same for an array of each column, where each row by itself would be a statement sent."""


NOTHING = Writing("", "")


@dataclass(frozen=True, slots=True)
class BoundRows:
    """Rows as the driver takes them, and the order that each is about."""

    how: Writing
    parameters: Sequence[tuple[Any, ...]]
    about: Sequence[str]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.parameters)

    def without(self, order_ids: Collection[str]) -> "BoundRows":
        """The rows about all other orders."""
        kept = [n for n, order_id in enumerate(self.about) if order_id not in order_ids]
        if len(kept) == len(self.about):
            return self
        return replace(
            self, parameters=[self.parameters[n] for n in kept], about=[self.about[n] for n in kept]
        )

    def parts(self, most: int) -> "Iterator[BoundRows]":
        """The same rows, at most so many at a time."""
        for start in range(0, len(self.parameters), most):
            part = slice(start, start + most)
            yield replace(self, parameters=self.parameters[part], about=self.about[part])

    def write(self, session: Session) -> bool:
        """Write them in one statement; whether each of them met a row, where they are written over others."""
        return self.write_on(session.connection())

    def write_on(self, connection: Connection) -> bool:
        """The same, on a connection; none: nothing is sent."""
        if not self.parameters:
            return True
        if self.how.copy is not None and len(self.parameters) >= FEWEST_TO_COPY:
            return _copy(connection, self.how.copy, self.parameters) == len(self.parameters)
        if self.how.from_json is not None:
            given = tuple(to_json(column).decode() for column in zip(*self.parameters, strict=True))
            written = connection.exec_driver_sql(self.how.from_json, given)
        else:
            written = connection.exec_driver_sql(self.how.sql, list(self.parameters))
        return written.rowcount == len(self.parameters)


def insert_rows(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns; none: nothing happens."""
    bind_inserts(session, table, rows, [""] * len(rows)).write(session)


def insert_into(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """The same, where there is no session."""
    _bound_inserts(table, rows, connection.dialect, [""] * len(rows)).write_on(connection)


def bind_inserts(
    session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]], about: Sequence[str]
) -> BoundRows:
    """Rows that all name the same columns, to be inserted later; `ValueError` unless each has the order it is about."""
    return _bound_inserts(_table(table), rows, session.get_bind().dialect, about)


def bind_columns(
    session: Session, table: type[Base], columns: Mapping[str, Sequence[Any]], about: Sequence[str]
) -> BoundRows:
    """The same of rows that are columns already: a dictionary for each row costs as much as binding it."""
    return _bound_columns(_table(table), columns, session.get_bind().dialect, about)


def bind_updates(
    session: Session,
    table: type[Base],
    names: Sequence[str],
    changes: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]],
) -> BoundRows:
    """(before, after) of each row, by column, `id` among them: to be written over what was before, and nothing else."""
    how, binds = _change(_table(table), tuple(names), session.get_bind().dialect)
    columns = ("id", *names)
    old = _bound_rows(columns, binds, [before for before, _ in changes])
    new = _bound_rows(names, binds[1:], [after for _, after in changes])
    parameters = [(*to, *by) for to, by in zip(new, old, strict=True)]
    return BoundRows(how, parameters, [before["id"] for before, _ in changes])


def _bound_inserts(
    table: Table, rows: Sequence[Mapping[str, Any]], dialect: Dialect, about: Sequence[str]
) -> BoundRows:
    names = tuple(rows[0]) if rows else ()
    return _bound_columns(table, {name: [row[name] for row in rows] for name in names}, dialect, about)


def _bound_columns(
    table: Table, columns: Mapping[str, Sequence[Any]], dialect: Dialect, about: Sequence[str]
) -> BoundRows:
    lengths = {len(values) for values in columns.values()} or {0}
    if lengths != {len(about)}:
        raise ValueError(f"{table.name}: columns of {sorted(lengths)} rows, about {len(about)} orders")
    if not about:
        return BoundRows(NOTHING, (), ())
    how, binds = _insertion(table, tuple(columns), dialect)
    bound = [_bound(bind, values) for bind, values in zip(binds, columns.values(), strict=True)]
    return BoundRows(how, list(zip(*bound, strict=True)), about)


def _copy(connection: Connection, sql: str, parameters: Sequence[tuple[Any, ...]]) -> int:
    """How many rows came in. The driver's failures become SQLAlchemy's, as they do everywhere else."""
    dialect = connection.dialect
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor:
            with cursor.copy(sql) as copy:
                for row in parameters:
                    copy.write_row(row)
            return int(cursor.rowcount)
    except dialect.loaded_dbapi.Error as error:
        base = dialect.loaded_dbapi.Error
        raise DBAPIError.instance(sql, None, error, base, hide_parameters=True, dialect=dialect) from error


def _table(mapped: type[Base]) -> Table:
    table = mapped.__table__
    if not isinstance(table, Table):
        raise TypeError(mapped.__name__)
    return table


@lru_cache(maxsize=256)
def _insertion(
    table: Table, names: tuple[str, ...], dialect: Dialect
) -> tuple[Writing, tuple[Bind | None, ...]]:
    """The statements, and how each value is bound."""
    into, named, sign = _quoted(table, names, dialect)
    columns, staged = ", ".join(named), ", ".join(f"c{n}" for n in range(len(names)))
    how = Writing(
        sql=f"INSERT INTO {into} ({columns}) VALUES ({', '.join([sign] * len(names))})",  # noqa: S608 - names of ours
        from_table=f"INSERT INTO {into} ({columns}) SELECT {staged} FROM {{table}} AS ready WHERE true",  # noqa: S608
        copy=f"COPY {into} ({columns}) FROM STDIN" if dialect.name == "postgresql" else None,
    )
    return how, _binds(table, names, dialect)


@lru_cache(maxsize=16)
def _change(
    table: Table, names: tuple[str, ...], dialect: Dialect
) -> tuple[Writing, tuple[Bind | None, ...]]:
    """The statements: new values by position, then the id and the old values; how each of the latter is bound."""
    over, named, sign = _quoted(table, names, dialect)
    by = ["id", *named]
    to = ", ".join(f"{name} = {sign}" for name in named)
    met = " AND ".join(f"{name} = {sign}" for name in by)
    staged_to = ", ".join(f"{name} = c{n}" for n, name in enumerate(named))
    staged_met = " AND ".join(f"{over}.{name} = c{n}" for n, name in enumerate(by, len(named)))
    staged = f"UPDATE {over} SET {staged_to} FROM {{table}} AS ready WHERE {staged_met}"  # noqa: S608
    how = Writing(
        sql=f"UPDATE {over} SET {to} WHERE {met}",  # noqa: S608 - names of ours
        from_table=staged,
        from_json=staged.format(table=_json_rows(table, (*names, "id", *names), dialect))
        if dialect.name == "postgresql"
        else None,
    )
    return how, _binds(table, ("id", *names), dialect)


def _json_rows(table: Table, names: Sequence[str], dialect: Dialect) -> str:
    """The parameters, an array for each column, as a table of columns c0, c1, ... of these types."""
    columns = [f"c{n}" for n in range(len(names))]
    values = (
        f"CAST({column} AS {table.c[name].type.compile(dialect)}) AS {column}"
        for column, name in zip(columns, names, strict=True)
    )
    arrays = ", ".join(["json_array_elements_text(CAST(%s AS json))"] * len(names))
    return f"(SELECT {', '.join(values)} FROM ROWS FROM ({arrays}) AS given ({', '.join(columns)}))"  # noqa: S608


def _quoted(table: Table, names: Sequence[str], dialect: Dialect) -> tuple[str, list[str], str]:
    """A table and columns as the database spells them, and its sign for a parameter."""
    quoted = dialect.identifier_preparer
    sign = {"qmark": "?", "format": "%s", "pyformat": "%s"}[dialect.paramstyle]
    columns = [quoted.format_column(table.c[name]) for name in names]
    return quoted.format_table(table), columns, sign


def _binds(table: Table, names: Sequence[str], dialect: Dialect) -> tuple[Bind | None, ...]:
    """How each column is bound; JSON and moments as text by whatever driver, once for each value."""
    return tuple(_bind(table.c[name].type, dialect) for name in names)


def _bind(kind: TypeEngine[Any], dialect: Dialect) -> Bind | None:
    if isinstance(kind, JSON):
        as_text: Any = JSON.bind_processor
        bind: Bind | None = as_text(kind, dialect)
        return bind
    bind = kind.dialect_impl(dialect).bind_processor(dialect)
    if bind is not None and isinstance(kind, UtcDateTime) and dialect.name == "postgresql":
        # its driver takes as long over a moment as over thirty other values
        return partial(_moment_as_text, bind)
    return bind


def _moment_as_text(bind: Bind, value: datetime | None) -> str | None:
    moment = bind(value)
    return None if moment is None else str(moment)


def _bound_rows(
    names: Sequence[str], binds: Sequence[Bind | None], rows: Sequence[Mapping[str, Any]]
) -> list[tuple[Any, ...]]:
    columns = [_bound(bind, [row[name] for row in rows]) for name, bind in zip(names, binds, strict=True)]
    return list(zip(*columns, strict=True))


def _bound(bind: Bind | None, values: Sequence[Any]) -> Sequence[Any]:
    """A column's values as the driver takes them."""
    if bind is None:
        return values
    addresses = list(map(id, values))  # all of them are held here: an address stands for one object
    known = {address: bind(value) for address, value in dict(zip(addresses, values, strict=True)).items()}
    return [known[address] for address in addresses]
