"""Who clears rounds, as whoever asks for them knows it; and the plain one, which clears in this process."""

from dataclasses import dataclass
from typing import Protocol

from market.domain.parties import Actor
from market.domain.rounds import Round
from market.exchange import Exchange, Once, OpenedRound, RoundRequest


class Opened(Protocol):
    """A round that holds the one place for clearing."""

    @property
    def round(self) -> Round:
        """As it was opened."""

    def finish(self) -> Round:
        """Clear it and wait for its end; what fails is raised, after the round is stored as failed."""


class RoundDesk(Protocol):
    """Opens rounds, and lets go of them as the exchange ends. Safe between threads."""

    def open(self, actor: Actor, request: RoundRequest, once: Once | None = None) -> Opened:
        """Freeze the market and claim the place for a round; refusals are those of `Exchange.open_round`."""

    def warm(self) -> None:
        """Start now what the first round would have to wait for."""

    def take_no_more(self) -> None:
        """From now on whoever asks for a round is refused `exchange_stopping`. Takes no lock: a signal handler calls it."""

    def give_up(self) -> None:
        """A round that clears fails as `exchange_stopped`, where that can be done at once."""

    def require_usable(self) -> None:
        """`Unavailable` where no round could be cleared any more."""

    def close(self) -> None:
        """Let go of everything; a round that clears ends first."""


@dataclass(frozen=True, slots=True)
class OpenedHere:
    """A round that its exchange clears in the thread that asks."""

    exchange: Exchange
    opened: OpenedRound

    @property
    def round(self) -> Round:
        """As it was opened."""
        return self.opened.round

    def finish(self) -> Round:
        """`Exchange.finish_round`."""
        return self.exchange.finish_round(self.opened)


class RoundsHere:
    """Clears in this process: where time is not the machine's, so that no other process could know it."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def open(self, actor: Actor, request: RoundRequest, once: Once | None = None) -> OpenedHere:
        """`Exchange.open_round`."""
        return OpenedHere(self._exchange, self._exchange.open_round(actor, request, once))

    def warm(self) -> None:
        """There is nothing to start."""

    def take_no_more(self) -> None:
        """One that clears goes on."""
        self._exchange.take_no_more_rounds()

    def give_up(self) -> None:
        """One that clears goes on: it ends with this process at the latest, and the next start closes it."""
        self._exchange.take_no_more_rounds()

    def require_usable(self) -> None:
        """It always is."""

    def close(self) -> None:
        """There is nothing to let go of."""
