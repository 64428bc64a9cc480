"""A provider's money as the page tells it: the statement, and revenue by day, against the API."""

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from databases import Databases
from looking import opened
from playwright.sync_api import Browser, expect
from shown_site import Json, Site, serving

from market.domain.clock import MARKET_ZONE

pytestmark = pytest.mark.browser
SUMS = ("charge", "make_whole", "fee", "refund", "credit", "net")
PASSED = timedelta(hours=40)


@pytest.fixture(scope="module")
def later_site(databases: Databases, landed_day: tuple[str, str]) -> Iterator[Site]:
    """The same exchange when most of what was granted has run."""
    original, key = landed_day
    with databases.copied(original) as url, serving(url, key, ahead=PASSED) as site:
        yield site


def month(site: Site) -> str:
    """The month of the day that was cleared."""
    return datetime.fromisoformat(site.round["starts_at"]).astimezone(MARKET_ZONE).strftime("%Y-%m")


def richest(site: Site) -> Json:
    """The statement that has most lines."""
    statements: list[Json] = site.ask(
        "GET", "/v1/statements", site.operator, params={"month": month(site), "limit": 1000}
    )["items"]
    return max(statements, key=lambda one: len(one["lines"]))


def money_of(site: Site, provider_id: str) -> str:
    asked = {"lang": "en", "part": "money", "provider": provider_id, "month": month(site)}
    return f"{site.url}/provider?{urlencode(asked)}"


def test_the_statement_is_that_of_the_api(browser: Browser, later_site: Site, tmp_path: Path) -> None:
    statement = richest(later_site)
    assert statement["lines"], "nothing was booked: let more hours pass"
    address = money_of(later_site, statement["provider_id"])
    with opened(browser, address, key=later_site.operator, accept_downloads=True) as page:
        region = page.get_by_role("region", name="Statement", exact=True)
        total, *lines = [row.locator("th, td").all_inner_texts() for row in region.locator("tbody tr").all()]
        with page.expect_download() as downloading:
            page.get_by_role("button", name="Save as CSV").click()
        path = tmp_path / "statement.csv"
        downloading.value.save_as(path)
    assert [line[0] for line in lines] == [line["allocation_id"] for line in statement["lines"]]
    for shown, told in zip(lines, statement["lines"], strict=True):
        assert shown[4:] == [yuan(told[name]) for name in SUMS]
    assert total[4:] == [yuan(statement["totals"][name]) for name in SUMS]
    _, *rows, last = csv.reader(path.read_text(encoding="utf-8-sig").splitlines())
    assert [row[-6:] for row in rows] == [[line[name] for name in SUMS] for line in statement["lines"]]
    assert last[-6:] == [statement["totals"][name] for name in SUMS]


def test_revenue_by_day_comes_to_the_statements_net(browser: Browser, later_site: Site) -> None:
    statement = richest(later_site)
    with opened(browser, money_of(later_site, statement["provider_id"]), key=later_site.operator) as page:
        card = page.locator(".chart-card")
        card.get_by_role("button", name="Table").click()
        expect(card.locator("tbody tr")).not_to_have_count(0)
        booked = [row.locator("td").first.inner_text() for row in card.locator("tbody tr").all()]
    came_in = sum(float(amount.replace("−", "-").replace("¥", "").replace(",", "")) for amount in booked)
    assert came_in == pytest.approx(float(statement["totals"]["net"]), abs=0.02)


def yuan(amount: str) -> str:
    value = float(amount)
    return f"{'−' if value < 0 else ''}¥{abs(value):,.2f}"
