"""The page as it is served: one document for every view, assets for ever under the fingerprint of their content."""

import gzip
import hashlib
import re
from importlib.metadata import files

import pytest
from api_house import House, refusal
from httpx2 import Response

from api.web.page import STATIC, Page, the_page

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
VIEW_PATHS = (
    *("/", "/rounds", "/rounds/rnd_1", "/catalogue", "/catalogue/off_1", "/orders", "/orders/new"),
    *("/orders/ord_1", "/what-if", "/provider", "/operator", "/sign-in"),
)
ECHARTS = "28515f26aa57f87eb1e4ed4eb446927eaf329b5f5e02b4bfd4b0264fea40d1da"
MAP = "d392f651a48e6213c9bfc83f406711069de296c17f426cffc0ad1148078ee226"
YEAR_SECONDS = 31_536_000


def asset(house: House, name: str, **headers: str) -> Response:
    return house.ask("GET", f"{the_page().prefix}/{name}", headers=headers)


@pytest.mark.parametrize("path", VIEW_PATHS)
def test_every_view_is_the_same_document(house: House, path: str) -> None:
    answer = house.ask("GET", path, headers=BROWSER)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.text == (STATIC / "index.html").read_text().replace("{{assets}}", the_page().prefix)


def test_the_document_answers_programs_and_head_requests_too(house: House) -> None:
    assert house.ask("GET", "/rounds", headers={"Accept": "application/json"}).status_code == 200
    head = house.ask("HEAD", "/", headers=BROWSER | {"Accept-Encoding": "identity"})
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len(the_page().document.plain)


@pytest.mark.parametrize("path", ["/nowhere", "/round", "/orders.html", "/assets"])
def test_an_address_that_leads_nowhere(house: House, path: str) -> None:
    seen = house.ask("GET", path, headers=BROWSER)
    assert seen.status_code == 404
    assert seen.headers["content-type"] == "text/html; charset=utf-8"
    refusal(house.ask("GET", path, headers={"Accept": "application/json"}), 404, "not_found")


def test_the_api_keeps_its_own_refusals(house: House) -> None:
    refusal(house.ask("GET", "/v1/nowhere", headers=BROWSER), 404, "not_found")
    refusal(house.ask("DELETE", "/v1/rounds", headers=BROWSER), 405, "method_not_allowed")


def test_every_asset_that_the_document_names_is_there(house: House) -> None:
    named = re.findall(r'(?:href|src)="(/assets/[^"]+)"', house.ask("GET", "/").text)
    assert len(named) > 5
    for path in named:
        assert house.ask("GET", path).status_code == 200, path


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("scripts/main.js", "text/javascript; charset=utf-8"),
        ("style/base.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("map/china.json", "application/json"),
        ("vendor/echarts.esm.min.js", "text/javascript; charset=utf-8"),
    ],
)
def test_assets_are_kept_for_ever(house: House, name: str, media_type: str) -> None:
    answer = asset(house, name)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == f"public, max-age={YEAR_SECONDS}, immutable"
    assert answer.headers["vary"] == "Accept-Encoding"


def test_assets_are_packed_for_who_can_unpack(house: House) -> None:
    name = "vendor/echarts.esm.min.js"
    with house.client.stream(
        "GET", f"{the_page().prefix}/{name}", headers={"Accept-Encoding": "gzip"}
    ) as answer:
        sent = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    plain = asset(house, name, **{"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(sent) == plain.content
    assert len(sent) < len(plain.content) / 2


def test_who_refuses_gzip_is_not_sent_any(house: House) -> None:
    for refused in ("gzip;q=0", "identity", "gzip;q=0.5, identity", "*;q=0"):
        answer = asset(house, "scripts/main.js", **{"Accept-Encoding": refused})
        assert "content-encoding" not in answer.headers, refused
    assert asset(house, "style/base.css", **{"Accept-Encoding": "*"}).headers["content-encoding"] == "gzip"


def test_the_theme_is_set_before_anything_is_painted(house: House) -> None:
    """A script without `type=module`, `async` or `defer`, before the first style: the page waits for it."""
    document = house.ask("GET", "/").text
    (first,) = re.findall(r"<script (src=[^>]*first-paint.js[^>]*)>", document)
    assert not re.search("async|defer|module", first)
    assert document.index("first-paint.js") < document.index('rel="stylesheet"')
    kept = re.search(r'getItem\("([^"]+)"\)', asset(house, "scripts/first-paint.js").text)
    assert kept is not None
    assert f'KEY = "{kept[1]}"' in asset(house, "scripts/theme.js").text


def test_small_files_are_sent_as_they_are(house: House) -> None:
    answer = asset(house, "icon.svg", **{"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert answer.content == (STATIC / "icon.svg").read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "/assets/",
        "/assets/0123456789abcdef/scripts/main.js",
        "{prefix}/scripts/nowhere.js",
        "{prefix}/index.html",
    ],
)
def test_what_is_not_an_asset_of_this_page(house: House, path: str) -> None:
    """A stale fingerprint is not answered with today's content, nor a missing script with a document."""
    refusal(house.ask("GET", path.format(prefix=the_page().prefix), headers=BROWSER), 404, "not_found")


@pytest.mark.parametrize("name", ["../page.py", "%2e%2e/page.py", "..%2f..%2fapp.py"])
def test_nothing_outside_the_page_is_served(house: House, name: str) -> None:
    answer = house.ask("GET", f"{the_page().prefix}/{name}")
    assert answer.status_code == 404
    assert "import" not in answer.text


def test_the_fingerprint_is_that_of_the_content() -> None:
    assert Page().fingerprint == Page().fingerprint == the_page().fingerprint
    assert re.fullmatch(r"[0-9a-f]{16}", the_page().fingerprint)


def test_the_chart_library_and_the_map_are_those_that_were_looked_at() -> None:
    """What comes from others is known to the byte: a new version is taken in on purpose."""
    assets = the_page().assets
    assert hashlib.sha256(assets["vendor/echarts.esm.min.js"].plain).hexdigest() == ECHARTS
    assert hashlib.sha256(assets["map/china.json"].plain).hexdigest() == MAP
    shipped = {str(file) for file in files("instaui-echarts") or ()}
    assert "instaui_echarts/static/echarts.esm.min.js" in shipped


def test_icon_where_browsers_look_for_it(house: House) -> None:
    answer = house.ask("GET", "/favicon.ico", follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"] == f"{the_page().prefix}/icon.svg"
