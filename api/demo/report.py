"""The demonstration on the terminal."""

from rich.console import Console
from rich.table import Table

from api.client.changes import change_in_words
from api.demo.explaining import Json, Sides
from api.demo.settlement import settlement_lines
from api.demo.tables import (
    JOB_CLASSES,
    baseline_class_table,
    class_table,
    comparison_table,
    flows_table,
    utilisation_table,
)

KINDS = {
    "moved_west": "Moved west",
    "kept_east": "Kept east",
    "not_placed": "Not placed",
}
FITTING = frozenset({"DEARER", "NOT_THIS_ROUND"})
"""Why a placed order is not at a node where it would have fitted."""


def print_report(say: Console, results: Json, sides: Sides) -> None:
    """Headline, tables, flows, three orders explained, and what the carbon figures do not say."""
    _print_headline(say, results)
    for table in (
        comparison_table(results),
        class_table(results),
        baseline_class_table(results),
        utilisation_table(results),
        flows_table(results["flows"], sides.regions),
    ):
        say.print(table)
        say.print()
    say.print(_explained_table(results["explained"], sides))
    say.print()
    _print_carbon_note(say, results)


def print_where_to_look(say: Console, url: str, key: str, results: Json) -> None:
    """What to open and what to type next."""
    unplaced = next((e for e in results["explained"] if e["kind"] == "not_placed"), None)
    order_id = unplaced["explanation"]["order_id"] if unplaced else "ord_…"
    say.print("\n[bold]Where to look next[/bold]")
    for line in (
        f"the page          {url}/",
        f"the API           {url}/docs",
        f"in a terminal     export SUANLI_SERVER={url} SUANLI_KEY={key}",
        f"                  suanli rounds list; suanli orders explain {order_id}",
        "Ctrl-C stops.",
    ):
        say.print(line, soft_wrap=True, markup=False)


def _print_headline(say: Console, results: Json) -> None:
    solver, landed = results["solver"], results["round"]
    say.print(
        f"\n[bold]{solver['placed']:,} of {solver['orders']:,} orders placed[/bold], worth "
        f"CNY {solver['value_micros'] / 1e6:,.2f} to buyers net of costs: "
        f"[bold]at most {solver['gap']:.2%} below the best possible[/bold], certified; "
        f"{landed['seconds']:.1f} s, policy {results['policy']['name']}, {landed['status']}.\n"
    )
    for line in settlement_lines(results):
        say.print(line)
    say.print()


def _explained_table(explained: list[Json], sides: Sides) -> Table:
    table = Table(title="Three orders explained", title_justify="left", show_lines=True)
    table.add_column("")
    table.add_column("order")
    table.add_column("why")
    for entry in explained:
        job, limit = entry["order"]["job"], entry["order"]["limit_price"]
        origin = sides.regions[job["origin_region"]].name_en
        what = JOB_CLASSES.get(job["job_class"], job["job_class"])
        order = f"no. {entry['number']}: {what} from {origin}, {job['units']} units x {job['hours']:g} h, limit CNY {limit}"
        placed = entry["explanation"]["allocation"]
        why = _why_placed(entry, sides) if placed else _why_not(entry, sides)
        table.add_row(KINDS[entry["kind"]], order, why)
    return table


def _why_placed(entry: Json, sides: Sides) -> str:
    """Where it runs, and the cheapest place on the other side at today's prices."""
    granted, job = entry["explanation"]["allocation"], entry["order"]["job"]
    node = sides.nodes[granted["node_id"]]
    allowed = "" if job["max_rtt_ms"] is None else f" of at most {job['max_rtt_ms']:g}"
    text = (
        f"runs at {node.name_en} for CNY {granted['price']}: {granted['rtt_ms']:.1f} ms RTT{allowed}, "
        f"PUE {node.pue:g}."
    )
    other_side = "east" if sides.of_node(node.id) == "west" else "west"
    others = entry["explanation"]["alternatives"]
    across = [o for o in others if o["code"] in FITTING and sides.of_node(o["node_id"]) == other_side]
    if not across:
        return f"{text} No place in the {other_side} could still take it."
    best, name = across[0], sides.nodes[across[0]["node_id"]].name_en
    return f"{text} Cheapest left in the {other_side}: {name}, CNY {best['price']}, {best['rtt_ms']:.1f} ms."


def _why_not(entry: Json, sides: Sides) -> str:
    why = entry["explanation"]
    counts: dict[str, int] = {}
    for reason in why["reasons"]:
        counts[reason["code"]] = counts.get(reason["code"], 0) + 1
    nodes = ", ".join(f"{code} at {count}" for code, count in sorted(counts.items(), key=lambda c: -c[1]))
    text = f"{why['code']} (nodes: {nodes})."
    change = why["smallest_change"]
    if change is None:
        return f"{text} No single change would place it."
    words = change_in_words(change, entry["order"])
    name = sides.nodes[change["node_id"]].name_en
    return f"{text} Smallest change that would place it: {words} ({change['by']:+.1%}), then at {name}."


def _print_carbon_note(say: Console, results: Json) -> None:
    """Kilograms per kWh beside totals, so that fewer orders do not pass for cleaner ones."""
    rules = {"Suanli": results["solver"], "local first": results["baselines"]["local_first"]}
    say.print("[bold]About the carbon figures[/bold]")
    for name, figures in rules.items():
        kwh = figures["facility_kwh"] or 1.0
        location, market = (figures[f"carbon_kg_{basis}"] / kwh for basis in ("location", "market"))
        say.print(f"  {name}: {location:.3f} kg/kWh location-based, {market:.3f} kg/kWh market-based")
    say.print(
        "Electricity is only a few percent of what a card-hour costs, so prices alone hardly follow the grid. "
        "Location-based carbon need not fall when work moves west: some western grids burn more coal than eastern "
        "ones. Market-based carbon falls with contracted green power. `--policy green` prices carbon and shows "
        "what lowering it costs."
    )
