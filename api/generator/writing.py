"""The text of the client's generated files."""

import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from api.generator.operations import JSON, Operation, Parameter, read_operations, roots
from api.generator.types import ANSWERS, BODIES, Schema, Types, class_of, is_words, name_of, reachable

CLIENT = Path(__file__).parents[1] / "client"
RUFF = Path(sys.executable).with_name("ruff")
HEAD = '"""{title}\n\nGenerated from the OpenAPI document by `python -m api.generator`: change that, not this.\n"""\n'
WIDTH = 104
REMARKS = {
    "if-match": "`answer.received.etag` of what was read: refused (`Changed`) if it is not like that any more",
}
FOLLOWED = (
    "`on_progress` hears how it comes along; what it raises gives it up. With it, `timeout_seconds` is the longest "
    "silence: a lost connection asks anew, from the first clearing on."
)


def write_client(document: Mapping[str, Any]) -> dict[str, str]:
    """The generated files by name, formatted as the rest of the house."""
    operations = read_operations(document)
    schemas: Mapping[str, Schema] = document["components"]["schemas"]
    answer_roots, body_roots = roots(operations, document)
    answers, bodies = reachable(answer_roots, schemas), reachable(body_roots, schemas)
    tags = {tag["name"]: tag.get("description", "") for tag in document.get("tags", [])}
    named = sorted(one for one in schemas if is_words(schemas[one]))
    written = {
        "words.py": _words({name: schemas[name] for name in named}),
        "answers.py": _answers({name: schemas[name] for name in sorted(answers - set(named))}, schemas),
        "bodies.py": _bodies({name: schemas[name] for name in sorted(bodies - set(named))}, schemas),
        "operations.py": _operations(operations, document, tags, asynchronous=False),
        "async_operations.py": _operations(operations, document, tags, asynchronous=True),
    }
    return {name: _formatted(text, name) for name, text in written.items()}


def _formatted(text: str, name: str) -> str:
    """Imports that turned out to be unused are dropped, lines are broken: by ruff, as for all files."""
    for asked in (("check", "--select", "F401", "--fix"), ("format",)):
        command = [str(RUFF), *asked, "--quiet", "--stdin-filename", str(CLIENT / name), "-"]
        text = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout  # noqa: S603
    return text


def _words(words: Mapping[str, Schema]) -> str:
    lines = [
        HEAD.format(title="Words with a fixed meaning, as the exchange says them."),
        "from typing import Literal\n",
    ]
    for name, schema in words.items():
        listed = ", ".join(f'"{value}"' for value in schema["enum"])
        lines += [f"{name} = Literal[{listed}]", *_docstring(schema.get("description", ""), "")]
    return "\n".join(lines)


def _answers(models: Mapping[str, Schema], schemas: Mapping[str, Schema]) -> str:
    types = Types(schemas, ANSWERS)
    lines = [
        HEAD.format(title="What an exchange answers."),
        "from __future__ import annotations\n",
        "from datetime import datetime",
        "from typing import Any, Literal\n",
        "from api.client import words",
        "from api.client.answer import Answer, Cny, Number\n",
    ]
    for name, schema in models.items():
        lines += [
            f"class {class_of(name)}(Answer):",
            *_docstring(schema.get("description") or name, "    "),
            "",
        ]
        required = set(schema.get("required", ()))
        for field, told in schema.get("properties", {}).items():
            default = "" if field in required else " = None"
            kind = types.of(told)
            kind = f"{kind} | None" if default and "None" not in kind.split(" | ") else kind
            lines += [f"    {field}: {kind}{default}", *_docstring(told.get("description", ""), "    ")]
        lines.append("")
    return "\n".join(lines)


def _bodies(models: Mapping[str, Schema], schemas: Mapping[str, Schema]) -> str:
    types = Types(schemas, BODIES)
    lines = [
        HEAD.format(
            title="What an exchange is sent: plain dictionaries, whose members a type checker knows."
        ),
        "from __future__ import annotations\n",
        "from collections.abc import Mapping, Sequence",
        "from datetime import datetime",
        "from decimal import Decimal",
        "from typing import Any, Literal, NotRequired, TypedDict\n",
        "from api.client import words\n",
        "Cny = Decimal | str",
        '"""An amount in CNY: `"1200.00"`, or a decimal; never a float."""\n',
        "Moment = datetime | str",
        '"""A time with its offset: RFC 3339, or an aware `datetime`."""\n',
    ]
    for name, schema in models.items():
        lines += [
            f"class {class_of(name)}(TypedDict):",
            *_docstring(schema.get("description") or name, "    "),
            "",
        ]
        required = set(schema.get("required", ()))
        for field, told in schema.get("properties", {}).items():
            kind = types.of(told)
            kind = kind if field in required else f"NotRequired[{kind}]"
            lines += [f"    {field}: {kind}", *_docstring(told.get("description", ""), "    ")]
        lines.append("")
    return "\n".join(lines)


def _operations(
    operations: list[Operation], document: Mapping[str, Any], tags: Mapping[str, str], *, asynchronous: bool
) -> str:
    prefix = "Async" if asynchronous else ""
    groups: dict[str, list[Operation]] = {}
    for one in operations:
        groups.setdefault(one.group, []).append(one)
    iterator = f"{prefix}Iterator"
    lines = [
        HEAD.format(
            title="Everything that can be asked of an exchange" + (", awaited." if asynchronous else ".")
        ),
        "from __future__ import annotations\n",
        f"from collections.abc import {iterator}, Sequence",
        "from typing import Any, Literal\n",
        "from api.client import answers, bodies, words",
        "from api.client.bodies import Cny, Moment",
        "from api.client.call import Call, segment",
        "from api.client.progress import OnProgress",
        f"from api.client.transport import {prefix}Transport\n",
    ]
    for group, members in groups.items():
        lines += _group(group, members, document, tags, prefix)
    lines += [
        f"class {prefix}Operations:",
        '    """All groups."""\n',
        f"    def __init__(self, transport: {prefix}Transport) -> None:",
        *(f"        self.{group} = {prefix}{_class_name(group)}(transport)" for group in groups),
    ]
    return "\n".join(lines)


def _group(
    group: str, members: list[Operation], document: Mapping[str, Any], tags: Mapping[str, str], prefix: str
) -> Iterator[str]:
    yield f"class {prefix}{_class_name(group)}:"
    about = tags.get(members[0].tag, "")
    yield from _docstring(f"`exchange.{group}`. {about}".strip(), "    ")
    yield ""
    yield f"    def __init__(self, transport: {prefix}Transport) -> None:"
    yield "        self._transport = transport"
    for one in members:
        yield ""
        yield from _method(one, document, prefix)
    yield ""


def _method(one: Operation, document: Mapping[str, Any], prefix: str) -> Iterator[str]:
    schemas = document["components"]["schemas"]
    answer, reads = _reading(one, schemas)
    waits = "" if not prefix or one.paged else "async "
    answer = f"{prefix}Iterator[{answer}]" if one.paged else answer
    yield f"    {waits}def {one.name}({', '.join(_arguments(one, schemas))}) -> {answer}:"
    yield from _docstring(_method_words(one), "        ")
    yield f"        call = Call({', '.join(_call(one))})"
    wait = "await " if waits else ""
    if reads.startswith("ask_any"):
        yield f"        found: {answer} = {wait}self._transport.{reads}"
        yield "        return found"
    elif one.answer is None:
        yield f"        {wait}self._transport.{reads}"
    else:
        yield f"        return {wait}self._transport.{reads}"


def _reading(one: Operation, schemas: Mapping[str, Schema]) -> tuple[str, str]:
    """Type of the answer, and how the transport is asked for it."""
    types = Types(schemas, ANSWERS, prefix="answers.")
    if one.answer is None:
        return "None", "tell(call)"
    if one.paged and one.page is not None:
        item = types.of(schemas[name_of(one.page)]["properties"]["items"]["items"])
        return item, f"pages(call, {item}, at_most)"
    if one.media != JSON:
        return (
            ("str", "ask_text(call)") if str(one.media).startswith("text/") else ("bytes", "ask_bytes(call)")
        )
    shape = types.of(one.answer)
    if one.followed:
        return shape, f"follow(call, {shape}, on_progress)"
    plain = "$ref" in one.answer
    return shape, f"ask(call, {shape})" if plain else f"ask_any(call, {shape})"


def _arguments(one: Operation, schemas: Mapping[str, Schema]) -> Iterator[str]:
    types = Types(schemas, BODIES, prefix="bodies.")
    yield "self"
    for part in one.placed("path"):
        yield f"{part.name}: str"
    if one.body is not None:
        kind = types.of(one.body)
        yield f"body: {kind}" if one.body_required else f"body: {kind} | None = None"
    yield "*"
    named = [*one.placed("query"), *one.placed("header")]
    for part in sorted(named, key=lambda one: one.optional):
        kind = _one_or_many(part, types)
        yield f"{part.name}: {kind}" if part.required else f"{part.name}: {kind} | None = None"
    if one.paged:
        yield "at_most: int | None = None"
    if one.once:
        yield "idempotency_key: str | None = None"
    if one.followed:
        yield "on_progress: OnProgress | None = None"
    yield "timeout_seconds: float | None = None"


def _one_or_many(part: Parameter, types: Types) -> str:
    """Where several values may be given, one may be given as it is."""
    kind = types.of(part.schema).removesuffix(" | None")
    return (
        f"{kind.removeprefix('Sequence[').removesuffix(']')} | {kind}"
        if kind.startswith("Sequence[")
        else kind
    )


def _call(one: Operation) -> Iterator[str]:
    yield f'"{one.method}"'
    path = one.path
    for part in one.placed("path"):
        path = path.replace(f"{{{part.wire}}}", f"{{segment({part.name})}}")
    yield f'f"{path}"' if "{" in path else f'"{path}"'
    for place, argument in (("query", "query"), ("header", "headers")):
        parts = list(one.placed(place))
        if parts:
            listed = ", ".join(f'"{_wire_name(part)}": {part.name}' for part in parts)
            yield f"{argument}={{{listed}}}"
    if one.body is not None:
        yield "body=body"
    if one.once:
        yield "once=True"
        yield "idempotency_key=idempotency_key"
    yield "seconds=timeout_seconds"


def _wire_name(part: Parameter) -> str:
    return part.wire.title() if part.place == "header" else part.wire


def _method_words(one: Operation) -> str:
    told = [f"{one.summary}.", one.description]
    named = [*one.placed("query"), *one.placed("header")]
    remarks = [
        f"`{part.name}`: {(REMARKS.get(part.wire.lower()) or part.description).rstrip('.')}."
        for part in named
        if part.wire.lower() in REMARKS or part.description
    ]
    if one.paged:
        remarks.append("An iterator over all pages; `at_most`: no more items than that.")
    if one.followed:
        remarks.append(FOLLOWED)
    told += [*remarks, f"`{one.method} {one.path}`"]
    return "\n\n".join(part for part in told if part)


def _class_name(group: str) -> str:
    return "".join(part.title() for part in group.split("_"))


def _docstring(text: str, indent: str) -> list[str]:
    """Wrapped; nothing where there is nothing to say."""
    if not text:
        return []
    safe = text.replace("\\", "\\\\").replace('"""', "'''")
    paragraphs = [
        textwrap.fill(
            " ".join(part.split()), WIDTH - len(indent), break_long_words=False, break_on_hyphens=False
        )
        for part in safe.split("\n\n")
    ]
    lines = "\n\n".join(paragraphs).split("\n")
    mark = '"""'
    if len(lines) == 1 and not lines[0].endswith('"'):
        return [f"{indent}{mark}{lines[0]}{mark}"]
    return [
        f"{indent}{mark}{lines[0]}",
        *(f"{indent}{line}".rstrip() for line in lines[1:]),
        f"{indent}{mark}",
    ]
