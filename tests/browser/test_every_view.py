"""Every view in both languages and both themes: no complaint, nothing too wide, nothing out of anybody's reach."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from looking import Scheme, opened, overflow, settle
from playwright.sync_api import Browser, Page, expect
from shown_site import Site
from shown_views import VIEWS, View, address_of
from thoroughness import often

pytestmark = pytest.mark.browser
NARROW, WIDE = 375, 1920
ALL_DRESSES = [("zh", "dark"), ("en", "light"), ("zh", "light"), ("en", "dark")]
DRESSES = ALL_DRESSES[: often(usually=2, thoroughly=4)]
"""The first two show each language and each theme once."""
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],
}
CHINESE = re.compile("[\u4e00-\u9fff]")


def violations(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA, with the first places of each."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {[node['html'][:160] for node in one['nodes'][:4]]}" for one in found]


@pytest.mark.parametrize(("language", "scheme"), DRESSES)
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_view_in_every_dress(
    view: View, language: str, scheme: Scheme, browser: Browser, site: Site, output: Path
) -> None:
    url = address_of(view, site, lang=language)
    with opened(browser, url, width=WIDE, scheme=scheme, key=site.key_of(view.role)) as page:
        assert page.locator("html").get_attribute("lang") == {"zh": "zh-CN", "en": "en-GB"}[language]
        expect(page.locator("#view h1")).to_have_count(1)
        expect(page.locator("[role=alert]")).to_have_count(0)
        assert overflow(page) <= 0
        assert violations(page) == []
        page.screenshot(path=output / f"{view.name}-{language}-{scheme}-{WIDE}.png", full_page=True)
        page.set_viewport_size({"width": NARROW, "height": 800})
        page.reload()
        settle(page)
        assert overflow(page) <= 0
        assert violations(page) == []
        page.screenshot(path=output / f"{view.name}-{language}-{scheme}-{NARROW}.png", full_page=True)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_no_word_is_left_untranslated(view: View, browser: Browser, site: Site) -> None:
    """Names of keys, what became of no value, and Chinese in English."""
    with opened(browser, address_of(view, site, lang="en"), key=site.key_of(view.role)) as page:
        english = page.locator("body").inner_text().replace("中文", "")
        devices = site.ask("GET", "/v1/devices", params={"limit": 1000})["items"]
        for device in devices:  # a maker's own name may be Chinese in both
            english = english.replace(device["name_en"], device["id"])
        assert [line for line in english.split("\n") if CHINESE.search(line)] == []
        page.get_by_role("button", name="中文").click()
        settle(page)
        chinese = page.locator("body").inner_text()
        for wrong in ("undefined", "NaN", "[object", "null", "Infinity", "{"):
            assert wrong not in english
            assert wrong not in chinese


def test_landmarks_and_names(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/?lang=en") as page:
        for role in ("banner", "main", "contentinfo"):
            expect(page.get_by_role(role)).to_have_count(1)
        expect(page.get_by_role("navigation", name="Views")).to_have_count(1)
        expect(page).to_have_title("Market · Suanli Exchange")


@pytest.mark.parametrize("role", ["buyer", "provider", "operator"])
def test_who_may_not_is_told_who_may(role: str, browser: Browser, site: Site) -> None:
    """A view of somebody else's says so, and the menu does not offer it."""
    shut = {
        "buyer": ["/what-if", "/provider", "/operator"],
        "provider": ["/orders", "/operator"],
        "operator": [],
    }
    with opened(browser, f"{site.url}/?lang=en", key=site.key_of(role)) as page:
        offered = page.locator("#views a").evaluate_all("links => links.map((link) => link.pathname)")
        assert not set(offered) & set(shut[role])
        for path in shut[role]:
            page.goto(f"{site.url}{path}?lang=en")
            expect(page.locator("#view h1")).to_have_text("This needs a key")
            expect(page.locator("#view").get_by_role("link", name="Sign in")).to_be_visible()
