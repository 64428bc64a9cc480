"""Answers that are JSON already: written once, straight from plain values, and looked at by nobody on their way out."""

from collections.abc import Iterable
from typing import Any

from fastapi import Response
from pydantic_core import to_json

NDJSON = "application/x-ndjson"


class JsonAnswer(Response):
    """Plain dictionaries and lists as JSON. The route documents their schema; tests hold them to it."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Times as RFC 3339, enums as their values."""
        return to_json(content)


class LinesAnswer(Response):
    """One JSON value on each line (NDJSON)."""

    media_type = NDJSON

    def render(self, content: Iterable[Any]) -> bytes:
        """Every line ends with a line feed, the last one as well."""
        return b"".join([to_json(item) + b"\n" for item in content])
