"""While there is nothing to show: empty, loading, refused, unreachable."""

from datetime import UTC, datetime

import pytest
from looking import looking, opened, settle
from playwright.sync_api import Browser, Route, expect
from shown_site import Site
from shown_views import VIEWS, View, address_of

from api.client import Exchange
from api.demo.day import day_of_orders, submit_day
from api.demo.place import prepare_exchange
from api.server import ServerThread, open_exchange
from api.settings import Settings
from market.domain.clock import next_local_midnight, rfc3339

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "还没有出清的轮次"), ("en", "No round has landed yet")]
)
def test_before_the_first_round(language: str, words: str, browser: Browser, empty_site: str) -> None:
    with opened(browser, f"{empty_site}/?lang={language}") as page:
        expect(page.locator("#view h1")).to_have_text(words)
        expect(page.locator("#view pre")).to_contain_text("suanli rounds clear")
        page.goto(f"{empty_site}/rounds?lang={language}")
        expect(page.locator("#view .state h1")).to_be_visible()


def test_the_first_round_replaces_the_empty_state(browser: Browser, database_url: str) -> None:
    """Whoever waits in front of an empty market sees the first round come, without a reload."""
    settings = Settings(database_url=database_url, solver_seconds=2)
    key = prepare_exchange(settings)
    midnight = next_local_midnight(datetime.now(UTC))
    with (
        open_exchange(settings) as exchange,
        ServerThread(exchange.app) as server,
        Exchange(server.url, key) as client,
        opened(browser, f"{server.url}/?lang=en") as page,
    ):
        expect(page.locator("#view h1")).to_have_text("No round has landed yet")
        page.evaluate("window.neverReloaded = true")
        submit_day(client, day_of_orders(20, 3, midnight))
        client.rounds.clear({"starts_at": rfc3339(midnight)}, timeout_seconds=60)
        expect(page.locator("[data-figure=placed]")).to_be_visible(timeout=60_000)
        expect(page.locator("#notices")).to_contain_text("A new round has landed")
        settle(page)
        assert page.evaluate("window.neverReloaded === true")


def test_without_demo_sessions_nobody_is_offered_a_key(browser: Browser, empty_site: str) -> None:
    with opened(browser, f"{empty_site}/sign-in?lang=en") as page:
        expect(page.get_by_label("API key")).to_be_visible()
        expect(page.get_by_role("button", name="As a buyer")).to_have_count(0)


def test_while_it_is_read(browser: Browser, site: Site) -> None:
    waiting: list[Route] = []
    let_through = False

    def hold_back(route: Route) -> None:
        if let_through:
            route.continue_()
        else:
            waiting.append(route)

    with looking(browser, site.url) as (page, watch):
        page.route("**/v1/rounds?*", hold_back)
        page.goto(f"{site.url}/?lang=en")
        expect(page.locator("#view [role=status]")).to_have_text("Reading …")
        expect(page.locator("#view")).to_have_attribute("aria-busy", "true")
        let_through = True
        for route in waiting:
            route.continue_()
        settle(page)
        expect(page.locator("[data-figure=placed]")).to_be_visible()
        assert watch.complaints == []


ASKED = {
    "market": "**/v1/rounds?*",
    "rounds": "**/v1/rounds?*",
    "round": "**/v1/rounds/*",
    "catalogue": "**/v1/offerings?*",
    "offering": "**/v1/offerings/*",
    "signin": "**/v1/exchange",
    "orders": "**/v1/orders?*",
    "submit": "**/v1/voucher-pools?*",
    "order-placed": "**/v1/orders/*",
    "whatif": "**/v1/policy",
    "provider": "**/v1/allocations?*",
    "operator": "**/v1/policy",
}


@pytest.mark.parametrize("view", [view for view in VIEWS if view.name in ASKED], ids=lambda view: view.name)
def test_when_the_exchange_does_not_answer(view: View, browser: Browser, site: Site) -> None:
    with looking(browser, site.url, key=site.key_of(view.role)) as (page, _):
        page.route(ASKED[view.name], lambda route: route.abort())
        page.goto(address_of(view, site, lang="en"))
        expect(page.locator("[role=alert] h1").first).to_have_text("It could not be read")
        page.unroute(ASKED[view.name])
        page.get_by_role("button", name="Try again").first.click()
        expect(page.locator("[role=alert]")).to_have_count(0)
        expect(page.locator("#view h1").first).not_to_have_text("It could not be read")
        settle(page)


@pytest.mark.parametrize(
    ("path", "role"),
    [("/rounds/rnd_none", None), ("/catalogue/off_none", None), ("/orders/ord_none", "buyer")],
)
def test_what_is_not_there_leads_to_its_problem(
    path: str, role: str | None, browser: Browser, site: Site
) -> None:
    with looking(browser, site.url, key=site.key_of(role)) as (page, _):
        page.goto(f"{site.url}{path}?lang=en")
        expect(page.locator("[role=alert]")).to_be_visible()
        page.locator("[role=alert]").get_by_role("link", name="not_found").click()
        page.wait_for_url("**/problems/not_found")


def test_an_address_that_leads_nowhere(browser: Browser, site: Site) -> None:
    with looking(browser, site.url) as (page, watch):
        answer = page.goto(f"{site.url}/nowhere/at/all?lang=en")
        assert answer is not None
        assert answer.status == 404
        expect(page.locator("#view h1")).to_have_text("There is no such page")
        page.get_by_role("link", name="Back to the market").click()
        expect(page.locator("[data-figure=placed]")).to_be_visible()
        assert [said for said in watch.complaints if "status of 404" not in said] == []


def test_a_key_that_is_not_known(browser: Browser, site: Site) -> None:
    with looking(browser, site.url) as (page, _):
        page.goto(f"{site.url}/sign-in?lang=en")
        page.get_by_label("API key").fill("suanli_buyer_nobody")
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.locator("#notices .bad")).to_be_visible()
        expect(page.locator("#view h1")).to_have_text("Sign in with a key")
        page.reload()
        expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_a_key_that_ended_is_let_go(browser: Browser, site: Site) -> None:
    with looking(browser, site.url, key="suanli_buyer_ended") as (page, _):
        page.goto(f"{site.url}/?lang=en")
        expect(page.get_by_role("link", name="Sign in")).to_be_visible()
        expect(page.locator("[data-figure=placed]")).to_be_visible()
