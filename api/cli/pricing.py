"""`suanli rounds pricing`: one round under each pricing rule; and the lines that tell what a round comes to."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from api.cli.options import HERE, AsJson, Key, Server
from api.cli.output import print_json, print_table

RULE_COLUMNS = (
    "rule",
    "buyers pay CNY",
    "providers earn CNY",
    "make-whole CNY",
    "fee CNY",
    "capped orders",
)
ALLOCATION_COLUMNS = ("id", "order", "posted CNY", "marginal CNY", "earned CNY", "capped")


def pricing(
    round_id: Annotated[str, typer.Argument(help="rnd_…")],
    *,
    each: Annotated[
        bool, typer.Option("--each", help="each allocation too; needs an operator's key")
    ] = False,
    server: Server = HERE,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Price one round both ways: posted, and marginal. The sums need no key.

    Examples:

      suanli rounds pricing rnd_…

      suanli rounds pricing rnd_… --each --json
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415 - quick `--help`

    with ExchangeClient(server, key) as client:
        found = client.get(f"/v1/rounds/{round_id}/pricing")
    if as_json:
        print_json(found if each else {**found, "allocations": []})
        return
    print_table(RULE_COLUMNS, (_rule_row(rule, found) for rule in found["rules"]))
    if each:
        print_table(ALLOCATION_COLUMNS, map(_allocation_row, found["allocations"]))


def settlement_lines(round_: dict[str, Any]) -> Iterator[str]:
    """What a landed round comes to, and what its gap is made of, in words."""
    found = round_.get("settlement")
    if found is None:
        return
    parts = found["gap_parts"]
    yield (
        f"Prices: {found['pricing']}. Buyers pay CNY {found['buyers_pay']}, providers earn "
        f"CNY {found['providers_earn']}, the exchange makes whole CNY {found['make_whole']} "
        f"({found['capped_orders']} capped orders)."
    )
    yield (
        f"Gap: regret of accepted CNY {parts['regret_of_accepted']}, regret of rejected "
        f"CNY {parts['regret_of_rejected']}, idle priced units CNY {parts['idle_units']}, idle priced power "
        f"CNY {parts['idle_power']}."
    )


def _rule_row(rule: dict[str, Any], found: dict[str, Any]) -> tuple[object, ...]:
    shown = f"{rule['pricing']} (in force)" if rule["pricing"] == found["pricing"] else rule["pricing"]
    names = ("buyers_pay", "providers_earn", "make_whole", "fee", "capped_orders")
    return (shown, *(rule[name] for name in names))


def _allocation_row(one: dict[str, Any]) -> tuple[object, ...]:
    names = ("allocation_id", "order_id", "posted_price", "marginal_price", "marginal_earned")
    return (*(one[name] for name in names), "yes" if one["capped"] else "")
