"""`suanli policy`: what energy, carbon and latency weigh, and on which terms the exchange trades."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.connection import connected
from api.cli.options import AsJson
from api.cli.output import plain, print_record
from api.cli.reporting import ReportingGroup

if TYPE_CHECKING:
    from api.client.exchange import Exchange

app = typer.Typer(
    cls=ReportingGroup, no_args_is_help=True, help="The policy: weights, and the terms of trade."
)


@app.command()
@connected
def show(exchange: "Exchange", *, as_json: AsJson = False) -> None:
    """Show the policy in force; this needs no key.

    Example: suanli policy show
    """
    print_record(exchange.policy.read(), as_json=as_json)


@app.command("set")
@connected
def set_policy(
    exchange: "Exchange",
    *,
    preset: Annotated[
        str | None, typer.Option("--preset", help="balanced, price, green or latency [weights as they are]")
    ] = None,
    pricing: Annotated[str | None, typer.Option("--pricing", help="posted or marginal")] = None,
    fee_rate: Annotated[
        float | None, typer.Option("--fee-rate", help="the exchange's share of earnings: 0 to 0.5")
    ] = None,
    may_move: Annotated[
        bool | None,
        typer.Option("--may-move/--no-move", help="move interruptible orders that have not started"),
    ] = None,
    move_cost: Annotated[
        str | None, typer.Option("--move-cost", help="CNY that a move costs in the objective")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put a policy in force for the rounds to come; what is left out stays as it is. This needs an operator's key.

    Examples:

      suanli policy set --preset green

      suanli policy set --pricing marginal --fee-rate 0.02
    """
    terms = {"pricing": pricing, "fee_rate": fee_rate, "may_move": may_move, "move_cost": move_cost}
    given: dict[str, Any] = {name: value for name, value in terms.items() if value is not None}
    in_force = plain(exchange.policy.read())
    kept = {name: in_force[name] for name in terms} if preset else in_force
    body: Any = {**kept, **given, **({"preset": preset} if preset else {})}
    print_record(exchange.policy.set(body), as_json=as_json)
