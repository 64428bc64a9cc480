"""What a later OpenAPI document takes from clients of an earlier one. Nothing here reads files or clocks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.contract.deprecation import SUNSET
from api.contract.inclusion import Document, Inclusion, resolve

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True, slots=True)
class Breaking:
    """One change that can break a client: in which operation, where in it, and what."""

    operation: str
    where: str
    what: str

    def __str__(self) -> str:
        """As one line for people."""
        return f"{self.operation}: {self.where} {self.what}".replace(":  ", ": ")


def breaking_changes(old: Document, new: Document, today: date | None = None) -> list[Breaking]:
    """Every breaking change from `old` to `new`; with `today`, what was deprecated until before it may be gone."""
    found: list[Breaking] = []
    for path, item in old["paths"].items():
        for method in METHODS:
            if method in item:
                named = f"{method.upper()} {path}"
                later = new["paths"].get(path, {}).get(method)
                found += _Comparison(old, new, named).all_of(item[method], later, today)
    return found


class _Comparison:
    """One operation, before and after."""

    def __init__(self, old: Document, new: Document, named: str) -> None:
        self._old, self._new, self._named = old, new, named
        self._asked = Inclusion(old, new, answers=False)
        self._answered = Inclusion(new, old, answers=True)

    def all_of(self, old: Document, new: Document | None, today: date | None) -> list[Breaking]:
        if new is None:
            return [] if _was_over(old, today) else [self._says("", "is gone")]
        return [
            *self._identity(old, new),
            *self._security(old, new),
            *self._parameters(old, new),
            *self._body(old, new),
            *self._responses(old, new),
        ]

    def _says(self, where: str, what: str) -> Breaking:
        return Breaking(self._named, where, what)

    def _identity(self, old: Document, new: Document) -> Iterator[Breaking]:
        before, after = old.get("operationId"), new.get("operationId")
        if before != after:
            yield self._says("operationId", f"was {before} and is {after}")

    def _security(self, old: Document, new: Document) -> Iterator[Breaking]:
        """Each way in that was there must be there still; none at all needed no key."""
        ways = new.get("security", []) or [{}]
        for way in old.get("security", []) or [{}]:
            if not any(all(name in way for name in other) for other in ways):
                yield self._says("security", f"does not take {' and '.join(way) or 'no key'} any more")

    def _parameters(self, old: Document, new: Document) -> Iterator[Breaking]:
        before, after = _by_name(self._old, old), _by_name(self._new, new)
        for (place, name), parameter in after.items():
            if (place, name) not in before and parameter.get("required"):
                yield self._says(f"{place} {name}", "is required now")
        for (place, name), parameter in before.items():
            where, later = f"{place} {name}", after.get((place, name))
            if later is None:
                yield self._says(where, "is not taken any more")
                continue
            if later.get("required") and not parameter.get("required"):
                yield self._says(where, "is required now")
            schema, taken = parameter["schema"], later["schema"]
            if "default" in schema and schema["default"] != taken.get("default"):
                told = f"default was {schema['default']!r} and is {taken.get('default')!r}"
                yield self._says(where, told)
            if place == "query":
                schema, taken = _as_sent(self._old, schema), _as_sent(self._new, taken)
                if taken.get("type") == "array" and schema.get("type") != "array":
                    taken = taken["items"]  # one value is a list of one: they look the same in a URL
            yield from self._asked_of(where, schema, taken)

    def _body(self, old: Document, new: Document) -> Iterator[Breaking]:
        before = resolve(self._old, old.get("requestBody", {}))
        after = resolve(self._new, new.get("requestBody", {}))
        if after.get("required") and not before.get("required"):
            yield self._says("body", "is required now")
        if before and not after:
            yield self._says("body", "is not taken any more")
            return
        for media_type, content in before.get("content", {}).items():
            later = after["content"].get(media_type)
            if later is None:
                yield self._says(f"body {media_type}", "is not taken any more")
            else:
                yield from self._asked_of("body", content.get("schema", {}), later.get("schema", {}))

    def _asked_of(self, where: str, old: Document, new: Document) -> Iterator[Breaking]:
        for gap in self._asked.gaps(old, new):
            yield self._says(gap.below(where).where, gap.what)

    def _responses(self, old: Document, new: Document) -> Iterator[Breaking]:
        """Of successes: clients take an unknown refusal by its class."""
        before, after = _successes(old), _successes(new)
        yield from (self._says(f"status {status}", "is gone") for status in before if status not in after)
        yield from (self._says(f"status {status}", "is new") for status in after if status not in before)
        for status in before.keys() & after.keys():
            yield from self._response(
                f"status {status}", resolve(self._old, before[status]), resolve(self._new, after[status])
            )

    def _response(self, where: str, old: Document, new: Document) -> Iterator[Breaking]:
        for name in old.get("headers", {}):
            if name not in new.get("headers", {}):
                yield self._says(f"{where} header {name}", "is gone")
        for media_type, content in old.get("content", {}).items():
            later = new.get("content", {}).get(media_type)
            if later is None:
                yield self._says(f"{where} {media_type}", "is gone")
                continue
            for gap in self._answered.gaps(later.get("schema", {}), content.get("schema", {})):
                yield self._says(gap.below(where).where, gap.what)


def _was_over(operation: Document, today: date | None) -> bool:
    """Whether it was announced that the operation ends before today."""
    if today is None or not operation.get("deprecated") or SUNSET not in operation:
        return False
    return date.fromisoformat(operation[SUNSET]) <= today


def _by_name(document: Document, operation: Document) -> Mapping[tuple[str, str], Any]:
    """Parameters by where they are and what they are called; names of headers know no case."""
    found = [resolve(document, parameter) for parameter in operation.get("parameters", [])]
    return {(p["in"], p["name"].lower() if p["in"] == "header" else p["name"]): p for p in found}


def _as_sent(document: Document, schema: Document) -> Document:
    """A query parameter's schema without null, which no URL can say."""
    whole = resolve(document, schema)
    parts = [part for part in whole.get("anyOf", []) if resolve(document, part).get("type") != "null"]
    return {**whole, "anyOf": parts} if parts else whole


def _successes(operation: Document) -> Mapping[str, Any]:
    return {status: answer for status, answer in operation["responses"].items() if status.startswith("2")}
