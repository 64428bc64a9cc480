"""Many rows in one statement: each is written over what was before it, to the last bit, and nothing else is."""

import math

import pytest
from sqlalchemy import select

from market.exchange import Exchange
from market.persistence.bulk import bind_updates
from market.persistence.database import Database
from market.persistence.models import NodeRow

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


def test_whether_each_row_met_what_was_before_is_said(exchange: Exchange) -> None:
    """The others are written all the same: whoever is told so takes all of it back."""
    first, *others = read(exchange.database).values()
    assert others
    before, after = [{**first, "pue": 9.0}, *others], [{**one, "pue": 2.0} for one in (first, *others)]
    assert not change(exchange.database, NAMES, before, after)
    assert list(read(exchange.database).values()) == [first, *after[1:]]
