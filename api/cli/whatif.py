"""`suanli whatif`: the same book in another market, and the Pareto front of spend, latency and carbon."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.clearing_bar import clearing_bar
from api.cli.connection import connected
from api.cli.front_plot import draw_front
from api.cli.options import AsJson
from api.cli.output import plain, print_json, print_table
from api.terminal.refusal import Refusal
from api.terminal.whole_file import check_writable, writing_whole

if TYPE_CHECKING:
    from api.client.answers import PointAnswer, ScenarioAnswer, ScenariosAnswer, SweepAnswer
    from api.client.bodies import ScenariosRequest, SweepRequest
    from api.client.exchange import Exchange

COLUMNS = ("scenario", "placed", "gap", "spend CNY", "RTT ms", "kWh", "kg CO2 location", "kg CO2 market")
POINT_COLUMNS = ("path", "CNY/kg", "CNY/ms·unit-hour", "spend CNY", "RTT ms", "kg CO2", "gap", "front")
SCENARIO_SECONDS, POINT_SECONDS = 10.0, 3.0


RoundId = Annotated[str | None, typer.Option("--round", help="a landed round's book [the open book]")]
PolicyName = Annotated[str | None, typer.Option("--policy", help="balanced, price, green or latency")]
CarbonPrice = Annotated[str | None, typer.Option("--carbon-price", help="CNY per kg CO2, such as 1.50")]
EnergyWeight = Annotated[float | None, typer.Option("--energy-weight", min=0)]
LatencyWeight = Annotated[float | None, typer.Option("--latency-weight", min=0)]
NodesDown = Annotated[list[str] | None, typer.Option("--node-down", help="a node that is down")]
Growth = Annotated[
    list[str] | None, typer.Option("--grow", help="region or node = factor, such as zhongwei=1.2")
]
MaxRtt = Annotated[float | None, typer.Option("--max-rtt", min=0, help="ms, for every order")]
LatencyPrice = Annotated[
    str | None,
    typer.Option("--latency-price", help="CNY per ms and unit-hour, for every order, such as 0.005"),
]
Demand = Annotated[float | None, typer.Option("--demand", min=0.1, max=3, help="so many times the orders")]
DemandSeed = Annotated[
    int | None, typer.Option("--demand-seed", min=0, help="with --demand: which orders that are [0]")
]
Sweep = Annotated[bool, typer.Option("--sweep", help="draw the front instead")]
Points = Annotated[int, typer.Option("--points", min=3, max=200, help="of the front")]
Plot = Annotated[Path | None, typer.Option("--plot", help="with --sweep: draw it (.svg)")]
Seconds = Annotated[
    float | None,
    typer.Option("--seconds", help=f"for each [{SCENARIO_SECONDS:.0f}; a point: {POINT_SECONDS:.0f}]"),
]


@connected
def whatif(  # noqa: PLR0913 - one parameter per option
    exchange: "Exchange",
    *,
    round_id: RoundId = None,
    policy: PolicyName = None,
    carbon_price: CarbonPrice = None,
    energy_weight: EnergyWeight = None,
    latency_weight: LatencyWeight = None,
    node_down: NodesDown = None,
    grow: Growth = None,
    max_rtt_ms: MaxRtt = None,
    latency_price: LatencyPrice = None,
    demand: Demand = None,
    demand_seed: DemandSeed = None,
    sweep: Sweep = False,
    points: Points = 24,
    plot: Plot = None,
    seconds: Seconds = None,
    as_json: AsJson = False,
) -> None:
    """Clear the same book in another market; nothing is stored. Ctrl-C cancels it. This needs an operator's key.

    Examples:

      suanli whatif --round rnd_… --policy green --node-down zhongwei_cloud

      suanli whatif --carbon-price 1.50 --grow zhongwei=1.2 --max-rtt 30

      suanli whatif --round rnd_… --sweep --points 24 --plot front.svg
    """
    if plot is not None:
        check_writable(plot)
    if sweep:
        swept = _sweep(exchange, round_id, points, seconds or POINT_SECONDS)
        if plot is not None:
            _draw(swept, plot)
        _print_sweep(swept, as_json=as_json)
        return
    altered = {
        "policy": policy,
        "carbon_price_per_kg": carbon_price,
        "energy_weight": energy_weight,
        "latency_weight": latency_weight,
        "nodes_down": node_down or [],
        "growth": _growth(grow or []),
        "max_rtt_ms": max_rtt_ms,
        "latency_price_per_ms_unit_hour": latency_price,
        "demand_scale": demand,
        "demand_seed": demand_seed,
    }
    _print_scenarios(_compare(exchange, round_id, altered, seconds or SCENARIO_SECONDS), as_json=as_json)


def _sweep(exchange: "Exchange", round_id: str | None, points: int, seconds: float) -> "SweepAnswer":
    asked: SweepRequest = {"round_id": round_id, "points": points, "seconds_limit": seconds}
    with clearing_bar(seconds) as bar:
        return exchange.scenarios.sweep(asked, on_progress=bar)


def _compare(
    exchange: "Exchange", round_id: str | None, altered: dict[str, Any], seconds: float
) -> "ScenariosAnswer":
    """What is, and one scenario: what is None there stays as it is."""
    scenario: Any = {"name": "what if"} | {
        name: value for name, value in altered.items() if value is not None
    }
    asked: ScenariosRequest = {"round_id": round_id, "scenarios": [scenario], "seconds_limit": seconds}
    with clearing_bar(seconds) as bar:
        return exchange.scenarios.compare(asked, on_progress=bar)


def _print_scenarios(found: "ScenariosAnswer", *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        print_table(COLUMNS, (_scenario_row(item) for item in found.items))


def _print_sweep(found: "SweepAnswer", *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    title = f"{found.orders} orders, all placed at every point"
    print_table(POINT_COLUMNS, (_point_row(point) for point in found.points), title)


def _growth(given: list[str]) -> dict[str, float]:
    growth = {}
    for text in given:
        place, _, factor = text.partition("=")
        try:
            growth[place] = float(factor)
        except ValueError as error:
            raise Refusal("invalid_growth", f"{text!r}: write a place and a factor, zhongwei=1.2") from error
    return growth


def _scenario_row(item: "ScenarioAnswer") -> tuple[object, ...]:
    figures: dict[str, Any] = item.figures
    return (
        item.name,
        figures["placed"],
        f"{item.gap:.2%}",
        f"{figures['spend_cny']:,.0f}",
        figures["rtt_ms_mean"],
        f"{figures['facility_kwh']:,.0f}",
        f"{figures['carbon_kg_location']:,.0f}",
        f"{figures['carbon_kg_market']:,.0f}",
    )


def _point_row(point: "PointAnswer") -> tuple[object, ...]:
    return (
        point.path,
        f"{point.carbon_price_per_kg:.2f}",
        f"{point.latency_price_per_ms_unit_hour:.4f}",
        f"{point.spend:,.0f}",
        f"{point.rtt_ms_mean:.2f}",
        f"{point.carbon_kg_location:,.0f}",
        f"{point.gap:.2%}",
        "yes" if point.on_front else "",
    )


def _draw(found: "SweepAnswer", target: Path) -> None:
    """Spend against carbon and against RTT, path by path."""
    with writing_whole(target) as stream:
        stream.write(draw_front(plain(found)["points"]).encode())
