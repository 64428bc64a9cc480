"""Providers and buyers: registered by the operator, who hands them their key."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.dependencies import AtDesk, CurrentActor, Desk, OnceOnly, answer_page, page_of
from api.openapi import problems
from api.schemas.fields import PageAnswer, PageQuery
from api.schemas.parties import SHOWN_ONCE, OrganisationAnswer, OrganisationRequest, Registration
from api.wire.headers import mark_replayed
from api.wire.json_body import JsonRoute
from market.domain.parties import Actor, Buyer, Provider
from market.exchange import AnsweredBefore, Once

router = APIRouter(prefix="/v1", tags=["parties"], route_class=JsonRoute)
ON_REGISTERING = problems(400, 401, 403, 409, 413, 415, 422)


@router.post(
    "/providers",
    status_code=201,
    operation_id="register_provider",
    summary="Register a provider",
    responses=ON_REGISTERING,
)
def register_provider(
    body: OrganisationRequest, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> Registration:
    """Operators only. The answer carries the provider's key, this once."""
    provider = body.provider(body.id or _fresh_id(desk, "prv"))
    return _register(provider, desk, actor, once, request)


@router.post(
    "/buyers",
    status_code=201,
    operation_id="register_buyer",
    summary="Register a buyer",
    responses=ON_REGISTERING,
)
def register_buyer(
    body: OrganisationRequest, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> Registration:
    """Operators only. The answer carries the buyer's key, this once."""
    buyer = body.buyer(body.id or _fresh_id(desk, "buy"))
    return _register(buyer, desk, actor, once, request)


@router.get("/providers", operation_id="list_providers", summary="List providers", responses=problems(422))
def list_providers(desk: AtDesk, query: Annotated[PageQuery, Query()]) -> PageAnswer[OrganisationAnswer]:
    """Providers by id; public."""
    return answer_page(desk.enquiries.providers(page_of(query)), OrganisationAnswer.of)


@router.get("/buyers", operation_id="list_buyers", summary="List buyers", responses=problems(401, 403, 422))
def list_buyers(
    desk: AtDesk, actor: CurrentActor, query: Annotated[PageQuery, Query()]
) -> PageAnswer[OrganisationAnswer]:
    """All buyers for the operator, oneself for a buyer."""
    return answer_page(desk.enquiries.buyers(actor, page_of(query)), OrganisationAnswer.of)


def _fresh_id(desk: Desk, prefix: str) -> str:
    return desk.ids.new(prefix, desk.exchange.clock.now())


def _register(
    organisation: Provider | Buyer, desk: Desk, actor: Actor, once: Once | None, request: Request
) -> Registration:
    api_key: str | None = None
    try:
        api_key = desk.exchange.register(actor, organisation, once)
    except AnsweredBefore as before:
        mark_replayed(request)
        organisation = replace(organisation, id=before.answer["organisation_id"])
    fields = OrganisationAnswer.of(organisation).model_dump()
    return Registration(**fields, api_key=api_key, note=SHOWN_ONCE if api_key is None else None)
