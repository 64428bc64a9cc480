"""What the page knows before anything is drawn, and what it leaves to the exchange to count."""

import pytest
from looking import looking, opened
from playwright.sync_api import Browser, expect
from shown_site import Site

pytestmark = pytest.mark.browser


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


def test_orders_are_counted_by_the_exchange(browser: Browser, site: Site) -> None:
    counts = site.ask("GET", "/v1/orders/counts", site.operator)
    with opened(browser, f"{site.url}/orders?lang=en", key=site.operator) as page:
        allocated = page.locator(".chips.states button").filter(has_text="Allocated").locator("output")
        expect(allocated).to_have_text(f"{counts['by_state']['allocated']:,}")
        expect(page.get_by_text(f"of {counts['total']:,} shown")).to_be_visible()
