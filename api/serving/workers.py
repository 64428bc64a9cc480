"""`suanli serve --workers N`: several processes that answer on one port, each an exchange of its own on the database.

The parent holds the port and starts them; it opens no exchange. Whoever connects is refused until the first of them has one.
"""

import logging
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection

from api.edge.slow_clients import ServerConfig
from api.edge.stack import edge_of
from api.operations.ending import DIED_OF_SIGNAL, SIGNALS, Ending, GracefulServer
from api.operations.logs import logging_as_set
from api.operations.metrics import FIGURES_OF_ALL
from api.server import announce, end_before_it_began, listen, log_settings, ready_to_serve, reserve
from api.serving.line import Order, obey
from api.serving.supervisor import Patience, Supervisor
from api.settings import Settings
from api.settings_sources import FoundSettings
from market.domain.errors import MarketError

SPARE_SECONDS = 5.0
"""Beyond the time in which each of them ends by itself; then it hangs, and is killed."""
_spawn = get_context("spawn")
_logger = logging.getLogger(__name__)


def run_workers(settings: Settings, found: FoundSettings | None = None) -> int:
    """Serve with `serve_workers` processes until Ctrl-C or SIGTERM; the status to end with."""
    signal.signal(signal.SIGTERM, end_before_it_began)
    with (
        closing(reserve(settings.host, settings.port)) as port,
        logging_as_set(settings),
        _figures_of_all(),
    ):
        log_settings(found)
        supervisor = Supervisor(
            start=partial(Worker, settings, port),
            count=settings.serve_workers,
            answering=partial(announce, settings.host, port),
            patience=Patience(ending=settings.drain_seconds + settings.shutdown_seconds + SPARE_SECONDS),
        )
        status = supervisor.run()
        _logger.info("stopped")
    return status


class Worker:
    """One of the processes, as the parent knows it."""

    def __init__(self, settings: Settings, port: socket.socket) -> None:
        """Started; signals wait until it can heed them."""
        self.line, far = _spawn.Pipe()
        self._process = _spawn.Process(target=_serve, args=(settings, port, far), name="serves")
        resource_tracker.ensure_running()  # else `start` does, and lets signals through
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        far.close()
        self.process_id = self._process.pid or 0
        self.sentinel = self._process.sentinel

    def tell(self, order: Order) -> None:
        """It may have ended already."""
        with suppress(OSError):
            self.line.send(order)

    def kill(self) -> None:
        """At once."""
        self._process.kill()

    def status(self) -> int:
        """Waits for its end."""
        self._process.join()
        status = self._process.exitcode or 0
        self.line.close()
        self._process.close()
        return status


class _TellingServer(GracefulServer):
    """Says when it answers."""

    def __init__(self, config: ServerConfig, ending: Ending, line: Connection) -> None:
        super().__init__(config, ending)
        self._line = line

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._line.send(None)


class _Told:
    """What the parent says, from the first moment on: a process may wait for its database before there is more to end."""

    def __init__(self) -> None:
        self.ending: Ending | None = None
        """Once there is an exchange."""

    def end(self) -> None:
        """As at the first signal."""
        if self.ending is None:
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            self.ending.ask()

    def end_now(self) -> None:
        """As at the second one."""
        os._exit(DIED_OF_SIGNAL + signal.SIGTERM)


def _serve(settings: Settings, port: socket.socket, line: Connection) -> None:
    """The life of one process: until it is told to end, or its parent is no more."""
    for number in SIGNALS:
        signal.signal(number, end_before_it_began)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    told = _Told()
    obey(line, told.end, told.end_now)
    with logging_as_set(settings):
        try:
            with ready_to_serve(settings.of_one_process()) as (opened, ending):
                told.ending = ending
                listen(port)  # it is one port: the first of them opens it for all
                config = ServerConfig(opened.app, edge_of(opened.app))
                _TellingServer(config, ending, line).run(sockets=[port])
        except MarketError as refusal:
            line.send(refusal)
            sys.exit(1)
        _logger.info("stopped")


@contextmanager
def _figures_of_all() -> Iterator[None]:
    """Within, processes that are started count into one directory, so that each of them tells of all at /metrics."""
    with tempfile.TemporaryDirectory(prefix="suanli-figures-") as directory:
        os.environ[FIGURES_OF_ALL] = directory
        try:
            yield
        finally:
            del os.environ[FIGURES_OF_ALL]
