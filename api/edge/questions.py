"""Questions that make the solver think hold a thread each for as long as they take: a few at a time, whoever asks.

Else one key with forty of them at once has every thread that answers requests, and nobody else is answered. Whoever
waits for a place here holds no thread and no connection to the database.
"""

import asyncio
from collections import Counter
from collections.abc import Hashable, Mapping

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.edge.settings import EdgeSettings
from api.errors import answer_problem, problem_of
from market.domain.errors import TooMany, Unavailable

THINKING: Mapping[str, int] = {"quotes": 10, "explanation": 10, "scenarios": 100, "sweep": 100, "replay": 100}
"""What a request costs whose path ends so: these ask the solver, which takes 10 to 1000 times as long as a table."""
AGAIN_AFTER_SECONDS = 1


def cost_of_thinking(path: str) -> int | None:
    """How much the question behind a path costs; None where it is none that makes the solver think."""
    return THINKING.get(path.rsplit("/", 1)[-1])


class QuestionLimit:
    """Lets a few questions through at a time, of one key or address and of all together; the others wait a little.

    A place is held until the answer begins, not until it was read: a client that reads slowly holds no thread. Only an
    event stream begins before the work is done, so its place is held to its end. It stands behind the limit of bodies, so
    that one that sends slowly holds no place either.
    """

    def __init__(self, app: ASGIApp, edge: EdgeSettings) -> None:
        self._app = app
        self._places = Places(edge.max_questions_at_once, edge.max_questions)
        self._patience = edge.question_wait_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or cost_of_thinking(scope["path"]) is None:
            await self._app(scope, receive, send)
            return
        try:
            place = await self._places.take(scope["state"]["asked_by"], self._patience)
        except (TooMany, Unavailable) as refused:
            again = {"Retry-After": str(AGAIN_AFTER_SECONDS)}
            await answer_problem(problem_of(refused), again)(scope, receive, send)
            return

        async def send_and_let_go(message: Message) -> None:
            if message["type"] == "http.response.start" and not _is_stream(message):
                place.give_back()
            await send(message)

        try:
            await self._app(scope, receive, send_and_let_go)
        finally:
            place.give_back()


def _is_stream(begun: Message) -> bool:
    return Headers(raw=list(begun["headers"])).get("content-type", "").startswith("text/event-stream")


class Place:
    """One place, given back once."""

    def __init__(self, places: "Places", whose: Hashable) -> None:
        self._places, self._whose, self._held = places, whose, True

    def give_back(self) -> None:
        """Somebody else may have it."""
        if self._held:
            self._held = False
            self._places.free(self._whose)


class Places:
    """So many for each, so many for all; who came first is first, unless others of his own are in his way."""

    def __init__(self, most_each: int, most: int) -> None:
        self._most_each, self._most = most_each, most
        self._taken: Counter[Hashable] = Counter()
        self._waiting: dict[asyncio.Future[None], Hashable] = {}

    async def take(self, whose: Hashable, patience_seconds: float) -> Place:
        """One within limited time; `TooMany` where one's own are in the way, `Unavailable` where others are."""
        if self._is_free_for(whose):
            self._taken[whose] += 1
            return Place(self, whose)
        turn = asyncio.get_running_loop().create_future()
        self._waiting[turn] = whose
        try:
            async with asyncio.timeout(patience_seconds):
                await turn
        except TimeoutError:
            self._stop_waiting(turn, whose)
            raise self._refusal(whose) from None
        except BaseException:
            self._stop_waiting(turn, whose)
            raise
        return Place(self, whose)

    def free(self, whose: Hashable) -> None:
        """A place is free: the first that may have it is given it."""
        self._taken[whose] -= 1
        if not self._taken[whose]:
            del self._taken[whose]
        for turn, waits in list(self._waiting.items()):
            if self._is_free_for(waits):
                del self._waiting[turn]
                self._taken[waits] += 1
                turn.get_loop().call_soon_threadsafe(self._give, turn, waits)

    def _give(self, turn: "asyncio.Future[None]", whose: Hashable) -> None:
        if not turn.done():
            turn.set_result(None)
        elif turn.cancelled():
            self.free(whose)

    def _stop_waiting(self, turn: "asyncio.Future[None]", whose: Hashable) -> None:
        """What was given already goes back; what is on its way does when it finds nobody."""
        if self._waiting.pop(turn, None) is None and not turn.cancelled():
            self.free(whose)

    def _is_free_for(self, whose: Hashable) -> bool:
        return self._taken[whose] < self._most_each and self._taken.total() < self._most

    def _refusal(self, whose: Hashable) -> TooMany | Unavailable:
        if self._taken[whose] >= self._most_each:
            return TooMany(
                "too_many_questions",
                f"{self._most_each} of your questions are being worked on, and more may not be at once: wait for one "
                "of them to end, then ask again",
                violated_policies=["questions-at-once"],
                retry_after_seconds=AGAIN_AFTER_SECONDS,
            )
        return Unavailable(
            "solver_busy",
            f"{self._most} questions are being worked on, and more may not be at once: ask again shortly",
            retry_after_seconds=AGAIN_AFTER_SECONDS,
        )
