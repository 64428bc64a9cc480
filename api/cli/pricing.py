"""`suanli rounds pricing`: one round under each pricing rule."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.connection import connected
from api.cli.options import AsJson
from api.cli.output import plain, print_json, print_table
from api.demo.settlement import to_the_fen

if TYPE_CHECKING:
    from api.client.answers import AllocationPricesAnswer, RulePricesAnswer
    from api.client.exchange import Exchange

RULE_COLUMNS = ("pricing", "buyers pay", "providers earn", "make-whole", "fee", "capped")
ALLOCATION_COLUMNS = ("id", "posted", "marginal", "earned", "capped")


@connected
def pricing(
    exchange: "Exchange",
    round_id: Annotated[str, typer.Argument(help="rnd_…")],
    *,
    each: Annotated[
        bool, typer.Option("--each", help="each allocation too; needs an operator's key")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Price one round both ways: posted, and marginal. The sums need no key.

    Examples:

      suanli rounds pricing rnd_…

      suanli rounds pricing rnd_… --each --json
    """
    found = exchange.rounds.pricing(round_id)
    if as_json:
        print_json(found if each else {**plain(found), "allocations": []})
        return
    rules = [_rule_row(rule) for rule in found.rules]
    print_table(RULE_COLUMNS, rules, title=f"{found.round_id}, CNY; its orders are priced {found.pricing}")
    if each:
        print_table(ALLOCATION_COLUMNS, map(_allocation_row, found.allocations), title="CNY")


def _rule_row(rule: "RulePricesAnswer") -> tuple[object, ...]:
    amounts = (
        to_the_fen(getattr(rule, name)) for name in ("buyers_pay", "providers_earn", "make_whole", "fee")
    )
    return (rule.pricing, *amounts, rule.capped_orders)


def _allocation_row(one: "AllocationPricesAnswer") -> tuple[object, ...]:
    amounts = (
        to_the_fen(getattr(one, name)) for name in ("posted_price", "marginal_price", "marginal_earned")
    )
    return (one.allocation_id, *amounts, "yes" if one.capped else "")
