"""The documents in docs/: written anew when the API changes, and never against clients of a published version."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.app import build_contract
from api.contract.compatibility import breaking_changes
from api.contract.document import read_document, write_document

DOCS = Path(__file__).parents[2] / "docs"
ACCEPTED = tomllib.loads((DOCS / "published" / "accepted.toml").read_text("utf-8"))
PUBLISHED = sorted((DOCS / "published").glob("openapi-*.json"))


def test_the_document_in_docs_is_that_of_this_version() -> None:
    written = (DOCS / "openapi.json").read_text("utf-8")
    assert written == write_document(build_contract().openapi()), (
        "stale: suanli openapi --out docs/openapi.json"
    )


def test_some_version_was_published() -> None:
    assert PUBLISHED


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda path: path.stem)
def test_nothing_breaks_clients_of_a_published_version(published: Path) -> None:
    today = datetime.now(UTC).date()
    found = breaking_changes(read_document(published), build_contract().openapi(), today)
    assert {str(change) for change in found} - ACCEPTED.keys() == set()


def test_what_was_accepted_says_why_and_is_still_found() -> None:
    found = {
        str(change)
        for published in PUBLISHED
        for change in breaking_changes(read_document(published), build_contract().openapi())
    }
    for change, told in ACCEPTED.items():
        assert told["reason"], change
        assert change in found


@pytest.mark.parametrize("page", ["api.md", "api.zh.md"])
def test_the_pages_name_every_filter_and_sort(page: str) -> None:
    rows = [
        line.split("|")[1:4] for line in (DOCS / page).read_text("utf-8").splitlines() if "| `/v1/" in line
    ]
    told = {named(path)[0]: (set(named(filters)), set(named(sort))) for path, filters, sort in rows}
    assert len(told) == 7
    for path, item in build_contract().openapi()["paths"].items():
        if path in told:
            sent = {p["name"]: p["schema"] for p in item["get"]["parameters"] if p["in"] == "query"}
            sort = set(sent.pop("sort", {}).get("enum", []))
            assert told[path] == (sent.keys() - {"limit", "cursor"}, sort), path


def named(cell: str) -> list[str]:
    """What stands between backticks."""
    return cell.split("`")[1::2]
