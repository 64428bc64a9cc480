"""Every chart of every view: a summary in words, a table, and files that hold what the table shows."""

import csv
import struct
from pathlib import Path

import pytest
from looking import opened
from playwright.sync_api import Browser, Locator, Page, expect
from raw_cells import require_same_head, require_same_row
from shown_site import Site
from shown_views import VIEWS, View, address_of

pytestmark = pytest.mark.browser
WITH_CHARTS = [
    view
    for view in VIEWS
    if view.name in {"market", "round", "offering", "submit", "order-placed", "provider", "provider-money"}
]


def saved(page: Page, button: Locator) -> bytes:
    with page.expect_download() as downloading:
        button.click()
    return Path(downloading.value.path()).read_bytes()


@pytest.mark.parametrize("view", WITH_CHARTS, ids=lambda view: view.name)
def test_a_chart_as_words_table_and_files(view: View, browser: Browser, site: Site) -> None:
    address = address_of(view, site, lang="en")
    with opened(browser, address, key=site.key_of(view.role), accept_downloads=True) as page:
        cards = page.locator(".chart-card")
        expect(cards).not_to_have_count(0)
        for card in cards.all():
            require_words(card)
            require_picture_files(page, card)
            require_same_table(page, card)


def require_words(card: Locator) -> None:
    """What is drawn is told to those who cannot see it."""
    said = card.locator(".chart").get_attribute("aria-label") or ""
    title = card.get_by_role("heading").first.inner_text()
    assert said.startswith(f"{title}. ")
    assert any(letter.isdigit() for letter in said.removeprefix(title))


def require_picture_files(page: Page, card: Locator) -> None:
    png = saved(page, card.get_by_role("button", name="as PNG"))
    width, height = struct.unpack(">II", png[16:24])
    assert min(width, height) > 100
    assert len(png) > 5000
    svg = saved(page, card.get_by_role("button", name="as SVG")).decode()
    assert svg.startswith("<svg")
    assert svg.count("<path") > 3


def require_same_table(page: Page, card: Locator) -> None:
    """Each table of the card, and the CSV of each, cell by cell: in the file as raw numbers, the unit in the head."""
    expected = [saved(page, card.get_by_role("button", name="as CSV").first)]
    card.get_by_role("button", name="Table", exact=True).click()
    further = card.get_by_role("button", name="as CSV").all()[1:]
    expected += [saved(page, button) for button in further]
    tables = card.locator("table").all()
    assert len(tables) == len(expected)
    for table, content in zip(tables, expected, strict=True):
        shown = table.evaluate(
            "table => [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent))"
        )
        rows = list(csv.reader(content.decode("utf-8-sig").splitlines()))
        assert len(rows) == len(shown) > 1
        require_same_head(rows[0], shown[0])
        for row, told in zip(rows[1:], shown[1:], strict=True):
            require_same_row(row, told)
