"""Rows laid ready beside a SQLite database are written as they would have been at once, and keep nobody waiting before."""

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from market.persistence.bulk import BoundRows, bind_inserts, bind_updates
from market.persistence.database import Database
from market.persistence.models import RegionRow
from market.persistence.staging import staging

pytestmark = pytest.mark.sqlite("temporary tables are how SQLite is written to in little time")
HERE = Path(__file__).parent
COLUMNS = [column.name for column in RegionRow.__table__.columns]
NEW = [
    dict.fromkeys(COLUMNS)
    | {
        "id": f"reg_new_{n}",
        "name_zh": "新区",
        "name_en": f"New {n}",
        "province_zh": "省",
        "province_en": "Province",
    }
    | {"side": "east", "lat": n + 0.5, "lon": 100, "source": "drawn", "confidence": "low"}
    | {"carbon_location_kg_per_kwh": 0.5, "carbon_residual_kg_per_kwh": 0.6}
    for n in range(5)
]
ABOUT = [f"ord_{n}" for n in range(5)]


def bind(database: Database, rows: Sequence[dict[str, Any]] = NEW) -> BoundRows:
    with database.reading() as session:
        return bind_inserts(session, RegionRow, rows, ABOUT[: len(rows)])


def stored(database: Database) -> list[tuple[Any, ...]]:
    with database.reading() as session:
        rows = session.execute(text("SELECT * FROM regions WHERE id LIKE 'reg_new_%' ORDER BY rowid"))
        return [tuple(row) for row in rows]


def write(database: Database, rows: BoundRows, but_for: Sequence[str] = (), *, staged: bool) -> bool:
    with staging(database.engine) as stage:
        assert stage is not None
        ready = (stage.lay_ready(rows) if staged else rows).without(but_for)
        with database.writing(on=stage.connection) as session:
            written = ready.write(session)
            session.commit()
    return written


@pytest.mark.parametrize("but_for", [(), ("ord_1", "ord_3"), ABOUT])
def test_what_was_laid_ready_is_written_as_it_would_have_been(
    sqlite_database: Database, but_for: Sequence[str]
) -> None:
    assert write(sqlite_database, bind(sqlite_database), but_for, staged=False)
    at_once = stored(sqlite_database)
    with sqlite_database.writing() as session:
        session.execute(text("DELETE FROM regions WHERE id LIKE 'reg_new_%'"))
        session.commit()
    assert write(sqlite_database, bind(sqlite_database), but_for, staged=True)
    assert stored(sqlite_database) == at_once
    assert len(at_once) == len(NEW) - len(but_for)


def test_rows_are_written_over_nothing_but_what_was_before(sqlite_database: Database) -> None:
    def changes(before: float) -> BoundRows:
        changed = [({"id": one["id"], "lat": before + n}, {"lat": 10 + n}) for n, one in enumerate(NEW)]
        with sqlite_database.reading() as session:
            return bind_updates(session, RegionRow, ["lat"], changed)

    write(sqlite_database, bind(sqlite_database), staged=True)
    assert not write(sqlite_database, changes(before=7), staged=True)
    assert [row[COLUMNS.index("lat")] for row in stored(sqlite_database)] == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert write(sqlite_database, changes(before=0.5), ["reg_new_2"], staged=True)
    assert [row[COLUMNS.index("lat")] for row in stored(sqlite_database)] == [10, 11, 2.5, 13, 14]


def test_others_write_while_rows_are_laid_ready_and_right_after_they_were_taken_in(
    sqlite_database: Database,
) -> None:
    with staging(sqlite_database.engine) as stage:
        assert stage is not None
        ready = stage.lay_ready(bind(sqlite_database))
        rename(sqlite_database, "Meanwhile")
        with sqlite_database.writing(on=stage.connection) as session:
            assert ready.write(session)
            session.commit()
    rename(sqlite_database, "Afterwards")
    assert len(stored(sqlite_database)) == len(NEW)


def rename(database: Database, name: str) -> None:
    with database.writing() as session:
        session.execute(text("UPDATE regions SET name_en = :name"), {"name": name})
        session.commit()


def test_what_fails_while_it_is_written_leaves_nothing_and_can_be_written_again(
    sqlite_database: Database,
) -> None:
    with staging(sqlite_database.engine) as stage:
        assert stage is not None
        ready = stage.lay_ready(bind(sqlite_database))
        with sqlite_database.writing(on=stage.connection) as session:
            ready.write(session)
            session.rollback()
        assert stored(sqlite_database) == []
        with sqlite_database.writing(on=stage.connection) as session:
            ready.write(session)
            session.commit()
    assert len(stored(sqlite_database)) == len(NEW)


@pytest.mark.parametrize("fails", [False, True])
def test_a_connection_is_given_back_as_it_was(sqlite_database: Database, *, fails: bool) -> None:
    """The pool gives out the connection that was given back last."""

    def kept() -> tuple[object, ...]:
        with sqlite_database.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            tables = driver.execute("SELECT count(*) FROM temp.sqlite_master").fetchone()
            pragmas = [
                driver.execute(f"PRAGMA {name}").fetchone() for name in ("wal_autocheckpoint", "temp_store")
            ]
            return driver, tables, pragmas

    before = kept()
    with suppress(ZeroDivisionError), staging(sqlite_database.engine) as stage:
        assert stage is not None
        assert stage.connection.connection.driver_connection is before[0]
        for _ in range(2):
            stage.lay_ready(bind(sqlite_database))
        1 / (not fails)
    assert kept() == before


def test_what_was_taken_in_is_carried_over_before_others_commit(
    sqlite_database: Database, tmp_path: Path
) -> None:
    """Else the next commit that finds the log long would do it, and whoever waits for that one would wait for it as well."""
    large = [{**one, "name_zh": "区" * 3_000_000} for one in NEW]
    write(sqlite_database, bind(sqlite_database, large), staged=True)
    copy = tmp_path / "without-its-log.db"
    copy.write_bytes(Path(str(sqlite_database.engine.url.database)).read_bytes())
    with closing(Database(f"sqlite:///{copy}")) as carried_over:
        assert stored(carried_over) == stored(sqlite_database) != []


ON_A_FULL_DISK = """
import resource, signal, sys
from market.persistence.database import Database
from market.persistence.staging import staging
from test_staging import bind, stored

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
database = Database(sys.argv[1])
with staging(database.engine) as stage:
    ready = stage.lay_ready(bind(database))
    with database.writing(on=stage.connection) as session:
        ready.write(session)
        session.commit()
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
print(len(stored(database)))
"""


def test_what_was_taken_in_stands_where_it_cannot_be_carried_over(sqlite_database: Database) -> None:
    """No file may grow, or be written beyond its first page, from the commit on: that is no failure of what was stored."""
    url = sqlite_database.engine.url.render_as_string(hide_password=False)
    paths = os.pathsep.join([str(HERE), str(HERE.parent), str(HERE.parents[1])])
    ran = subprocess.run(
        [sys.executable, "-c", ON_A_FULL_DISK, url],
        capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": paths},
    )  # fmt: skip
    assert ran.stdout.split() == [str(len(NEW))]
    assert "not carried over yet" in ran.stderr
    assert len(stored(sqlite_database)) == len(NEW)
