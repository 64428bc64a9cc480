"""The engine underneath: SQLite done right, PostgreSQL as it comes, migrations for both."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic_core import from_json, to_json
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from market.domain.errors import InvalidInput, Unavailable
from market.persistence.claims import Claim, ClaimName
from market.persistence.idle import ping_the_idle
from market.persistence.opened import OPENED, opened_accounts
from market.persistence.server_terms import ServerTerms
from market.persistence.writers import WritersInTurn

PATIENCE_SECONDS = 10
"""How long a writer waits for its turn, and then for SQLite's lock."""
MOST_CONNECTIONS = 60
"""To one SQLite file: more than there are threads that answer requests, so that none of them waits for a connection."""
SCHEMA_PATIENCE_MILLISECONDS = 5000
LOCK_NOT_AVAILABLE = "55P03"
TELLER = "teller"
"""In a session's `info`: of which open database it is."""
FOR_THE_OWNER_ALONE = 0o600
"""Orders, prices, the ledger, hashes of keys."""
MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """One database: its engine, its sessions, its schema version."""

    def __init__(self, url: str, terms: ServerTerms | None = None) -> None:
        """`url` as SQLAlchemy writes it: sqlite:///market.db or postgresql+psycopg://…; `terms` are for the latter."""
        self.url = url
        self.engine = _build_engine(url, terms or ServerTerms())
        self.round_lock = Claim(self.engine, ClaimName.ROUND)
        self.time_lock = Claim(self.engine, ClaimName.TIME)
        self.teller = uuid.uuid4().hex
        """Tells this open database from others on the same server, which may be of the same process."""
        about = {TELLER: self.teller, OPENED: opened_accounts(self.engine)}
        self._writing = sessionmaker(self.engine, expire_on_commit=False, info=about)
        self._reading = sessionmaker(_reading_at_one_moment(self.engine), expire_on_commit=False)
        self._asking = _asking_at_once(self.engine)

    def writing(self, on: Connection | None = None) -> Session:
        """A session that will write, on a connection of its own or on a given one; use it as a context manager."""
        return self._writing() if on is None else self._writing(bind=on)

    def reading(self) -> Session:
        """A session that only reads, and all of it as of one moment: that of its first question. It waits for no writer."""
        return self._reading()

    def asking(self) -> Connection:
        """A connection for a single question, without a transaction around it; use it as a context manager."""
        return self._asking.connect()

    def upgrade(self) -> None:
        """Bring the schema to this program's version; `Unavailable` if the database is newer or unreachable."""
        self.schema_version()
        with self._changing_schema() as connection:
            command.upgrade(_alembic_config(connection), "head")

    def downgrade(self, revision: str) -> None:
        """Take the schema back to an earlier revision ("base": nothing)."""
        with self._changing_schema() as connection:
            command.downgrade(_alembic_config(connection), revision)

    @contextmanager
    def _changing_schema(self) -> Iterator[Connection]:
        """On SQLite one transaction; on PostgreSQL one for each step, since an index is built beside all others' work.

        There it does not stand in line for a table for long either, for all others would stand behind it.
        """
        try:
            if self.engine.dialect.name != "postgresql":
                with self.engine.begin() as connection:
                    yield connection
                return
            with self.engine.connect() as connection:
                connection.exec_driver_sql(f"SET lock_timeout = {SCHEMA_PATIENCE_MILLISECONDS}")
                connection.commit()
                try:
                    yield connection
                finally:
                    connection.invalidate()  # what is set here is not for whoever comes next
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            raise Unavailable(
                "schema_locked",
                f"{_shown(self.url)} is in use: a table that is to be changed stayed locked; run it again when less is "
                "going on, or with the exchange stopped: it goes on where it was",
            ) from error

    def require_current(self) -> None:
        """`Unavailable` unless the schema is exactly this program's."""
        found, head = self.schema_version(), ScriptDirectory(str(MIGRATIONS)).get_current_head()
        if found is None:
            raise Unavailable(
                "database_empty", f"{_shown(self.url)} holds no exchange: run `suanli init` first"
            )
        if found != head:
            raise Unavailable(
                "database_outdated",
                f"{_shown(self.url)} is at schema {found}: run `suanli init` to bring it to {head}",
            )

    def schema_version(self) -> str | None:
        """The schema revision found; `Unavailable` where this program does not know it."""
        try:
            with self.engine.execution_options(reading=True).connect() as connection:
                found = MigrationContext.configure(connection).get_current_revision()
        except OperationalError as error:
            raise Unavailable(
                "database_unreachable",
                f"cannot open {_shown(self.url)}: {error.orig}; check the path and its rights",
            ) from error
        except DatabaseError as error:
            raise Unavailable(
                "not_a_database", f"{_shown(self.url)} is not a database: {error.orig}"
            ) from error
        known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
        if found is not None and found not in known:
            raise Unavailable(
                "database_newer",
                f"{_shown(self.url)} was written by a newer version (schema {found}): upgrade this program",
            )
        return found

    @property
    def has_one_writer(self) -> bool:
        """Whether all others wait while somebody writes."""
        return self.engine.dialect.name != "postgresql"

    @property
    def shown(self) -> str:
        """Its URL as anybody may read it: without the password."""
        return _shown(self.url)

    def is_same_as(self, other: "Database") -> bool:
        """Whether both are one database, as far as their URLs tell: the file, or host, port and name."""
        one, two = self.engine.url, other.engine.url
        if self.engine.dialect.name == other.engine.dialect.name == "sqlite":
            return Path(str(one.database)).resolve() == Path(str(two.database)).resolve()
        names = ("host", "port", "database", "query")
        return self.engine.dialect.name == other.engine.dialect.name and all(
            getattr(one, name) == getattr(two, name) for name in names
        )

    def close(self) -> None:
        """Let go of all connections, and of claims; what is still in use is closed as it is given back."""
        self.round_lock.release()
        self.time_lock.release()
        event.listen(self.engine, "checkin", _close_connection)
        self.engine.dispose()


def _reading_at_one_moment(engine: Engine) -> Engine:
    """PostgreSQL has to be asked for it: else each statement sees what was committed just before it."""
    reading = engine.execution_options(reading=True)
    if engine.dialect.name == "postgresql":
        return reading.execution_options(isolation_level="REPEATABLE READ")
    return reading


def _asking_at_once(engine: Engine) -> Engine:
    """On PostgreSQL the beginning and the end of a transaction are ways there and back, each as long as the question."""
    asking = engine.execution_options(asking=True)
    if engine.dialect.name == "postgresql":
        return asking.execution_options(isolation_level="AUTOCOMMIT")
    return asking


def _build_engine(url: str, terms: ServerTerms) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _build_sqlite_engine(url, in_memory=parsed.database in (None, "", ":memory:"))
        engine = create_engine(
            url,
            connect_args=terms.connect_args(),
            pool_size=terms.pool_size,
            max_overflow=0,
            hide_parameters=True,
            json_serializer=_json_text,
            json_deserializer=from_json,
        )
        terms.watch(engine)
        ping_the_idle(engine)
    except (ArgumentError, ModuleNotFoundError) as error:
        raise InvalidInput(
            "invalid_database_url", f"{_shown(url)} is not a usable database URL: {error}"
        ) from error
    return engine


def _build_sqlite_engine(url: str, *, in_memory: bool) -> Engine:
    if in_memory:
        raise InvalidInput("invalid_database_url", "an exchange needs a file: sqlite:///market.db")
    engine = create_engine(
        url,
        connect_args={"timeout": PATIENCE_SECONDS},
        pool_size=10,
        max_overflow=MOST_CONNECTIONS - 10,
        hide_parameters=True,
        json_serializer=_json_text,
        json_deserializer=from_json,
    )
    event.listen(engine, "do_connect", _make_file_for_owner)
    event.listen(engine, "connect", _set_pragmas)
    WritersInTurn(PATIENCE_SECONDS).watch(engine)
    return engine


def _json_text(value: Any) -> str:
    """A column's JSON: ten thousand jobs are written in a third of the time that the standard library takes."""
    return to_json(value).decode()


def _make_file_for_owner(_dialect: object, _record: object, given: list[Any], named: dict[str, Any]) -> None:
    """SQLite would make the file as anybody may read it; its files beside it take their mode from it."""
    if given and not named.get("uri"):
        make_private(Path(given[0]))


def make_private(path: Path) -> None:
    """An empty file of mode 0600, unless it is there, or cannot be: whoever opens it says why."""
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FOR_THE_OWNER_ALONE))


def _close_connection(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.invalidate()


def _set_pragmas(connection: Any, _record: object) -> None:
    """WAL so that readers never wait; full sync because money must survive a power cut; at most 32 MiB of pages a
    connection, so that ten thousand orders at once stay in memory until they are committed.
    """
    connection.isolation_level = None
    for pragma in (
        "journal_mode=wal",
        "synchronous=full",
        f"busy_timeout={PATIENCE_SECONDS * 1000}",
        "foreign_keys=on",
        "cache_size=-32768",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _alembic_config(connection: Any) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _shown(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "the given database"
