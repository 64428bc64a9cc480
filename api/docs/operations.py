"""Operations of the document: what is sent, what is answered."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from api.docs.markup import heading, inline, paragraphs, shown_json, table
from api.docs.schemas import kind_of
from api.problems.registry import type_of

PARAMETERS = (("Parameter", "参数"), ("In", "位置"), ("Kind", "类型"), ("Meaning", "含义"))
ANSWERS = (("Status", "状态"), ("Meaning", "含义"), ("Body", "内容"))
Operation = Mapping[str, Any]


def tell_operation(path: str, method: str, operation: Operation) -> str:
    """One operation, folded up under its method and path."""
    said = escape(operation["summary"])
    head = f'<b class="{method}">{method.upper()}</b> <code>{escape(path)}</code> {said}'
    told = "\n".join(_parts(operation))
    return f'<details id="{escape(operation["operationId"])}"><summary>{head}</summary>\n{told}</details>'


def _parts(operation: Operation) -> Iterator[str]:
    yield paragraphs(operation.get("description", ""))
    if "security" in operation:
        optional = {} in operation["security"]
        yield _needs_key(optional=optional)
    if operation.get("parameters"):
        yield heading(4, "Parameters", "参数")
        yield table(PARAMETERS, map(_parameter, operation["parameters"]))
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        yield heading(4, "Body", "请求体")
        yield f"<p>{kind_of(content.get('schema', {}))} <small>{escape(media)}</small></p>"
        yield _example(content)
    yield heading(4, "Answers", "应答")
    yield table(ANSWERS, (_answer(status, one) for status, one in operation["responses"].items()))
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            for content in answer.get("content", {}).values():
                yield _example(content)


def _needs_key(*, optional: bool) -> str:
    if optional:
        return '<p><small>A key is optional. <span lang="zh">密钥可选。</span></small></p>'
    return '<p><small>Needs a key. <span lang="zh">需要密钥。</span></small></p>'


def _parameter(parameter: Mapping[str, Any]) -> tuple[str, str, str, str]:
    needed = ' <small>required <span lang="zh">必填</span></small>' if parameter.get("required") else ""
    schema = parameter.get("schema", {})
    return (
        f"<code>{escape(parameter['name'])}</code>{needed}",
        escape(parameter["in"]),
        kind_of(schema),
        inline(parameter.get("description", "")),
    )


def _answer(status: str, answer: Mapping[str, Any]) -> tuple[str, str, str]:
    kinds, codes = [], []
    for media, content in answer.get("content", {}).items():
        kinds.append(f"{kind_of(content.get('schema', {}))} <small>{escape(media)}</small>")
        codes += [code for code in content.get("examples", {}) if "problem" in media]
    links = " ".join(f'<a href="{type_of(code)}"><code>{escape(code)}</code></a>' for code in codes)
    return f"<code>{status}</code>", links or inline(answer["description"]), "<br>".join(kinds)


def _example(content: Mapping[str, Any]) -> str:
    return shown_json(content["example"]) if "example" in content else ""
