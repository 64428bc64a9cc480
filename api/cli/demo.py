"""`suanli demo`: the whole exchange, from nothing, in one command."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import DatabaseUrl


class PolicyName(StrEnum):
    """The presets."""

    BALANCED = "balanced"
    PRICE = "price"
    GREEN = "green"
    LATENCY = "latency"


def demo(  # noqa: PLR0913 - one parameter per option
    *,
    once: Annotated[bool, typer.Option("--once", help="end after the tables instead of serving")] = False,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="write all figures, and the problem and clearing beside them"),
    ] = None,
    policy: Annotated[PolicyName, typer.Option("--policy", help="what to weigh")] = PolicyName.BALANCED,
    orders: Annotated[int, typer.Option("--orders", min=1, max=100_000, help="how many orders")] = 2000,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="same seed, same figures")] = 2025,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.1, max=3600, help="most time to search")
    ] = 120.0,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="[8471, or a free one where that is taken]")
    ] = None,
    database: DatabaseUrl = None,
) -> None:
    """Clear a day of the east-west market through the HTTP API, show what happened, and serve the page.

    Examples:

      suanli demo

      suanli demo --policy green --seed 7 --orders 500

      suanli demo --once --json figures.json
    """
    from api.demo.story import DemoRequest, run_demo  # noqa: PLC0415 - quick `--help`

    run_demo(
        DemoRequest(
            once=once,
            json_file=json_file,
            policy=policy.value,
            orders=orders,
            seed=seed,
            seconds=seconds,
            port=port,
            database=database,
        )
    )
