"""Whether everything that fits one JSON Schema fits another: what clients may go on sending, or go on reading.

For requests the earlier schema must lie inside the later one (what was taken is taken still); for answers the later
one inside the earlier (what is told was promised before), but for fields that are added: clients ignore those.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]
LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
FIXED = ("pattern", "format", "multipleOf", "uniqueItems", "contentEncoding")
"""Keywords of which one value is not shown to lie inside another: they stay, or the outer side has none."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that fits inside and not outside: where in the schema, and what."""

    where: str
    what: str

    def below(self, place: str) -> "Gap":
        """The same, seen from further up."""
        return Gap(f"{place}.{self.where}" if self.where else place, self.what)


class Inclusion:
    """Compares schemas of two documents; `answers` says which way the wire runs."""

    def __init__(self, inner: Document, outer: Document, *, answers: bool) -> None:
        self._inner, self._outer, self._answers = inner, outer, answers
        self._known: dict[tuple[str, str], list[Gap]] = {}

    def gaps(self, inner: Document, outer: Document) -> list[Gap]:
        """Every way in which something that fits `inner` may not fit `outer`."""
        key = (inner.get("$ref", ""), outer.get("$ref", ""))
        if not all(key):
            return self._compare(resolve(self._inner, inner), resolve(self._outer, outer))
        if key not in self._known:
            self._known[key] = []  # a schema that contains itself holds as far as the rest of it does
            self._known[key] = self._compare(resolve(self._inner, inner), resolve(self._outer, outer))
        return self._known[key]

    def _compare(self, inner: Document, outer: Document) -> list[Gap]:
        inside, outside = alternatives(self._inner, inner), alternatives(self._outer, outer)
        found: list[Gap] = []
        known = {part.get("title") for part in outside}
        for one in inside:
            tried = [list(self._compare_one(one, other)) for other in outside]
            tried.sort(key=len)
            named = (
                one.get("title") if one.get("type") == "object" and len(inside) + len(outside) > 2 else None
            )
            if tried[0] and named is not None and named not in known:
                found.append(Gap("", self._says_of(named)))  # as a whole: nothing of it was there
            else:
                found += tried[0]
        return found

    def _says_of(self, what: str) -> str:
        return f"may now be {what}" if self._answers else f"does not take {what} any more"

    def _compare_one(self, inner: Document, outer: Document) -> Iterator[Gap]:
        other = list(self._types(inner, outer))
        if other:  # nothing else about it compares
            yield from other
            return
        yield from self._values(inner, outer)
        yield from self._bounds(inner, outer)
        if "properties" in outer or "properties" in inner:
            yield from self._fields(inner, outer)
        if isinstance(outer.get("additionalProperties"), dict):
            yield from self._entries(inner, outer)
        if "items" in outer:
            yield from (gap.below("[]") for gap in self.gaps(inner.get("items", {}), outer["items"]))

    def _types(self, inner: Document, outer: Document) -> Iterator[Gap]:
        allowed = types_of(outer)
        for type_ in sorted(types_of(inner) or {"anything"}) if allowed else []:
            if type_ not in allowed and not (type_ == "integer" and "number" in allowed):
                yield Gap("", self._says_of(type_))

    def _values(self, inner: Document, outer: Document) -> Iterator[Gap]:
        allowed = values_of(outer)
        if allowed is None:
            return
        found = values_of(inner)
        if found is None:
            yield Gap("", "may now be any value" if self._answers else "takes only certain values now")
            return
        for value in found:
            if value not in allowed:
                said = "may now be" if self._answers else "does not take any more"
                yield Gap("", f"{said} {value!r}")

    def _bounds(self, inner: Document, outer: Document) -> Iterator[Gap]:
        beyond = [
            *(n for n in LOWER_BOUNDS if n in outer and (n not in inner or inner[n] < outer[n])),
            *(n for n in UPPER_BOUNDS if n in outer and (n not in inner or inner[n] > outer[n])),
            *(n for n in FIXED if n in outer and inner.get(n) != outer[n]),
        ]
        old, new = (outer, inner) if self._answers else (inner, outer)
        for name in beyond:
            yield Gap("", f"{name} was {old.get(name, 'free')} and is {new.get(name, 'free')}")

    def _fields(self, inner: Document, outer: Document) -> Iterator[Gap]:
        inside, outside = inner.get("properties", {}), outer.get("properties", {})
        for name in outer.get("required", []):
            if name not in inner.get("required", []) and (not self._answers or name in inside):
                yield Gap(name, "is not always there any more" if self._answers else "is required now")
        if self._answers:
            yield from (Gap(name, "is gone") for name in outside if name not in inside)
        elif outer.get("additionalProperties") is False:
            yield from (Gap(name, "is not taken any more") for name in inside if name not in outside)
        if not self._answers:
            yield from _defaults(inside, outside)
        for name in inside:
            if name in outside:
                yield from (gap.below(name) for gap in self.gaps(inside[name], outside[name]))

    def _entries(self, inner: Document, outer: Document) -> Iterator[Gap]:
        """Values of an object whose names are free."""
        inside = inner.get("additionalProperties", {})
        if isinstance(inside, dict):
            yield from (gap.below("*") for gap in self.gaps(inside, outer["additionalProperties"]))


def _defaults(inside: Document, outside: Document) -> Iterator[Gap]:
    """What is left out must go on meaning the same."""
    for name in inside:
        old, new = inside[name].get("default"), outside.get(name, {}).get("default")
        if "default" in inside[name] and name in outside and old != new:
            yield Gap(name, f"default was {old!r} and is {new!r}")


def resolve(document: Document, schema: Document) -> Document:
    """A schema, references into its document followed."""
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        schema = found
    return schema


def alternatives(document: Document, schema: Document) -> list[Document]:
    """What a schema may be: itself, or the parts of its anyOf or oneOf, each with what is said beside them."""
    whole = resolve(document, schema)
    beside = {name: value for name, value in whole.items() if name not in {"anyOf", "oneOf"}}
    parts = whole.get("anyOf", whole.get("oneOf"))
    if not parts:
        return [whole]
    found = [one for part in parts for one in alternatives(document, part)]
    return [
        {**beside, **one, "required": [*beside.get("required", []), *one.get("required", [])]}
        for one in found
    ]


def types_of(schema: Document) -> set[str]:
    """The JSON types a schema names; none stands for any."""
    named = schema.get("type", [])
    return {named} if isinstance(named, str) else set(named)


def values_of(schema: Document) -> list[Any] | None:
    """The values a schema allows, or None for any."""
    if "const" in schema:
        return [schema["const"]]
    return None if "enum" not in schema else list(schema["enum"])
