"""Money: accounts, transfers, deposits and payouts, invoices and statements."""

import re
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.dependencies import AtDesk, CurrentActor, Desk, OnceOnly, answer_page, page_of
from api.openapi import problems
from api.schemas.fields import PageAnswer
from api.schemas.ledger import (
    ACCOUNT_ID,
    AccountAnswer,
    AccountsQuery,
    AmountRequest,
    BalanceAnswer,
    CreditLimitRequest,
    InvoiceAnswer,
    InvoicesQuery,
    StatementAnswer,
    StatementsQuery,
    TransferAnswer,
    TransfersQuery,
)
from api.wire.etags import IfChanged, IfUnchanged
from api.wire.headers import mark_replayed
from api.wire.json_body import JsonRoute
from market.domain.errors import NotFound
from market.domain.ledger import Transfer
from market.domain.money import format_cny
from market.domain.parties import Actor
from market.exchange import AnsweredBefore, Once
from market.settlement.months import Month

router = APIRouter(prefix="/v1", tags=["ledger"], route_class=JsonRoute)
ON_MOVING = problems(400, 401, 403, 404, 409, 413, 415, 422)
_ACCOUNT_ID = re.compile(ACCOUNT_ID, re.ASCII)


@router.get(
    "/ledger/transfers",
    operation_id="list_transfers",
    summary="List transfers",
    responses=problems(401, 404, 422),
)
def list_transfers(
    desk: AtDesk, actor: CurrentActor, query: Annotated[TransfersQuery, Query()]
) -> PageAnswer[TransferAnswer]:
    """Those that touch one's own accounts, all for the operator."""
    request = page_of(query, newest_first=query.sort.startswith("-"))
    page = desk.ledger.transfers(actor, request, query.filters())
    return answer_page(page, TransferAnswer.of)


@router.get(
    "/ledger/balance",
    operation_id="check_ledger",
    summary="Check the ledger",
    responses=problems(401, 403),
)
def check_ledger(desk: AtDesk, actor: CurrentActor) -> BalanceAnswer:
    """Operators only: whether all balances together are zero, and the accounts' sums those of their transfers."""
    imbalance = desk.ledger.imbalance_micros(actor)
    return BalanceAnswer(balances=imbalance == 0, imbalance=format_cny(imbalance))


@router.get("/accounts", operation_id="list_accounts", summary="List accounts", responses=problems(401, 422))
def list_accounts(
    desk: AtDesk, actor: CurrentActor, query: Annotated[AccountsQuery, Query()]
) -> PageAnswer[AccountAnswer]:
    """One's own; for the operator every account that money moved through, by id."""
    return answer_page(desk.ledger.accounts(actor, page_of(query), query.filters()), AccountAnswer.of)


@router.get(
    "/accounts/{account_id}",
    operation_id="read_account",
    summary="Read an account",
    responses=problems(401, 404),
)
def read_account(account_id: str, desk: AtDesk, actor: CurrentActor, seen: IfChanged) -> AccountAnswer:
    """One account as it is now."""
    return seen.tagged(AccountAnswer.of(desk.ledger.account(actor, _possible(account_id))))


@router.post(
    "/accounts/{account_id}/deposits",
    status_code=201,
    operation_id="deposit",
    summary="Book a deposit",
    responses=ON_MOVING,
)
def deposit(
    account_id: str,
    body: AmountRequest,
    desk: AtDesk,
    actor: CurrentActor,
    once: OnceOnly,
    request: Request,
) -> TransferAnswer:
    """Operators only: money that came in for a buyer, or for a voucher pool."""
    return _moved(desk.exchange.deposit, account_id, body, desk, actor, once, request)


@router.post(
    "/accounts/{account_id}/payouts",
    status_code=201,
    operation_id="pay_out",
    summary="Book a payout",
    responses=ON_MOVING,
)
def pay_out(
    account_id: str,
    body: AmountRequest,
    desk: AtDesk,
    actor: CurrentActor,
    once: OnceOnly,
    request: Request,
) -> TransferAnswer:
    """Operators only: money that went out to a provider, at most what is in its account."""
    return _moved(desk.exchange.payout, account_id, body, desk, actor, once, request)


@router.put(
    "/accounts/{account_id}/credit-limit",
    operation_id="set_credit_limit",
    summary="Set a credit limit",
    responses=ON_MOVING,
)
def set_credit_limit(
    account_id: str, body: CreditLimitRequest, desk: AtDesk, actor: CurrentActor, expected: IfUnchanged
) -> AccountAnswer:
    """Operators only: how far a buyer's account may fall below zero. Orders beyond it are refused.

    With `If-Match`, the balance must be unchanged as well.
    """
    id_, only_if = _possible(account_id), expected.as_shown(AccountAnswer.of)
    limited = desk.exchange.set_credit_limit(actor, id_, body.credit_limit, only_if=only_if)
    return expected.tagged(AccountAnswer.of(limited))


@router.get(
    "/invoices",
    operation_id="list_invoices",
    summary="Invoices of a month",
    responses=problems(401, 403, 422),
)
def list_invoices(
    desk: AtDesk, actor: CurrentActor, query: Annotated[InvoicesQuery, Query()]
) -> PageAnswer[InvoiceAnswer]:
    """A buyer's own; for the operator one of each buyer, by id. A month holds what was booked in it."""
    month = Month.of(query.month)
    return answer_page(desk.ledger.invoices(actor, page_of(query), month, query.buyer_id), InvoiceAnswer.of)


@router.get(
    "/statements",
    operation_id="list_statements",
    summary="Statements of a month",
    responses=problems(401, 403, 422),
)
def list_statements(
    desk: AtDesk, actor: CurrentActor, query: Annotated[StatementsQuery, Query()]
) -> PageAnswer[StatementAnswer]:
    """A provider's own; for the operator one of each provider, by id. A month holds what was booked in it."""
    month = Month.of(query.month)
    found = desk.ledger.statements(actor, page_of(query), month, query.provider_id)
    return answer_page(found, StatementAnswer.of)


def _possible(account_id: str) -> str:
    """An account's id from a path; what cannot be one is as unknown as any other."""
    if not _ACCOUNT_ID.fullmatch(account_id):
        raise NotFound("not_found", f"no account {account_id[:64]!r} here")
    return account_id


def _moved(
    move: Callable[[Actor, str, int, Once | None], Transfer],
    account_id: str,
    body: AmountRequest,
    desk: Desk,
    actor: Actor,
    once: Once | None,
    request: Request,
) -> TransferAnswer:
    try:
        return TransferAnswer.of(move(actor, _possible(account_id), body.amount, once))
    except AnsweredBefore as before:
        mark_replayed(request)
        return TransferAnswer.of(desk.ledger.transfer(actor.rereading(), before.answer["transfer_id"]))
