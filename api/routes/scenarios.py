"""What if: the same book in another market. Nothing is stored as real."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from api.dependencies import AtDesk, CurrentActor, Desk, OnceOnly, possible_id
from api.openapi import problems
from api.schemas.scenarios import (
    ReplayAnswer,
    ScenariosAnswer,
    ScenariosRequest,
    SweepAnswer,
    SweepRequest,
)
from api.streams.long_questions import STREAM
from api.wire.headers import mark_replayed
from api.wire.json_body import JsonRoute
from market.domain.parties import Actor, Role
from market.domain.scopes import Scope
from market.exchange import AnsweredBefore, Once
from market.whatif.watching import Asker
from solver import Limits

router = APIRouter(prefix="/v1", tags=["scenarios"], route_class=JsonRoute)


AS_IT_GOES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer; with `Accept: text/event-stream` how it comes along, as server-sent events, and then "
        "the answer.",
        "content": {
            STREAM: {
                "schema": {"type": "string"},
                "example": 'event: progress\ndata: {"number": 1, "of": 2, "step": "as_is", "seconds": 0.42, …}\n\n'
                'event: step\ndata: {"number": 1, "of": 2, "step": "as_is", "seconds": 4.2, "gap": 0.0058, …}\n\n'
                "event: answer\ndata: {…}\n\n",
            }
        },
    }
}


@router.post(
    "/scenarios",
    operation_id="compare_scenarios",
    summary="Clear the same book in other markets",
    response_model=ScenariosAnswer,
    responses=AS_IT_GOES | problems(400, 401, 403, 404, 409, 413, 415, 422, 503),
)
async def compare_scenarios(
    body: ScenariosRequest, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> Response:
    """Another policy, prices of carbon and latency, nodes down, a hub that has grown, a latency limit, more or less
    demand: side by side with how it is.

    Operators only. Each clearing is judged like a round's; nothing is stored. Close the connection, and it is given up.
    """
    actor.require(Role.OPERATOR, scope=Scope.READ)
    limits = Limits(seconds=float(body.seconds_limit), gap=float(body.gap))
    alterations = [scenario.alteration() for scenario in body.scenarios]

    def work(asker: Asker) -> bytes:
        outcomes = desk.what_if.compare(actor, body.round_id, alterations, limits, asker)
        return _answered(ScenariosAnswer.of(outcomes), desk, actor, once, request)

    return await desk.long_questions.answer(request, work)


@router.post(
    "/scenarios/sweep",
    operation_id="sweep_scenarios",
    summary="The Pareto front of spend, latency and carbon",
    response_model=SweepAnswer,
    responses=AS_IT_GOES | problems(400, 401, 403, 404, 409, 413, 415, 422, 503),
)
async def sweep_scenarios(
    body: SweepRequest, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> Response:
    """The work that the book's clearing places, at the least spend for rising prices of carbon and of latency.

    Every point places the same orders, so points compare. Along each path carbon (latency) only falls and spend only
    rises. Each point tells its certified gap, and the policy that a scenario would take to clear at its prices. Operators
    only; takes points x seconds. Close the connection, and it is given up.
    """
    actor.require(Role.OPERATOR, scope=Scope.READ)
    limits = Limits(seconds=float(body.seconds_limit), gap=0.0)

    def work(asker: Asker) -> bytes:
        found = desk.what_if.sweep(actor, body.round_id, body.points, limits, asker)
        return _answered(SweepAnswer.of(found), desk, actor, once, request)

    return await desk.long_questions.answer(request, work)


@router.post(
    "/rounds/{round_id}/replay",
    operation_id="replay_round",
    summary="Clear a past round again from its record",
    response_model=ReplayAnswer,
    responses=AS_IT_GOES | problems(400, 401, 403, 404, 409, 413, 422, 503),
)
async def replay_round(
    round_id: str, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> Response:
    """The recorded problem under the recorded limits: the same answer, unless time ended the search. Operators only."""
    actor.require(Role.OPERATOR, scope=Scope.READ)
    id_ = possible_id(round_id)

    def work(asker: Asker) -> bytes:
        found = desk.what_if.replay(actor, id_, asker)
        return _answered(ReplayAnswer.of(found), desk, actor, once, request)

    return await desk.long_questions.answer(request, work)


def _answered(answer: BaseModel, desk: Desk, actor: Actor, once: Once | None, request: Request) -> bytes:
    """A question changes nothing: its key is bound to it, and it is answered anew each time."""
    if once is not None:
        try:
            desk.exchange.remember_question(actor, once)
        except AnsweredBefore:
            mark_replayed(request)
    return answer.model_dump_json().encode()
