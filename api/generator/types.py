"""JSON Schema as Python type expressions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
REF = "#/components/schemas/"
DECIMAL = "[0-9]"
"""Where a pattern of text begins like this and has places, it is an amount: money is never a float."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the same schema is written in answers, which are read, and in bodies, which are sent."""

    moment: str
    listed: str
    mapped: str
    number: str
    open_words: bool

    def text(self, schema: Schema) -> str:
        """Text, or what text stands for."""
        if schema.get("format") == "date-time":
            return self.moment
        pattern = schema.get("pattern", "").removeprefix("^").removeprefix("-?")
        return "Cny" if pattern.startswith(DECIMAL) and r"\." in pattern else "str"


ANSWERS = Dialect("datetime", "list", "dict", "Number", open_words=True)
BODIES = Dialect("Moment", "Sequence", "Mapping", "float", open_words=False)


@dataclass(frozen=True, slots=True)
class Types:
    """Type expressions over the named schemas of a document; `prefix` is the module where their classes are."""

    schemas: Mapping[str, Schema]
    dialect: Dialect
    prefix: str = ""

    def of(self, schema: Schema) -> str:
        """The expression; `Any` where the schema says nothing."""
        if "$ref" in schema:
            return self._named(name_of(schema))
        for way in ("anyOf", "oneOf"):
            if way in schema:
                return " | ".join(dict.fromkeys(self.of(one) for one in _nulls_last(schema[way])))
        if "allOf" in schema and len(schema["allOf"]) == 1:
            return self.of(schema["allOf"][0])
        if "const" in schema:
            return self._words([schema["const"]])
        if schema.get("enum") and schema.get("type") == "string":
            return self._words(schema["enum"])
        return self._plain(schema)

    def _plain(self, schema: Schema) -> str:
        kind = schema.get("type")
        if kind == "string":
            return "bytes" if schema.get("format") == "binary" else self.dialect.text(schema)
        if kind == "array":
            return f"{self.dialect.listed}[{self.of(schema.get('items', {}))}]"
        if kind == "object":
            values = schema.get("additionalProperties", True)
            inside = self.of(values) if isinstance(values, Mapping) else "Any"
            return f"{self.dialect.mapped}[str, {inside}]"
        simple = {"integer": "int", "number": self.dialect.number, "boolean": "bool", "null": "None"}
        return simple.get(str(kind), "Any")

    def _named(self, name: str) -> str:
        if is_words(self.schemas[name]):
            return f"words.{name} | str" if self.dialect.open_words else f"words.{name}"
        return f"{self.prefix}{class_of(name)}"

    def _words(self, values: list[Any]) -> str:
        listed = f"Literal[{', '.join(repr(value) for value in values)}]"
        return f"{listed} | str" if self.dialect.open_words and isinstance(values[0], str) else listed


def name_of(schema: Schema) -> str:
    """The name that a reference refers to."""
    reference: str = schema["$ref"]
    return reference.removeprefix(REF)


def class_of(name: str) -> str:
    """A schema's class. The framework calls schemas of one name by their modules: `api__schemas__orders__Line`."""
    *modules, last = name.split("__")
    return f"{modules[-1].title().replace('_', '')}{last}" if modules else last


def is_words(schema: Schema) -> bool:
    """Whether it is an enumeration of words."""
    return "enum" in schema and schema.get("type") == "string"


def references(schema: Any) -> Iterator[str]:
    """Names that a schema refers to, examples left aside."""
    if isinstance(schema, Mapping):
        if isinstance(schema.get("$ref"), str):
            yield name_of(schema)
        for key, value in schema.items():
            if key not in {"examples", "example", "default"}:
                yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


def reachable(roots: set[str], schemas: Mapping[str, Schema]) -> set[str]:
    """All that the roots refer to, directly or not, themselves included."""
    found: set[str] = set()
    waiting = sorted(roots)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(references(schemas[name]))
    return found


def _nulls_last(ways: list[Schema]) -> list[Schema]:
    return sorted(ways, key=lambda schema: schema.get("type") == "null")
