"""Whether the exchange is on its way down: everything that lasts asks, or waits for it."""

import asyncio
import time

GLANCE_SECONDS = 0.1


class Stopping:
    """Said once and for good. `begin` is safe from any thread and from a signal handler: it takes no lock."""

    def __init__(self) -> None:
        self._begun = False
        self._waiting: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    def begin(self) -> None:
        """From now on the exchange is stopping; whoever waits on an event loop is woken there."""
        self._begun = True
        for event, loop in list(self._waiting.items()):
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    def is_set(self) -> bool:
        """Whether it is; for loops that look now and then."""
        return self._begun

    async def wait(self) -> None:
        """Return when it is; for streams, beside what they stream: `asyncio.wait({next_event, stopping})`."""
        event = asyncio.Event()
        self._waiting[event] = asyncio.get_running_loop()
        try:
            if not self._begun:  # looked at after registering: a `begin` in between is not missed
                await event.wait()
        finally:
            del self._waiting[event]

    def wait_here(self) -> None:
        """Return when it is, or soon after; for a thread. It looks now and then, because an event has a lock."""
        while not self._begun:
            time.sleep(GLANCE_SECONDS)
