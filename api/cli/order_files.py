"""Orders from a file: YAML, JSON, or one JSON object a line; `-` is stdin."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from api.terminal.refusal import Refusal

YAML_SUFFIXES = frozenset({".yaml", ".yml"})
STDIN = Path("-")


def read_bodies(file: Path) -> list[dict[str, Any]]:
    """One order or many, whatever the notation; refused with the place that is wrong."""
    text = _read_text(file)
    if file.suffix.lower() in YAML_SUFFIXES or (file == STDIN and text.lstrip()[:1] not in {"{", "["}):
        from api.cli.order_yaml import read_yaml  # noqa: PLC0415 - only who writes YAML waits for its parser

        found = read_yaml(text, str(file))
    else:
        found = _read_json(text, file)
    bodies = list(_flattened(found))
    if not bodies:
        raise Refusal("no_orders", f"{file} holds no orders")
    for number, body in enumerate(bodies, start=1):
        if not isinstance(body, dict):
            raise Refusal(
                "not_an_order", f"{file}: order {number} is no object with job, limit_price, deadline"
            )
    return bodies


def _read_text(file: Path) -> str:
    try:
        if file == STDIN:
            return sys.stdin.read()
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal("not_json", f"{file} is not UTF-8 text") from error


def _read_json(text: str, file: Path) -> list[Any]:
    try:
        return [json.loads(text)]
    except (ValueError, RecursionError):
        lines = enumerate(text.splitlines(), 1)
        return [_read_line(file, number, line) for number, line in lines if line.strip()]


def _read_line(file: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Refusal("not_json", f"{file}, line {number}: {error}") from error


def _flattened(documents: list[Any]) -> Iterator[Any]:
    """A document is an order, or a list of them."""
    for document in documents:
        if isinstance(document, list):
            yield from document
        else:
            yield document
