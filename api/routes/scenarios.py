"""What if: the same book in another market. Nothing is stored as real."""

from fastapi import APIRouter, Request

from api.dependencies import AtDesk, CurrentActor, Desk, OnceOnly, possible_id
from api.openapi import problems
from api.schemas.scenarios import (
    ReplayAnswer,
    ScenariosAnswer,
    ScenariosRequest,
    SweepAnswer,
    SweepRequest,
)
from api.wire.headers import mark_replayed
from api.wire.json_body import JsonRoute
from market.domain.parties import Actor, Role
from market.domain.scopes import Scope
from market.exchange import AnsweredBefore, Once
from solver import Limits

router = APIRouter(prefix="/v1", tags=["scenarios"], route_class=JsonRoute)


@router.post(
    "/scenarios",
    operation_id="compare_scenarios",
    summary="Clear the same book in other markets",
    responses=problems(400, 401, 403, 404, 409, 413, 415, 422, 503),
)
def compare_scenarios(
    body: ScenariosRequest, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> ScenariosAnswer:
    """Another policy, a carbon price, nodes down, a hub that has grown, a latency limit: side by side with how it is.

    Operators only. Each clearing is judged like a round's; nothing is stored.
    """
    actor.require(Role.OPERATOR, scope=Scope.READ)
    limits = Limits(seconds=float(body.seconds_limit), gap=float(body.gap))
    alterations = [scenario.alteration() for scenario in body.scenarios]
    outcomes = desk.what_if.compare(actor, body.round_id, alterations, limits)
    _remember(desk, actor, once, request)
    return ScenariosAnswer.of(outcomes)


@router.post(
    "/scenarios/sweep",
    operation_id="sweep_scenarios",
    summary="The Pareto front of spend, latency and carbon",
    responses=problems(400, 401, 403, 404, 409, 413, 415, 422, 503),
)
def sweep_scenarios(
    body: SweepRequest, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> SweepAnswer:
    """The work that the book's clearing places, at the least spend for rising prices of carbon and of latency.

    Every point places the same orders, so points compare. Along each path carbon (latency) only falls and spend only
    rises. Operators only; takes points x seconds.
    """
    actor.require(Role.OPERATOR, scope=Scope.READ)
    limits = Limits(seconds=float(body.seconds_limit), gap=0.0)
    found = desk.what_if.sweep(actor, body.round_id, body.points, limits)
    _remember(desk, actor, once, request)
    return SweepAnswer.of(found)


@router.post(
    "/rounds/{round_id}/replay",
    operation_id="replay_round",
    summary="Clear a past round again from its record",
    responses=problems(400, 401, 403, 404, 409, 413, 422, 503),
)
def replay_round(
    round_id: str, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> ReplayAnswer:
    """The recorded problem under the recorded limits: the same answer, unless time ended the search. Operators only."""
    actor.require(Role.OPERATOR, scope=Scope.READ)
    found = desk.what_if.replay(actor, possible_id(round_id))
    _remember(desk, actor, once, request)
    return ReplayAnswer.of(found)


def _remember(desk: Desk, actor: Actor, once: Once | None, request: Request) -> None:
    """A question changes nothing: its key is bound to it, and it is answered anew each time."""
    if once is not None:
        try:
            desk.exchange.remember_question(actor, once)
        except AnsweredBefore:
            mark_replayed(request)
