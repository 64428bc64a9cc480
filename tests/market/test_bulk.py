"""Many rows in one statement: each is written over what was before it, to the last bit, and nothing else is."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from market.exchange import Exchange
from market.persistence.bulk import BoundRows, bind_columns, bind_inserts, bind_updates
from market.persistence.database import Database
from market.persistence.models import EventRow, NodeRow

WORDS = 'in "quotes" \\ of 东数西算, 100%s'
NAMES = ["name_en", "pue"]


def read(database: Database) -> dict[str, dict[str, object]]:
    with database.reading() as session:
        columns = (NodeRow.id, NodeRow.name_en, NodeRow.pue, NodeRow.power_cap_kw)
        return {row.id: dict(row._mapping) for row in session.execute(select(*columns).order_by(NodeRow.id))}


def change(
    database: Database, names: list[str], before: list[dict[str, object]], after: list[dict[str, object]]
) -> bool:
    with database.writing() as session:
        rows = bind_updates(session, NodeRow, names, list(zip(before, after, strict=True)))
        written = rows.write(session)
        session.commit()
    return written


@pytest.mark.parametrize("names", [NAMES, [*NAMES, "power_cap_kw"]])
def test_rows_are_written_over_what_was_before_to_the_last_bit(exchange: Exchange, names: list[str]) -> None:
    stored = read(exchange.database)
    before = [one for one in stored.values() if None not in [one[name] for name in names]]
    new = {"name_en": WORDS, "pue": math.nextafter(1.3, 2), "power_cap_kw": 2**53 + 1}
    after = [{**one, **{name: new[name] for name in names}} for one in before]
    assert before
    assert change(exchange.database, names, before, after)
    assert read(exchange.database) == stored | {str(one["id"]): one for one in after}
    assert not change(exchange.database, names, before, after), "it is not as it was before any more"
    assert read(exchange.database) == stored | {str(one["id"]): one for one in after}


def test_columns_are_stored_as_rows_are(exchange: Exchange) -> None:
    """Moments to the microsecond in whatever zone, words that a COPY has to mark, nothing where there is none."""
    east = timezone(timedelta(hours=8))
    moments = [datetime(2030, 1, 1, 7, 59, 59, 999_999, tzinfo=east), datetime(2030, 1, 1, tzinfo=UTC)]
    rows = [
        {
            "kind": "order.submitted",
            "resource": "order",
            "resource_id": f"{WORDS}\t\n{n}",
            "at": moments[n % 2],
            "buyer_id": None if n else WORDS,
            "provider_id": None,
            "actor": WORDS,
            "request_id": None,
            "data": {"words": WORDS, "tuple": (n, 2**53 + 1)},
        }
        for n in range(3)
    ]
    columns = {name: tuple(row[name] for row in rows) for name in rows[0]}

    def stored(bind: Callable[[Session], BoundRows]) -> list[Any]:
        with exchange.database.writing() as session:
            last = session.scalar(select(func.max(EventRow.sequence)))
            bind(session).write(session)
            written = select(*(getattr(EventRow, name) for name in columns)).where(EventRow.sequence > last)
            return [tuple(row) for row in session.execute(written.order_by(EventRow.sequence))]

    about = [""] * len(rows)
    by_row = stored(lambda session: bind_inserts(session, EventRow, rows, about))
    assert stored(lambda session: bind_columns(session, EventRow, columns, about)) == by_row
    assert [row[list(columns).index("at")] for row in by_row] == [moments[0], moments[1], moments[0]]
    alone = stored(lambda session: bind_inserts(session, EventRow, rows[:1], about[:1]))
    assert alone == by_row[:1], "a single row is sent otherwise"


def test_whether_each_row_met_what_was_before_is_said(exchange: Exchange) -> None:
    """The others are written all the same: whoever is told so takes all of it back."""
    first, *others = read(exchange.database).values()
    assert others
    before, after = [{**first, "pue": 9.0}, *others], [{**one, "pue": 2.0} for one in (first, *others)]
    assert not change(exchange.database, NAMES, before, after)
    assert list(read(exchange.database).values()) == [first, *after[1:]]


def test_no_rows_are_nothing_to_send(exchange: Exchange) -> None:
    with exchange.database.writing() as session:
        assert bind_updates(session, NodeRow, NAMES, []).write_on(session.connection())
        assert bind_inserts(session, NodeRow, [], []).write_on(session.connection())


@pytest.mark.parametrize("about", [[], ["ord_1", "ord_2"]])
def test_each_row_is_about_one_order(exchange: Exchange, about: list[str]) -> None:
    """Else rows would be dropped unseen, or be left out for another order's sake."""
    with exchange.database.reading() as session:
        with pytest.raises(ValueError, match="about"):
            bind_columns(session, NodeRow, {"id": ["one"], "pue": [1.2]}, about)
        with pytest.raises(ValueError, match="about"):
            bind_inserts(session, NodeRow, [{"id": "one", "pue": 1.2}], about)
    with exchange.database.reading() as session, pytest.raises(ValueError, match="about 1"):
        bind_inserts(session, NodeRow, [], ["ord_1"])
