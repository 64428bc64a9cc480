"""Accounts, transfers, invoices and statements."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from api.schemas.fields import Cny, CnyText, Moment, PageQuery, Reference, Schema, UnitsShown, example
from market.domain.ledger import Account, AccountKind, Transfer, TransferKind
from market.domain.money import format_cny
from market.domain.orders import WHOLE_UNIT
from market.persistence.filters import Filters, Span
from market.settlement.bills import Invoice, InvoiceSums, Metered, Statement, StatementSums

ACCOUNT_ID = r"^acc_[a-z0-9_]{1,90}$"
AccountId = Annotated[str, StringConstraints(pattern=ACCOUNT_ID)]
MonthText = Annotated[
    str,
    StringConstraints(pattern=r"^2[0-9]{3}-(0[1-9]|1[0-2])$"),
    Field(description="Calendar month in Asia/Shanghai, YYYY-MM.", examples=["2025-07"]),
]
TRANSFER: dict[str, Any] = {
    "id": "tra_01k0a1b2c3d4e5f6g7h8j9kmnp",
    "kind": "capture",
    "debit_account_id": "acc_escrow_buy_0001",
    "credit_account_id": "acc_prv_0062",
    "amount": "18.00",
    "at": "2025-07-16T10:00:00Z",
    "order_id": "ord_01k0a1b2c3d4e5f6g7h8j9kmnp",
    "allocation_id": "alo_01k0a1b2c3d4e5f6g7h8j9kmnp",
    "round_id": "rnd_01k0a1b2c3d4e5f6g7h8j9kmnp",
    "hour": "2025-07-16T09:00:00Z",
}
METERED: dict[str, Any] = {
    "order_id": "ord_01k0a1b2c3d4e5f6g7h8j9kmnp",
    "allocation_id": "alo_01k0a1b2c3d4e5f6g7h8j9kmnp",
    "offering_id": "off_0001",
    "units": 2,
    "hours": 3.5,
    "unit_hours": 7.0,
}
INVOICE_SUMS = {
    "charge": "63.00",
    "voucher": "12.60",
    "refund": "0.00",
    "credit": "0.00",
    "due": "50.40",
}
STATEMENT_SUMS = {
    "charge": "63.00",
    "make_whole": "2.00",
    "fee": "0.65",
    "refund": "0.00",
    "credit": "0.00",
    "net": "64.35",
}


class TransferAnswer(Schema):
    """One row of the ledger: an amount that left the debit account for the credit account."""

    model_config = example(**TRANSFER)

    id: str
    kind: TransferKind
    debit_account_id: str
    credit_account_id: str
    amount: CnyText
    at: datetime
    order_id: str | None
    allocation_id: str | None
    round_id: str | None
    hour: datetime | None = Field(description="Start of the hour that was metered, where one was.")

    @classmethod
    def of(cls, transfer: Transfer) -> "TransferAnswer":
        """What a transfer looks like from outside."""
        fields = {name: getattr(transfer, name) for name in cls.model_fields if hasattr(transfer, name)}
        return cls(**fields, amount=format_cny(transfer.amount_micros))


class TransfersQuery(PageQuery):
    """Which transfers."""

    order_id: Reference | None = Field(None, description="Only those about this order.")
    allocation_id: Reference | None = Field(None, description="Only those about this allocation.")
    round_id: Reference | None = Field(None, description="Only those about this round.")
    kind: list[TransferKind] = Field([], description="Only those of this kind; several: any of them.")
    account_id: AccountId | None = Field(None, description="Only those out of or into this account.")
    since: Moment | None = Field(None, description="Only those booked then or later.")
    until: Moment | None = Field(None, description="Only those booked before.")
    sort: Literal["at", "-at"] = Field("-at", description="Oldest first, or newest first.")

    def filters(self) -> Filters:
        """What is asked of the rows."""
        return {
            "order_id": self.order_id,
            "allocation_id": self.allocation_id,
            "round_id": self.round_id,
            "kind": tuple(self.kind),
            "account_id": self.account_id,
            "at": Span(self.since, self.until),
        }


class AccountsQuery(PageQuery):
    """Which accounts."""

    kind: list[AccountKind] = Field([], description="Only those of this kind; several: any of them.")
    owner_id: Reference | None = Field(None, description="Only those of this organisation.")

    def filters(self) -> Filters:
        """What is asked of the rows."""
        return {"kind": tuple(self.kind), "owner_id": self.owner_id}


class AccountAnswer(Schema):
    """An account. `balance` is what was credited less what was debited."""

    model_config = example(
        id="acc_buy_0001",
        kind="buyer",
        owner_id="buy_0001",
        balance="-1200.00",
        debits="6200.00",
        credits="5000.00",
        credit_limit=None,
    )

    id: str
    kind: AccountKind
    owner_id: str | None
    balance: CnyText
    debits: CnyText
    credits: CnyText
    credit_limit: CnyText | None = Field(
        description="How far the balance may fall below zero; null: without limit."
    )

    @classmethod
    def of(cls, account: Account) -> "AccountAnswer":
        """What an account looks like from outside."""
        least = account.least_micros
        return cls(
            id=account.id,
            kind=account.kind,
            owner_id=account.owner_id,
            balance=format_cny(account.balance_micros),
            debits=format_cny(account.debits_micros),
            credits=format_cny(account.credits_micros),
            credit_limit=None if least is None else format_cny(-least),
        )


class BalanceAnswer(Schema):
    """Whether the ledger balances: `imbalance` is how far accounts and transfers are apart, zero always."""

    model_config = example(balances=True, imbalance="0.00")

    balances: bool
    imbalance: CnyText


class AmountRequest(Schema):
    """Money that came in or goes out."""

    model_config = example(amount="5000.00")

    amount: Cny


class CreditLimitRequest(Schema):
    """How far a buyer's account may fall below zero; null: without limit."""

    model_config = example(credit_limit="10000.00")

    credit_limit: Cny | None


class MeteredAnswer(Schema):
    """Which work a line is about. `hours` are those charged in the month; a part hour counts as such."""

    model_config = example(**METERED)

    order_id: str
    allocation_id: str
    offering_id: str
    units: UnitsShown
    hours: float
    unit_hours: float


class InvoiceTotals(Schema):
    """`due` = charge - voucher - refund - credit."""

    model_config = example(**INVOICE_SUMS)

    charge: CnyText
    voucher: CnyText = Field(description="What a voucher pool paid of it, less what went back.")
    refund: CnyText = Field(description="For work that was lost.")
    credit: CnyText = Field(description="From the provider, for interruptions.")
    due: CnyText


class InvoiceLine(MeteredAnswer, InvoiceTotals):
    """One allocation in one month."""

    model_config = example(**METERED, **INVOICE_SUMS)


class InvoiceAnswer(Schema):
    """A buyer's month. Its balances (account and escrow) changed by `deposits` less `due`."""

    model_config = example(
        buyer_id="buy_0001",
        month="2025-07",
        lines=[METERED | INVOICE_SUMS],
        totals=INVOICE_SUMS,
        deposits="5000.00",
    )

    buyer_id: str
    month: MonthText
    lines: list[InvoiceLine]
    totals: InvoiceTotals
    deposits: CnyText

    @classmethod
    def of(cls, invoice: Invoice) -> "InvoiceAnswer":
        """What an invoice looks like from outside."""
        return cls(
            buyer_id=invoice.buyer_id,
            month=str(invoice.month),
            lines=[InvoiceLine(**_metered(work), **_amounts(sums)) for work, sums in invoice.lines],
            totals=InvoiceTotals(**_amounts(invoice.total)),
            deposits=format_cny(invoice.deposits_micros),
        )


class StatementTotals(Schema):
    """`net` = charge + make_whole - fee - refund - credit."""

    model_config = example(**STATEMENT_SUMS)

    charge: CnyText = Field(
        description="What buyers paid; in a provider's own statement with what was made whole."
    )
    make_whole: CnyText = Field(
        description="What the exchange added to reach the provider's price; in a provider's own statement it is part of "
        "`charge`, and zero here."
    )
    fee: CnyText
    refund: CnyText
    credit: CnyText
    net: CnyText


class StatementLine(MeteredAnswer, StatementTotals):
    """One allocation in one month."""

    model_config = example(**METERED, **STATEMENT_SUMS)


class StatementDay(StatementTotals):
    """What was booked on one day."""

    model_config = example(**{"day": "2025-07-16"} | STATEMENT_SUMS)

    day: str = Field(description="Calendar day in Asia/Shanghai, YYYY-MM-DD.")


class StatementAnswer(Schema):
    """A provider's month. Its balance changed by `net` less `payouts`."""

    model_config = example(
        provider_id="prv_0062",
        month="2025-07",
        lines=[METERED | STATEMENT_SUMS],
        days=[{"day": "2025-07-16"} | STATEMENT_SUMS],
        totals=STATEMENT_SUMS,
        payouts="0.00",
    )

    provider_id: str
    month: MonthText
    lines: list[StatementLine]
    days: list[StatementDay] = Field(
        description="Those on which something was booked; they add up to `totals`."
    )
    totals: StatementTotals
    payouts: CnyText

    @classmethod
    def of(cls, statement: Statement) -> "StatementAnswer":
        """What a statement looks like from outside."""
        return cls(
            provider_id=statement.provider_id,
            month=str(statement.month),
            lines=[StatementLine(**_metered(work), **_amounts(sums)) for work, sums in statement.lines],
            days=[StatementDay(day=day.isoformat(), **_amounts(sums)) for day, sums in statement.days],
            totals=StatementTotals(**_amounts(statement.total)),
            payouts=format_cny(statement.payouts_micros),
        )


class InvoicesQuery(PageQuery):
    """Which invoices."""

    month: MonthText
    buyer_id: Reference | None = Field(None, description="Operators: only this buyer's.")


class StatementsQuery(PageQuery):
    """Which statements."""

    month: MonthText
    provider_id: Reference | None = Field(None, description="Operators: only this provider's.")


def _metered(work: Metered) -> dict[str, Any]:
    units = work.units * work.unit_tenths / WHOLE_UNIT
    hours = work.seconds / 3600
    return {
        "order_id": work.order_id,
        "allocation_id": work.allocation_id,
        "offering_id": work.offering_id,
        "units": int(units) if units == int(units) else units,
        "hours": hours,
        "unit_hours": units * hours,
    }


def _amounts(sums: InvoiceSums | StatementSums) -> dict[str, Any]:
    names = [*type(sums).__slots__, "due_micros" if isinstance(sums, InvoiceSums) else "net_micros"]
    return {name.removesuffix("_micros"): format_cny(getattr(sums, name)) for name in names}
