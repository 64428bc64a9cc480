"""Quotes: asked for, held, given back; and how forecasts fare."""

from fastapi import APIRouter, Request

from api.dependencies import AtDesk, CurrentActor, Desk, OnceOnly, possible_id
from api.openapi import problems
from api.schemas.quotes import ForecastScoreAnswer, HeldQuoteAnswer, QuoteAnswer, QuoteRequest
from api.wire.etags import IfChanged
from api.wire.headers import mark_replayed
from api.wire.json_body import JsonRoute
from market.domain.errors import InvalidInput
from market.domain.orders import OrderTerms
from market.domain.parties import Actor, Role
from market.domain.quotes import HeldQuote
from market.domain.scopes import Scope
from market.enquiries.promises import NOTHING_OFFERED
from market.exchange import AnsweredBefore, Once

router = APIRouter(prefix="/v1", tags=["quotes"], route_class=JsonRoute)


@router.post(
    "/quotes",
    operation_id="quote_order",
    summary="What would this order cost now; hold it if asked",
    responses=problems(400, 401, 403, 404, 409, 413, 415, 422),
)
def quote_order(
    body: QuoteRequest, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> QuoteAnswer:
    """Node by node, cheapest first, and why not elsewhere. Nothing is submitted; operators need name no buyer.

    With `hold_minutes` the cheapest place is set aside for its buyer: send the order with its `quote_id` to take it at
    exactly that price. 409 `not_placed_now` where nothing is free, `too_many_quotes` with 20 held at once.

    An `Idempotency-Key` is bound to the question, and to what is held: asked again under the same key, the same quote
    is held, and the rest is answered as the market is by then: without options once the deadline is too near.
    """
    actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.READ)
    anybodys = actor.role is Role.OPERATOR and body.buyer_id is None and body.hold_minutes is None
    buyer_id = None if anybodys else actor.organisation_or(body.buyer_id, Role.BUYER)
    terms = body.terms()
    if once is not None:
        try:
            desk.exchange.require_unanswered(actor, once)
        except AnsweredBefore as before:
            mark_replayed(request)
            return _asked_again(desk, actor, buyer_id, terms, before)
    quote = desk.enquiries.quote(actor, buyer_id, terms)
    held = None
    if body.hold_minutes is not None and buyer_id is not None:
        held = _hold(desk, actor, buyer_id, terms, body.hold_minutes, once, request)
    elif once is not None:
        try:
            desk.exchange.remember_question(actor, once)
        except AnsweredBefore:
            mark_replayed(request)
    return QuoteAnswer.of(quote, held)


@router.get(
    "/quotes/{quote_id}",
    operation_id="read_quote",
    summary="Read a quote that is or was held",
    responses=problems(401, 403, 404),
)
def read_quote(quote_id: str, desk: AtDesk, actor: CurrentActor, seen: IfChanged) -> HeldQuoteAnswer:
    """One's own; all of them for the operator."""
    return seen.tagged(HeldQuoteAnswer.of(desk.enquiries.held_quote(actor, possible_id(quote_id))))


@router.post(
    "/quotes/{quote_id}/release",
    operation_id="release_quote",
    summary="Give a held quote back",
    responses=problems(401, 403, 404, 409, 413, 422),
)
def release_quote(
    quote_id: str, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> HeldQuoteAnswer:
    """Before its time is over; 409 `quote_expired` where it is not held any more."""
    try:
        return HeldQuoteAnswer.of(desk.exchange.release_quote(actor, possible_id(quote_id), once))
    except AnsweredBefore as before:
        mark_replayed(request)
        return HeldQuoteAnswer.of(desk.enquiries.held_quote(actor.rereading(), before.answer["quote_id"]))


@router.get("/forecasts/score", operation_id="read_forecast_score", summary="How forecasts fared")
def read_forecast_score(desk: AtDesk) -> ForecastScoreAnswer:
    """Of when orders would be matched: the share that was right, and how wide the ranges were. Public."""
    return ForecastScoreAnswer.of(desk.enquiries.forecast_score())


def _asked_again(
    desk: Desk, actor: Actor, buyer_id: str | None, terms: OrderTerms, before: AnsweredBefore
) -> QuoteAnswer:
    """What is held, whatever has become of the market since: whoever asks again may not have heard of it."""
    quote_id = before.answer.get("quote_id")
    held = None if quote_id is None else desk.enquiries.held_quote(actor.rereading(), quote_id)
    try:
        return QuoteAnswer.of(desk.enquiries.quote(actor, buyer_id, terms), held)
    except InvalidInput:
        return QuoteAnswer.of(NOTHING_OFFERED, held)


def _hold(
    desk: Desk,
    actor: Actor,
    buyer_id: str,
    terms: OrderTerms,
    minutes: int,
    once: Once | None,
    request: Request,
) -> HeldQuote:
    try:
        return desk.exchange.hold_quote(actor, buyer_id, terms, minutes, once)
    except AnsweredBefore as before:
        mark_replayed(request)
        return desk.enquiries.held_quote(actor.rereading(), before.answer["quote_id"])
