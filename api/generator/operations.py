"""What the document says can be asked, operation by operation, in the client's words."""

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from api.generator.names import name_operation
from api.generator.types import Schema, name_of, references

JSON, EVENTS = "application/json", "text/event-stream"
METHODS = ("get", "post", "put", "patch", "delete")
PAGE_PARAMETERS = frozenset({"limit", "cursor"})
IDEMPOTENCY = "idempotency-key"
SET_BY_TRANSPORT = frozenset({IDEMPOTENCY, "last-event-id", "if-none-match"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named part of a request; `wire` is its name in HTTP, `name` in Python."""

    name: str
    wire: str
    place: str
    required: bool
    schema: Schema
    description: str

    @property
    def optional(self) -> bool:
        """Whether it may be left out."""
        return not self.required


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of the client."""

    group: str
    name: str
    method: str
    path: str
    summary: str
    description: str
    tag: str
    parameters: tuple[Parameter, ...]
    body: Schema | None
    body_required: bool
    answer: Schema | None
    media: str | None
    followed: bool
    """Whether it takes long and tells how it comes along where one asks for a stream."""

    @property
    def once(self) -> bool:
        """Whether it takes an idempotency key."""
        return any(one.wire.lower() == IDEMPOTENCY for one in self.parameters)

    @property
    def paged(self) -> bool:
        """Whether it answers page by page."""
        return self.page is not None and any(one.wire == "cursor" for one in self.parameters)

    @property
    def page(self) -> Schema | None:
        """The page that it answers with, if it does."""
        reference = (self.answer or {}).get("$ref", "")
        return {"$ref": reference} if "PageAnswer" in reference else None

    def placed(self, place: str) -> Iterator[Parameter]:
        """Parameters in the path, the query or the headers, those apart that the transport sets."""
        for one in self.parameters:
            hidden = one.wire.lower() in SET_BY_TRANSPORT or (self.paged and one.wire in PAGE_PARAMETERS)
            if one.place == place and not hidden:
                yield one


def read_operations(document: Mapping[str, Any]) -> list[Operation]:
    """In the document's sequence. What is a stream and nothing else is left out: the client follows it by hand."""
    found = [
        _read(path, method, ways[method])
        for path, ways in document["paths"].items()
        for method in METHODS
        if method in ways and _media(ways[method]).keys() != {EVENTS}
    ]
    names = [(one.group, one.name) for one in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(
            f"two operations of one name: {sorted(twice)}; name them apart in api/generator/names.py"
        )
    return found


def _read(path: str, method: str, told: Mapping[str, Any]) -> Operation:
    group, name = name_operation(path, told["operationId"])
    media = _media(told)
    kind = JSON if JSON in media else next(iter(media), None)
    body = told.get("requestBody", {})
    schema = body.get("content", {}).get(JSON, {}).get("schema")
    nullable = schema is not None and {"type": "null"} in schema.get("anyOf", [])
    return Operation(
        group=group,
        name=name,
        method=method.upper(),
        path=path,
        summary=told.get("summary", ""),
        description=told.get("description", ""),
        tag=next(iter(told.get("tags", [])), ""),
        parameters=tuple(_parameter(one) for one in told.get("parameters", [])),
        body=_without_null(schema) if nullable else schema,
        body_required=schema is not None and not nullable and bool(body.get("required")),
        answer=media[kind] if kind is not None else None,
        media=kind,
        followed=method == "post" and {JSON, EVENTS} <= media.keys(),
    )


def _media(told: Mapping[str, Any]) -> dict[str, Any]:
    """Media types of the answers that are no refusals, with their schemas."""
    found: dict[str, Any] = {}
    for status, answer in told["responses"].items():
        if status.startswith("2"):
            for media, content in answer.get("content", {}).items():
                found.setdefault(media.split(";")[0], content.get("schema", {}))
    return found


def _parameter(told: Mapping[str, Any]) -> Parameter:
    wire = told["name"]
    name = re.sub(r"[^a-z0-9]", "_", wire.lower())
    return Parameter(
        name=f"{name}_" if keyword.iskeyword(name) else name,
        wire=wire,
        place=told["in"],
        required=told.get("required", False),
        schema=told["schema"],
        description=told.get("description", ""),
    )


def _without_null(schema: Schema) -> Schema:
    ways = [one for one in schema["anyOf"] if one != {"type": "null"}]
    return ways[0] if len(ways) == 1 else {"anyOf": ways}


def roots(operations: list[Operation], document: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """Names of the schemas that answers and bodies begin with; a page begins with its items."""
    answers: set[str] = set()
    bodies: set[str] = set()
    for one in operations:
        bodies.update(references(one.body))
        if one.page is not None:
            page = document["components"]["schemas"][name_of(one.page)]
            answers.update(references(page["properties"]["items"]))
        else:
            answers.update(references(one.answer))
    return answers, bodies
