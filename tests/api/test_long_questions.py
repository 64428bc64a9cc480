"""Questions that take long: told as they come along, given up when whoever asked goes, and no thread of the routes held."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing, closing

import pytest
from fastapi import Request
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionInTime
from starlette.responses import StreamingResponse
from starlette.types import Message
from test_round_progress_api import events_of

from api.problems.registry import registry
from api.streams.long_questions import AT_ONCE, CLIENT_GONE, LongQuestions
from market.domain.errors import Conflict
from market.whatif.watching import Asker, GivenUp, Part, PartDone, PartSearched
from solver import Progress

PART = Part(1, 2, "as_is")
STREAM = "text/event-stream"
pytestmark = pytest.mark.anyio


class Client:
    """Asks, and hangs up when the test says so."""

    def __init__(self, accept: str = "application/json") -> None:
        self.gone = asyncio.Event()
        scope = {"type": "http", "method": "POST", "headers": [(b"accept", accept.encode())]}
        self.request = Request(scope, self._receive)

    async def _receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}


def patient(asker: Asker) -> bytes:
    """Works until nobody wants it."""
    asker.tell(PartSearched(PART, Progress("prices", 0.1, 10, 20)))
    while not asker.has_gone():
        threading.Event().wait(0.01)
    raise GivenUp


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def text_of(answer: object) -> str:
    assert isinstance(answer, StreamingResponse)
    return b"".join([chunk async for chunk in answer.body_iterator]).decode()  # type: ignore[misc, union-attr]


async def test_the_answer_comes_whole() -> None:
    with closing(LongQuestions()) as questions:
        answer = await questions.answer(Client().request, lambda _: b"{}")
    assert (answer.status_code, answer.body) == (200, b"{}")


async def test_who_hangs_up_while_it_is_worked_on_gives_it_up() -> None:
    with closing(LongQuestions()) as questions:
        client = Client()
        asking = asyncio.create_task(questions.answer(client.request, patient))
        await asyncio.sleep(0)
        client.gone.set()
        assert (await asking).status_code == CLIENT_GONE


async def test_who_waits_behind_others_and_goes_is_never_worked_on() -> None:
    with closing(LongQuestions()) as questions:
        others = [Client() for _ in range(AT_ONCE)]
        busy = [asyncio.create_task(questions.answer(one.request, patient)) for one in others]
        await asyncio.sleep(0)
        begun, late = threading.Event(), Client()

        def work(_: Asker) -> bytes:
            begun.set()
            return b"{}"

        waiting = asyncio.create_task(questions.answer(late.request, work))
        await asyncio.sleep(0)
        late.gone.set()
        assert (await waiting).status_code == CLIENT_GONE
        for one in others:
            one.gone.set()
        await asyncio.gather(*busy)
    assert not begun.is_set()


async def test_a_stream_that_is_closed_gives_it_up() -> None:
    with closing(LongQuestions()) as questions:
        answer = await questions.answer(Client(STREAM).request, patient)
        assert isinstance(answer, StreamingResponse)
        frames: AsyncIterator[bytes] = answer.body_iterator  # type: ignore[assignment]
        async with aclosing(frames):  # type: ignore[type-var]
            assert events_of((await anext(frames)).decode())[0][0] == "progress"


async def test_a_stream_tells_steps_and_how_it_failed() -> None:
    gate = threading.Event()

    def work(asker: Asker) -> bytes:
        asker.tell(PartDone(PART, 1.5, 0.02))
        assert gate.wait(60)
        raise Conflict("nothing_to_place", "the book places no order")

    with closing(LongQuestions()) as questions:
        answer = await questions.answer(Client(STREAM).request, work)
        gate.set()
        (_, step), (end, problem) = events_of(await text_of(answer))
    assert (step["number"], step["of"], step["step"], step["gap"]) == (1, 2, "as_is", 0.02)
    assert (end, problem["code"]) == ("failed", "nothing_to_place")


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (OperationalError("SELECT 1", {}, OSError("gone")), "database_unavailable"),
        (NoConnectionInTime("none is free"), "database_unavailable"),
        (ZeroDivisionError(), "internal_error"),
    ],
)
async def test_a_stream_that_breaks_off_says_that_it_failed(broken: Exception, code: str) -> None:
    """Whoever hears nothing of it takes the connection for lost, and asks for all the work once more."""
    gate = threading.Event()

    def work(asker: Asker) -> bytes:
        asker.tell(PartDone(PART, 1.5, 0.02))
        assert gate.wait(60)
        raise broken

    with closing(LongQuestions()) as questions:
        answer = await questions.answer(Client(STREAM).request, work)
        gate.set()
        _, (end, problem) = events_of(await text_of(answer))
    assert (end, problem["code"], problem["status"]) == ("failed", code, registry()[code].status)


async def test_a_stream_ends_with_the_answer() -> None:
    with closing(LongQuestions()) as questions:
        answer = await questions.answer(Client(STREAM).request, lambda _: b'{"items": []}')
        assert events_of(await text_of(answer)) == [("answer", {"items": []})]


async def test_what_is_refused_before_anything_is_told_is_refused_by_its_status() -> None:
    def work(_: Asker) -> bytes:
        raise Conflict("nothing_to_place", "the book places no order")

    with closing(LongQuestions()) as questions, pytest.raises(Conflict):
        await questions.answer(Client(STREAM).request, work)
