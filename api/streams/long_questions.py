"""Questions that take as long as clearings do: worked on in threads of their own, given up when whoever asked goes.

The routes' threads are left to everybody else: a request that waits here holds none. The answer comes whole, or as
server-sent events that tell how it comes along and then the answer.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from api.errors import problem_of_any
from api.schemas.scenario_progress import ClearedAnswer, ClearingAnswer
from api.wire.headers import request_id_of
from market.domain.errors import MarketError
from market.whatif.watching import Asker, GivenUp, PartDone, PartSearched, Told

STREAM = "text/event-stream"
AT_ONCE = 4
"""Threads of one process; they take turns at its one solver, so that a short question does not wait for a long one's end."""
SILENT_SECONDS = 2.0
"""A stream begins when there is something to tell, or after this long: what is refused sooner is refused by its status."""
PAUSE_SECONDS = 0.2
KEEP_ALIVE_SECONDS = 15.0
CLIENT_GONE = 499
"""What the log says of a request whose client went away; nobody else reads it."""
NOT_BUFFERED = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
Work = Callable[[Asker], bytes]
"""Answers with JSON, and tells whoever asked how it comes along."""
_logger = logging.getLogger(__name__)


class LongQuestions:
    """All of one process. Made and asked on event loops, worked on in threads."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="question")

    async def answer(self, request: Request, work: Work) -> Response:
        """The answer, or a stream that ends with it where the client asks for one (`Accept: text/event-stream`)."""
        question = _Question(request, self._threads, work)
        if STREAM in request.headers.get("accept", ""):
            return await question.stream()
        return await question.whole()

    def close(self) -> None:
        """Nobody asks any more; what is under way is finished first."""
        self._threads.shutdown(wait=True, cancel_futures=True)


class _Question:
    """One question, from when it is asked until it is answered or nobody wants the answer."""

    def __init__(self, request: Request, threads: ThreadPoolExecutor, work: Work) -> None:
        self._loop = asyncio.get_running_loop()
        self._scope = request.scope
        self._told: list[Told] = []
        self._news = asyncio.Event()
        self._given_up = False
        asker = Asker(self._tell, lambda: self._given_up)
        self._answer = self._loop.run_in_executor(threads, copy_context().run, work, asker)
        self._answer.add_done_callback(lambda _: self._news.set())
        self._watch = asyncio.create_task(self._give_up_when_gone(request))

    async def whole(self) -> Response:
        """Once it is there."""
        try:
            return Response(await self._answer, media_type="application/json")
        except (GivenUp, asyncio.CancelledError):
            if not self._given_up:
                raise
            return Response(status_code=CLIENT_GONE)
        finally:
            self._end()

    async def stream(self) -> Response:
        """What is refused at once is refused as ever; all else is told in the stream."""
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                await self._news.wait()
        except TimeoutError:
            pass
        except asyncio.CancelledError:
            self._end()
            raise
        if self._answer.done():
            return await self._at_once()
        return StreamingResponse(self._frames(), media_type=STREAM, headers=NOT_BUFFERED)

    async def _at_once(self) -> Response:
        """Of an answer that is there already, or a refusal."""
        if self._answer.cancelled() or self._answer.exception() is not None:
            return await self.whole()
        return StreamingResponse(self._frames(), media_type=STREAM, headers=NOT_BUFFERED)

    async def _frames(self) -> AsyncIterator[bytes]:
        """What was told so far, then what is new, the newest of each stretch of search; then the answer."""
        try:
            at = 0
            while True:
                over = self._answer.done()
                self._news.clear()
                new = self._told[at:]
                at += len(new)
                yield b"".join(map(_frame_of, _newest_of(new))) or b": waiting for its turn\n\n"
                if self._given_up:
                    return
                if over:
                    yield await self._end_frame()
                    return
                await asyncio.sleep(PAUSE_SECONDS)
                await self._wait()
        finally:
            self._end()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                await self._news.wait()
        except TimeoutError:
            return

    async def _end_frame(self) -> bytes:
        try:
            return _frame("answer", await self._answer)
        except (
            Exception
        ) as error:  # whatever it is: a stream that only breaks off is asked for anew, and solved anew
            if not isinstance(error, MarketError):
                _logger.exception("a question that was being answered as a stream broke off")
            problem = problem_of_any(error, request_id_of(self._scope))
            return _frame("failed", problem.model_dump_json().encode())

    def _tell(self, told: Told) -> None:
        """In the thread that works."""
        self._told.append(told)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    async def _give_up_when_gone(self, request: Request) -> None:
        while (await request.receive())["type"] != "http.disconnect":
            continue
        self._give_up()

    def _give_up(self) -> None:
        if not self._answer.done():
            _logger.info("a question was given up: whoever asked has gone")
        self._given_up = True
        self._answer.cancel()  # if it has not begun

    def _end(self) -> None:
        """Nobody waits any more: what is still worked on is given up."""
        self._watch.cancel()
        if not self._answer.done():
            self._give_up()


def _newest_of(told: list[Told]) -> Iterable[Told]:
    """Without reports of a search that a later one follows at once."""
    for number, one in enumerate(told):
        after = told[number + 1] if number + 1 < len(told) else None
        if not (isinstance(one, PartSearched) and isinstance(after, PartSearched)):
            yield one


def _frame_of(one: Told) -> bytes:
    match one:
        case PartDone():
            return _frame("step", ClearedAnswer.of_part(one).model_dump_json().encode())
        case PartSearched():
            return _frame("progress", ClearingAnswer.of_part(one).model_dump_json().encode())


def _frame(event: str, data: bytes) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (event.encode(), data)
