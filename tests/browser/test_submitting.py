"""What an order may cost is said by its owner or proposed for just that order; a quote that is held stays held."""

from typing import Any

import pytest
from looking import opened, settle
from playwright.sync_api import Browser, Page, Route, expect
from shown_site import Site

pytestmark = pytest.mark.browser
QUOTES = "**/v1/quotes"
NEEDED = "say the most you pay"
UNLIMITED = 99_999_999


class Sent:
    """Bodies that the page posts, written down on their way."""

    def __init__(self, page: Page, path: str) -> None:
        self.bodies: list[dict[str, Any]] = []
        page.on("request", lambda request: self._hear(request, path))

    def _hear(self, request: Any, path: str) -> None:
        if request.method == "POST" and request.url.endswith(path):
            self.bodies.append(request.post_data_json)


def press(page: Page, name: str) -> None:
    page.locator(".actions").get_by_role("button", name=name).click()


def require_limit_asked_for(page: Page, orders: Sent) -> None:
    """Nothing was ordered; the field that is missing says so and has the focus."""
    limit = page.get_by_label("Limit price")
    expect(limit).to_be_focused()
    expect(limit).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#view")).to_contain_text(NEEDED)
    assert not orders.bodies


def test_an_order_that_fits_nowhere_needs_a_limit_of_its_own(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/orders/new?lang=en&units=1000000", key=site.buyer) as page:
        settle(page)
        expect(page.get_by_text("No centre has room for this order now.").first).to_be_visible()
        orders = Sent(page, "/v1/orders")
        press(page, "Submit the order")
        require_limit_asked_for(page, orders)
        press(page, "Keep as a draft")
        require_limit_asked_for(page, orders)


def test_an_order_without_a_quote_needs_a_limit_of_its_own(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/?lang=en", key=site.buyer) as page:
        waiting: list[Route] = []
        page.route(QUOTES, lambda route: waiting.append(route))  # noqa: PLW0108
        orders = Sent(page, "/v1/orders")
        page.goto(f"{site.url}/orders/new?lang=en")
        expect(page.locator("#view h1")).to_have_text("Submit an order")
        press(page, "Submit the order")
        require_limit_asked_for(page, orders)
        page.get_by_label("Limit price").press("1")
        expect(page.get_by_label("Limit price")).not_to_have_attribute("aria-invalid", "true")
        page.unroute_all(behavior="ignoreErrors")


def test_a_changed_order_does_not_go_out_at_the_price_of_the_one_before(
    browser: Browser, own_site: Site
) -> None:
    with opened(browser, f"{own_site.url}/orders/new?lang=en", key=own_site.buyer) as page:
        settle(page)
        hint = page.locator(".field").filter(has=page.get_by_label("Limit price")).locator("small").first
        expect(hint).to_contain_text("Left empty")
        orders = Sent(page, "/v1/orders")
        # At once: before any quote for the changed order can have come.
        page.evaluate(
            """() => {
              const units = document.querySelector("[name=units]");
              units.value = "64";
              units.dispatchEvent(new Event("input", { bubbles: true }));
              document.querySelector(".actions button").click();
            }"""
        )
        require_limit_asked_for(page, orders)
        expect(hint).to_contain_text("Left empty")
        proposed = hint.inner_text()
        press(page, "Submit the order")
        page.wait_for_url("**/orders/ord_*")
        (order,) = orders.bodies
        assert order["job"]["units"] == 64
        assert 0 < float(order["limit_price"]) < UNLIMITED
        assert f"¥{float(order['limit_price']):,.0f}" in proposed
        settle(page)


def test_a_held_quote_outlives_a_reload_a_language_and_other_views(browser: Browser, own_site: Site) -> None:
    with opened(browser, f"{own_site.url}/orders/new?lang=en&units=2", key=own_site.buyer) as page:
        settle(page)
        quotes = Sent(page, "/v1/quotes")
        page.get_by_role("button", name="Hold this quote").click()
        held = page.get_by_role("button", name="Submit at ¥")
        expect(held).to_be_visible()
        price = held.inner_text()
        page.reload()
        expect(held).to_have_text(price)
        page.locator("#views").get_by_role("link", name="Rounds").click()
        expect(page.locator("#view h1")).to_have_text("Rounds")
        page.goto(f"{own_site.url}/orders/new?lang=en")
        expect(held).to_have_text(price)
        expect(page.locator("[name=units]")).to_have_value("2")
        expect(page.locator("[name=units]")).to_be_disabled()
        page.get_by_role("button", name="中文").click()
        page.get_by_role("button", name="放弃锁定").click()
        expect(page.locator("#notices")).to_contain_text("已放弃锁定")
        page.reload()
        settle(page)
        expect(page.get_by_role("button", name="锁定报价")).to_be_visible()
        assert len([body for body in quotes.bodies if body.get("hold_minutes")]) == 1


def test_a_held_quote_is_ordered_on_after_a_reload(browser: Browser, own_site: Site) -> None:
    with opened(browser, f"{own_site.url}/orders/new?lang=en&units=2", key=own_site.buyer) as page:
        settle(page)
        page.get_by_role("button", name="Hold this quote").click()
        expect(page.get_by_role("button", name="Submit at ¥")).to_be_visible()
        page.reload()
        page.get_by_role("button", name="Submit at ¥").click()
        page.wait_for_url("**/orders/ord_*")
        expect(page.locator("#view .tag").first).to_have_text("Allocated")
        settle(page)
        assert page.evaluate("sessionStorage.getItem('suanli.held')") is None
