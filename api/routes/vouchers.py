"""Compute vouchers (算力券): public pools that pay a share of what their kind of work costs."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import AtDesk, CurrentActor, OnceOnly, answer_page, page_of, possible_id
from api.openapi import problems
from api.schemas.fields import PageAnswer, PageQuery
from api.schemas.vouchers import VoucherPoolAnswer, VoucherPoolRequest
from api.wire.etags import IfChanged
from api.wire.headers import mark_replayed
from api.wire.json_body import JsonRoute
from market.exchange import AnsweredBefore

router = APIRouter(prefix="/v1/voucher-pools", tags=["ledger"], route_class=JsonRoute)


@router.post(
    "",
    status_code=201,
    operation_id="create_voucher_pool",
    summary="Create a voucher pool",
    responses=problems(400, 401, 403, 409, 413, 415, 422),
)
def create_voucher_pool(
    body: VoucherPoolRequest,
    desk: AtDesk,
    actor: CurrentActor,
    once: OnceOnly,
    request: Request,
    response: Response,
) -> VoucherPoolAnswer:
    """Operators only. Orders name a pool as `voucher_pool_id`; it pays its share when an hour is settled."""
    try:
        pool_id = desk.exchange.create_voucher_pool(actor, body.pool(), body.funds, once).id
    except AnsweredBefore as before:
        mark_replayed(request)
        pool_id = before.answer["voucher_pool_id"]
    response.headers["Location"] = f"/v1/voucher-pools/{pool_id}"
    return VoucherPoolAnswer.of(desk.ledger.voucher_pool(actor.rereading(), pool_id))


@router.get("", operation_id="list_voucher_pools", summary="List voucher pools", responses=problems(401, 422))
def list_voucher_pools(
    desk: AtDesk, actor: CurrentActor, query: Annotated[PageQuery, Query()]
) -> PageAnswer[VoucherPoolAnswer]:
    """Pools by id, with what is left in them."""
    return answer_page(desk.ledger.voucher_pools(actor, page_of(query)), VoucherPoolAnswer.of)


@router.get(
    "/{voucher_pool_id}",
    operation_id="read_voucher_pool",
    summary="Read a voucher pool",
    responses=problems(401, 404),
)
def read_voucher_pool(
    voucher_pool_id: str, desk: AtDesk, actor: CurrentActor, seen: IfChanged
) -> VoucherPoolAnswer:
    """One pool."""
    return seen.tagged(VoucherPoolAnswer.of(desk.ledger.voucher_pool(actor, possible_id(voucher_pool_id))))
