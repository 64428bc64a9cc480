"""`suanli ledger`, `invoices`, `statements`, `vouchers`: where the money is, and why."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from api.cli.options import HERE, AsJson, Key, Most, Server
from api.cli.output import print_json, print_record, print_table
from api.cli.reporting import ReportingGroup
from api.client.errors import Refusal

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
def list_transfers(  # noqa: PLR0913 - one parameter per option
    *,
    order: Annotated[str | None, typer.Option("--order", help="ord_…")] = None,
    allocation: Annotated[str | None, typer.Option("--allocation", help="alo_…")] = None,
    round_: Annotated[str | None, typer.Option("--round", help="rnd_…")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="hold, release, capture, refund, …")] = None,
    account: Annotated[str | None, typer.Option("--account", help="acc_…")] = None,
    limit: Most = 50,
    server: Server = HERE,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """List transfers, newest first: those on your accounts, or all with an operator's key.

    Example: suanli ledger transfers --order ord_… --kind capture
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415 - quick `--help`

    filters = {
        "order_id": order,
        "allocation_id": allocation,
        "round_id": round_,
        "kind": kind,
        "account_id": account,
    }
    with ExchangeClient(server, key) as client:
        found = list(client.pages("/v1/ledger/transfers", limit, **filters))
    names = ("id", "at", "kind", "debit_account_id", "credit_account_id", "amount")
    _print_list(found, ("id", "at", "kind", "from", "to", "CNY"), names, as_json=as_json)


@ledger.command("accounts")
def list_accounts(
    *, limit: Most = 200, server: Server = HERE, key: Key = None, as_json: AsJson = False
) -> None:
    """List accounts and their balances: your own, or all with an operator's key.

    Example: suanli ledger accounts
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415

    with ExchangeClient(server, key) as client:
        found = list(client.pages("/v1/accounts", limit))
    names = ("id", "kind", "balance", "credit_limit")
    _print_list(found, ("id", "kind", "balance CNY", "credit limit"), names, as_json=as_json)


@ledger.command()
def balance(
    account_id: Annotated[str | None, typer.Argument(help="acc_… [the whole ledger]")] = None,
    *,
    server: Server = HERE,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Show an account's balance; without one, check that the whole ledger balances (operators).

    Exit status 1 if it does not.

    Example: suanli ledger balance acc_buy_0001
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415

    with ExchangeClient(server, key) as client:
        if account_id is not None:
            print_record(client.get(f"/v1/accounts/{account_id}"), as_json=as_json)
            return
        found = client.get("/v1/ledger/balance")
    print_record(found, as_json=as_json)
    if not found["balances"]:
        raise typer.Exit(1)


@ledger.command()
def deposit(
    account_id: AccountId, amount: Amount, *, server: Server = HERE, key: Key = None, as_json: AsJson = False
) -> None:
    """Book money that came in for a buyer or a voucher pool; this needs an operator's key.

    Example: suanli ledger deposit acc_buy_0001 5000.00
    """
    _move(server, key, f"/v1/accounts/{account_id}/deposits", amount, as_json=as_json)


@ledger.command()
def payout(
    account_id: AccountId, amount: Amount, *, server: Server = HERE, key: Key = None, as_json: AsJson = False
) -> None:
    """Book money that went out to a provider; this needs an operator's key.

    Example: suanli ledger payout acc_prv_0062 1200.00
    """
    _move(server, key, f"/v1/accounts/{account_id}/payouts", amount, as_json=as_json)


@ledger.command()
def credit(
    account_id: AccountId,
    amount: Annotated[str, typer.Argument(help="CNY, or 'none' for no limit")],
    *,
    server: Server = HERE,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Say how far a buyer's account may fall below zero; this needs an operator's key.

    Example: suanli ledger credit acc_buy_0001 10000.00
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415

    limit = None if amount == "none" else amount
    with ExchangeClient(server, key) as client:
        found = client.put(f"/v1/accounts/{account_id}/credit-limit", {"credit_limit": limit})
    print_record(found, as_json=as_json)


def invoices(
    *,
    month: Month = None,
    buyer: Annotated[str | None, typer.Option("--buyer", help="operators: one buyer's [all]")] = None,
    limit: Most = 1000,
    server: Server = HERE,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Show what buyers owe for a month, order by order.

    Example: suanli invoices --month 2025-07
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415

    with ExchangeClient(server, key) as client:
        found = list(client.pages("/v1/invoices", limit, month=month or _this_month(), buyer_id=buyer))
    columns = ("charge", "voucher", "refund", "credit", "due")
    _print_bills(found, "buyer_id", columns, as_json=as_json)


def statements(
    *,
    month: Month = None,
    provider: Annotated[
        str | None, typer.Option("--provider", help="operators: one provider's [all]")
    ] = None,
    limit: Most = 1000,
    server: Server = HERE,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Show what providers earned in a month, order by order.

    Example: suanli statements --month 2025-07
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415

    with ExchangeClient(server, key) as client:
        asked = {"month": month or _this_month(), "provider_id": provider}
        found = list(client.pages("/v1/statements", limit, **asked))
    columns = ("charge", "make_whole", "fee", "refund", "credit", "net")
    _print_bills(found, "provider_id", columns, as_json=as_json)


@vouchers.command("create")
def create_pool(  # noqa: PLR0913 - one parameter per option
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
    server: Server = HERE,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Create a voucher pool; this needs an operator's key.

    Example: suanli vouchers create 杭州市 --rate gpu=0.3 --cap 8000000.00 --funds 50000000.00
    --from 2025-01-01T00:00:00+08:00 --until 2026-01-01T00:00:00+08:00
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415

    body = {
        "issuer": issuer,
        "rate_by_class": dict(_read_rate(text) for text in rate),
        "cap_per_year": cap,
        "valid_from": since,
        "valid_until": until,
        "eligible_providers": provider or None,
        "funds": funds,
    }
    with ExchangeClient(server, key) as client:
        print_record(client.post("/v1/voucher-pools", body), as_json=as_json)


@vouchers.command("list")
def list_pools(*, limit: Most = 50, server: Server = HERE, key: Key = None, as_json: AsJson = False) -> None:
    """List voucher pools, with what is left in them.

    Example: suanli vouchers list
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415

    with ExchangeClient(server, key) as client:
        found = list(client.pages("/v1/voucher-pools", limit))
    names = ("id", "issuer", "valid_until", "cap_per_year", "left")
    _print_list(found, ("id", "issuer", "until", "cap a year", "left CNY"), names, as_json=as_json)


def _move(server: str, key: str | None, path: str, amount: str, *, as_json: bool) -> None:
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415

    with ExchangeClient(server, key) as client:
        print_record(client.post(path, {"amount": amount}), as_json=as_json)


def _print_list(
    found: list[dict[str, Any]], columns: tuple[str, ...], names: tuple[str, ...], *, as_json: bool
) -> None:
    if as_json:
        print_json(found)
    else:
        print_table(columns, ([one[name] for name in names] for one in found))


def _print_bills(found: list[dict[str, Any]], whose: str, columns: tuple[str, ...], *, as_json: bool) -> None:
    """A table for each bill that says something; the last row is its total."""
    if as_json:
        print_json(found)
        return
    told = [bill for bill in found if bill["lines"]]
    for bill in told:
        rows = [
            (line["allocation_id"], f"{line['unit_hours']:.2f}", *(line[name] for name in columns))
            for line in bill["lines"]
        ]
        rows.append(("total", "", *(bill["totals"][name] for name in columns)))
        head = ("id", "unit-hours", *(name.replace("_", "-") for name in columns))
        print_table(head, rows, title=f"{bill[whose]}, {bill['month']}, CNY")
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
