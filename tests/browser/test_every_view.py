"""Every view in both languages and both themes: no complaint, nothing too wide, nothing out of anybody's reach."""

import re
from pathlib import Path

import pytest
from accessibility import violations
from looking import Scheme, opened, overflow, settle
from playwright.sync_api import Browser, Page, expect
from shown_site import Site
from shown_views import VIEWS, View, address_of
from thoroughness import often

pytestmark = pytest.mark.browser
WIDTHS = (1920, 375)
LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
JUDGED = {(1920, "zh", "light"), (375, "en", "dark")}
"""Themes, axe and pictures are the dear part: each width, language and theme once; all under `make thorough`."""
CHINESE = re.compile("[\u4e00-\u9fff]")


def speak(page: Page, language: str) -> None:
    """Switch to a language as a reader would; the view is drawn anew for the window it is in."""
    for _ in LANGUAGES:
        page.locator("#language").click()
        settle(page)
        if page.locator("html").get_attribute("lang") == LANGUAGES[language]:
            return
    pytest.fail(f"the page does not speak {language}")


def require_translated(page: Page, language: str, site: Site) -> None:
    """No names of keys, no word for what has no value, and no Chinese in English but where it is somebody's name."""
    text = page.locator("body").inner_text()
    for wrong in ("undefined", "NaN", "[object", "null", "Infinity", "{"):
        assert wrong not in text
    if language == "en":
        text = text.replace("中文", "")
        for device in site.ask("GET", "/v1/devices", params={"limit": 1000})["items"]:
            text = text.replace(device["name_en"], device["id"])  # a maker's own name may be Chinese in both
        assert [line for line in text.split("\n") if CHINESE.search(line)] == []


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_view_in_every_dress(view: View, browser: Browser, site: Site, output: Path) -> None:
    """Two widths, two languages, two themes: one page that changes its dress, as a reader's does."""
    url = address_of(view, site, lang="en")
    with opened(browser, url, width=WIDTHS[0], key=site.key_of(view.role)) as page:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for language in LANGUAGES:
                speak(page, language)
                expect(page.locator("#view h1")).to_have_count(1)
                expect(page.locator("[role=alert]")).to_have_count(0)
                require_translated(page, language, site)
                assert overflow(page) <= 0, (width, language)
                for scheme in SCHEMES:
                    if (width, language, scheme) in JUDGED or often(usually=0, thoroughly=1):
                        page.emulate_media(color_scheme=scheme)
                        expect(page.locator("html")).to_have_attribute("data-theme", scheme)
                        assert violations(page) == [], (width, language, scheme)
                        name = f"{view.name}-{language}-{scheme}-{width}.png"
                        page.screenshot(path=output / name, full_page=True)


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
