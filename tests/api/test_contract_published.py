"""The documents in docs/: written anew when the API changes, and never against clients of a published version."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.app import build_contract
from api.contract.compatibility import breaking_changes
from api.contract.document import read_document, write_document

DOCS = Path(__file__).parents[2] / "docs"
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
    assert [str(change) for change in found] == []
