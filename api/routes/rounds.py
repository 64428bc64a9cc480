"""Rounds: clear now, and read what was cleared."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from api.dependencies import AtDesk, CurrentActor, Desk, OnceOnly, PossibleActor, page_of, possible_id
from api.errors import RoundNotLanded
from api.openapi import KEY_OPTIONAL, problems
from api.schemas.fields import PageAnswer
from api.schemas.round_pricing import RoundPricingAnswer
from api.schemas.rounds import ClearingRequest, RoundAnswer, RoundsQuery
from api.wire.etags import IfChanged
from api.wire.headers import mark_replayed
from api.wire.json_body import JsonRoute
from market.domain.parties import Actor
from market.domain.rounds import Round
from market.domain.states import RoundState
from market.exchange import AnsweredBefore, Once, RoundRequest

router = APIRouter(prefix="/v1/rounds", tags=["rounds"], route_class=JsonRoute)
NPZ = "application/octet-stream"
A_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {NPZ: {"schema": {"type": "string", "format": "binary"}}}, "description": "The file."}
}


@router.post(
    "",
    status_code=201,
    operation_id="clear_round",
    summary="Clear a round now",
    responses={
        202: {"model": RoundAnswer, "description": "Clearing; read the round until it has ended."},
        **problems(400, 401, 403, 409, 413, 415, 422, 500, 503),
    },
)
def clear_round(
    desk: AtDesk,
    actor: CurrentActor,
    once: OnceOnly,
    request: Request,
    response: Response,
    body: ClearingRequest | None = None,
    prefer: Annotated[
        str | None, Header(description="`respond-async`: answer 202 at once.", examples=["respond-async"])
    ] = None,
) -> RoundAnswer:
    """Clear all open orders against what is free, and wait for the end, or not (`Prefer: respond-async`).

    201 is a round that landed. One that the judge refused is a 500 `round_refused` with its `round_id`; one that
    failed is answered with what went wrong (503 `solver_died`, say), and as `round_failed` when asked for again
    under its key. Nothing of either is stored but the round itself.
    """
    asked = (body or ClearingRequest()).round_request(desk.settings.limits())
    at_once = _prefers_async(prefer)
    round_ = _clear(desk, actor, asked, once, request, at_once=at_once)
    response.headers["Location"] = f"/v1/rounds/{round_.id}"
    if round_.state is RoundState.CLEARING:
        response.status_code = 202
        if at_once:
            response.headers["Preference-Applied"] = "respond-async"
        return RoundAnswer.of(round_)
    if round_.state is not RoundState.LANDED:
        code = f"round_{round_.state.value}"
        raise RoundNotLanded(code, round_.failure or "the round did not land", round_id=round_.id)
    return RoundAnswer.of(round_)


@router.get("", operation_id="list_rounds", summary="List rounds", responses=problems(422))
def list_rounds(desk: AtDesk, query: Annotated[RoundsQuery, Query()]) -> PageAnswer[RoundAnswer]:
    """Rounds. `figures` is empty here; read one round for them."""
    page = desk.enquiries.rounds(page_of(query, newest_first=query.sort.startswith("-")), query.filters())
    items = [RoundAnswer.of(round_, with_figures=False) for round_ in page.items]
    return PageAnswer(items=items, next_cursor=page.next_cursor)


@router.get(
    "/{round_id}",
    operation_id="read_round",
    summary="Read a round",
    responses=problems(401, 404),
    openapi_extra=KEY_OPTIONAL,
)
def read_round(round_id: str, desk: AtDesk, actor: PossibleActor, seen: IfChanged) -> RoundAnswer:
    """State, certified value and bound, figures beside the baselines', flows. Public.

    What a flow of fewer than 3 orders spent (`spend_cny`) is null, but for an operator's key.
    """
    return seen.tagged(RoundAnswer.of(desk.enquiries.round(possible_id(round_id), actor)))


@router.get(
    "/{round_id}/pricing",
    operation_id="price_round",
    summary="Price a round both ways",
    responses=problems(401, 404),
    openapi_extra=KEY_OPTIONAL,
)
def price_round(round_id: str, desk: AtDesk, actor: PossibleActor) -> RoundPricingAnswer:
    """What a landed round comes to under each pricing rule, from what it recorded. The sums are public.

    `allocations`, with both prices of each, is for an operator's key; without one it is empty.
    """
    return RoundPricingAnswer.of(desk.enquiries.round_pricing(actor, possible_id(round_id)))


@router.get(
    "/{round_id}/problem.npz",
    operation_id="read_round_problem",
    summary="The problem a round solved",
    response_class=Response,
    responses={**A_FILE, **problems(401, 403, 404)},
)
def read_round_problem(round_id: str, desk: AtDesk, actor: CurrentActor) -> Response:
    """The arrays as they were solved; `suanli verify` checks them against the clearing."""
    return _file(desk.enquiries.round_record(actor, possible_id(round_id))[0], f"{round_id}-problem.npz")


@router.get(
    "/{round_id}/clearing.npz",
    operation_id="read_round_clearing",
    summary="The clearing of a round",
    response_class=Response,
    responses={**A_FILE, **problems(401, 403, 404)},
)
def read_round_clearing(round_id: str, desk: AtDesk, actor: CurrentActor) -> Response:
    """What the solver answered: placements, prices, certificate."""
    return _file(desk.enquiries.round_record(actor, possible_id(round_id))[1], f"{round_id}-clearing.npz")


def _clear(
    desk: Desk, actor: Actor, asked: RoundRequest, once: Once | None, request: Request, *, at_once: bool
) -> Round:
    try:
        opened = desk.rounds.open(actor, asked, once)
    except AnsweredBefore as before:
        mark_replayed(request)
        return desk.enquiries.round(before.answer["round_id"], actor)
    if at_once:
        desk.finish_in_background(opened)
        return opened.round
    return opened.finish()


def _prefers_async(prefer: str | None) -> bool:
    """RFC 7240: preferences are separated by commas, parameters by semicolons."""
    preferences = (prefer or "").split(",")
    return any(preference.split(";")[0].strip().lower() == "respond-async" for preference in preferences)


def _file(content: bytes, name: str) -> Response:
    return Response(
        content, media_type=NPZ, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
