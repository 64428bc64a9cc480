"""The one flag that everything long-lived watches."""

import asyncio
import threading

from api.operations.stopping import Stopping


def test_whoever_waits_is_woken_from_another_thread() -> None:
    async def stream(stopping: Stopping) -> str:
        thread = threading.Timer(0.01, stopping.begin)
        thread.start()
        await asyncio.gather(stopping.wait(), stopping.wait())
        thread.join()
        return "ended"

    stopping = Stopping()
    assert not stopping.is_set()
    assert asyncio.run(asyncio.wait_for(stream(stopping), 60)) == "ended"
    assert stopping.is_set()


def test_whoever_comes_later_does_not_wait() -> None:
    stopping = Stopping()
    stopping.begin()
    stopping.begin()
    asyncio.run(asyncio.wait_for(stopping.wait(), 60))


def test_a_loop_that_has_ended_is_no_trouble() -> None:
    async def give_up(stopping: Stopping) -> None:
        waiting = asyncio.create_task(stopping.wait())
        await asyncio.sleep(0)
        waiting.cancel()

    stopping = Stopping()
    asyncio.run(give_up(stopping))
    stopping.begin()
    assert stopping.is_set()
