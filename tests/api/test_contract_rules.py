"""The rules of a good OpenAPI document, kept without Node; and Spectral, where it is at hand."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from api.app import build_contract
from api.contract.document import write_document
from api.contract.problems import MEDIA_TYPE
from api.problems.registry import registry

HERE = Path(__file__).parents[2]
Document = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Document:
    found: Document = json.loads(write_document(build_contract().openapi()))
    return found


def operations(document: Document) -> Iterator[tuple[str, Document]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def contents(operation: Document) -> Iterator[tuple[str, str, Document]]:
    """Every body that is asked or answered: where, media type, content."""
    for where, body in (("body", operation.get("requestBody", {})), *operation["responses"].items()):
        yield from ((where, media_type, content) for media_type, content in body.get("content", {}).items())


def references(part: Any) -> Iterator[str]:
    """Every `$ref` anywhere in a part."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for name, value in part.items():
            if name not in {"example", "examples"}:
                yield from references(value)
            elif isinstance(value, dict):
                yield from (one["$ref"] for one in value.values() if isinstance(one, dict) and "$ref" in one)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def find(document: Document, reference: str) -> Any:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def examples(document: Document, content: Document) -> list[Any]:
    """The values that a parameter or a content shows."""
    if "example" in content:
        return [content["example"]]
    named = content.get("examples", {}).values()
    return [(find(document, one["$ref"]) if "$ref" in one else one)["value"] for one in named]


def validator(document: Document, schema: Document) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})


def test_it_says_what_it_is_and_whom_to_ask(document: Document) -> None:
    assert document["openapi"].startswith("3.1")
    info = document["info"]
    assert all(info[name] for name in ("title", "version", "description", "contact", "license"))
    assert info["license"]["identifier"] == "Apache-2.0"
    assert document["servers"]


def test_every_operation_has_a_name_a_summary_and_a_description(document: Document) -> None:
    known = {tag["name"] for tag in document["tags"]}
    names = [operation["operationId"] for _, operation in operations(document)]
    assert sorted(set(names)) == sorted(names)
    for named, operation in operations(document):
        assert re.fullmatch(r"[a-z][a-z_]{1,23}", operation["operationId"]), named
        assert operation["summary"], named
        assert operation["description"], named
        assert operation["tags"], named
        assert set(operation["tags"]) <= known, named


def test_every_tag_is_described_and_used(document: Document) -> None:
    used = {tag for _, operation in operations(document) for tag in operation["tags"]}
    assert [
        tag["name"] for tag in document["tags"] if not tag["description"] or tag["name"] not in used
    ] == []


def test_every_path_parameter_is_declared_and_none_else(document: Document) -> None:
    for path, item in document["paths"].items():
        for operation in item.values():
            declared = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert declared == set(re.findall(r"\{(\w+)\}", path)), path


def test_every_parameter_is_described_and_shown_by_an_example_that_holds(document: Document) -> None:
    for named, operation in operations(document):
        for parameter in operation.get("parameters", []):
            where = f"{named} {parameter['name']}"
            assert parameter.get("description"), where
            shown = examples(document, parameter)
            assert shown, where
            for example in shown:
                validator(document, parameter["schema"]).validate(example)


def test_every_body_is_shown_by_examples_that_hold(document: Document) -> None:
    for named, operation in operations(document):
        for where, media_type, content in contents(operation):
            if content["schema"].get("format") == "binary":
                continue
            shown = examples(document, content)
            assert shown, f"{named} {where}"
            if media_type.endswith("json"):
                for example in shown:
                    validator(document, content["schema"]).validate(example)


def test_every_refusal_is_a_problem_with_examples_of_its_status(document: Document) -> None:
    for named, operation in operations(document):
        for status, response in operation["responses"].items():
            assert response["description"], f"{named} {status}"
            if status.startswith(("2", "3")):
                continue
            content = response["content"]
            assert list(content) == [MEDIA_TYPE], f"{named} {status}"
            assert content[MEDIA_TYPE]["schema"] == {"$ref": "#/components/schemas/Problem"}
            shown = examples(document, content[MEDIA_TYPE])
            assert shown, f"{named} {status}"
            for problem in shown:
                assert problem["status"] == int(status), f"{named} {status}"
                entry = registry()[problem["code"]]
                assert problem["type"] == entry.type
                assert problem["title"] == entry.title_en
                assert f"`{entry.code}`" in response["description"], f"{named} {status}"


def test_every_operation_that_wants_a_key_or_a_body_says_how_it_refuses(document: Document) -> None:
    for named, operation in operations(document):
        refusals = set(operation["responses"])
        if "security" in operation:
            assert "401" in refusals, named
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= refusals, named
        if "{" in named:
            assert "404" in refusals, named


def test_every_post_with_a_key_can_be_sent_twice(document: Document) -> None:
    for named, operation in operations(document):
        if named.startswith("POST ") and "security" in operation:
            sent = {parameter["name"].lower() for parameter in operation["parameters"]}
            assert "idempotency-key" in sent, named
            assert "409" in operation["responses"], named


def test_every_single_thing_is_answered_under_a_tag(document: Document) -> None:
    """But for keys, whose last use changes with each reading; docs/api.md says so."""
    untagged = {
        named
        for named, operation in operations(document)
        if named.startswith("GET /v1/")
        and named.endswith("_id}")
        and "ETag" not in operation["responses"]["200"]["headers"]
    }
    assert untagged == {"GET /v1/keys/{key_id}"}


def test_every_reference_resolves_and_every_component_is_used(document: Document) -> None:
    found = set(references(document))
    for reference in found:
        find(document, reference)
    secured = {name for _, op in operations(document) for way in op.get("security", []) for name in way}
    unused = [
        f"{kind}/{name}"
        for kind, components in document["components"].items()
        for name in components
        if f"#/components/{kind}/{name}" not in found and not (kind == "securitySchemes" and name in secured)
    ]
    assert unused == []


def test_no_schema_is_left_without_an_example(document: Document) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert schema.get("examples"), name
        for example in schema["examples"]:
            validator(document, schema).validate(example)


def test_spectral_finds_nothing(document: Document, tmp_path: Path) -> None:
    spectral = os.environ.get("SUANLI_SPECTRAL") or shutil.which("spectral")
    if spectral is None:
        pytest.skip("no Spectral: npm install @stoplight/spectral-cli, and name it in SUANLI_SPECTRAL")
    file = tmp_path / "openapi.json"
    file.write_text(write_document(document), "utf-8")
    ran = subprocess.run(
        [spectral, "lint", str(file), "--ruleset", str(HERE / ".spectral.yaml"), "--fail-severity=hint"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
