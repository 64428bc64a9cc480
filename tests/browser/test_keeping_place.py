"""What is drawn again keeps the reader's place; addresses that nobody meant show something."""

import pytest
from looking import looking, opened, settle
from playwright.sync_api import Browser, Page, expect
from shown_site import Site

pytestmark = pytest.mark.browser
AT = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"


def press(page: Page, key: str) -> str:
    """What has the focus after it."""
    page.keyboard.press(key)
    page.wait_for_timeout(200)
    return str(page.evaluate(AT))


def test_the_catalogue_keeps_the_focus(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/catalogue?lang=en") as page:
        box = page.locator("tbody input[type=checkbox]").nth(3)
        name = box.get_attribute("aria-label")
        box.focus()
        assert press(page, "Space") == name
        sort = page.get_by_role("button", name="Sort by PUE")
        sort.focus()
        assert press(page, "Enter") == sort.get_attribute("aria-label")
        more = page.locator("#view button.more")
        more.focus()
        rows = page.locator("#view tbody tr").count()
        press(page, "Enter")
        assert page.locator("#view tbody tr").count() > rows
        expect(more).to_be_focused()


def test_the_audit_keeps_open_what_was_opened(browser: Browser, site: Site) -> None:
    with looking(browser, site.url, key=site.operator) as (page, _):
        page.goto(f"{site.url}/operator?part=audit&lang=en")
        settle(page)
        details = page.locator(".audit tbody details").nth(2)
        details.locator("summary").click()
        text = details.inner_text()
        with page.expect_response("**/v1/audit?*"):
            site.ask("POST", "/v1/demo-sessions", json={"role": "buyer"})
        expect(page.locator(".audit tbody tr.fresh")).not_to_have_count(0)
        expect(page.locator(".audit details[open]")).to_have_text(text, use_inner_text=True)
        expect(page.locator(".audit details[open] summary")).to_be_focused()


def test_earlier_rounds_are_added_once(browser: Browser, site: Site) -> None:
    first = {**site.round}

    with looking(browser, site.url) as (page, watch):

        def rounds(cursor: str | None) -> dict[str, object]:
            page_of = {None: ("rnd_c", "rnd_b"), "next": ("rnd_b", "rnd_a")}[cursor]
            return {
                "items": [{**first, "id": one} for one in page_of],
                "next_cursor": "next" if cursor is None else None,
            }

        page.route(
            "**/v1/rounds?*",
            lambda route: route.fulfill(json=rounds("next" if "cursor=next" in route.request.url else None)),
        )
        page.goto(f"{site.url}/rounds?lang=en")
        settle(page)
        page.get_by_role("button", name="Earlier rounds").evaluate(
            "(more) => { more.click(); more.click(); }"
        )
        expect(page.locator("#view tbody th")).to_have_text(["rnd_c", "rnd_b", "rnd_a"])
        assert len([url for url in watch.asked if "cursor=next" in url]) == 1


@pytest.mark.parametrize(
    "path", ["/orders/%E0%A4%A", "/?lang=constructor", "/what-if?across=toString&lang=en"]
)
def test_addresses_that_nobody_meant(path: str, browser: Browser, site: Site) -> None:
    with looking(browser, site.url, key=site.operator) as (page, watch):
        page.goto(site.url + path)
        settle(page)
        expect(page.locator("#view h1").first).not_to_be_empty()
        assert [said for said in watch.complaints if "status of 404" not in said] == []


def test_an_axis_that_there_is_not(browser: Browser, site: Site) -> None:
    with opened(
        browser, f"{site.url}/orders/{site.order('open')}?x=toString&lang=en", key=site.buyer
    ) as page:
        expect(page.locator(".axis select").first).to_have_value("rtt")
