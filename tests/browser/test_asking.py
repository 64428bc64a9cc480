"""What the page asks that takes a while, and what it knows before anything is drawn."""

import pytest
from looking import looking, opened
from playwright.sync_api import Browser, Page, expect
from shown_site import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WHATIF = "/what-if?lang=en&seconds=2"


def test_a_dark_page_is_dark_before_its_first_paint(browser: Browser, site: Site) -> None:
    """Not one module has run: what is painted first has its theme already."""
    for stored, scheme, theme in (
        ("dark", "light", "dark"),
        ("light", "dark", "light"),
        (None, "dark", "dark"),
    ):
        with looking(browser, site.url, scheme=scheme) as (page, _):  # type: ignore[arg-type]
            if stored is not None:
                page.add_init_script(f"localStorage.setItem('suanli.theme', '{stored}')")
            page.route("**/scripts/main.js", lambda route: route.abort())
            page.goto(site.url)
            expect(page.locator("html")).to_have_attribute("data-theme", theme)
            assert page.locator("#views a").count() == 0


def slide(page: Page, side: str, label: str, value: str) -> None:
    page.locator(f".side-{side}").get_by_label(label, exact=True).fill(value)


def test_a_scenario_of_more_demand_comes_along_and_ends(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}{WHATIF}", key=site.operator) as page:
        slide(page, "b", "Demand", "1.5")
        slide(page, "b", "Latency price", "0.01")
        assert "b_demand=1.5" in page.url
        assert "b_ms_price=0.01" in page.url
        page.get_by_role("button", name="Clear both").click()
        expect(page.locator(".waiting progress")).to_be_visible()
        row = page.get_by_role("row", name="Orders placed").or_(page.get_by_role("row", name="Placed"))
        expect(row.first).to_be_visible(timeout=90_000)
        expect(page.locator(".waiting")).to_have_count(0)


def test_a_what_if_is_cancelled(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/what-if?lang=en&seconds=30&b_carbon=9", key=site.operator) as page:
        page.get_by_role("button", name="Clear both").click()
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_text("Cancelled:")).to_be_visible()
        expect(page.get_by_role("button", name="Clear both")).to_be_enabled()


def test_the_front_shows_gaps_and_loads_a_point(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}{WHATIF}", key=site.operator) as page:
        page.get_by_role("button", name="Draw the front").click()
        table = page.get_by_role("table", name="Pareto front")
        page.get_by_role("button", name="Table").last.click(timeout=120_000)
        expect(table.get_by_role("columnheader", name="Gap")).to_be_visible()
        table.get_by_role("button").last.click()
        assert "b_ms_price=" in page.url


def test_orders_are_counted_by_the_exchange(browser: Browser, site: Site) -> None:
    counts = site.ask("GET", "/v1/orders/counts", site.operator)
    with opened(browser, f"{site.url}/orders?lang=en", key=site.operator) as page:
        allocated = page.locator(".chips.states button").filter(has_text="Allocated").locator("output")
        expect(allocated).to_have_text(f"{counts['by_state']['allocated']:,}")
        expect(page.get_by_text(f"of {counts['total']:,} shown")).to_be_visible()
