"""Questions that take the solver long hold a few threads, and everybody else is answered meanwhile."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest
from api_house import Keys
from raw_http import Answer, Served, is_closed, read_answer, serving
from starlette.responses import StreamingResponse

from api.edge.questions import Place, Places
from api.edge.settings import THREADS, EdgeSettings
from api.problems.registry import registry
from market.domain.errors import TooMany, Unavailable

PATH = "/v1/orders/ord_slow/explanation"


class Slow:
    """Explanations that last until they are told to end."""

    def __init__(self, served: Served) -> None:
        self.began, self.now = threading.Semaphore(0), threading.Event()
        served.app.add_api_route(PATH, self.answer)
        served.app.router.routes.insert(0, served.app.router.routes.pop())

    def answer(self) -> str:
        self.began.release()
        self.now.wait(30)
        return "done"


def asked(path: str, key: str | None = None) -> bytes:
    who = f"Authorization: Bearer {key}\r\n" if key else ""
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{who}Connection: close\r\n\r\n".encode()


def refused(answer: Answer | None, code: str) -> None:
    assert answer is not None
    problem = answer.problem()
    assert (problem["code"], problem["status"]) == (code, registry()[code].status)
    assert int(answer.headers["retry-after"]) == problem["retry_after_seconds"] > 0


def test_one_key_with_all_its_questions_at_once_stops_nobody(market_url: str, keys: Keys) -> None:
    """As many as there are threads: two are at work, the others wait without a thread, and plain reads are answered."""
    with serving(market_url) as served, ExitStack() as open_:
        assert served.ask(asked("/v1/orders", keys.buyer))  # recognised from now on
        slow = Slow(served)
        asking = [open_.enter_context(served.connect()) for _ in range(THREADS + 5)]
        for connection in asking:
            connection.sendall(asked(PATH, keys.buyer))
        assert all(slow.began.acquire(timeout=30) for _ in range(2))
        for key in (keys.buyer, keys.other_buyer):
            answer = served.ask(asked("/v1/orders", key))
            assert answer is not None
            assert answer.status == 200
        assert not slow.began.acquire(blocking=False)
        slow.now.set()
        answers = [read_answer(connection) for connection in asking]
        assert [answer.status for answer in answers if answer] == [200] * len(asking)


def test_who_waited_in_vain_is_told_to_come_again(market_url: str, keys: Keys) -> None:
    with serving(market_url, question_wait_seconds=0.01) as served, ExitStack() as open_:
        assert served.ask(asked("/v1/orders", keys.buyer))
        slow = Slow(served)
        for _ in range(2):
            open_.enter_context(served.connect()).sendall(asked(PATH, keys.buyer))
            assert slow.began.acquire(timeout=30)
        refused(served.ask(asked(PATH, keys.buyer)), "too_many_questions")
        another = open_.enter_context(served.connect())
        another.sendall(asked(PATH))  # this address, without a key: somebody else
        assert slow.began.acquire(timeout=30)
        slow.now.set()
        assert read_answer(another)


def test_all_together_leave_threads_to_everybody_else(market_url: str, keys: Keys) -> None:
    with serving(market_url, question_wait_seconds=0.01, max_questions=1) as served, ExitStack() as open_:
        assert served.ask(asked("/v1/orders", keys.buyer))
        slow = Slow(served)
        open_.enter_context(served.connect()).sendall(asked(PATH, keys.buyer))
        assert slow.began.acquire(timeout=30)
        refused(served.ask(asked(PATH)), "solver_busy")
        slow.now.set()


def test_a_stream_keeps_its_place_to_its_end(market_url: str, keys: Keys) -> None:
    """It begins long before the work is done: else one key has as many at work as it likes to open."""
    over = threading.Event()

    async def told() -> AsyncIterator[bytes]:
        yield b": begun\n\n"
        await asyncio.to_thread(over.wait, 30)

    def answer() -> StreamingResponse:
        return StreamingResponse(told(), media_type="text/event-stream")

    with serving(market_url, question_wait_seconds=0.01) as served, ExitStack() as open_:
        assert served.ask(asked("/v1/orders", keys.buyer))
        served.app.add_api_route(PATH, answer)
        served.app.router.routes.insert(0, served.app.router.routes.pop())
        streams = [open_.enter_context(served.connect()) for _ in range(2)]
        for stream in streams:
            stream.sendall(asked(PATH, keys.buyer))
            assert b"200" in stream.recv(65536)
        refused(served.ask(asked(PATH, keys.buyer)), "too_many_questions")
        over.set()
        assert all(is_closed(stream) for stream in streams)
        again = served.ask(asked(PATH, keys.buyer))
        assert again is not None
        assert again.status == 200


def test_the_usual_limits_leave_most_threads_free() -> None:
    usual = EdgeSettings()
    assert usual.max_questions_at_once == 2
    assert usual.max_questions < THREADS / 2
    with pytest.raises(ValueError, match="max_questions"):
        EdgeSettings(max_questions=THREADS)


def test_places_are_given_in_turn_and_none_is_lost() -> None:
    async def played() -> list[str]:
        places, got = Places(1, 2), list[str]()

        async def take(who: str, patience: float) -> Place:
            place = await places.take(who, patience)
            got.append(who)
            return place

        first, second = await take("a", 1), await take("b", 1)
        third, fourth = (asyncio.create_task(take(who, 30)) for who in ("a", "c"))
        with pytest.raises(TooMany, match="1 of your questions"):
            await take("a", 0.01)
        with pytest.raises(Unavailable, match="2 questions"):
            await take("d", 0.01)
        second.give_back()  # "a" came first, but its own is still at work
        second.give_back()  # twice is once
        (await fourth).give_back()
        gone = asyncio.create_task(take("a", 30))
        await asyncio.sleep(0)
        first.give_back()
        await third
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        (await third).give_back()
        for place in (await take("a", 1), await take("b", 1)):
            place.give_back()
        return got

    assert asyncio.run(played()) == ["a", "b", "c", "a", "a", "b"]


def test_a_place_that_was_given_to_somebody_who_left_goes_on() -> None:
    async def played() -> None:
        places = Places(1, 1)
        held = await places.take("a", 1)
        leaving = asyncio.create_task(places.take("b", 30))
        waiting = asyncio.create_task(places.take("c", 30))
        await asyncio.sleep(0)
        held.give_back()
        leaving.cancel()
        (await waiting).give_back()

    asyncio.run(played())
