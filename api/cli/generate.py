"""`suanli generate`: orders by the seeded generator, ready to submit or to ship."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from api.cli.output import print_json
from api.cli.reporting import ReportingGroup
from api.terminal.refusal import Refusal
from api.terminal.whole_file import writing_whole

app = typer.Typer(cls=ReportingGroup, no_args_is_help=True, help="Generate demand.")

FIRST_YEAR, LAST_YEAR = 2000, 2200
MOST_ORDERS = 5_000_000


@app.callback()
def _generate() -> None:
    """Generate demand from the fixtures' shares, sizes and hours of the day."""


@app.command()
def orders(
    *,
    count: Annotated[int, typer.Option("--count", min=0, max=MOST_ORDERS, help="how many orders")],
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="same seed, same orders")],
    out: Annotated[Path, typer.Option("--out", help="F.ndjson, or F.csv for the shape of the fixtures")],
    day: Annotated[
        str | None, typer.Option("--day", help="market day, YYYY-MM-DD in Asia/Shanghai [tomorrow]")
    ] = None,
    scenario: Annotated[str, typer.Option("--scenario", help="whose demand tables")] = "east_west",
    as_json: Annotated[bool, typer.Option("--json", help="say what was written as JSON")] = False,
) -> None:
    """Write a day of orders: one body of POST /v1/orders a line, with absolute times.

    Examples:

      suanli generate orders --count 2000 --seed 2025 --out day.ndjson

      suanli generate orders --count 500 --seed 7 --day 2025-07-15 --out day.csv
    """
    from api.demo.order_bodies import local_midnight, order_body  # noqa: PLC0415 - quick `--help`
    from market.scenarios.demand import generate_orders, read_demand_tables, write_orders  # noqa: PLC0415
    from market.scenarios.scenario import original_of, scenario_directory  # noqa: PLC0415

    market_day = _market_day(day)
    generated = generate_orders(read_demand_tables(original_of(scenario_directory(scenario))), count, seed)
    midnight = local_midnight(market_day)
    if out.suffix == ".csv":
        with writing_whole(out) as stream:
            write_orders(generated, Path(stream.name), seed)
    else:
        with writing_whole(out) as stream:
            for order in generated:
                line = json.dumps(order_body(order, midnight), ensure_ascii=False)
                stream.write(line.encode() + b"\n")
    if as_json:
        print_json({"file": str(out), "orders": count, "seed": seed, "day": market_day.isoformat()})
    else:
        typer.echo(f"{count} orders of {market_day} written to {out}")


def _market_day(text: str | None) -> date:
    from market.domain.clock import MARKET_ZONE  # noqa: PLC0415

    if text is None:
        return datetime.now(MARKET_ZONE).date() + timedelta(days=1)
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise Refusal("invalid_day", f"{text!r} is not a day: write YYYY-MM-DD") from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Refusal("invalid_day", f"{text} is no market day: years run from {FIRST_YEAR} to {LAST_YEAR}")
    return found
