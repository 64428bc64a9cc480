"""What the page shows is what the API says."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from looking import opened, settle
from playwright.sync_api import Browser, Locator, Page, expect
from shown_site import Json, Site

from market.domain.clock import MARKET_ZONE

pytestmark = pytest.mark.browser
Write = Callable[[float], str]


def yuan(micros: float) -> str:
    return f"¥{micros / 1e6:,.0f}"


def share(part: float) -> str:
    return f"{part:.1%}"


HEADLINE: dict[str, tuple[str, Write]] = {
    "placed": ("placed", "{:,}".format),
    "gap": ("gap", "{:.2%}".format),
    "value": ("value_micros", yuan),
    "rtt": ("rtt_ms_mean", "{:,.1f} ".format),
    "energy": ("facility_kwh", "{:,.0f} ".format),
    "carbon_location": ("carbon_kg_location", "{:,.0f} ".format),
    "carbon_market": ("carbon_kg_market", "{:,.0f} ".format),
    "west": ("west_share_of_eastern_demand", share),
}


def card(page: Page, title: str) -> Locator:
    """The card of this heading."""
    return page.locator("section.card").filter(has=page.get_by_role("heading", name=title, exact=True))


def cells(rows: Locator) -> list[list[str]]:
    return [row.locator("th, td").all_inner_texts() for row in rows.all()]


def first_numbers(columns: list[list[str]], at: int) -> list[float]:
    return [float(re.sub(r"[^\d.\-]", "", row[at])) for row in columns]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_headline_is_that_of_the_round(language: str, browser: Browser, site: Site) -> None:
    solver = site.round["figures"]["solver"]
    with opened(browser, f"{site.url}/?lang={language}") as page:
        for name, (of, write) in HEADLINE.items():
            expect(page.locator(f"[data-figure={name}]")).to_contain_text(write(solver[of]))


def test_every_rule_is_compared_by_its_own_figures(browser: Browser, site: Site) -> None:
    figures = site.round["figures"]
    rules = [figures["solver"], *figures["baselines"].values()]
    with opened(browser, f"{site.url}/?lang=en") as page:
        rows = cells(card(page, "The same orders under four rules").locator("tbody tr"))
    assert [row[1:] for row in rows[:3]] == [
        [f"{rule['placed']:,}" for rule in rules],
        [yuan(rule["value_micros"]) for rule in rules],
        [f"{rule['gap']:.2%}" for rule in rules],
    ]


def test_the_flows_beside_the_map_are_the_largest(browser: Browser, site: Site) -> None:
    flows = [flow for flow in site.round["figures"]["flows"] if flow["from_region"] != flow["to_region"]][:12]
    with opened(browser, f"{site.url}/?lang=en") as page:
        rows = cells(card(page, "Largest flows").locator("tbody tr"))
    assert first_numbers(rows, 3) == [flow["orders"] for flow in flows]
    assert first_numbers(rows, 4) == pytest.approx([flow["it_kwh"] for flow in flows], abs=0.51)


def test_the_maps_table_is_the_schedule_at_the_hour(browser: Browser, site: Site) -> None:
    hour = 14
    nodes = site.ask("GET", f"/v1/rounds/{site.round['id']}/schedule")["nodes"]
    used = [node["outside_kw"][hour] + node["before_kw"][hour] + node["granted_kw"][hour] for node in nodes]
    with opened(browser, f"{site.url}/?lang=en&hour={hour}") as page:
        map_card = page.locator(".chart-card").first
        map_card.get_by_role("button", name="Table").click()
        rows = cells(map_card.locator("table").first.locator("tbody tr"))
    assert first_numbers(rows, 3) == pytest.approx([node["listed_kw"] for node in nodes], abs=0.51)
    assert first_numbers(rows, 4) == pytest.approx(used, abs=0.51)


def test_a_rounds_page_shows_its_certificate(browser: Browser, site: Site) -> None:
    cleared = site.round
    with opened(browser, f"{site.url}/rounds/{cleared['id']}?lang=en") as page:
        shown = {name: page.locator(f"[data-figure={name}]") for name in ("placed", "gap", "value", "bound")}
        expect(shown["placed"]).to_contain_text(f"{cleared['placed']:,}")
        expect(shown["gap"]).to_contain_text(f"{cleared['gap']:.3%}")
        expect(shown["value"]).to_contain_text(f"¥{float(cleared['value']):,.0f}")
        expect(shown["bound"]).to_contain_text(f"¥{float(cleared['bound']):,.0f}")
        gap = card(page, "What the gap is made of")
        gap.get_by_role("button", name="Table").click()
        parts = first_numbers(cells(gap.locator("tbody tr")), 2)
    assert sum(parts[:-1]) == pytest.approx(parts[-1], abs=0.021)
    assert parts[-1] == pytest.approx((cleared["bound_micros"] - cleared["value_micros"]) / 1e6, abs=0.006)


def test_an_order_shows_what_it_was_granted(browser: Browser, site: Site) -> None:
    order_id = site.order("allocated")
    granted = site.ask("GET", f"/v1/orders/{order_id}", site.buyer)["allocation"]
    start = datetime.fromisoformat(granted["starts_at"]).astimezone(MARKET_ZONE)
    with opened(browser, f"{site.url}/orders/{order_id}?lang=en", key=site.buyer) as page:
        expect(page.locator("[data-figure=price]")).to_contain_text(f"¥{float(granted['price']):,.2f}")
        expect(page.locator("[data-figure=starts]")).to_contain_text(f"{start:%d/%m, %H:%M}")


def test_the_catalogue_lists_and_filters_what_is_listed(browser: Browser, site: Site) -> None:
    listed: list[Json] = site.ask("GET", "/v1/offerings", params={"limit": 1000})["items"]
    wanted = [one for one in listed if one["device_id"] == "910b" and one["state"] == "open"]
    with opened(browser, f"{site.url}/catalogue?lang=en") as page:
        status = page.locator("#view [role=status]")
        expect(status).to_contain_text(str(len([one for one in listed if one["state"] == "open"])))
        page.get_by_label("Device").select_option("910b")
        expect(page.locator("tbody tr")).to_have_count(len(wanted))
        assert "device=910b" in page.url
        page.reload()
        settle(page)
        names = page.locator("tbody th a").all_inner_texts()
    assert sorted(names) == sorted(one["id"] for one in wanted)
