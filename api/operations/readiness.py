"""Whether the exchange can do its work: every check, each with the code of what is wrong."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from anyio import CapacityLimiter, move_on_after
from anyio.to_thread import run_sync
from sqlalchemy.exc import SQLAlchemyError

from api.operations.stopping import Stopping
from market.domain.errors import MarketError, Unavailable
from market.persistence.condition import Condition
from market.persistence.database import Database
from market.round_desks.desk import RoundDesk

PATIENCE_SECONDS = 5.0
"""A check that takes longer has failed: whoever asks does not wait much longer either."""
MOST_AT_A_TIME = 4
"""Checks that hang (a server that does not answer) hold no more threads than these."""
Check = Callable[[], None]
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `code` None: all is well."""

    name: str
    code: str | None
    milliseconds: float


class Readiness:
    """The checks of one exchange. A check raises where something is wrong."""

    def __init__(
        self, database: Database, rounds: RoundDesk, stopping: Stopping, min_free_mebibytes: int
    ) -> None:
        condition = Condition(database)
        self._checks: dict[str, Check] = {
            "serving": partial(_require_going_on, stopping),
            "database": condition.require_sound,
            "disk": partial(condition.require_room, min_free_mebibytes),
            "solver": rounds.require_usable,
        }
        self._limiter: CapacityLimiter | None = None
        self._failing: frozenset[str] = frozenset()

    def add(self, name: str, check: Check) -> None:
        """One more thing that must be well."""
        self._checks[name] = check

    async def findings(self) -> list[Finding]:
        """Every check in turn; what fails for the first time is logged with its message."""
        self._limiter = self._limiter or CapacityLimiter(MOST_AT_A_TIME)
        found = [await self._look(name, check, self._limiter) for name, check in self._checks.items()]
        self._failing = frozenset(one.name for one in found if one.code is not None)
        return found

    async def _look(self, name: str, check: Check, limiter: CapacityLimiter) -> Finding:
        began, code = time.perf_counter(), "check_timed_out"
        with move_on_after(PATIENCE_SECONDS):
            code = await run_sync(self._outcome, name, check, limiter=limiter, abandon_on_cancel=True)
        return Finding(name, code or None, round((time.perf_counter() - began) * 1000, 1))

    def _outcome(self, name: str, check: Check) -> str:
        """The code of what is wrong; empty where nothing is."""
        try:
            check()
        except (MarketError, SQLAlchemyError, OSError) as error:
            if name not in self._failing:
                _logger.warning("not ready: %s: %s", name, error)
            return error.code if isinstance(error, MarketError) else "check_failed"
        return ""


def refuse_unready(findings: list[Finding]) -> None:
    """`Unavailable` `not_ready` with every check, where one of them has failed."""
    failed = [one for one in findings if one.code is not None]
    if failed:
        told = ", ".join(f"{one.name} ({one.code})" for one in failed)
        raise Unavailable(
            "not_ready",
            f"the exchange cannot do its work: {told}; its log says more",
            failed=[one.name for one in failed],
            checks=[
                {"name": one.name, "code": one.code, "milliseconds": one.milliseconds} for one in findings
            ],
        )


def _require_going_on(stopping: Stopping) -> None:
    if stopping.is_set():
        raise Unavailable("exchange_stopping", "the exchange is stopping: ask another one")
