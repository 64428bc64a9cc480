"""How the round comes along that clears in this process: what is told of it, for whoever wants to look on.

Nothing of it is stored: of a round that is over there is its history, of one that clears in another process there is
nothing until then.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field

from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from api.operations.stopping import Stopping
from api.schemas.progress import EndAnswer, ProgressAnswer, SearchAnswer, StepAnswer
from market.desks.bell import Bell
from market.domain.rounds import Round
from market.domain.states import RoundState
from market.watching import RoundEnded, Searching, Seen, StepDone

PAUSE_SECONDS = 0.2
"""Between two looks at what is new: five reports of a search in a second at most."""
KEEP_ALIVE_SECONDS = 15.0
ELSEWHERE_SECONDS = 1.0
"""Between two looks at whether a round is over that clears in another process."""
Told = StepDone | Searching | RoundEnded


@dataclass(slots=True)
class Account:
    """All that was told of one round so far."""

    round_id: str
    told: list[Told] = field(default_factory=list)


class RoundProgress:
    """The account of the newest round of this process. Told in the thread that clears, read on event loops."""

    def __init__(self, stopping: Stopping) -> None:
        self._stopping = stopping
        self._bell = Bell()
        self._newest: Account | None = None
        self.looking_on = 0
        """How many follow a round that clears here."""

    def see(self, seen: Seen) -> None:
        """Keep what is told of a round."""
        match seen:
            case StepDone(round_id=round_id) | Searching(round_id=round_id):
                told: Told = seen
            case RoundEnded(round=ended):
                told, round_id = seen, ended.id
            case _:
                return
        if self._newest is None or self._newest.round_id != round_id:
            self._newest = Account(round_id)
        self._newest.told.append(told)
        self._bell.ring()

    def of(self, round_: Round) -> ProgressAnswer:
        """How far a round is, as far as this process knows."""
        told = self._told_of(round_.id)
        return ProgressAnswer(
            **EndAnswer.of(round_).model_dump(),
            steps=[StepAnswer.of(one) for one in told if isinstance(one, StepDone)],
            search=_history(round_) or [SearchAnswer.of(one) for one in told if isinstance(one, Searching)],
        )

    async def follow(self, round_: Round, read: Callable[[], Round]) -> AsyncIterator[bytes]:
        """Server-sent events until the round is over; `read` reads it again."""
        while round_.state is RoundState.CLEARING and not self._stopping.is_set():
            account = self._newest
            if account is not None and account.round_id == round_.id:
                async for frame in self._live(account):
                    yield frame
                return
            yield b": clears in another process\n\n"
            await asyncio.sleep(ELSEWHERE_SECONDS)
            round_ = await run_in_threadpool(read)
        if round_.state is not RoundState.CLEARING:
            yield b"".join(_frame("progress", row) for row in _history(round_)) + _end(round_)

    async def _live(self, account: Account) -> AsyncIterator[bytes]:
        """What was told so far, then what is new, the newest of each stretch of search."""
        loop, rung = asyncio.get_running_loop(), asyncio.Event()
        stop_hearing = self._bell.hear(lambda: _set_on(loop, rung))
        stopping = asyncio.create_task(self._stopping.wait())
        self.looking_on += 1
        try:
            at, everything = 0, True
            while not stopping.done():
                rung.clear()
                new = account.told[at:]
                at += len(new)
                yield b"".join(_frames(new if everything else _newest_of(new))) or b": still solving\n\n"
                if new and isinstance(new[-1], RoundEnded):
                    return
                everything = False
                await asyncio.sleep(PAUSE_SECONDS)
                await _first(rung, stopping)
        finally:
            self.looking_on -= 1
            stop_hearing()
            stopping.cancel()

    def _told_of(self, round_id: str) -> list[Told]:
        account = self._newest
        return list(account.told) if account is not None and account.round_id == round_id else []


async def _first(rung: asyncio.Event, stopping: "asyncio.Task[None]") -> None:
    """Until there is something new, the exchange stops, or silence has lasted long enough."""
    ringing = asyncio.create_task(rung.wait())
    try:
        await asyncio.wait(
            {ringing, stopping}, timeout=KEEP_ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        ringing.cancel()


def _newest_of(told: list[Told]) -> Iterable[Told]:
    """Without reports of a search that a later one follows at once."""
    for number, one in enumerate(told):
        after = told[number + 1] if number + 1 < len(told) else None
        if not (isinstance(one, Searching) and isinstance(after, Searching)):
            yield one


def _frames(told: Iterable[Told]) -> Iterable[bytes]:
    for one in told:
        match one:
            case StepDone():
                yield _frame("step", StepAnswer.of(one))
            case Searching():
                yield _frame("progress", SearchAnswer.of(one))
            case RoundEnded(round=ended):
                yield _end(ended)


def _history(round_: Round) -> list[SearchAnswer]:
    return [SearchAnswer.of_record(row) for row in round_.figures.get("history", ())]


def _end(ended: Round) -> bytes:
    return _frame(ended.state.value, EndAnswer.of(ended))


def _frame(event: str, data: BaseModel) -> bytes:
    return f"event: {event}\ndata: {data.model_dump_json()}\n\n".encode()


def _set_on(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(event.set)
