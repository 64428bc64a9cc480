"""The document as a file: the same text for the same API, wherever it is written."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from market.domain.errors import InvalidInput


def write_document(document: Mapping[str, Any]) -> str:
    """The text of a document's file."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def read_document(path: Path) -> Mapping[str, Any]:
    """A document from a file; `InvalidInput` (not_openapi) where it is none."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise InvalidInput("not_openapi", f"{path} is not JSON: {error}") from error
    if not isinstance(found, dict) or not {"openapi", "paths", "components"} <= found.keys():
        raise InvalidInput(
            "not_openapi", f"{path} is no OpenAPI document: it lacks openapi, paths or components"
        )
    return found
