"""Problem codes: each that the program can raise has a page, each page has a code, and the pages can be read."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from api_house import House, refusal

from api.errors import STATUS_OF
from api.problems.reference import write_reference
from api.problems.registry import Area, entries_by_area, registry
from market.domain import errors as market_errors

HERE = Path(__file__).parents[2]
RAISED = {
    name: STATUS_OF.get(kind)
    for name, kind in vars(market_errors).items()
    if isinstance(kind, type) and issubclass(kind, market_errors.MarketError)
}
"""Market errors by name, with the status that they are answered with."""
CODE_SECOND = frozenset({"build_problem", "ReadingError"})
"""Calls that name the status first and the code second."""
COMPUTED = {
    "unknown_{name}": {"unknown_provider", "unknown_node", "unknown_device", "unknown_buyer"},
    "missing_{what.value}": {"missing_buyer", "missing_provider"},
    "round_{round_.state.value}": {"round_failed", "round_refused"},
}
"""Codes that are put together where they are raised."""
INDIRECT = {"malformed_json", "not_found", "method_not_allowed", "http_error"}
"""Codes that a table in api/errors.py names by status."""


@dataclass(frozen=True)
class Site:
    """Where a code is named, and which status its error has (None: any)."""

    where: str
    code: str
    status: int | None


def sites() -> Iterator[Site]:
    """Every code that a refusal is made with, as written."""
    for path in sorted([*(HERE / "market").rglob("*.py"), *(HERE / "api").rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield from sites_of(node, f"{path.relative_to(HERE)}:{node.lineno}")


def sites_of(call: ast.Call, where: str) -> Iterator[Site]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name in RAISED and call.args:
        yield from (Site(where, code, RAISED[name]) for code in codes_of(call.args[0]))
    elif name in CODE_SECOND and len(call.args) > 1:
        status = call.args[0].value if isinstance(call.args[0], ast.Constant) else None
        yield from (Site(where, code, status) for code in codes_of(call.args[1]))


def codes_of(argument: ast.expr) -> Iterator[str]:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value
    elif isinstance(argument, ast.JoinedStr):
        yield from sorted(COMPUTED[ast.unparse(argument)[2:-1]])


def test_every_code_that_is_raised_has_a_page_of_the_same_status() -> None:
    found = list(sites())
    assert len(found) > 150
    assert [site for site in found if site.code not in registry()] == []
    wrong = [site for site in found if site.status not in (None, registry()[site.code].status)]
    assert wrong == []


def test_every_page_has_a_code_that_is_raised() -> None:
    raised = {site.code for site in sites()} | set().union(*COMPUTED.values()) | INDIRECT
    assert [code for code in registry() if code not in raised] == []


def test_codes_that_are_put_together_are_listed_here() -> None:
    source = "\n".join(path.read_text("utf-8") for path in (HERE / "market").rglob("*.py"))
    source += "\n".join(path.read_text("utf-8") for path in (HERE / "api").rglob("*.py"))
    assert [pattern for pattern in COMPUTED if f'f"{pattern}"' not in source] == []


def test_entries_are_whole() -> None:
    for code, entry in registry().items():
        assert fnmatchcase(code, "[a-z]*"), code
        assert code.replace("_", "").isalnum(), code
        assert 400 <= entry.status <= 599, code
        words = (entry.title_en, entry.means_en, entry.next_en)
        ideographs = (entry.title_zh, entry.means_zh, entry.next_zh)
        assert all(words), code
        assert all(any("\u4e00" <= letter <= "\u9fff" for letter in text) for text in ideographs), code
        assert all(text.endswith((".", "…")) for text in words[1:]), code
        assert all(text.endswith(("。", "…")) for text in ideographs[1:]), code


@pytest.mark.parametrize("area", entries_by_area(), ids=lambda area: area.name)
def test_every_area_has_entries(area: Area) -> None:
    assert entries_by_area()[area]


def test_the_type_of_a_problem_is_a_page_that_explains_it(house: House) -> None:
    problem = refusal(house.ask("GET", "/v1/orders"), 401, "missing_key")
    page = house.ask("GET", problem["type"])
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    entry = registry()["missing_key"]
    for text in (entry.title_en, entry.title_zh, "Authorization: Bearer", "密钥由运营方签发", "HTTP 401"):
        assert text in page.text


def test_every_page_stands_alone(house: House) -> None:
    for entry in registry().values():
        page = house.ask("GET", entry.type)
        assert page.status_code == 200
        assert entry.title_zh in page.text
        assert "<script" not in page.text
        assert "<style" not in page.text
        assert "style=" not in page.text
        assert "http://" not in page.text.replace("http://…", "")
        assert "https://" not in page.text


def test_the_list_leads_to_every_page(house: House) -> None:
    listed = house.ask("GET", "/problems").text
    assert [code for code, entry in registry().items() if f'href="{entry.type}"' not in listed] == []


def test_the_pages_have_a_style_sheet(house: House) -> None:
    style = house.ask("GET", "/problems/style.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "color-scheme" in style.text


def test_there_is_no_page_for_an_unknown_code(house: House) -> None:
    refusal(house.ask("GET", "/problems/no_such_code"), 404, "not_found")
    refusal(house.ask("GET", "/problems/<script>"), 404, "not_found")


def test_the_pages_are_no_part_of_the_api(house: House) -> None:
    paths = house.ask("GET", "/openapi.json").json()["paths"]
    assert [path for path in paths if path.startswith("/problems")] == []


def test_the_reference_is_written_from_the_registry() -> None:
    written = (HERE / "docs" / "problems.md").read_text("utf-8")
    assert written == write_reference(), "stale: suanli openapi --problems docs/problems.md"
