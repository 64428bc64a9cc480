"""The page follows what happens: an order from too cheap to placed, a round while it clears, without a reload.

What moves on the page moves here.
"""

from datetime import UTC, datetime, timedelta

import pytest
from looking import MOVING, opened, settle
from playwright.sync_api import Browser, Page, expect
from shown_site import Json, Site

from market.domain.clock import rfc3339

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
PATIENCE_MS = 60_000
CONTESTED = 40
SEARCHING: Json = {"seconds_limit": 6, "gap": 0}
"""A round that goes on looking for better until its time is over."""
UNTOUCHED = "window.neverReloaded === true"


def stay(page: Page) -> None:
    """From now on a reload would be noticed."""
    page.evaluate("window.neverReloaded = true")


def require_stayed(page: Page) -> None:
    assert page.evaluate(UNTOUCHED)


def contested_order() -> Json:
    """One of many that want the same."""
    job = {"compute_class": "gpu", "devices": ["h800_sxm"], "precision": "fp16", "units": 64, "hours": 7}
    deadline = rfc3339(datetime.now(UTC) + timedelta(hours=30))
    return {"job": job | {"origin_region": "shanghai"}, "limit_price": "9000.00", "deadline": deadline}


def flow_of(site: Site, order: Json) -> Json:
    """The flow of the newest schedule that an order is part of."""
    schedule = site.ask("GET", f"/v1/rounds/{order['allocation']['round_id']}/schedule", site.operator)
    home, job_class = order["job"]["origin_region"], order["job"]["job_class"]
    nodes = {node["id"]: node for node in site.ask("GET", "/v1/nodes", params={"limit": 1000})["items"]}
    there = nodes[order["allocation"]["node_id"]]["region_id"]
    (flow,) = [
        flow
        for flow in schedule["flows"]
        if (flow["from_region"], flow["to_region"], flow["job_class"]) == (home, there, job_class)
    ]
    return dict(flow)


def test_from_too_cheap_to_placed(browser: Browser, own_site: Site) -> None:
    """A buyer's order waits, is explained, is changed with one click, is placed, and is seen on the map."""
    site = own_site
    with opened(browser, f"{site.url}/sign-in?lang=en", **MOVING) as page:
        page.get_by_role("button", name="As a buyer").click()
        expect(page.locator("#view h1")).to_have_text("Orders")
        page.get_by_role("link", name="Submit an order").click()
        expect(page.locator("#view h1")).to_have_text("Submit an order")
        stay(page)
        page.locator(".presets button[value=fine_tune]").click()
        page.locator("select[name=origin_region]").select_option("shanghai")
        page.get_by_label("Limit price").fill("10")
        settle(page)
        expect(page.get_by_text("Smallest change")).to_be_visible()
        page.locator(".actions").get_by_role("button", name="Submit", exact=False).first.click()
        page.wait_for_url("**/orders/ord_*")
        order_id = page.url.split("/orders/")[1].split("?")[0]

        site.clear()
        expect(page.locator("#view section").filter(has_text="said:")).to_be_visible(timeout=PATIENCE_MS)
        settle(page)
        expect(page.locator("#view .tag").first).to_have_text("Open")
        expect(page.locator("#view")).to_contain_text("Limit price too low")

        page.get_by_role("button", name="Apply it and wait").click()
        expect(page.locator("#notices")).to_contain_text("Changed", timeout=PATIENCE_MS)
        settle(page)
        changed = site.ask("GET", f"/v1/orders/{order_id}", site.buyer)
        assert float(changed["limit_price"]) > 10

        site.clear()
        expect(page.locator("[data-figure=price]")).to_be_visible(timeout=PATIENCE_MS)
        order = site.ask("GET", f"/v1/orders/{order_id}", site.buyer)
        expect(page.locator("[data-figure=price]")).to_contain_text(
            f"¥{float(order['allocation']['price']):,.2f}"
        )
        expect(page.locator("#view .tag").first).to_have_text("Allocated")
        settle(page)

        page.locator("#views").get_by_role("link", name="Market").click()
        settle(page)
        flow = flow_of(site, order)
        drawn = flows_on_map(page)
        require_stayed(page)
    assert flow["to_region"] != "shanghai", "placed at home: nothing to see on the map"
    names = {
        region["id"]: region["name_en"]
        for region in site.ask("GET", "/v1/regions", params={"limit": 1000})["items"]
    }
    assert (names["shanghai"], names[flow["to_region"]]) in drawn


def flows_on_map(page: Page) -> set[tuple[str, ...]]:
    """From where to where, as the table beside the map tells."""
    page.locator(".chart-card").first.get_by_role("button", name="Table").click()
    rows = page.get_by_role("region", name="Flows on the map").locator("tbody tr")
    return {tuple(row.locator("th, td").all_inner_texts()[:2]) for row in rows.all()}


def test_a_round_appears_on_the_market_and_in_the_list(browser: Browser, own_site: Site) -> None:
    site = own_site
    first = site.round
    with (
        opened(browser, f"{site.url}/?lang=en", **MOVING) as market,
        opened(browser, f"{site.url}/rounds?lang=en", **MOVING) as rounds,
    ):
        stay(market)
        stay(rounds)
        expect(rounds.locator("tbody tr")).to_have_count(1)
        second = site.clear()
        assert second["id"] != first["id"]
        expect(rounds.locator("tbody tr")).to_have_count(2, timeout=PATIENCE_MS)
        expect(rounds.locator("tbody tr").first).to_contain_text("Landed", timeout=PATIENCE_MS)
        expect(rounds.locator("tbody th").first).to_have_text(second["id"])
        details = market.get_by_role("link", name="See this round")
        expect(details).to_have_attribute("href", f"/rounds/{second['id']}", timeout=PATIENCE_MS)
        expect(market.locator("#notices")).to_contain_text(second["id"])
        settle(market)
        require_stayed(market)
        require_stayed(rounds)


def test_value_and_bound_are_drawn_while_it_clears(browser: Browser, own_site: Site) -> None:
    """Whoever opens a round that is being cleared sees steps and points come, then the round as it ended."""
    site = own_site
    for _ in range(CONTESTED):
        site.ask("POST", "/v1/orders", site.buyer, json=contested_order())
    asked = {"Prefer": "respond-async"}
    begun = site.ask("POST", "/v1/rounds", site.operator, json=SEARCHING, headers=asked)
    assert begun["state"] == "clearing"
    with opened(browser, f"{site.url}/rounds/{begun['id']}?lang=en", **MOVING) as page:
        stay(page)
        expect(page.locator("#view .live")).to_be_visible()
        chart = page.locator(".chart-card")
        chart.get_by_role("button", name="Table").click()
        expect(chart.locator("tbody tr")).not_to_have_count(0, timeout=PATIENCE_MS)
        live = chart.locator("tbody tr").first.locator("th, td").all_inner_texts()
        assert page.locator("ol.steps li.done").count() >= 2
        expect(page.locator("[data-figure=gap]")).to_be_visible(timeout=PATIENCE_MS)
        expect(page.locator("#view .live")).to_have_count(0)
        settle(page)
        require_stayed(page)
        history = page.locator(".chart-card").first
        history.get_by_role("button", name="Table").click()
        recorded = [row.locator("th, td").all_inner_texts() for row in history.locator("tbody tr").all()]
    assert live[1] in {row[1] for row in recorded}
