"""Where a demonstration lives: a fresh database, and a port."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import FastAPI

from api.server import ServerThread, bind
from api.settings import Settings
from api.terminal.refusal import Refusal
from market.domain.clock import MARKET_ZONE
from market.domain.errors import Conflict
from market.exchange import Exchange
from market.persistence.database import Database
from market.scenarios.scenario import read_scenario, scenario_directory

HOST, USUAL_PORT = "127.0.0.1", 8471
SCENARIO = "east_west"


@contextmanager
def choose_database(url: str | None, *, once: bool) -> Iterator[str]:
    """The database named, or a new SQLite file: kept, unless the demonstration is to leave nothing behind."""
    if url is not None:
        yield url
    elif once:
        with TemporaryDirectory(prefix="suanli-demo-") as directory:
            yield f"sqlite:///{directory}/exchange.db"
    else:
        yield f"sqlite:///{_new_directory() / 'exchange.db'}"


def _new_directory() -> Path:
    stamp = datetime.now(MARKET_ZONE).strftime("%Y%m%d-%H%M%S")
    root = Path("suanli-data").absolute()
    for attempt in range(1, 100):
        directory = root / (f"demo-{stamp}" if attempt == 1 else f"demo-{stamp}-{attempt}")
        try:
            directory.mkdir(parents=True)
        except FileExistsError as error:
            if not root.is_dir():
                raise Refusal("not_a_directory", f"{root} is in the way; name a --database") from error
            continue
        except OSError as error:
            raise Refusal(
                "directory_not_writable",
                f"cannot make {directory}: {error.strerror}",
                "run it from a directory that may be written to, or name a --database",
            ) from error
        return directory
    raise Refusal("directory_not_writable", f"no free name under {root}")


def prepare_exchange(settings: Settings) -> str:
    """Schema, operator key and fixtures in an empty database; the key."""
    scenario = read_scenario(scenario_directory(SCENARIO))
    database = Database(settings.database_url)
    try:
        database.upgrade()
        exchange = Exchange(database, settings.clock(), pepper=settings.key_pepper.get_secret_value())
        if exchange.has_operator():
            raise Refusal(
                "database_not_fresh",
                "this database holds an exchange already, whose key only its operator knows",
                "name a fresh one, or serve the old one: suanli serve --database …",
            )
        key = exchange.create_operator_key()
        exchange.load_scenario(scenario)
    finally:
        database.close()
    return key


def check_port(port: int | None) -> None:
    """Refuse a port that was asked for and is taken, before anything is made."""
    if port is not None:
        bind(HOST, port).close()


def serve(app: FastAPI, port: int | None) -> ServerThread:
    """A server on the port asked for; without one on the usual port, or any free one where that is taken."""
    if port is not None:
        return ServerThread(app, HOST, port)
    try:
        return ServerThread(app, HOST, USUAL_PORT)
    except Conflict:
        return ServerThread(app, HOST, 0)
