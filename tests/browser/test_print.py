"""On paper: everything is there, nothing is cut off, and what is only for the screen is left out."""

import pytest
from looking import opened
from playwright.sync_api import Browser, expect
from shown_site import Site
from shown_views import VIEWS, View, address_of

pytestmark = pytest.mark.browser
A4_WIDTH = 718
"""210 mm less margins of 10 mm, at 96 dots to the inch."""
CUT = """() => [...document.querySelectorAll("#view .scroll, #view .card, #view table")]
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > document.documentElement.clientWidth + 1
    || (one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== "visible"))
  .map((one) => `${one.tagName}.${one.className}: ${one.scrollWidth} > ${one.clientWidth}`)"""
PRINTED = [view for view in VIEWS if view.name not in {"signin", "submit", "whatif", "operator-webhooks"}]


@pytest.mark.parametrize("view", PRINTED, ids=lambda view: view.name)
def test_nothing_is_cut_off_on_paper(view: View, browser: Browser, site: Site) -> None:
    url = address_of(view, site, lang="en")
    with opened(browser, url, scheme="dark", width=A4_WIDTH, key=site.key_of(view.role)) as page:
        page.emulate_media(media="print")
        expect(page.locator("header.frame")).to_be_hidden()
        expect(page.locator("#view h1")).to_be_visible()
        assert page.evaluate(CUT) == []
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == "rgb(255, 255, 255)"
