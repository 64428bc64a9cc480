"""Rounds that are cleared in a process of their own, on the same database: whoever asks for anything else does not notice.

What happens there is told here, in the thread that waits for it: watchers, logs and traces are those of the request.
The process ends with this one; where it ends before, this one closes its round.
"""

import threading
import time
from dataclasses import dataclass

from market.domain.errors import Unavailable
from market.domain.parties import Actor, Role
from market.domain.rounds import Round
from market.domain.scopes import Scope
from market.domain.states import RoundState
from market.exchange import Exchange, Once, RoundRequest
from market.round_desks.child import ChildTerms
from market.round_desks.line import Line, LineDead
from market.round_desks.wire import FinishAsked, OpenAsked
from market.rounds.steps import as_stored, failure_of
from market.watching import RoundEnded, Seen

PATIENCE_SECONDS = 10.0
"""For a database server to notice that a process is no more, and to let go of its lock."""
GLANCE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class OpenedApart:
    """A round that clears over there."""

    round: Round
    desk: "RoundsApart"
    line: Line

    def finish(self) -> Round:
        """Wait for its end. `Unavailable` `solver_died` where the process did, or `exchange_stopped`."""
        return self.desk.finish(self)


class RoundsApart:
    """One process, started at the first round (or by `warm`), and started anew when it has died."""

    def __init__(self, exchange: Exchange, terms: ChildTerms) -> None:
        """`exchange` is the one here: its watchers are told, its bell is rung, it closes rounds that were cut off."""
        self._exchange, self._terms = exchange, terms
        self._lock, self._telling = threading.Lock(), threading.Lock()
        self._told_ended: str | None = None
        """Of which round the end was told last: its process may die before it answers, with others waiting."""
        self._line: Line | None = self._new_line()

    def open(self, actor: Actor, request: RoundRequest, once: Once | None = None) -> OpenedApart:
        """As the exchange does it over there."""
        actor.require(Role.OPERATOR, scope=Scope.ROUNDS)  # nobody else gets as far as another process
        self._exchange.require_taking_rounds()
        line = self._living_line()
        try:
            return OpenedApart(line.ask(OpenAsked(actor, request, once)), self, line)
        except LineDead as dead:
            error = self._why_dead()
            abandoned = self._exchange.abandon_interrupted_round(failure_of(error))
            if abandoned is not None:
                self._tell(RoundEnded(abandoned))
            raise error from dead

    def finish(self, opened: OpenedApart) -> Round:
        """As the exchange does it over there."""
        try:
            return opened.line.ask(FinishAsked(opened.round.id))
        except LineDead as dead:
            error = self._why_dead()
            ended = self._closed(opened.round.id, failure_of(error))
            self._tell(RoundEnded(ended))
            if ended.state is RoundState.LANDED:  # and was cut off while it told so
                return ended
            raise error from dead

    def warm(self) -> None:
        """Start the process now: it takes seconds to load all that clears."""
        self._living_line().start()

    def take_no_more(self) -> None:
        """One that clears goes on."""
        self._exchange.take_no_more_rounds()

    def give_up(self) -> None:
        """End the process at once."""
        self.take_no_more()
        line = self._give_up_line()
        if line is not None:
            line.kill()

    def require_usable(self) -> None:
        """A process that has died is replaced."""
        self._living_line()

    def close(self) -> None:
        """End the process, after a round that clears."""
        line = self._give_up_line()
        if line is not None:
            line.end()

    def _new_line(self) -> Line:
        return Line(self._terms, self._tell, self._exchange.bell.ring)

    def _tell(self, seen: Seen) -> None:
        if not isinstance(seen, RoundEnded) or self._is_news(seen):
            self._exchange.watch.tell(seen)

    def _is_news(self, end: RoundEnded) -> bool:
        with self._telling:
            last, self._told_ended = self._told_ended, end.round.id
            return last != end.round.id

    def _living_line(self) -> Line:
        with self._lock:
            if self._line is None:
                raise self._why_dead()
            if self._line.is_dead:
                self._line.end()
                self._line = self._new_line()
            return self._line

    def _give_up_line(self) -> Line | None:
        with self._lock:
            line, self._line = self._line, None
        return line

    def _why_dead(self) -> Unavailable:
        if self._line is None:
            return Unavailable(
                "exchange_stopped",
                "the exchange is stopping and clears no more; nothing landed, clear again when it is back",
            )
        return Unavailable(
            "solver_died", "the process that cleared the round ended; nothing landed, clear again"
        )

    def _closed(self, round_id: str, failure: str) -> Round:
        """The round as it ended over there, or closed here."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            self._exchange.abandon_interrupted_round(failure)
            found = as_stored(self._exchange.database, round_id)
            if found.state is not RoundState.CLEARING or time.monotonic() > until:
                return found
            time.sleep(GLANCE_SECONDS)
