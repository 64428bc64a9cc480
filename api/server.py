"""Running the exchange: opened on its database, served until told to stop."""

import errno
import logging
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from types import FrameType, TracebackType

import uvicorn
from fastapi import FastAPI

from api.app import build_app
from api.dependencies import Desk
from api.duties.rounds import ScheduledRounds
from api.duties.upkeep import Upkeep
from api.edge.slow_clients import ServerConfig
from api.edge.stack import edge_of
from api.operations.ending import Ending, GracefulServer
from api.operations.interpreter import settle_interpreter
from api.operations.logs import logging_as_set
from api.operations.traces import tracing_as_set
from api.settings import Settings
from api.settings_sources import FoundSettings
from market.clearing.solve_on import SolveOn
from market.domain.clock import Clock
from market.domain.errors import Conflict, InvalidInput, Unavailable
from market.enquiries.desk import Enquiries
from market.exchange import Exchange, RoundRequest
from market.persistence.arrival import await_server
from market.persistence.database import Database
from market.round_desks.apart import RoundsApart
from market.round_desks.child import ChildTerms
from market.round_desks.desk import RoundDesk, RoundsHere
from solver import ClusterError

PATIENCE_SECONDS = 30.0
MOST_WAITING = 2048
"""Connections that the system holds until they are taken."""
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenExchange:
    """An exchange on its database, with its two desks and the application in front."""

    exchange: Exchange
    enquiries: Enquiries
    app: FastAPI

    @property
    def desk(self) -> Desk:
        """What the application's routes work with."""
        desk: Desk = self.app.state.desk
        return desk


@contextmanager
def open_exchange(
    settings: Settings, clock: Clock | None = None, *, hears: bool = True
) -> Iterator[OpenExchange]:
    """Open an exchange that was initialised; `Unavailable` if it was not. Closing ends the process that clears its rounds.

    A PostgreSQL that starts or recovers is waited for first (`database_start_seconds`).

    Under a clock of one's own rounds are cleared here: another process would not know what time it is. `hears`: whether
    reports of providers will come here.
    """
    told = clock or settings.clock()
    _require_engine(settings)
    opened = Database(settings.database_url, settings.server_terms())
    with closing(opened) as database, closing(SolveOn(settings.engine())) as solve:
        await_server(database, settings.database_start_seconds)
        database.require_current()
        exchange = Exchange(database, told, solve, settings.key_pepper.get_secret_value())
        exchange.retention = settings.retention()
        exchange.abandon_interrupted_round()
        enquiries = Enquiries(database, told)
        terms = replace(child_terms(settings), hears=hears)
        desk: RoundDesk = RoundsApart(exchange, terms) if clock is None else RoundsHere(exchange)
        with closing(desk) as rounds:
            yield OpenExchange(exchange, enquiries, build_app(exchange, enquiries, settings, rounds))


def child_terms(settings: Settings) -> ChildTerms:
    """How the process clears that rounds are cleared in."""
    return ChildTerms(
        database_url=settings.database_url,
        clock=settings.clock(),
        server=settings.server_terms(),
        engine=settings.engine(),
        niceness=settings.solver_niceness,
        retention=settings.retention(),
        settle=settle_interpreter,
    )


def _require_engine(settings: Settings) -> None:
    """`InvalidInput` `extra_missing` now, not when the first round clears."""
    try:
        settings.engine().require_installed()
    except ClusterError as error:
        raise InvalidInput("extra_missing", f"{error.message}, or set SUANLI_SOLVER_ENGINE=local") from error


class ServerThread:
    """An application served from a thread, for demonstrations and tests; use it as a context manager."""

    def __init__(self, app: FastAPI, host: str = "127.0.0.1", port: int = 0) -> None:
        """Port 0 takes any free one; `Conflict` (port_in_use) if the port is taken."""
        self._socket = bind(host, port)
        self._answering, self._ended = threading.Event(), threading.Event()
        self._app = app
        config = ServerConfig(app, edge_of(app), log_level="warning")
        self._server = _AnnouncingServer(config, self._answering)
        self._thread = threading.Thread(target=self._run, name="server", daemon=True)
        self.port: int = self._socket.getsockname()[1]
        self.url = url_of(host, self.port)

    def __enter__(self) -> "ServerThread":
        """Serve; returns when requests are answered."""
        self._thread.start()
        self._answering.wait(PATIENCE_SECONDS)
        if not self._server.started:
            self._stop()
            raise Unavailable(
                "server_not_started", f"the server did not start at {self.url}; its log says why"
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Answer what is under way, then stop."""
        self._stop()

    def wait(self) -> None:
        """Block until the server has ended or the caller is interrupted.

        On an event, not on the thread: an interrupted join may pass for a thread that has ended.
        """
        self._ended.wait()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._ended.set()
            self._answering.set()

    def _stop(self) -> None:
        desk = getattr(self._app.state, "desk", None)
        if isinstance(desk, Desk):
            desk.begin_stopping()
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


class _AnnouncingServer(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config, answering: threading.Event) -> None:
        super().__init__(config)
        self._answering = answering

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._answering.set()


def run_server(settings: Settings, found: FoundSettings | None = None) -> None:
    """Serve until Ctrl-C or SIGTERM, as `api.operations.ending` tells; `found` says where the settings came from."""
    signal.signal(signal.SIGTERM, end_before_it_began)
    with closing(reserve(settings.host, settings.port)) as port, logging_as_set(settings):
        with ready_to_serve(settings, found) as (opened, ending):
            listen(port)
            announce(settings.host, port)
            GracefulServer(ServerConfig(opened.app, edge_of(opened.app)), ending).run(sockets=[port])
        _logger.info("stopped")


@contextmanager
def ready_to_serve(
    settings: Settings, found: FoundSettings | None = None
) -> Iterator[tuple[OpenExchange, Ending]]:
    """An exchange with all its duties, that signals end."""
    with open_exchange(settings) as opened:
        log_settings(found)
        for risk in settings.risks():
            _logger.warning(risk)
        add_duties(opened.desk, settings)
        ending = Ending(opened.desk, settings)
        settle_interpreter()
        with tracing_as_set(settings, opened.app), ending.on_signals():
            yield opened, ending


def add_duties(desk: Desk, settings: Settings) -> None:
    """What passes by itself: rounds on a schedule where one is set, and time. What has died makes the exchange unready."""
    if settings.round_every is not None:
        request = RoundRequest(limits=settings.limits())
        rounds = ScheduledRounds(desk.exchange, desk.rounds, request, settings.round_every)
        desk.next_round_at = rounds.next_at
        if settings.duties:
            desk.duties.add(rounds)
            desk.readiness.add("round_timer", rounds.require_alive)
    if settings.duties:
        upkeep = Upkeep(desk.exchange, settings.upkeep_every)
        desk.duties.add(upkeep)
        desk.readiness.add("upkeep", upkeep.require_alive)


def announce(host: str, listening: socket.socket) -> None:
    """Tell whoever started it where it is."""
    url = url_of(host, listening.getsockname()[1])
    print(f"Suanli Exchange 算力交易所: {url} (API {url}/docs); Ctrl-C stops", flush=True)  # noqa: T201


def log_settings(found: FoundSettings | None) -> None:
    """What holds and where it came from, and what looks like a setting and is none."""
    if found is None:
        return
    told = [f"{one.name}: {one.value} ({one.origin})" for one in found.summary()]
    _logger.info("settings", extra={"settings": told, "file": str(found.file) if found.file else None})
    for variable, meant in found.misspelt.items():
        _logger.warning("%s is no setting; did you mean %s?", variable, meant)


def end_before_it_began(_signal: int, _frame: FrameType | None) -> None:
    """A signal before there is anything to end but what is open."""
    raise SystemExit(0)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; `Conflict` (port_in_use) or `InvalidInput` (invalid_address) says what is wrong."""
    reserved = reserve(host, port)
    try:
        listen(reserved)
    except BaseException:
        reserved.close()
        raise
    return reserved


def reserve(host: str, port: int) -> socket.socket:
    """A port that is taken and still refuses whoever connects, until `listen`; refusals are those of `bind`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise InvalidInput(
            "invalid_address", f"{host!r} is no address to listen on: {error.strerror}"
        ) from error
    reserved = socket.socket(family, kind, protocol)  # asyncio sets TCP_NODELAY only where TCP is named
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        reserved.bind(address)
    except OSError as error:
        reserved.close()
        raise _refusal(host, port, error) from error
    return reserved


def listen(reserved: socket.socket) -> None:
    """Whoever connects waits for an answer from now on; `Conflict` where somebody else reserved it and was quicker."""
    try:
        reserved.listen(MOST_WAITING)
    except OSError as error:
        host, port = reserved.getsockname()[:2]
        raise _refusal(host, port, error) from error


def url_of(host: str, port: int) -> str:
    """Where a browser on this machine finds the server."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"


def _refusal(host: str, port: int, error: OSError) -> Conflict | InvalidInput:
    if error.errno == errno.EADDRINUSE:
        return Conflict(
            "port_in_use",
            f"port {port} on {host} is taken by another program: stop it or choose another (--port 0: any free one)",
            port=port,
        )
    return InvalidInput(
        "invalid_address", f"cannot listen on {host} port {port}: {error.strerror}", port=port
    )
