"""Schemas of the document in words: what kind of value, within which bounds."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from api.docs.markup import inline, paragraphs, shown_json, table

Schema = Mapping[str, Any]
BOUNDS: Mapping[str, str] = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "minLength": "length ≥ {}",
    "maxLength": "length ≤ {}",
    "minItems": "items ≥ {}",
    "maxItems": "items ≤ {}",
    "pattern": "matches {}",
}
FIELDS = (("Field", "字段"), ("Kind", "类型"), ("Meaning", "含义"))


def kind_of(schema: Schema) -> str:
    """What a value is, as HTML: a link to a schema, a list of words, a plain kind with its bounds."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[1])
        return f'<a href="#schema-{name}">{name}</a>'
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " | ".join(kind_of(one) for one in schema[several])
    if "enum" in schema:
        return " | ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    if "const" in schema:
        return f"<code>{escape(str(schema['const']))}</code>"
    return _plain(schema) + "".join(_bounds(schema))


def _plain(schema: Schema) -> str:
    kind = schema.get("type", "any")
    if kind == "array":
        return f"[{kind_of(schema.get('items', {}))}]"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"{{name: {kind_of(schema['additionalProperties'])}}}"
    return escape(str(schema.get("format", kind)))


def _bounds(schema: Schema) -> Iterator[str]:
    for name, words in BOUNDS.items():
        if name in schema:
            yield f" <small>{escape(words.format(schema[name]))}</small>"


def tell_schema(name: str, schema: Schema) -> str:
    """One schema: its meaning, its fields, an example."""
    required = set(schema.get("required", ()))
    rows = [
        (_field(field, required=field in required), kind_of(about), _meaning(about))
        for field, about in schema.get("properties", {}).items()
    ]
    told = [paragraphs(schema.get("description", ""))]
    told.append(table(FIELDS, rows) if rows else f"<p>{kind_of(schema)}</p>")
    told += [shown_json(example) for example in schema.get("examples", ())[:1]]
    return f'<details id="schema-{escape(name)}"><summary><code>{escape(name)}</code></summary>\n{"".join(told)}</details>'


def _field(name: str, *, required: bool) -> str:
    needed = ' <small>required <span lang="zh">必填</span></small>' if required else ""
    return f"<code>{escape(name)}</code>{needed}"


def _meaning(schema: Schema) -> str:
    default = schema.get("default")
    told = "" if default in (None, "") else f" <small>default <code>{escape(str(default))}</code></small>"
    return inline(schema.get("description", "")) + told
