"""How the newest round comes along: what is told of it, for whoever wants to look on.

Nothing of it is stored. Of a round that clears in another process on PostgreSQL its remarks are heard
(`market.round_desks.remarks`), and passed on like what is seen here; on SQLite nothing is known of that until it is over.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import asdict, dataclass, field

from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from api.operations.stopping import Stopping
from api.schemas.progress import EndAnswer, ProgressAnswer, SearchAnswer, StepAnswer
from market.desks.bell import Bell
from market.domain.rounds import Round
from market.domain.states import RoundState
from market.round_desks.remarks import newest_of, read_account
from market.watching import RoundEnded, Searching, Seen, StepDone

PAUSE_SECONDS = 0.2
"""Between two looks at what is new: five reports of a search in a second at most."""
KEEP_ALIVE_SECONDS = 15.0
ELSEWHERE_SECONDS = 1.0
"""Between two looks at whether a round is over that clears in another process, and of which nothing is heard."""
Told = StepDone | Searching | EndAnswer
_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Account:
    """All that was told of one round so far."""

    round_id: str
    elsewhere: bool = False
    """Whether it clears in another process, which may die without a word."""
    told: list[Told] = field(default_factory=list)


class RoundProgress:
    """The account of the newest round. Told in the thread that clears or hears, read on event loops."""

    def __init__(self, stopping: Stopping) -> None:
        self._stopping = stopping
        self._bell = Bell()
        self._newest: Account | None = None
        self._telling = threading.Lock()
        self.looking_on = 0
        """How many follow a round of which there is an account."""

    def see(self, seen: Seen) -> None:
        """Keep what is told of a round."""
        match seen:
            case StepDone(round_id=round_id) | Searching(round_id=round_id):
                told: Told = seen
            case RoundEnded(round=ended):
                told, round_id = EndAnswer.of(ended), ended.id
            case _:
                return
        with self._telling:
            if self._newest is None or self._newest.round_id != round_id:
                self._newest = Account(round_id)
            self._newest.told.append(told)
        self._bell.ring()

    def heed(self, words: str) -> None:
        """Keep what another process remarks of the round that it clears: what of it is new. It neither waits nor raises."""
        try:
            heard = read_account(words)
        except ValueError as error:  # of another version of this program
            _logger.warning("what another server says of its round is not understood: %s", error)
            return
        with self._telling:
            account = self._newest
            if account is None or account.round_id < heard.round_id:
                account = self._newest = Account(heard.round_id, elsewhere=True)
            if account.round_id != heard.round_id or not account.elsewhere:
                return  # one that is over, said late
            account.told += [one for one in heard.told if one not in account.told]
            if heard.ended is not None and not _is_over(account.told):
                account.told.append(EndAnswer(round_id=heard.round_id, **asdict(heard.ended)))
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
                async for frame in self._live(account, read):
                    yield frame
                return
            yield b": clears in another process\n\n"
            await asyncio.sleep(ELSEWHERE_SECONDS)
            round_ = await run_in_threadpool(read)
        if round_.state is not RoundState.CLEARING:
            yield b"".join(_frame("progress", row) for row in _history(round_)) + _end(EndAnswer.of(round_))

    async def _live(self, account: Account, read: Callable[[], Round]) -> AsyncIterator[bytes]:
        """What was told so far, then what is new, the newest of each stretch of search.

        Whoever clears and falls silent may be no more, or unable to say so: then the round itself is asked.
        """
        silence = ELSEWHERE_SECONDS if account.elsewhere else KEEP_ALIVE_SECONDS
        loop, rung = asyncio.get_running_loop(), asyncio.Event()
        stop_hearing = self._bell.hear(lambda: _set_on(loop, rung))
        stopping = asyncio.create_task(self._stopping.wait())
        self.looking_on += 1
        try:
            at, everything, is_over = 0, True, False
            while not stopping.done():
                rung.clear()
                new = account.told[at:]
                at += len(new)
                yield b"".join(_frames(new if everything else newest_of(new))) or b": still solving\n\n"
                if _is_over(new):
                    return
                if not new:
                    found = await run_in_threadpool(read)
                    if found.state is not RoundState.CLEARING and is_over:
                        yield _end(EndAnswer.of(found))
                        return
                    is_over = (
                        found.state is not RoundState.CLEARING
                    )  # what is on its way is waited for once more
                everything = False
                await asyncio.sleep(PAUSE_SECONDS)
                await _first(rung, stopping, silence)
        finally:
            self.looking_on -= 1
            stop_hearing()
            stopping.cancel()

    def _told_of(self, round_id: str) -> list[Told]:
        account = self._newest
        return list(account.told) if account is not None and account.round_id == round_id else []


async def _first(rung: asyncio.Event, stopping: "asyncio.Task[None]", silence: float) -> None:
    """Until there is something new, the exchange stops, or silence has lasted so many seconds."""
    ringing = asyncio.create_task(rung.wait())
    try:
        await asyncio.wait({ringing, stopping}, timeout=silence, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ringing.cancel()


def _is_over(told: list[Told]) -> bool:
    return bool(told) and isinstance(told[-1], EndAnswer)


def _frames(told: Iterable[Told]) -> Iterable[bytes]:
    for one in told:
        match one:
            case StepDone():
                yield _frame("step", StepAnswer.of(one))
            case Searching():
                yield _frame("progress", SearchAnswer.of(one))
            case EndAnswer():
                yield _end(one)


def _history(round_: Round) -> list[SearchAnswer]:
    return [SearchAnswer.of_record(row) for row in round_.figures.get("history", ())]


def _end(ended: EndAnswer) -> bytes:
    return _frame(ended.state.value, ended)


def _frame(event: str, data: BaseModel) -> bytes:
    return f"event: {event}\ndata: {data.model_dump_json()}\n\n".encode()


def _set_on(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(event.set)
