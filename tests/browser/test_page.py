"""The page in a real browser: both languages, narrow and wide, light and dark, with the API's own figures."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect
from shown_site import Site

pytestmark = pytest.mark.browser
Scheme = Literal["light", "dark"]
WIDTHS = (375, 768, 1920)


@contextmanager
def opened(browser: Browser, url: str, width: int = 1280, scheme: Scheme = "light") -> Iterator[Page]:
    """A page that may not log an error, nor ask anyone but the exchange."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, locale="en-GB"
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    yield page
    host = url.split("/?", maxsplit=1)[0]
    assert complaints == []
    assert [one for one in asked if not one.startswith((host, "data:"))] == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_round_in_every_dress(
    language: str, width: int, scheme: Scheme, browser: Browser, site: Site, output: Path
) -> None:
    with opened(browser, f"{site.url}/?lang={language}", width, scheme) as page:
        page.wait_for_selector("dl.figures")
        assert page.locator("html").get_attribute("lang") == {"zh": "zh-CN", "en": "en"}[language]
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(overflow) <= 0
        assert page.locator("svg.map .dot").count() > 20
        page.screenshot(path=output / f"page-{language}-{width}-{scheme}.png", full_page=True)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_figures_are_those_of_the_api(language: str, browser: Browser, site: Site) -> None:
    solver = site.round["figures"]["solver"]
    shown = {
        "placed": f"{solver['placed']:,}",
        "gap": f"{solver['gap']:.2%}",
        "value": f"{solver['value_micros'] / 1e6:,.0f}",
        "west": f"{solver['west_share_of_eastern_demand']:.1%}",
    }
    with opened(browser, f"{site.url}/?lang={language}") as page:
        for name, value in shown.items():
            expect(page.locator(f"[data-figure={name}]")).to_contain_text(value)
        for baseline in site.round["figures"]["baselines"].values():
            value = f"{baseline['value_micros'] / 1e6:,.0f}"
            expect(page.locator("table").nth(2)).to_contain_text(value)


def test_no_word_is_left_untranslated(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/?lang=en") as page:
        page.wait_for_selector("dl.figures")
        texts = "els => els.map(e => e.textContent).join(' ')"
        english = page.locator("#view").evaluate_all(texts)
        assert "_" not in english
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in english)
        page.get_by_role("button", name="中文").click()
        chinese = page.locator("#view").evaluate_all(texts)
        assert "_" not in chinese
        assert "可证差距" in chinese


def test_the_language_is_remembered(browser: Browser, site: Site) -> None:
    with opened(browser, site.url) as page:
        page.get_by_role("button", name="中文").click()
        page.goto(site.url)
        expect(page.get_by_role("button", name="English")).to_be_visible()


def test_the_keyboard_reaches_everything(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/?lang=en") as page:
        page.wait_for_selector("dl.figures")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "round"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('role')") == "region"


def test_landmarks_and_names(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/?lang=en") as page:
        page.wait_for_selector("dl.figures")
        for role in ("banner", "navigation", "main", "contentinfo"):
            expect(page.get_by_role(role)).to_have_count(1)
        expect(page.locator("h1")).to_have_count(1)
        expect(page.get_by_role("img", name="Schematic")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "还没有出清的轮次"), ("en", "No round has landed yet")]
)
def test_before_the_first_round(language: str, words: str, browser: Browser, empty_site: str) -> None:
    with opened(browser, f"{empty_site}/?lang={language}") as page:
        expect(page.locator("h1")).to_have_text(words)
        expect(page.locator("pre")).to_contain_text("suanli demo")


def test_when_the_exchange_does_not_answer(browser: Browser, site: Site) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.route("**/v1/rounds*", lambda route: route.abort())
    page.goto(f"{site.url}/?lang=en")
    expect(page.locator("[role=alert] h1")).to_have_text("It could not be read")
    page.unroute("**/v1/rounds*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("dl.figures")).to_be_visible()
    context.close()
