"""What if: scenarios set by hand, cleared, drawn side by side, swept and cancelled, with the exchange's own figures."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from accessibility import violations
from looking import Scheme, opened, overflow, settle
from playwright.sync_api import Browser, Locator, Page, expect
from shown_site import Json, Site
from thoroughness import often

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
PATIENCE_MS = 120_000
KEEP = """(path) => {
  const ask = window.fetch;
  window.kept = new Promise((keep) => {
    window.fetch = async (url, options) => {
      const answer = await ask(url, options);
      if (String(url).endsWith(path)) {
        window.fetch = ask;
        answer.clone().text().then((told) => keep({ asked: options.body, told }));
      }
      return answer;
    };
  });
}"""
"""A copy of a stream, read to its end whatever the page does with it."""
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@contextmanager
def what_if(browser: Browser, site: Site, settings: str = "", **options: object) -> Iterator[Page]:
    url = f"{site.url}/what-if?lang=en&seconds=2{settings}"
    with opened(browser, url, key=site.operator, **options) as page:  # type: ignore[arg-type]
        yield page


def slide(page: Page, side: str, label: str, value: str) -> None:
    page.locator(f".side-{side}").get_by_label(label, exact=True).fill(value)


@contextmanager
def answered(page: Page, path: str) -> Iterator[Json]:
    """What the page asks within, and what the exchange tells it at last."""
    found: Json = {}
    page.evaluate(KEEP, path)
    yield found
    kept = page.evaluate("window.kept")
    event, data = kept["told"].rstrip().split("\n\n")[-1].split("\n", 1)
    assert event == "event: answer"
    found["asked"], found["answer"] = json.loads(kept["asked"]), json.loads(data.removeprefix("data: "))


def cells(rows: Locator) -> list[list[str]]:
    return [row.locator("th, td").all_inner_texts() for row in rows.all()]


def fixed(value: float | str, places: int = 0) -> str:
    """As browsers write it: halves away from zero, of the shortest decimal."""
    return f"{Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,}"


def written(outcome: Json) -> dict[str, str]:
    """Figures of an outcome as the page writes them, by their names."""
    figures = outcome["figures"]
    return {
        "Orders placed": f"{figures['placed']:,}",
        "Net value": f"¥{fixed(figures['value_micros'] / 1e6)}",
        "Gap to the bound": f"{fixed(figures['gap'] * 100, 2)}%",
        "Spend": f"¥{fixed(figures['spend_cny'])}",
        "Mean RTT": f"{fixed(figures['rtt_ms_mean'], 2)} ms",
        "Facility energy": f"{fixed(figures['facility_kwh'])} kWh",
        "Carbon by grid": f"{fixed(figures['carbon_kg_location'])} kg",
        "Eastern demand served west": f"{fixed(figures['west_share_of_eastern_demand'] * 100, 1)}%",
    }


def figures_of(page: Page) -> tuple[list[str], dict[str, list[str]]]:
    """Heads and rows of the table of figures."""
    table = page.get_by_role("table", name="The figures")
    expect(table).to_be_visible(timeout=PATIENCE_MS)
    settle(page)
    rows = cells(table.locator("tbody tr"))
    return table.locator("thead th").all_inner_texts()[1:-1], {row[0]: row[1:] for row in rows}


def require_figures(page: Page, outcomes: dict[str, Json]) -> None:
    """Each column of the page is what the exchange answered."""
    heads, rows = figures_of(page)
    assert heads == list(outcomes)
    for at, outcome in enumerate(outcomes.values()):
        for name, text in written(outcome).items():
            assert re.sub(r"\s+", " ", rows[name][at]) == text, (name, at)


def test_a_slider_moved_cleared_and_put_back(browser: Browser, site: Site) -> None:
    with what_if(browser, site) as page:
        slide(page, "b", "Carbon price", "9")
        expect(page).to_have_url(re.compile("b_carbon=9"))
        with answered(page, "/v1/scenarios") as told:
            page.get_by_role("button", name="Clear both").click()
            expect(page.locator(".waiting progress")).to_be_visible()
        (scenario,) = told["asked"]["scenarios"]
        assert (scenario["name"], float(scenario["carbon_price_per_kg"])) == ("b", 9.0)
        as_is, b = told["answer"]["items"]
        require_figures(page, {"Scenario A": as_is, "Scenario B": b})
        expect(page.locator(".waiting")).to_have_count(0)
        page.locator(".side-b").get_by_role("button", name="Carbon price: Reset").click()
        expect(page).not_to_have_url(re.compile("b_carbon"))
        page.get_by_role("button", name="Clear both").click()
        expect(page.get_by_text("Both scenarios are as it is")).to_be_visible()


def test_a_failure_beside_more_demand_on_two_maps(browser: Browser, site: Site, output: Path) -> None:
    """A: the centre that was granted most is down. B: half as many orders again, by a seed. Both beside how it is."""
    granted = site.ask("GET", f"/v1/rounds/{site.round['id']}/schedule", site.operator)["nodes"]
    busiest = max(granted, key=lambda node: sum(node["granted_kw"]))["node_id"]
    name = site.ask("GET", f"/v1/nodes/{busiest}")["name_en"]
    with what_if(browser, site) as page:
        page.locator(".side-a details summary").click()
        page.locator(".side-a").get_by_label(name, exact=True).check()
        expect(page.locator(".side-b").get_by_label("Seed of the demand")).to_have_count(0)
        slide(page, "b", "Demand", "1.5")
        page.locator(".side-b").get_by_label("Seed of the demand").fill("7")
        for set_ in (f"a_down={busiest}", "b_demand=1.5", "b_seed=7"):
            expect(page).to_have_url(re.compile(re.escape(set_)))
        page.reload()
        settle(page)
        with answered(page, "/v1/scenarios") as told:
            page.get_by_role("button", name="Clear both").click()
        asked = {scenario["name"]: scenario for scenario in told["asked"]["scenarios"]}
        assert asked["a"]["nodes_down"] == [busiest]
        assert (asked["b"]["demand_scale"], asked["b"]["demand_seed"]) == (1.5, 7)
        as_is, a, b = told["answer"]["items"]
        require_figures(page, {"Scenario A": a, "Scenario B": b, "As it is": as_is})
        require_maps(page, [a, b])
        assert nodes_of(a)[busiest] == 0
        assert nodes_of(b)[busiest] > 0
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            settle(page)
            page.get_by_role("region", name="Two maps").screenshot(path=output / f"twin-maps-{scheme}.png")
            if scheme == "dark" or often(usually=0, thoroughly=1):
                assert violations(page) == [], scheme
        assert overflow(page) <= 0
        page.locator(".side-b").get_by_role("button", name="Demand: Reset").click()
        expect(page).not_to_have_url(re.compile("b_seed"))
        expect(page.locator(".side-b").get_by_label("Seed of the demand")).to_have_count(0)


def nodes_of(outcome: Json) -> dict[str, float]:
    """kW that the clearing granted, at the busiest hour of each node."""
    return {node["node_id"]: max(node["granted_kw"]) for node in outcome["schedule"]["nodes"]}


def require_maps(page: Page, outcomes: list[Json]) -> None:
    """Both maps show their own scenario at the same hour, and the layer that is chosen once."""
    page.get_by_role("slider", name="Time").press("ArrowRight")
    page.get_by_label("Layer").select_option("carbon_location")
    maps = page.get_by_role("region", name="Two maps").locator(".chart-card")
    assert maps.count() == len(outcomes)
    for shown, outcome in zip(maps.all(), outcomes, strict=True):
        shown.get_by_role("button", name="Table", exact=True).click()
        rows = cells(shown.locator("table").first.locator("tbody tr"))
        used = [
            node["outside_kw"][0] + node["before_kw"][0] + node["granted_kw"][0]
            for node in outcome["schedule"]["nodes"]
        ]
        assert [float(row[4].replace(",", "")) for row in rows] == pytest.approx(used, abs=0.51)
        assert "Carbon" in shown.locator("thead th").nth(8).inner_text()
        shown.get_by_role("button", name="Chart", exact=True).click()


def test_the_front_is_what_was_swept(browser: Browser, site: Site) -> None:
    with what_if(browser, site) as page:
        with answered(page, "/v1/scenarios/sweep") as told:
            page.get_by_role("button", name="Draw the front").click()
        points = told["answer"]["points"]
        chart = page.locator(".chart-card")
        expect(chart.get_by_text(f"places the same {told['answer']['orders']} orders")).to_be_visible(
            timeout=PATIENCE_MS
        )
        settle(page)
        chart.get_by_role("button", name="Table", exact=True).click()
        heads = chart.locator("thead th").all_inner_texts()
        rows = [dict(zip(heads, row, strict=True)) for row in cells(chart.locator("tbody tr"))]
        assert len(rows) == len(points) == 12
        for row, point in zip(rows, points, strict=True):
            assert row["Gap"] == f"{fixed(point['gap'] * 100, 2)}%"
            assert row["Spend (CNY)"] == f"¥{fixed(point['spend'])}"
            assert row["Mean RTT"] == fixed(point["rtt_ms_mean"], 2)
            assert row["Carbon price (CNY/kg)"] == fixed(point["carbon_price_per_kg"], 2)
            assert row["On the front"] == ("yes" if point["on_front"] else "no")
        chart.locator("tbody").get_by_role("button").last.click()
        expect(page).to_have_url(re.compile("b_ms_price="))
        expect(page.locator("#notices")).to_contain_text("Loaded as scenario B")


def test_a_what_if_is_cancelled(browser: Browser, site: Site) -> None:
    """While the solver works on it; what is asked next is answered."""
    with what_if(browser, site, "&b_carbon=9") as page:
        page.get_by_label("Seconds for each").first.select_option("30")
        page.get_by_role("button", name="Clear both").click()
        expect(page.locator(".waiting")).to_contain_text("of 2", timeout=PATIENCE_MS)
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_text("Cancelled:")).to_be_visible()
        expect(page.locator(".waiting")).to_have_count(0)
        page.get_by_label("Seconds for each").first.select_option("2")
        page.get_by_role("button", name="Clear both").click()
        figures_of(page)


def test_maps_beside_each_other_have_one_scale(browser: Browser, site: Site) -> None:
    """A line is as wide as its power on either map, though the largest one runs on one of them only."""
    flow = {"from_region": "here", "to_region": "there", "job_class": "train", "orders": 1}
    larger, smaller = ({"hours": [0], "flows": [flow | {"first_hour": 0, "it_kw": [kw]}]} for kw in (100, 25))
    state = {"hour": 0, "jobClass": None, "local": False, "apart": False}
    with opened(browser, f"{site.url}/?lang=en") as page:
        script = page.locator("script[type=module]").get_attribute("src") or ""
        widest = page.evaluate(
            """async ([path, own, other, state]) => {
              const { flowsAt, largestFlow } = await import(path);
              const shown = flowsAt(own, state);
              return [[{ schedule: other }], []].map((beside) => largestFlow(shown, beside, state));
            }""",
            [script.replace("main.js", "market/flows.js"), smaller, larger, state],
        )
    assert widest == [100, 25]
