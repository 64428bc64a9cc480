"""Charts and tables leave the page as files that other programs read."""

import csv
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from looking import opened
from playwright.sync_api import Browser, Page, expect
from raw_cells import require_same_row
from shown_site import Site

pytestmark = pytest.mark.browser
PNG = b"\x89PNG\r\n\x1a\n"
MARK = b"\xef\xbb\xbf"


def saved(page: Page, kind: str, directory: Path) -> Path:
    """What the first chart's button of this kind gives."""
    with page.expect_download() as downloading:
        page.locator(".chart-card").first.get_by_role("button", name=f"as {kind}").click()
    path = directory / downloading.value.suggested_filename
    downloading.value.save_as(path)
    return path


@contextmanager
def market(browser: Browser, site: Site) -> Iterator[Page]:
    with opened(browser, f"{site.url}/?lang=en&hour=9", accept_downloads=True) as page:
        yield page


def test_a_chart_as_png(browser: Browser, site: Site, tmp_path: Path) -> None:
    with market(browser, site) as page:
        shown = page.locator(".chart").first.bounding_box()
        path = saved(page, "PNG", tmp_path)
    content = path.read_bytes()
    assert shown is not None
    assert path.name == f"{site.round['id']}-map.png"
    assert content.startswith(PNG)
    width, height = struct.unpack(">II", content[16:24])
    assert (width, height) == pytest.approx((2 * shown["width"], 2 * shown["height"]), abs=2)
    assert len(content) > 50_000


def test_a_chart_as_svg(browser: Browser, site: Site, tmp_path: Path) -> None:
    with market(browser, site) as page:
        path = saved(page, "SVG", tmp_path)
    root = ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 - what the page itself has written
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(root.findall(".//{*}path")) > 100
    assert "Schematic map" in "".join(root.itertext())


def test_a_chart_as_csv(browser: Browser, site: Site, tmp_path: Path) -> None:
    nodes = site.ask("GET", f"/v1/rounds/{site.round['id']}/schedule")["nodes"]
    with market(browser, site) as page:
        path = saved(page, "CSV", tmp_path)
        page.locator(".chart-card").first.get_by_role("button", name="Table").click()
        shown = [
            row.locator("th, td").all_inner_texts()
            for row in page.locator(".chart-card table").first.locator("tbody tr").all()
        ]
    content = path.read_bytes()
    assert content.startswith(MARK)
    head, *rows = csv.reader(content.decode("utf-8-sig").splitlines())
    assert len(head) == 9
    assert len(rows) == len(nodes)
    assert "Listed (kW)" in head
    assert [float(row[3]) for row in rows] == [node["listed_kw"] for node in nodes]
    for row, told in zip(rows, shown, strict=True):
        require_same_row(row, told)


def test_text_that_a_spreadsheet_would_run_is_only_text(browser: Browser, site: Site) -> None:
    with market(browser, site) as page:
        script = page.locator("script[type=module]").get_attribute("src") or ""
        chart = script.replace("main.js", "chart.js")
        written = page.evaluate(
            """async (path) => (await import(path)).csv([["=1+1", "-5", "@x", 'a "b", c', null, "-1,234.5"]])""",
            chart,
        )
    assert written == '\ufeff\'=1+1,-5,\'@x,"a ""b"", c",,"-1,234.5"\r\n'


def test_every_chart_of_a_round_can_be_saved(browser: Browser, site: Site) -> None:
    with opened(browser, f"{site.url}/rounds/{site.round['id']}?lang=en", accept_downloads=True) as page:
        cards = page.locator(".chart-card")
        assert cards.count() == 4
        for at in range(cards.count()):
            for kind in ("PNG", "SVG", "CSV"):
                with page.expect_download() as downloading:
                    cards.nth(at).get_by_role("button", name=f"as {kind}").click()
                assert Path(downloading.value.path()).stat().st_size > 50
        expect(page.locator("[role=alert]")).to_have_count(0)
