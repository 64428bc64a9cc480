"""`suanli policy`: what energy, carbon and latency weigh, and on which terms the exchange trades."""

from typing import Annotated, Any

import typer

from api.cli.options import HERE, AsJson, Key, Server
from api.cli.output import print_record
from api.cli.reporting import ReportingGroup

app = typer.Typer(
    cls=ReportingGroup, no_args_is_help=True, help="The policy: weights, and the terms of trade."
)


@app.command()
def show(*, server: Server = HERE, key: Key = None, as_json: AsJson = False) -> None:
    """Show the policy in force; this needs no key.

    Example: suanli policy show
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415 - quick `--help`

    with ExchangeClient(server, key) as client:
        print_record(client.get("/v1/policy"), as_json=as_json)


@app.command("set")
def set_policy(  # noqa: PLR0913 - one parameter per option
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
    server: Server = HERE,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Put a policy in force for the rounds to come; what is left out stays as it is. This needs an operator's key.

    Examples:

      suanli policy set --preset green

      suanli policy set --pricing marginal --fee-rate 0.02
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415

    terms = {"pricing": pricing, "fee_rate": fee_rate, "may_move": may_move, "move_cost": move_cost}
    given: dict[str, Any] = {name: value for name, value in terms.items() if value is not None}
    with ExchangeClient(server, key) as client:
        in_force = client.get("/v1/policy")
        kept = {name: in_force[name] for name in terms} if preset else in_force
        body = {**kept, **given, **({"preset": preset} if preset else {})}
        print_record(client.put("/v1/policy", body), as_json=as_json)
