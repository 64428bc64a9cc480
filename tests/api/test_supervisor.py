"""The supervisor with small processes: what ends is replaced, sooner or later, and all end together."""

import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection

import pytest

from api.serving.line import Order
from api.serving.supervisor import Patience, Supervisor
from market.domain.errors import MarketError, Unavailable

_fork = get_context("fork")
HASTE = Patience(first_pause=0.01, longest_pause=0.02, ending=1.0)


def willing(line: Connection) -> None:
    """Ends when it is told to."""
    line.send(None)
    if line.recv() is Order.END_NOW:
        os._exit(7)


def unwilling(line: Connection) -> None:
    line.send(None)
    time.sleep(600)


def refusing(line: Connection) -> None:
    line.send(Unavailable("database_empty", "there is nothing"))
    os._exit(1)


def silent(_line: Connection) -> None:
    os._exit(3)


class Small:
    """A process that takes no time to start."""

    def __init__(self, work: Callable[[Connection], None]) -> None:
        self.line, far = _fork.Pipe()
        self._process = _fork.Process(target=self._run, args=(work, far))
        self._process.start()
        far.close()
        self.process_id = self._process.pid or 0
        self.sentinel = self._process.sentinel

    def _run(self, work: Callable[[Connection], None], line: Connection) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        work(line)

    def tell(self, order: Order) -> None:
        try:
            self.line.send(order)
        except OSError:
            return

    def kill(self) -> None:
        self._process.kill()

    def status(self) -> int:
        self._process.join()
        return self._process.exitcode or 0


class Watched:
    """A supervisor, whom it started, and what happens to it meanwhile."""

    def __init__(self, work: Callable[[Connection], None], then: Callable[["Watched"], None]) -> None:
        self.started: list[Small] = []
        self._work, self._then = work, then
        self.supervisor = Supervisor(self._start, 2, self._answering, HASTE)

    def _start(self) -> Small:
        self.started.append(Small(self._work))
        return self.started[-1]

    def _answering(self) -> None:
        threading.Thread(target=self._then, args=(self,), daemon=True).start()

    def wait_for(self, count: int) -> None:
        while len(self.started) < count:
            time.sleep(0.01)


def told(*numbers: int) -> Callable[[Watched], None]:
    def tell(_watched: Watched) -> None:
        for number in numbers:
            os.kill(os.getpid(), number)
            time.sleep(0.1)

    return tell


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_all_end_when_it_is_told_to(number: signal.Signals) -> None:
    watched = Watched(willing, told(number))
    before = signal.getsignal(number)
    assert watched.supervisor.run() == 0
    assert [one.status() for one in watched.started] == [0, 0]
    assert signal.getsignal(number) is before


def test_a_second_signal_ends_them_at_once_and_what_hangs_is_killed() -> None:
    watched = Watched(unwilling, told(signal.SIGINT, signal.SIGTERM))
    assert watched.supervisor.run() == 128 + signal.SIGTERM
    assert [one.status() for one in watched.started] == [-signal.SIGKILL] * 2


def test_whoever_dies_is_replaced_again_and_again() -> None:
    def then(watched: Watched) -> None:
        for count in range(3, 6):
            watched.started[-1].kill()
            watched.wait_for(count)
        told(signal.SIGTERM)(watched)

    watched = Watched(willing, then)
    assert watched.supervisor.run() == 0
    assert len(watched.started) == 5


@pytest.mark.parametrize(("work", "code"), [(refusing, "database_empty"), (silent, "server_not_started")])
def test_where_none_can_serve_it_gives_up(work: Callable[[Connection], None], code: str) -> None:
    watched = Watched(work, told())
    with pytest.raises(MarketError) as refused:
        watched.supervisor.run()
    assert refused.value.code == code
    assert all(one.status() for one in watched.started)
