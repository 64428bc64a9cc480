"""A server or worker that is started before its PostgreSQL takes connections: it waits, within bounds, and says so once."""

import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from api_house import load_market
from postgres_server import OwnServer, own_server
from processes import PATIENCE_SECONDS, Program, running, until
from sqlalchemy.engine import URL

from api.server import bind, open_exchange, reserve
from api.settings import Settings
from market.domain.errors import Unavailable
from market.persistence.database import Database

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(900)]
LOCKED = "local all locked scram-sha-256"
"""Nobody has this user's password."""


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    """With a market; it does not run."""
    try:
        context = own_server()
        server = context.__enter__()
    except (RuntimeError, OSError) as error:
        pytest.skip(f"no PostgreSQL can run here: {error}")
    try:
        rules = server.data / "pg_hba.conf"
        rules.write_text(f"{LOCKED}\n{rules.read_text()}")
        server.start()
        load_market(shown(server.url))
        server.stop()
        yield server
    finally:
        context.__exit__(None, None, None)


@pytest.fixture
def off(server: OwnServer) -> Iterator[OwnServer]:
    """It does not run, before and after."""
    try:
        yield server
    finally:
        if server.runs:
            server.stop()


def shown(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def waits(program: Program) -> list[dict[str, object]]:
    return [line for line in program.log if "is not there yet" in str(line.get("event"))]


def wait_until_it_waits(program: Program) -> None:
    until(lambda: waits(program) or program.process.poll() is not None)
    assert waits(program)


def promoted(server: OwnServer) -> bool:
    """It takes a moment until a server knows that it is a standby."""
    try:
        server.control("-w", "promote")
    except RuntimeError as error:
        if "not in standby mode" not in str(error):
            raise
        return False
    return True


def test_a_worker_outlasts_a_server_that_is_not_there_and_then_recovers(off: OwnServer) -> None:
    """A standby that nobody may ask refuses as one that recovers does, until it is promoted."""
    with running(shown(off.url), "worker", database_start_seconds=600) as worker:
        wait_until_it_waits(worker)
        (off.data / "standby.signal").touch()
        off.start("hot_standby=off", wait=False)
        with pytest.raises(Unavailable) as refused, closing(Database(shown(off.url))) as database:
            database.require_current()
        assert refused.value.code == "database_unreachable"
        assert not worker.events("leads upkeep")
        until(lambda: promoted(off))
        worker.wait_for("leads upkeep")
        assert len(waits(worker)) == 1, "told once"
        assert worker.end() == 0


@pytest.mark.parametrize("command", [("worker",), ("serve",), ("serve", "--workers", "2")])
def test_whoever_waits_ends_when_told_to(off: OwnServer, command: tuple[str, ...]) -> None:
    with running(shown(off.url), *command, database_start_seconds=3600) as program:
        wait_until_it_waits(program)
        assert program.end(signal.SIGTERM) == 0
        assert not program.events("what has not ended by now is killed; nothing half-done is stored")


def refuses(port: int) -> bool:
    """Whether nobody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize("command", [("serve",), ("serve", "--workers", "2")])
def test_whoever_connects_while_it_waits_is_refused_at_once(off: OwnServer, command: tuple[str, ...]) -> None:
    """The port is its own all the same: another program finds out at once."""
    with closing(reserve("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    given = {"database_start_seconds": 600, "port": port}
    with running(shown(off.url), *command, **given) as program:
        wait_until_it_waits(program)
        assert refuses(port)
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
        off.start()
        assert str(port) in program.first_line()
        assert not refuses(port)
        assert program.end() == 0


def test_a_port_that_is_taken_is_told_before_it_waits(off: OwnServer) -> None:
    with closing(bind("127.0.0.1", 0)) as taken:
        given = {"database_start_seconds": 3600, "port": taken.getsockname()[1]}
        with running(shown(off.url), "serve", **given) as program:
            assert program.process.wait(PATIENCE_SECONDS) != 0
            assert not waits(program)


def test_it_fails_as_before_when_the_time_is_over(off: OwnServer, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(database_url=shown(off.url), database_start_seconds=0.01)
    with pytest.raises(Unavailable) as refused, open_exchange(settings):
        pass
    assert refused.value.code == "database_unreachable"
    assert [line.levelno for line in caplog.records if "is not there yet" in line.message] == [
        logging.WARNING
    ]


@pytest.mark.parametrize(
    "wrong",
    [{"database": "nowhere"}, {"username": "nobody"}, {"username": "locked", "password": "no"}],
    ids=["database", "user", "password"],
)
def test_what_waiting_does_not_help_fails_at_once(
    off: OwnServer, wrong: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    off.start()
    settings = Settings(database_url=shown(off.url.set(**wrong)), database_start_seconds=86_400)  # type: ignore[arg-type]
    with pytest.raises(Unavailable) as refused, open_exchange(settings):
        pass
    assert refused.value.code == "database_unreachable"
    assert not caplog.records


def test_what_is_there_is_not_waited_for(off: OwnServer, caplog: pytest.LogCaptureFixture) -> None:
    off.start()
    with open_exchange(Settings(database_url=shown(off.url), database_start_seconds=0)) as opened:
        assert opened.enquiries is not None
    assert not [line for line in caplog.records if "is not there yet" in line.message]
