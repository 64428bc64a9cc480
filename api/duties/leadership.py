"""Who does a duty: the process that holds its claim, as long as it holds it. All others try once a second."""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from market.persistence.claims import SHARED, Claim, ClaimName

BEAT_SECONDS = 1.0
"""Between two looks: of the leader, whether its claim is still there, and of everybody else, whether it is free."""
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Term:
    """A time of leading. `is_ours` asks the lock itself: to be asked before each thing that is done."""

    is_ours: Callable[[], bool]
    taken_over: bool
    """Whether somebody led before, while this process was there already."""


class Duty(Protocol):
    """Something that one process at a time does for all."""

    @property
    def name(self) -> ClaimName:
        """What is claimed for it."""

    def led(self, term: Term) -> AbstractContextManager[None]:
        """Within, it is done here; leaving waits until what is under way has ended."""


class Leadership:
    """One duty as one process sees it: a thread that tries to lead, leads, and stands back where its claim is lost."""

    def __init__(self, claim: Claim, duty: Duty, beat_seconds: float = BEAT_SECONDS) -> None:
        self._claim, self._duty, self._beat_seconds = claim, duty, beat_seconds
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"leads-{duty.name}", daemon=True)
        self._behind_somebody = False
        self._in_trouble = False

    def start(self) -> None:
        """Try from now on."""
        self._thread.start()

    def begin_stopping(self) -> None:
        """Stand back as soon as what is under way has ended."""
        self._ending.set()

    def join(self) -> None:
        """Return when it has."""
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                if self._claim.take():
                    self._lead()
                self._behind_somebody, self._in_trouble = True, False
            except Exception:
                if (
                    not self._in_trouble
                ):  # once, not every second: a database that is down is told of by everybody
                    _logger.exception(
                        "%s cannot be claimed or begun; trying again and again", self._duty.name
                    )
                self._in_trouble = True
            self._ending.wait(self._beat_seconds)

    def _lead(self) -> None:
        name, told = self._duty.name, {"duty": self._duty.name.value}
        level = logging.DEBUG if name in SHARED else logging.INFO
        _logger.log(level, "leads %s", name, extra=told)
        self._in_trouble = False
        try:
            with self._duty.led(Term(self._claim.is_held, self._behind_somebody)):
                while not self._ending.wait(self._beat_seconds):
                    if not self._claim.is_held():
                        _logger.warning("leads %s no longer: its lock was lost", name, extra=told)
                        return
        finally:
            self._claim.release()
        _logger.log(level, "hands over %s", name, extra=told)
