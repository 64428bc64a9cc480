"""`suanli ledger`, `invoices`, `statements`, `vouchers`: where the money is, and why."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.connection import connected
from api.cli.options import AsJson, Most
from api.cli.output import cells, print_json, print_record, print_table
from api.cli.reporting import ReportingGroup
from api.terminal.refusal import Refusal

if TYPE_CHECKING:
    from api.client.answer import Answer
    from api.client.answers import InvoiceAnswer, StatementAnswer
    from api.client.exchange import Exchange

ledger = typer.Typer(
    cls=ReportingGroup, no_args_is_help=True, help="The ledger: transfers, accounts, balances."
)
vouchers = typer.Typer(
    cls=ReportingGroup, no_args_is_help=True, help="Compute vouchers (算力券): public pools that pay a share."
)

AccountId = Annotated[str, typer.Argument(help="acc_…")]
Amount = Annotated[str, typer.Argument(help="CNY, such as 5000.00")]
Month = Annotated[str | None, typer.Option("--month", help="YYYY-MM in Asia/Shanghai [the present one]")]


@ledger.command("transfers")
@connected
def list_transfers(  # noqa: PLR0913 - one parameter per option
    exchange: "Exchange",
    *,
    order: Annotated[str | None, typer.Option("--order", help="ord_…")] = None,
    allocation: Annotated[str | None, typer.Option("--allocation", help="alo_…")] = None,
    round_: Annotated[str | None, typer.Option("--round", help="rnd_…")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="hold, release, capture, refund, …")] = None,
    account: Annotated[str | None, typer.Option("--account", help="acc_…")] = None,
    limit: Most = 50,
    as_json: AsJson = False,
) -> None:
    """List transfers, newest first: those on your accounts, or all with an operator's key.

    Example: suanli ledger transfers --order ord_… --kind capture
    """
    known: Any = kind  # the exchange says which there are
    transfers = exchange.ledger.transfers(
        order_id=order,
        allocation_id=allocation,
        round_id=round_,
        kind=known,
        account_id=account,
        at_most=limit,
    )
    found = list(transfers)
    names = ("id", "at", "kind", "debit_account_id", "credit_account_id", "amount")
    _print_list(found, ("id", "at", "kind", "from", "to", "CNY"), names, as_json=as_json)


@ledger.command("accounts")
@connected
def list_accounts(exchange: "Exchange", *, limit: Most = 200, as_json: AsJson = False) -> None:
    """List accounts and their balances: your own, or all with an operator's key.

    Example: suanli ledger accounts
    """
    found = list(exchange.accounts.list(at_most=limit))
    names = ("id", "kind", "balance", "credit_limit")
    _print_list(found, ("id", "kind", "balance CNY", "credit limit"), names, as_json=as_json)


@ledger.command()
@connected
def balance(
    exchange: "Exchange",
    account_id: Annotated[str | None, typer.Argument(help="acc_… [the whole ledger]")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show an account's balance; without one, check that the whole ledger balances (operators).

    Exit status 1 if it does not.

    Example: suanli ledger balance acc_buy_0001
    """
    if account_id is not None:
        print_record(exchange.accounts.read(account_id), as_json=as_json)
        return
    found = exchange.ledger.check()
    print_record(found, as_json=as_json)
    if not found.balances:
        raise typer.Exit(1)


@ledger.command()
@connected
def deposit(exchange: "Exchange", account_id: AccountId, amount: Amount, *, as_json: AsJson = False) -> None:
    """Book money that came in for a buyer or a voucher pool; this needs an operator's key.

    Example: suanli ledger deposit acc_buy_0001 5000.00
    """
    print_record(exchange.accounts.deposit(account_id, {"amount": amount}), as_json=as_json)


@ledger.command()
@connected
def payout(exchange: "Exchange", account_id: AccountId, amount: Amount, *, as_json: AsJson = False) -> None:
    """Book money that went out to a provider; this needs an operator's key.

    Example: suanli ledger payout acc_prv_0062 1200.00
    """
    print_record(exchange.accounts.pay_out(account_id, {"amount": amount}), as_json=as_json)


@ledger.command()
@connected
def credit(
    exchange: "Exchange",
    account_id: AccountId,
    amount: Annotated[str, typer.Argument(help="CNY, or 'none' for no limit")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say how far a buyer's account may fall below zero; this needs an operator's key.

    Example: suanli ledger credit acc_buy_0001 10000.00
    """
    limit = None if amount == "none" else amount
    found = exchange.accounts.set_credit_limit(account_id, {"credit_limit": limit})
    print_record(found, as_json=as_json)


@connected
def invoices(
    exchange: "Exchange",
    *,
    month: Month = None,
    buyer: Annotated[str | None, typer.Option("--buyer", help="operators: one buyer's [all]")] = None,
    limit: Most = 1000,
    as_json: AsJson = False,
) -> None:
    """Show what buyers owe for a month, order by order.

    Example: suanli invoices --month 2025-07
    """
    found = list(exchange.invoices.list(month=month or _this_month(), buyer_id=buyer, at_most=limit))
    columns = ("charge", "voucher", "refund", "credit", "due")
    _print_bills([(bill.buyer_id, bill) for bill in found], columns, as_json=as_json)


@connected
def statements(
    exchange: "Exchange",
    *,
    month: Month = None,
    provider: Annotated[
        str | None, typer.Option("--provider", help="operators: one provider's [all]")
    ] = None,
    limit: Most = 1000,
    as_json: AsJson = False,
) -> None:
    """Show what providers earned in a month, order by order.

    Example: suanli statements --month 2025-07
    """
    found = list(exchange.statements.list(month=month or _this_month(), provider_id=provider, at_most=limit))
    columns = ("charge", "make_whole", "fee", "refund", "credit", "net")
    _print_bills([(bill.provider_id, bill) for bill in found], columns, as_json=as_json)


@vouchers.command("create")
@connected
def create_pool(  # noqa: PLR0913 - one parameter per option
    exchange: "Exchange",
    issuer: Annotated[str, typer.Argument(help="who pays: a city, a province")],
    *,
    rate: Annotated[list[str], typer.Option("--rate", help="class=share, such as gpu=0.3; once per class")],
    cap: Annotated[str, typer.Option("--cap", help="most CNY for a buyer in a calendar year")],
    since: Annotated[str, typer.Option("--from", help="RFC 3339")],
    until: Annotated[str, typer.Option("--until", help="RFC 3339")],
    funds: Annotated[str, typer.Option("--funds", help="CNY to begin with")] = "0.00",
    provider: Annotated[
        list[str] | None, typer.Option("--provider", help="an eligible one; repeat [all]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a voucher pool; this needs an operator's key.

    Example: suanli vouchers create 杭州市 --rate gpu=0.3 --cap 8000000.00 --funds 50000000.00
    --from 2025-01-01T00:00:00+08:00 --until 2026-01-01T00:00:00+08:00
    """
    body: Any = {
        "issuer": issuer,
        "rate_by_class": dict(_read_rate(text) for text in rate),
        "cap_per_year": cap,
        "valid_from": since,
        "valid_until": until,
        "eligible_providers": provider or None,
        "funds": funds,
    }
    print_record(exchange.voucher_pools.create(body), as_json=as_json)


@vouchers.command("list")
@connected
def list_pools(exchange: "Exchange", *, limit: Most = 50, as_json: AsJson = False) -> None:
    """List voucher pools, with what is left in them.

    Example: suanli vouchers list
    """
    found = list(exchange.voucher_pools.list(at_most=limit))
    names = ("id", "issuer", "valid_until", "cap_per_year", "left")
    _print_list(found, ("id", "issuer", "until", "cap a year", "left CNY"), names, as_json=as_json)


def _print_list(
    found: "Sequence[Answer]", columns: tuple[str, ...], names: tuple[str, ...], *, as_json: bool
) -> None:
    if as_json:
        print_json(found)
    else:
        print_table(columns, cells(found, names))


def _print_bills(
    found: "Sequence[tuple[str, InvoiceAnswer | StatementAnswer]]", columns: tuple[str, ...], *, as_json: bool
) -> None:
    """A table for each bill that says something; the last row is its total."""
    if as_json:
        print_json([bill for _, bill in found])
        return
    told = [(whose, bill) for whose, bill in found if bill.lines]
    for whose, bill in told:
        rows: list[tuple[object, ...]] = [
            (line.allocation_id, f"{line.unit_hours:.2f}", *(getattr(line, name) for name in columns))
            for line in bill.lines
        ]
        rows.append(("total", "", *(getattr(bill.totals, name) for name in columns)))
        head = ("id", "unit-hours", *(name.replace("_", "-") for name in columns))
        print_table(head, rows, title=f"{whose}, {bill.month}, CNY")
    if not told:
        typer.echo("nothing was booked")


def _read_rate(text: str) -> tuple[str, float]:
    name, _, share = text.partition("=")
    try:
        return name, float(share)
    except ValueError as error:
        raise Refusal("invalid_rate", f"{text!r} is no rate: write class=share, such as gpu=0.3") from error


def _this_month() -> str:
    from market.domain.clock import MARKET_ZONE  # noqa: PLC0415

    return datetime.now(UTC).astimezone(MARKET_ZONE).strftime("%Y-%m")
