"""Many orders at once: read, submitted and answered in one go, off the event loop."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.dependencies import AtDesk, CurrentActor, IdempotencyKey
from api.errors import problem_of
from api.intake.order_batch import hash_of, read_batch
from api.intake.submitting import Answer, submit
from api.openapi import problems
from api.schemas.orders import ANSWERED_LINES, LINES, OrderBatchAnswer, order_fields
from api.wire.json_answer import NDJSON, JsonAnswer, LinesAnswer
from api.wire.media_types import preferred, sent_as
from api.wire.one_thread import OneThreadRoute
from market.domain.errors import MarketError
from market.domain.parties import Role
from market.domain.scopes import Scope
from market.exchange import Once

router = APIRouter(prefix="/v1/orders", tags=["orders"], route_class=OneThreadRoute)
JSON = "application/json"
BODY: Mapping[str, Any] = {
    "required": True,
    "content": {
        JSON: {"schema": {"$ref": "#/components/schemas/OrderBatch"}},
        NDJSON: {
            "schema": {"type": "string", "description": "One OrderRequest on each line."},
            "example": LINES,
        },
    },
}
ANSWER: Mapping[str, Any] = {
    "content": {
        NDJSON: {
            "schema": {"type": "string", "description": "One OrderAccepted or OrderRefused on each line."},
            "example": ANSWERED_LINES,
        }
    }
}


async def _sent_bytes(request: Request) -> bytes:
    return await request.body()


SentBytes = Annotated[bytes, Depends(_sent_bytes)]


@router.post(
    "/batch",
    operation_id="submit_orders",
    summary="Submit many orders, each answered on its own",
    response_model=OrderBatchAnswer,
    responses={200: dict(ANSWER), **problems(400, 401, 403, 409, 413, 415, 422)},
    openapi_extra={"requestBody": BODY},
)
def submit_orders(
    sent: SentBytes, desk: AtDesk, actor: CurrentActor, key: IdempotencyKey, request: Request
) -> Response:
    """Up to 10,000 orders, as one JSON document or one a line (NDJSON). A malformed or refused one spoils no other.

    Those that are accepted are stored together: after a crash all of them are in the book or none is, and the same request
    under the same `Idempotency-Key` ends with exactly one set of them. Blank lines do not count; answers to lines name
    their numbers. `Accept: application/x-ndjson` asks for answers one a line.
    """
    actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.ORDERS)
    batch = read_batch(sent, sent_as(request), actor, named=key is not None)
    head = f"{request.method} {request.url.path}\n"
    once = None if key is None else Once(actor.key_id, key, hash_of(head, batch.canonical))
    items = _items(submit(desk, actor, batch.orders, once, request), batch.lines)
    if preferred(request, (JSON, NDJSON)) == NDJSON:
        return LinesAnswer(items, headers={"Vary": "Accept"})
    return JsonAnswer({"items": items}, headers={"Vary": "Accept"})


def _items(answers: Sequence[Answer], lines: Sequence[int] | None) -> list[dict[str, Any]]:
    items = [_item(answer) for answer in answers]
    if lines is None:
        return items
    return [item | {"line": number} for item, number in zip(items, lines, strict=True)]


def _item(answer: Answer) -> dict[str, Any]:
    if isinstance(answer, MarketError):
        problem = problem_of(answer)
        return {"status": problem.status, "error": problem.model_dump()}
    return {"status": 201, "order": order_fields(answer)}
