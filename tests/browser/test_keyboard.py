"""Everything can be done without a mouse, and what has the focus is seen."""

import pytest
from looking import opened, settle
from playwright.sync_api import Browser, Page, expect
from shown_site import Site
from shown_views import VIEWS, View, address_of

pytestmark = pytest.mark.browser
HERE = """() => {
  const at = document.activeElement, style = getComputedStyle(at);
  const label = at.getAttribute("aria-label") ?? (at.labels?.length ? at.labels[0].textContent : at.textContent);
  return { name: label.trim(), tag: at.tagName, role: at.getAttribute("role"), ring: style.outlineStyle !== "none" };
}"""
MOST_STOPS = 200
WALKED = {
    "round",
    "offering",
    "signin",
    "orders",
    "submit",
    "order-placed",
    "whatif",
    "provider",
    "provider-money",
    "operator",
}
REACHABLE = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, [tabindex='0']")]
  .filter((one) => !one.disabled && one.checkVisibility({ visibilityProperty: true })).length"""


def walk(page: Page) -> list[dict[str, str]]:
    """Whatever Tab stops at, from the top of the page until it leaves it."""
    found = []
    page.evaluate("document.activeElement.blur()")
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        here = page.evaluate(HERE)
        if here["tag"] == "BODY":
            break
        found.append(here)
    return found


def test_tab_reaches_everything_on_the_market(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/?lang=en&layer=latency") as page:
        stops = walk(page)
        assert len(stops) == page.evaluate(REACHABLE)
        assert stops[0]["name"] == "Skip to content"
        names = [stop["name"] for stop in stops]
        for name in ("Market", "Rounds", "Catalogue", "Sign in", "Play", "Layer", "Table"):
            assert name in names, name
        assert "region" in {stop["role"] for stop in stops}
        assert [stop["name"] for stop in stops if not stop["ring"]] == []
        assert [stop for stop in stops if not stop["name"]] == []


@pytest.mark.parametrize("view", [view for view in VIEWS if view.name in WALKED], ids=lambda view: view.name)
def test_tab_reaches_everything_of_a_view(view: View, browser: Browser, site: Site) -> None:
    """In order, each with a name, each with a ring that is seen."""
    with opened(browser, address_of(view, site, lang="en"), key=site.key_of(view.role)) as page:
        stops = walk(page)
        assert len(stops) >= min(MOST_STOPS, page.evaluate(REACHABLE))
        assert [stop for stop in stops if not stop["name"] or not stop["ring"]] == []


def test_the_skip_link_skips_the_menu(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/rounds?lang=en") as page:
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        expect(page.locator(".skip")).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        page.keyboard.press("Tab")
        assert page.evaluate("document.getElementById('view').contains(document.activeElement)")


def test_the_menu_by_keyboard(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/?lang=en") as page:
        page.locator("#views").get_by_role("link", name="Catalogue").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#view h1")).to_have_text("Catalogue")
        expect(page.locator("main")).to_be_focused()
        expect(page.locator("#views [aria-current=page]")).to_have_text("Catalogue")
        settle(page)


def test_the_hours_by_keyboard(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/?lang=en") as page:
        slider, shown = page.get_by_role("slider", name="Time"), page.locator("output.hour")
        whole = shown.inner_text()
        slider.focus()
        page.keyboard.press("ArrowRight")
        expect(shown).not_to_have_text(whole)
        assert slider.get_attribute("aria-valuetext") == shown.inner_text()
        assert "hour=0" in page.url
        page.keyboard.press("ArrowLeft")
        expect(shown).to_have_text(whole)
        page.get_by_role("button", name="Play").focus()
        page.keyboard.press("Space")
        expect(page.get_by_role("button", name="Pause")).to_be_focused()
        expect(shown).not_to_have_text(whole)
        page.keyboard.press("Space")
        expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_the_map_as_a_table_by_keyboard(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/?lang=en") as page:
        map_card = page.locator(".chart-card").first
        button = map_card.get_by_role("button", name="Table")
        button.focus()
        page.keyboard.press("Enter")
        expect(map_card.get_by_role("button", name="Chart")).to_be_focused()
        for table in ("The market on the map", "Flows on the map"):
            shown = map_card.get_by_role("region", name=table)
            expect(shown.get_by_role("table")).to_be_visible()
            assert shown.locator("tbody tr").count() > 20
        page.keyboard.press("Enter")
        expect(map_card.get_by_role("table")).to_have_count(0)
        expect(map_card.locator("canvas").first).to_be_visible()


def test_a_dialog_gives_the_focus_back(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/orders/{site.order('open')}?lang=en", key=site.buyer) as page:
        opener = page.get_by_role("button", name="Cancel the order")
        opener.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(opener).to_be_focused()
