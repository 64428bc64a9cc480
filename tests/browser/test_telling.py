"""What is summed, listed, left out or the same is told as that, with its unit and in the reader's language."""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from looking import opened
from playwright.sync_api import Browser, Page, expect
from shown_site import Json, Site

pytestmark = pytest.mark.browser
SEVERAL = "several classes"


def flows_shown(page: Page) -> dict[tuple[str, str], str]:
    """The class that is told of each flow on the map, by where it goes."""
    rows = page.get_by_role("region", name="Flows on the map").locator("tbody tr")
    cells = [row.locator("th, td").all_inner_texts() for row in rows.all()]
    return {(row[0], row[1]): row[2] for row in cells}


def test_a_sum_of_classes_is_not_told_as_one(browser: Browser, site: Site) -> None:
    schedule = site.ask("GET", f"/v1/rounds/{site.round['id']}/schedule")
    regions = site.ask("GET", "/v1/regions", params={"limit": 1000})["items"]
    names = {region["id"]: region["name_en"] for region in regions}
    classes = defaultdict(set)
    for flow in schedule["flows"]:
        classes[names[flow["from_region"]], names[flow["to_region"]]].add(flow["job_class"])
    with opened(browser, f"{site.url}/?lang=en") as page:
        expect(page.locator("#view")).to_contain_text("A curve sums all classes between two regions")
        page.locator(".chart-card").first.get_by_role("button", name="Table").click()
        shown = flows_shown(page)
        chip = page.locator(".chips button[value]:not([value=''])").first
        only = chip.inner_text()
        chip.click()
        expect(page.get_by_role("region", name="Flows on the map").locator("td").nth(1)).to_have_text(only)
        of_one_class = flows_shown(page)
    assert len(shown) > 10
    for between, told in shown.items():
        several = len(classes[between]) > 1 or classes[between] == {None}
        assert told.startswith(SEVERAL) == several, (between, told, classes[between])
    assert any(told.startswith(f"{SEVERAL}, mostly ") for told in shown.values())
    assert set(of_one_class.values()) == {only}


def test_shares_differ_by_points_and_what_is_equal_is_the_same(browser: Browser, site: Site) -> None:
    figures = site.round["figures"]
    solver, other = figures["solver"], figures["baselines"]["local_first"]
    apart = solver["west_share_of_eastern_demand"] - other["west_share_of_eastern_demand"]
    with opened(browser, f"{site.url}/?lang=en&against=local_first") as page:
        west = page.locator("[data-figure=west] small")
        way = "more" if apart > 0 else "less"
        expect(west).to_have_text(f"{abs(100 * apart):.1f} points {way} than “Local first”")
        expect(page.locator("[data-figure=gap] small")).to_contain_text(" points ")
        for figure in page.locator("[data-figure]").all():
            note = figure.locator("small").last.inner_text()
            assert re.search(r" (more|less) than “|^The same as “", note), note


def test_prices_of_all_offerings_are_in_the_table_and_the_picture_says_what_it_has(
    browser: Browser, site: Site
) -> None:
    cleared = site.round
    asked = {"round_id": cleared["id"], "detail": "hours"}
    items: list[Json] = site.ask("GET", "/v1/prices", params=asked)["items"]
    assert len(items) > 60
    with opened(browser, f"{site.url}/rounds/{cleared['id']}?lang=en") as page:
        prices = page.locator(".chart-card").filter(has_text="Prices by offering and hour")
        expect(prices).to_contain_text(f"The picture has the 60 tightest of {len(items)} offerings")
        expect(prices).to_contain_text("What scarcity (congestion) adds")
        prices.get_by_role("button", name="Table").click()
        expect(prices.locator("tbody tr")).to_have_count(len(items))
        prices.get_by_label("Show").select_option("effective")
        expect(prices).to_contain_text("Price of a unit-hour above the ask")
    with opened(browser, f"{site.url}/rounds/{cleared['id']}?lang=zh") as page:
        expect(page.get_by_label("显示").locator("option")).to_have_text(["拥挤价", "挂牌价以上"])


def test_small_prices_are_told_in_full_and_what_is_listed_is_called_so(browser: Browser, site: Site) -> None:
    offerings: list[Json] = site.ask("GET", "/v1/offerings", params={"limit": 1000})["items"]
    cheapest = min(offerings, key=lambda one: float(one["ask_price"]))
    ask = f"¥{cheapest['ask_price'].rstrip('0')}"
    assert len(ask) > len("¥0.05")
    with opened(browser, f"{site.url}/catalogue?lang=en") as page:
        row = page.locator("tbody tr").filter(has=page.get_by_role("link", name=cheapest["id"], exact=True))
        expect(row).to_contain_text(ask)
        expect(page.get_by_role("button", name="Sort by Free as listed")).to_be_visible()
        page.goto(f"{site.url}/catalogue/{cheapest['id']}?lang=zh")
        expect(page.locator("dl.facts")).to_contain_text(ask)
        expect(page.locator("dl.facts")).not_to_contain_text(cheapest["sla"])


def test_an_empty_catalogue_gives_no_advice_on_conditions(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/catalogue?lang=en&memory=100000") as page:
        expect(page.locator("#view")).to_contain_text("one condition less")
        page.route("**/v1/offerings?**", lambda route: route.fulfill(json={"items": [], "next_cursor": None}))
        page.reload()
        expect(page.locator("#view")).to_contain_text("Nothing is listed yet.")
        expect(page.locator("#view")).not_to_contain_text("one condition less")


@pytest.mark.parametrize(
    ("path", "role"),
    [("/orders", "buyer"), ("/provider?part=offerings", "provider"), ("/operator?part=access", "operator")],
)
def test_tables_fit_a_desk(path: str, role: str, browser: Browser, site: Site) -> None:
    """No column is cut off at 1280 pixels."""
    for language in ("zh", "en"):
        address = f"{site.url}{path}{'&' if '?' in path else '?'}lang={language}"
        with opened(browser, address, key=site.key_of(role), width=1280) as page:
            expect(page.locator("#view tbody tr").first).to_be_visible()
            for table in page.locator("#view .scroll").all():
                assert table.evaluate("one => one.scrollWidth - one.clientWidth") <= 0


def test_no_label_of_a_heat_map_is_cut_off(browser: Browser, site: Site) -> None:
    """Chinese names are the wide ones; ECharts looks at some labels only where there are many."""
    address = f"{site.url}/rounds/{site.round['id']}?lang=zh"
    pictures = []
    with opened(browser, address, accept_downloads=True) as page:
        for title in ("价格：算力产品 × 小时", "使用的功率与上限"):
            with page.expect_download() as downloading:
                page.get_by_role("button", name=f"导出{title}为 SVG").click()
            pictures.append(Path(downloading.value.path()).read_text(encoding="utf-8"))
    looking_on = browser.new_page()
    for picture in pictures:
        looking_on.set_content(f"<body style='margin: 0'>{picture}")
        edges = looking_on.locator("svg text").evaluate_all(
            "texts => texts.map((one) => one.getBoundingClientRect().left)"
        )
        assert len(edges) > 20
        assert min(edges) >= 0
    looking_on.close()
