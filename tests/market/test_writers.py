"""Writers of several processes on one SQLite file: nobody waits for one that was killed, or that stands still."""

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, text

from market.persistence.database import Database
from market.persistence.writers import WritersInTurn

HOLDER = """
import sys
from sqlalchemy import text
from market.persistence.database import Database
with Database(sys.argv[1]).writing() as session:
    session.execute(text("UPDATE regions SET lat = lat"))
    print("writing", flush=True)
    sys.stdin.readline()
    session.commit()
"""
UNCHANGED = text("UPDATE regions SET lat = lat")


@contextmanager
def another_writer(url: str) -> "Iterator[subprocess.Popen[str]]":
    """A process that is writing, until it reads a line."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "writing\n"
            yield process
        finally:
            process.kill()


def write(database: Database) -> None:
    with database.writing() as session:
        session.execute(UNCHANGED)
        session.commit()


@pytest.mark.parametrize("ending", ["commits", "is killed"])
def test_the_next_one_writes_when_another_process_is_done(sqlite_database: Database, ending: str) -> None:
    with another_writer(sqlite_database.url) as other:
        if ending == "commits":
            assert other.stdin is not None
            other.stdin.write("\n")
            other.stdin.flush()
        else:
            other.kill()
        write(sqlite_database)
    write(sqlite_database)


@pytest.mark.parametrize("held", ["next-writer", "writer"])
def test_a_turn_that_never_comes_is_given_up(sqlite_database: Database, held: str) -> None:
    """Whoever holds it stands still, but not within SQLite's lock: the others write all the same."""
    engine = create_engine(sqlite_database.url)
    event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
    WritersInTurn(0.05).watch(engine)
    with Path(f"{engine.url.database}-{held}-lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with engine.begin() as connection:
            connection.execute(UNCHANGED)
    engine.dispose()
    with engine.begin() as connection:  # its files are opened anew
        connection.execute(UNCHANGED)
    engine.dispose()
