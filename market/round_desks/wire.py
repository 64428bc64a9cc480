"""What goes between an exchange and the process that clears its rounds."""

import pickle
from dataclasses import dataclass
from logging import LogRecord

from market.domain.parties import Actor
from market.domain.rounds import Round
from market.exchange import Once, RoundRequest
from market.watching import Seen


@dataclass(frozen=True, slots=True)
class OpenAsked:
    """`Exchange.open_round`."""

    actor: Actor
    request: RoundRequest
    once: Once | None


@dataclass(frozen=True, slots=True)
class FinishAsked:
    """`Exchange.finish_round`, of a round that was opened over there."""

    round_id: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked; whatever comes back for it has its number."""

    number: int
    asked: OpenAsked | FinishAsked


@dataclass(frozen=True, slots=True)
class Told:
    """Something was seen over there."""

    number: int | None
    seen: Seen


@dataclass(frozen=True, slots=True)
class Logged:
    """Something was logged over there."""

    number: int | None
    record: LogRecord


@dataclass(frozen=True, slots=True)
class Rang:
    """Something new is in the log of events."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer."""

    number: int
    round: Round


@dataclass(frozen=True, slots=True)
class Failed:
    """What was raised instead, and where."""

    number: int
    error: BaseException
    trace: str


Reply = Told | Logged | Rang | Answered | Failed


def sendable(error: BaseException) -> BaseException:
    """The error itself, or one that says the same where it does not survive the way (exceptions of libraries may not)."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - just made here
    except Exception:  # noqa: BLE001 - whatever its own code does
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
