"""New events, read once for everybody who listens in this process.

One task looks for what is new while somebody listens: at once when this process commits, else a few times a second for what
others commit. What it finds is kept in a short memory, and whoever listens is woken; a listener is a place in the log and a
flag, so a thousand of them cost no thread and no query. Whoever has fallen behind the memory reads from the log itself.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from api.operations.stopping import Stopping
from market.desks.bell import Bell
from market.domain.audience import Audience, Wanted
from market.domain.events import Event
from market.enquiries.events import EventEnquiries

T = TypeVar("T")
KEY_ENDS = frozenset({"key.revoked", "key.rotated"})
"""Whoever listens with such a key hears nothing more, unless it comes again with a secret that is good."""
EVERYTHING = Audience(everything=True)
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FeedLimits:
    """How often the log is looked at, how many events are read at a time, and how many the memory holds."""

    poll_seconds: float = 0.2
    page: int = 500
    kept: int = 5000
    pause_after_failure_seconds: float = 2.0


class Listener:
    """Somebody who waits for what comes next; `ended`: nothing will."""

    def __init__(self, position: int, key_id: str | None) -> None:
        self.position = position
        self.key_id = key_id
        self.woken = asyncio.Event()
        self.ended = False

    def wake(self) -> None:
        """There is something to look at."""
        self.woken.set()

    def end(self) -> None:
        """There will be nothing more."""
        self.ended = True
        self.woken.set()

    async def wait(self, seconds: float) -> bool:
        """Whether it was woken in time."""
        try:
            async with asyncio.timeout(seconds):
                await self.woken.wait()
        except TimeoutError:
            return False
        self.woken.clear()
        return True


class Feed:
    """All that listens in one process; everything of it runs on one event loop."""

    def __init__(
        self, enquiries: EventEnquiries, bell: Bell, stopping: Stopping, limits: FeedLimits | None = None
    ) -> None:
        self.limits = limits or FeedLimits()
        self._enquiries = enquiries
        self._bell = bell
        self._stopping = stopping
        self._listeners: set[Listener] = set()
        self._memory: deque[Event] = deque(maxlen=self.limits.kept)
        self._remembered_from = 0
        self._read_up_to = 0
        self._reading: asyncio.Task[None] | None = None
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="events")
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="new-events")

    @property
    def listening(self) -> int:
        """How many listen."""
        return len(self._listeners)

    @asynccontextmanager
    async def listen(self, after: int | None, key_id: str | None = None) -> AsyncIterator[Listener]:
        """Somebody who was told everything up to `after`, or wants what comes from now on."""
        newest = await self._read(self._enquiries.newest_event)
        listener = Listener(newest if after is None else min(after, newest), key_id)
        self._listeners.add(listener)
        if self._stopping.is_set():
            listener.end()
        elif self._reading is None:
            self._begin_at(newest)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._reading is not None:
                self._reading.cancel()
                self._reading = None

    async def next(self, listener: Listener, audience: Audience, wanted: Wanted) -> Sequence[Event]:
        """What a listener has not been told yet: one page of it, maybe empty; its place moves on."""
        if listener.position >= self._remembered_from:
            found = self._recall(listener.position)
            listener.position = max(listener.position, found[-1].sequence if found else self._read_up_to)
            return [event for event in found if audience.sees(event) and wanted.matches(event)]
        upto = self._read_up_to
        page = await self.in_thread(
            lambda: self._enquiries.events_after(listener.position, self.limits.page, audience, wanted)
        )
        full = len(page) == self.limits.page
        listener.position = page[-1].sequence if full else max(upto, page[-1].sequence if page else 0)
        return page

    def behind(self, listener: Listener) -> bool:
        """Whether there is more to look at."""
        return listener.position < self._read_up_to

    def close(self) -> None:
        """Nobody listens any more."""
        for threads in (self._threads, self._reader):
            threads.shutdown(wait=True, cancel_futures=True)

    def _begin_at(self, sequence: int) -> None:
        self._memory.clear()
        self._remembered_from = self._read_up_to = sequence
        self._reading = asyncio.create_task(self._read_on(), name="events")
        self._reading.add_done_callback(self._stopped_reading)

    def _stopped_reading(self, task: asyncio.Task[None]) -> None:
        """Listeners come again, and reading begins anew with them; what stopped it is in the log."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _logger.error("reading new events ended", exc_info=error)
            self._reading = None
            self._end(self._listeners)

    async def _read_on(self) -> None:
        """Until cancelled, or the exchange stops."""
        loop, rung = asyncio.get_running_loop(), asyncio.Event()
        stop_hearing = self._bell.hear(lambda: _set_on(loop, rung))
        ending = asyncio.create_task(self._end_when_stopping())
        try:
            while True:
                rung.clear()
                await self._read_new()
                await _wait(rung, self.limits.poll_seconds)
        finally:
            stop_hearing()
            ending.cancel()

    async def _end_when_stopping(self) -> None:
        await self._stopping.wait()
        self._end(self._listeners)

    def _end(self, listeners: Iterable[Listener]) -> None:
        for listener in listeners:
            listener.end()

    async def _read_new(self) -> None:
        most = self.limits.page
        while True:
            try:
                found = await self._read(
                    lambda: self._enquiries.events_after(self._read_up_to, most, EVERYTHING)
                )
            except SQLAlchemyError:
                _logger.exception("new events cannot be read; trying again")
                await asyncio.sleep(self.limits.pause_after_failure_seconds)
                return
            if found:
                self._remember(found)
            if len(found) < most:
                return

    def _remember(self, found: Sequence[Event]) -> None:
        forgotten = len(self._memory) + len(found) - self.limits.kept
        if forgotten > 0:
            self._remembered_from = [*islice(self._memory, forgotten), *found][forgotten - 1].sequence
        self._memory.extend(found)
        self._read_up_to = found[-1].sequence
        ended = {event.resource_id for event in found if event.kind in KEY_ENDS}
        self._end(one for one in self._listeners if one.key_id in ended)
        for listener in self._listeners:
            listener.wake()

    def _recall(self, position: int) -> list[Event]:
        """The next page of the memory after a position."""
        newer: list[Event] = []
        for event in reversed(self._memory):
            if event.sequence <= position:
                break
            newer.append(event)
        newer.reverse()
        return newer[: self.limits.page]

    async def in_thread(self, ask: Callable[[], T]) -> T:
        """Ask the database without making anybody wait; the threads are the feed's own, not those of requests."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, ask)

    async def _read(self, ask: Callable[[], T]) -> T:
        """The same for what is new: whoever goes through the whole log for a rare event holds up nobody who listens."""
        return await asyncio.get_running_loop().run_in_executor(self._reader, ask)


def _set_on(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(event.set)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Until it is set, or the time is over."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
