"""A round's figures as tables for the terminal: the solver beside the baselines."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.table import Table

from api.client.answers import RegionAnswer

RULES = {
    "solver": "Suanli",
    "local_first": "local first",
    "first_come_cheapest": "first come, cheapest node",
    "value_density": "value density",
}
JOB_CLASSES = {
    "training_large": "large training",
    "training_small": "small training",
    "inference_realtime": "real-time inference",
    "inference_interactive": "interactive inference",
    "inference_batch": "batch inference",
    "hpc": "HPC",
    "rendering": "rendering",
    "general": "general",
    "other": "other",
}
Figures = Mapping[str, Any]
NONE = "–"


def _number(name: str, form: str, unit: float = 1.0) -> Callable[[Figures], str]:
    def shown(figures: Figures) -> str:
        value = figures.get(name)
        return NONE if value is None else format(value / unit, form)

    return shown


ROWS: Mapping[str, Callable[[Figures], str]] = {
    "orders placed": lambda f: f"{f['placed']:,} of {f['orders']:,}",
    "value, CNY": _number("value_micros", ",.0f", 1e6),
    "gap to the certified bound": _number("gap", ".2%"),
    "spend, CNY": _number("spend_cny", ",.0f"),
    "mean RTT, ms": _number("rtt_ms_mean", ".1f"),
    "p95 RTT, ms": _number("rtt_ms_p95", ".1f"),
    "facility kWh": _number("facility_kwh", ",.0f"),
    "mean PUE": _number("pue_mean", ".3f"),
    "carbon, kg (location-based)": _number("carbon_kg_location", ",.0f"),
    "carbon, kg (market-based)": _number("carbon_kg_market", ",.0f"),
    "eastern demand served west": _number("west_share_of_eastern_demand", ".1%"),
}


def by_rule(figures: Figures) -> dict[str, Figures]:
    """Solver first, then the baselines."""
    return {"solver": figures["solver"], **figures["baselines"]}


def comparison_table(figures: Figures) -> Table:
    """All orders together."""
    rules = by_rule(figures)
    table = Table(title="The same orders under four rules", title_justify="left")
    table.add_column("")
    for rule in rules:
        table.add_column(RULES.get(rule, rule), justify="right", style="bold" if rule == "solver" else None)
    for label, shown in ROWS.items():
        table.add_row(label, *(shown(one) for one in rules.values()))
    return table


def class_table(figures: Figures) -> Table:
    """The solver, job class by job class."""
    table = Table(title="By job class: Suanli", title_justify="left")
    for column in ("job class", "placed", "mean RTT ms", "p95 RTT ms", "served west", "spend CNY"):
        table.add_column(column, justify="left" if column == "job class" else "right")
    names = ("placed", "rtt_ms_mean", "rtt_ms_p95", "west_share_of_eastern_demand", "spend_cny")
    shown = (
        ROWS["orders placed"],
        *(_number(n, f) for n, f in zip(names[1:], (".1f", ".1f", ".0%", ",.0f"), strict=True)),
    )
    for job_class, of_class in figures["solver"]["by_job_class"].items():
        table.add_row(JOB_CLASSES.get(job_class, job_class), *(cell(of_class) for cell in shown))
    return table


def baseline_class_table(figures: Figures) -> Table:
    """The baselines, job class by job class."""
    title = "By job class: the baselines (placed · mean RTT ms / p95 · eastern demand served west)"
    table = Table(title=title, title_justify="left")
    table.add_column("job class")
    for rule in figures["baselines"]:
        table.add_column(RULES.get(rule, rule), justify="right")
    for job_class in figures["solver"]["by_job_class"]:
        cells = [_compact(one["by_job_class"].get(job_class)) for one in figures["baselines"].values()]
        table.add_row(JOB_CLASSES.get(job_class, job_class), *cells)
    return table


def _compact(figures: Figures | None) -> str:
    if figures is None:
        return NONE
    mean, p95 = (_number(name, ".1f")(figures) for name in ("rtt_ms_mean", "rtt_ms_p95"))
    return f"{figures['placed']} · {mean} / {p95} · {_number('west_share_of_eastern_demand', '.0%')(figures)}"


def utilisation_table(figures: Figures) -> Table:
    """How busy each side was, and is now."""
    table = Table(title="Utilisation by IT energy", title_justify="left")
    for column in ("side", "before", "after"):
        table.add_column(column, justify="left" if column == "side" else "right")
    for side, share in figures["solver"]["utilisation"].items():
        table.add_row(side, f"{share['before']:.1%}", f"{share['after']:.1%}")
    return table


def flows_table(flows: list[Figures], regions: Mapping[str, RegionAnswer], most: int = 5) -> Table:
    """The largest flows between regions."""
    between = [flow for flow in flows if flow["from_region"] != flow["to_region"]][:most]
    table = Table(title=f"The {len(between)} largest flows between regions", title_justify="left")
    for column in ("from", "to", "job class", "orders", "IT kWh", "spend CNY"):
        table.add_column(column, justify="right" if column in {"orders", "IT kWh", "spend CNY"} else "left")
    for flow in between:
        ends = [f"{regions[flow[f'{end}_region']].name_en} ({flow[f'{end}_side']})" for end in ("from", "to")]
        amounts = (f"{flow['orders']:,}", f"{flow['it_kwh']:,.0f}", f"{flow['spend_cny']:,.0f}")
        table.add_row(*ends, JOB_CLASSES.get(flow["job_class"], flow["job_class"]), *amounts)
    return table
