"""What a reader chose stays chosen: language and theme in the browser, everything else in the address."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from looking import opened, settle
from playwright.sync_api import Browser, Page, expect
from shown_site import Site
from shown_views import VIEWS, View, address_of
from thoroughness import often

pytestmark = pytest.mark.browser
LINKED = {"orders", "order-placed", "whatif", "provider-money", "operator-audit"}
"""Addresses of each form and for each role; those of all views under `make thorough`."""
assert {view.name for view in VIEWS} >= LINKED


def require_theme(page: Page, theme: str) -> None:
    expect(page.locator("html")).to_have_attribute("data-theme", theme)


def test_the_language_is_remembered(browser: Browser, site: Site) -> None:
    with opened(browser, site.url) as page:
        page.get_by_role("button", name="中文").click()
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        page.goto(f"{site.url}/rounds")
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        expect(page.get_by_role("button", name="English")).to_be_visible()


def test_an_address_with_a_language_is_obeyed_and_follows_the_switch(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/rounds?lang=zh") as page:
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        page.get_by_role("button", name="English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en-GB")
        assert page.url.endswith("lang=en")


def test_the_theme_is_remembered(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/rounds?lang=en", scheme="light") as page:
        require_theme(page, "light")
        for name in ("Light", "Dark"):
            page.locator("#theme").click()
            expect(page.locator("#theme")).to_have_text(name)
        require_theme(page, "dark")
        page.reload()
        settle(page)
        require_theme(page, "dark")
        page.locator("#theme").click()
        require_theme(page, "light")
        page.emulate_media(color_scheme="dark")
        require_theme(page, "dark")


def test_charts_follow_the_theme(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/rounds/{site.round['id']}?lang=en") as page:
        canvas = page.locator(".chart canvas").first
        before = canvas.evaluate("canvas => canvas.toDataURL()")
        page.locator("#theme").click()
        page.locator("#theme").click()
        page.wait_for_function(
            "before => document.querySelector('.chart canvas').toDataURL() !== before", arg=before
        )


def test_a_market_view_can_be_sent_to_somebody(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/?lang=en") as page:
        page.get_by_label("Layer").select_option("carbon_location")
        page.get_by_role("slider").fill("9")
        chip = page.locator(".chips button[value]:not([value=''])").first
        job_class = chip.get_attribute("value")
        chip.click()
        page.get_by_label("Compare with").select_option("local_first")
        hour = page.locator("output.hour").inner_text()
        for part in ("layer=carbon_location", "hour=9", f"class={job_class}", "against=local_first"):
            assert part in page.url
        with opened(browser, page.url) as other:
            expect(other.get_by_label("Layer")).to_have_value("carbon_location")
            expect(other.locator("output.hour")).to_have_text(hour)
            expect(other.locator(f".chips button[value={job_class}]")).to_have_attribute(
                "aria-pressed", "true"
            )
            expect(other.get_by_label("Compare with")).to_have_value("local_first")
            expect(other.locator("[data-figure=placed] small")).to_contain_text("Local first")


def test_a_round_named_in_the_address_is_the_one_shown(browser: Browser, own_site: Site) -> None:
    first = own_site.round
    own_site.clear()
    with opened(browser, f"{own_site.url}/?lang=en&round={first['id']}") as page:
        expect(page.locator("[data-figure=placed]")).to_contain_text(f"{first['placed']:,}")
        page.reload()
        settle(page)
        expect(page.get_by_role("link", name="See this round")).to_have_attribute(
            "href", f"/rounds/{first['id']}"
        )


@pytest.mark.parametrize(
    "view",
    [view for view in VIEWS if view.role and (view.name in LINKED or often(usually=0, thoroughly=1))],
    ids=lambda view: view.name,
)
def test_a_deep_link_survives_signing_in_and_a_reload(view: View, browser: Browser, site: Site) -> None:
    """Who is sent an address without having signed in is led back to it."""
    address = address_of(view, site, lang="en")
    with opened(browser, address) as page:
        expect(page.locator("#view h1")).to_have_text("This needs a key")
        page.locator("#view").get_by_role("link", name="Sign in").click()
        page.get_by_label("API key").fill(str(site.key_of(view.role)))
        page.locator("#view").get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: parts_of(url) == parts_of(address))
        settle(page)
        title = page.locator("#view h1").inner_text()
        page.reload()
        settle(page)
        assert parts_of(page.url) == parts_of(address)
        expect(page.locator("#view h1")).to_have_text(title)


def test_signing_in_leads_nowhere_else(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/sign-in?lang=en&to=https://elsewhere.example/orders") as page:
        page.get_by_role("button", name="As a buyer").click()
        expect(page.locator("#view h1")).to_have_text("Orders")
        assert page.url.startswith(f"{site.url}/orders")
        settle(page)


def parts_of(url: str) -> tuple[str, set[tuple[str, str]]]:
    """Path and settings, in whatever order."""
    parts = urlsplit(url)
    return parts.path, set(parse_qsl(parts.query))


def test_back_and_forward_lead_through_the_views(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/?lang=en") as page:
        page.locator("#views").get_by_role("link", name="Rounds").click()
        expect(page.locator("#view h1")).to_have_text("Rounds")
        page.locator("#view tbody a").first.click()
        expect(page.locator("#view h1")).to_contain_text("Round rnd_")
        assert "lang=en" in page.url
        page.go_back()
        expect(page.locator("#view h1")).to_have_text("Rounds")
        page.go_forward()
        expect(page.locator("#view h1")).to_contain_text("Round rnd_")
        settle(page)


def test_a_key_stays_in_its_tab(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/sign-in?lang=en") as page:
        page.get_by_role("button", name="As a buyer").click()
        expect(page.locator("#view h1")).to_have_text("Orders")
        page.reload()
        expect(page.locator("#view h1")).to_have_text("Orders")
        other = page.context.new_page()
        other.goto(f"{site.url}/orders?lang=en")
        expect(other.locator("#view h1")).to_have_text("This needs a key")
        page.get_by_role("button", name="Sign out").click()
        expect(page.locator("#view h1")).to_have_text("This needs a key")
