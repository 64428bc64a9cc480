"""What happens is told as it happens: to many tabs at once, across breaks, and to nobody whose key has ended."""

import httpx2
import pytest
from looking import looking, opened, settle
from playwright.sync_api import Browser, Page, Request, Route, expect
from shown_site import Site, lent_key

pytestmark = pytest.mark.browser
TABS = 8
AT_ONCE = 4
SEEN = """(seen) => {
  Object.defineProperty(document, "hidden", { configurable: true, value: !seen });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def is_stream(request: Request) -> bool:
    return request.url.endswith("/v1/events")


def tell(page: Page, kind: str, resource_id: str) -> None:
    """Whoever listens from now on is told of one thing, each time they come."""
    event = f'id: evt_0000000000000001\nevent: {kind}\ndata: {{"resource_id": "{resource_id}"}}\n\n'
    page.route(
        "**/v1/events", lambda route: route.fulfill(status=200, content_type="text/event-stream", body=event)
    )


def test_many_tabs_of_orders_leave_connections_for_everything_else(browser: Browser, site: Site) -> None:
    address = f"{site.url}/orders/{site.order('open')}?lang=en"
    with opened(browser, address, key=site.buyer) as first:
        tabs = [first.context.new_page() for _ in range(TABS - 1)]
        for tab in tabs:
            tab.goto(address)
        for tab in [first, *tabs]:
            settle(tab)
            assert tab.evaluate("fetch('/v1/exchange').then((answer) => answer.status)") == 200


def test_tabs_that_are_all_seen_take_turns(browser: Browser, site: Site) -> None:
    address = f"{site.url}/operator?part=audit&lang=en"
    with opened(browser, address, key=site.operator) as first:
        tabs = [first, *(first.context.new_page() for _ in range(AT_ONCE))]
        for tab in tabs[1:]:
            tab.goto(address)
            settle(tab)
        for tab in tabs:
            expect(tab.locator(".audit .live")).to_be_visible(timeout=60_000)


def test_a_tab_nobody_looks_at_hears_nothing_and_goes_on_where_it_was(browser: Browser, site: Site) -> None:
    asked: list[Request] = []
    with looking(browser, site.url, key=site.buyer) as (page, _):
        page.on("request", lambda request: asked.append(request) if is_stream(request) else None)
        page.on(
            "requestfailed",
            lambda request: asked.remove(request) if request in asked and is_stream(request) else None,
        )
        with page.expect_response("**/v1/events"):
            page.goto(f"{site.url}/orders?lang=en")
        settle(page)
        page.wait_for_timeout(300)
        (first,) = asked
        assert "last-event-id" not in first.headers
        with page.expect_event("requestfailed", is_stream):
            page.evaluate(SEEN, False)
        assert asked == []
        with page.expect_request(is_stream) as again:
            page.evaluate(SEEN, True)
        assert again.value.headers["last-event-id"].startswith("evt_")


def test_a_view_that_was_left_has_no_second_stream(browser: Browser, site: Site) -> None:
    asked: list[str] = []
    with looking(browser, site.url, key=site.buyer) as (page, _):
        page.on("request", lambda request: asked.append(request.url) if is_stream(request) else None)
        for path in ("/", "/rounds", "/orders", f"/orders/{site.order('open')}"):
            if path == "/":
                page.goto(f"{site.url}/?lang=en")
            else:
                page.evaluate(
                    "(path) => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')); }",
                    path,
                )
            settle(page)
        assert len(asked) == 1


def test_a_revoked_key_is_let_go(browser: Browser, own_site: Site) -> None:
    key = lent_key(own_site, "buyer")
    key_id = own_site.ask("GET", "/v1/keys/current", key)["id"]
    with looking(browser, own_site.url, key=key) as (page, _):
        page.goto(f"{own_site.url}/orders?lang=en")
        settle(page)
        own_site.ask(
            "POST", f"/v1/keys/{key_id}/revoke", own_site.operator, headers={"Idempotency-Key": "once"}
        )
        expect(page.locator("#notices .bad")).to_contain_text("you are signed out")
        expect(page.locator("#tools").get_by_role("link", name="Sign in")).to_be_visible()
        expect(page.locator("#view h1")).to_have_text("This needs a key")
        assert page.evaluate("sessionStorage.getItem('suanli.key')") is None
        page.locator("#views").get_by_role("link", name="Market").click()
        expect(page.locator("[data-figure=placed]")).to_be_visible()


def test_the_audit_is_live_only_while_it_hears(browser: Browser, site: Site) -> None:
    with looking(browser, site.url, key=site.operator) as (page, _):
        page.goto(f"{site.url}/operator?part=audit&lang=en")
        settle(page)
        expect(page.locator(".audit .live")).to_be_visible()
        page.evaluate(SEEN, False)
        expect(page.locator(".audit .live")).to_be_hidden()
        page.evaluate(SEEN, True)
        expect(page.locator(".audit .live")).to_be_visible()


def test_a_market_that_could_not_be_read_hears_of_no_round(browser: Browser, site: Site) -> None:
    with looking(browser, site.url) as (page, _):
        page.route("**/v1/round-trip-times*", lambda route: route.abort())
        tell(page, "round.landed", "rnd_new")
        page.goto(f"{site.url}/?lang=en")
        expect(page.locator("[role=alert]")).to_be_visible()
        page.locator("#views").get_by_role("link", name="Rounds").click()
        expect(page.locator("#view h1")).to_have_text("Rounds")
        page.locator("#notices").evaluate("(slot) => slot.replaceChildren()")
        page.wait_for_timeout(1500)
        expect(page.locator("#notices")).to_be_empty()
        expect(page.locator("#view h1")).to_have_text("Rounds")


def test_the_first_round_is_listed_where_there_was_none(browser: Browser, site: Site) -> None:
    none = True

    def rounds(route: Route) -> None:
        if none:
            route.fulfill(json={"items": [], "next_cursor": None})
        else:
            route.continue_()

    with looking(browser, site.url) as (page, _):
        page.route("**/v1/rounds?*", rounds)
        tell(page, "round.landed", "rnd_new")
        page.goto(f"{site.url}/rounds?lang=en")
        expect(page.locator("#view h1")).to_have_text("There is no round yet")
        none = False
        expect(page.locator("#view tbody tr")).not_to_have_count(0)


def test_looking_on_again_begins_at_the_beginning(browser: Browser, site: Site) -> None:
    """A round's progress is told whole to whoever comes again: nothing is drawn twice."""
    round_ = {**site.round, "state": "clearing"}
    told = "".join(
        f'event: progress\ndata: {{"seconds": {at}, "value": "1.000000", "bound": "2.000000"}}\n\n'
        for at in (1, 2)
    )
    came: list[str] = []

    def progress(route: Route) -> None:
        came.append(route.request.url)
        route.fulfill(status=200, content_type="text/event-stream", body=told)

    with looking(browser, site.url) as (page, _):
        page.route(f"**/v1/rounds/{round_['id']}", lambda route: route.fulfill(json=round_))
        page.route("**/progress", progress)
        page.goto(f"{site.url}/rounds/{round_['id']}?lang=en")
        settle(page)
        page.get_by_role("button", name="Table").click()
        page.wait_for_timeout(2500)
        assert len(came) > 1
        expect(page.locator(".chart-card tbody tr")).to_have_count(2)


def test_what_a_provider_has_is_read_again_when_something_is_granted(browser: Browser, site: Site) -> None:
    with looking(browser, site.url, key=site.provider) as (page, watch):
        tell(page, "allocation.granted", "alc_new")
        page.goto(f"{site.url}/provider?lang=en")
        settle(page)
        read = sum("/calendar" in url for url in watch.asked)
        with page.expect_request("**/calendar*"):
            page.wait_for_timeout(3000)
        assert read > 0
        settle(page)


def test_the_book_is_counted_by_the_exchange(browser: Browser, site: Site) -> None:
    counts = site.ask("GET", "/v1/orders/counts", site.operator)["by_state"]
    with looking(browser, site.url, key=site.operator) as (page, watch):
        page.goto(f"{site.url}/operator?lang=en")
        settle(page)
        rows = page.get_by_role("region", name="The book", exact=True).locator("tbody tr")
        open_row = rows.filter(has_text="Open").locator("td").all_inner_texts()
        assert (
            next(int(text) for text in open_row) == counts["open"] == sum(int(text) for text in open_row[1:])
        )
        assert [url for url in watch.asked if "/v1/orders?" in url] == []


def test_a_key_that_was_never_good_does_not_sign_anybody_out(browser: Browser, site: Site) -> None:
    with looking(browser, site.url, key=site.buyer) as (page, _):
        page.goto(f"{site.url}/sign-in?lang=en")
        settle(page)
        page.get_by_label("API key").fill("suanli_buyer_nobody")
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.locator("#notices .bad")).to_be_visible()
        assert httpx2.get(f"{site.url}/v1/exchange", trust_env=False).status_code == httpx2.codes.OK
        assert page.evaluate("sessionStorage.getItem('suanli.key')") == site.buyer
        expect(page.locator("#tools").get_by_role("button", name="Sign out")).to_be_visible()
