"""Cursor pagination: a page is what follows the last id seen, so inserts never shift it.

A cursor carries a check of the list it was given out for, so that it is refused where it would go on with another one.
"""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Generic, TypeVar

from sqlalchemy import Row, Select
from sqlalchemy.orm import InstrumentedAttribute, Session

from market.domain.errors import InvalidInput

T = TypeVar("T")
R = TypeVar("R")
LARGEST_PAGE = 1000
LARGEST_NUMBER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items, and where the next ones start (None: there are none)."""

    items: tuple[T, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """How many items, after which cursor; `newest_first` walks ids downwards. `about` names filters and sort."""

    limit: int = 100
    cursor: str | None = None
    newest_first: bool = False
    about: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= LARGEST_PAGE:
            raise InvalidInput("invalid_limit", f"limit is a whole number from 1 to {LARGEST_PAGE}")


def read_page(
    session: Session,
    query: Select[R],
    id_column: InstrumentedAttribute[Any],
    read: Callable[[R], T],
    request: PageRequest,
) -> Page[T]:
    """Run a query for one page; one row more tells whether there is a next."""
    rows = session.scalars(_select_page(query, id_column, request)).all()
    ids = [getattr(row, id_column.key) for row in rows]
    return _page_of(rows, ids, read, request, _check(id_column, request))


def page_in_memory(
    items: Sequence[T], id_of: Callable[[T], str], listed: str, request: PageRequest
) -> Page[T]:
    """A page of what is at hand whole; `listed` names the list."""
    check = _hashed(f"{listed}:{request.about}")
    ordered = sorted(items, key=id_of, reverse=request.newest_first)
    if request.cursor is not None:
        last = _decode(request.cursor, check, str)
        ordered = [i for i in ordered if (id_of(i) < last if request.newest_first else id_of(i) > last)]
    return _page_of(ordered, [id_of(item) for item in ordered], lambda item: item, request, check)


def read_joined_page(
    session: Session,
    query: Select[*tuple[Any, ...]],
    id_column: InstrumentedAttribute[Any],
    read: Callable[[Row[*tuple[Any, ...]]], T],
    request: PageRequest,
) -> Page[T]:
    """The same for rows of several columns, the first of which is the one with the id."""
    rows = session.execute(_select_page(query, id_column, request)).all()
    ids = [getattr(row[0], id_column.key) for row in rows]
    return _page_of(rows, ids, read, request, _check(id_column, request))


def read_plain_page(
    session: Session,
    query: Select[*tuple[Any, ...]],
    id_column: InstrumentedAttribute[Any],
    read: Callable[[Row[*tuple[Any, ...]]], T],
    request: PageRequest,
) -> Page[T]:
    """The same for plain columns of a table, in half the time: no entity is made and kept track of for each row."""
    rows = session.connection().execute(_select_page(query, id_column, request)).all()
    ids = [getattr(row, id_column.key) for row in rows]
    return _page_of(rows, ids, read, request, _check(id_column, request))


def _page_of(
    rows: Sequence[R], ids: Sequence[Any], read: Callable[[R], T], request: PageRequest, check: str
) -> Page[T]:
    more = len(rows) > request.limit
    next_cursor = _encode(str(ids[request.limit - 1]), check) if more else None
    return Page(tuple(read(row) for row in rows[: request.limit]), next_cursor)


def _select_page(query: Select[R], id_column: InstrumentedAttribute[Any], request: PageRequest) -> Select[R]:
    if request.cursor is not None:
        last = _decode(request.cursor, _check(id_column, request), id_column.type.python_type)
        query = query.where(id_column < last if request.newest_first else id_column > last)
    order = id_column.desc() if request.newest_first else id_column.asc()
    return query.order_by(order).limit(request.limit + 1)


def _check(id_column: InstrumentedAttribute[Any], request: PageRequest) -> str:
    return _hashed(f"{id_column.class_.__tablename__}:{request.about}")


def _hashed(listed: str) -> str:
    """Short: it tells mistakes, it keeps no secret."""
    return sha256(listed.encode()).hexdigest()[:8]


def _encode(last_id: str, check: str) -> str:
    return urlsafe_b64encode(f"{check}{last_id}".encode()).decode().rstrip("=")


def _decode(cursor: str, check: str, kind: Callable[[str], Any]) -> Any:
    unknown = InvalidInput(
        "invalid_cursor",
        "cursor was not given out for this list with these filters; leave it out to start again",
    )
    try:
        text = b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        last_id = kind(text.removeprefix(check))
    except ValueError as error:
        raise unknown from error
    if (
        not text.startswith(check)
        or not text.isprintable()
        or (isinstance(last_id, int) and abs(last_id) > LARGEST_NUMBER)
    ):
        raise unknown
    return last_id
