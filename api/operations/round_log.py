"""Rounds in the log: each step with its seconds, each end with its figures, all under the round's id."""

import logging

from market.domain.rounds import Round
from market.domain.states import RoundState
from market.watching import OrdersAnswered, RoundEnded, Searching, Seen, StepDone

_logger = logging.getLogger("suanli.rounds")


def log_seen(seen: Seen) -> None:
    """A line for what was seen of a round."""
    match seen:
        case StepDone(round_id=round_id, step=step, seconds=seconds, failed=failed):
            told = {"round_id": round_id, "step": step, "seconds": round(seconds, 3)}
            _logger.log(
                logging.WARNING if failed else logging.INFO,
                "round step %s",
                "failed" if failed else "done",
                extra=told,
            )
        case RoundEnded(round=ended):
            level = logging.INFO if ended.state is RoundState.LANDED else logging.ERROR
            _logger.log(level, "round %s", ended.state.value, extra=_figures(ended))
        case OrdersAnswered() | Searching():
            pass  # the access log has the request, the round's figures the search


def _figures(ended: Round) -> dict[str, object]:
    if ended.state is not RoundState.LANDED:
        return {"round_id": ended.id, "failure": ended.failure}
    return {
        "round_id": ended.id,
        "orders": ended.orders,
        "placed": ended.placed,
        "gap": ended.gap,
        "solver_seconds": ended.seconds,
    }
