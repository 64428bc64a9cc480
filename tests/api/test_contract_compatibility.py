"""What counts as breaking: one small document, one change at a time."""

from collections.abc import Callable
from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from api.contract.compatibility import breaking_changes

Document = dict[str, Any]
Change = Callable[[Document], object]
GPU: Document = {
    "type": "object",
    "additionalProperties": False,
    "required": ["units"],
    "properties": {
        "units": {"type": "integer", "minimum": 1, "maximum": 8},
        "class": {"$ref": "#/components/schemas/Class"},
        "note": {"anyOf": [{"type": "string", "maxLength": 20}, {"type": "null"}], "default": None},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Job"}},
        "rates": {"type": "object", "additionalProperties": {"type": "number", "maximum": 1}},
    },
}
ANSWER: Document = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "state"],
    "properties": {
        "id": {"type": "string"},
        "state": {"enum": ["open", "ended"], "type": "string"},
        "paid": {"anyOf": [{"type": "string", "pattern": "^[0-9]+$"}, {"type": "null"}]},
        "children": {"type": "array", "items": {"$ref": "#/components/schemas/Answer"}},
    },
}
BASE: Document = {
    "paths": {
        "/jobs": {
            "post": {
                "operationId": "submit",
                "security": [{"key": []}],
                "parameters": [
                    {"in": "query", "name": "limit", "schema": {"type": "integer", "default": 100}},
                    {"in": "header", "name": "Prefer", "required": False, "schema": {"type": "string"}},
                ],
                "requestBody": {
                    "required": False,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Job"}}},
                },
                "responses": {
                    "201": {
                        "headers": {"Location": {}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Answer"}}},
                    },
                    "409": {"content": {"application/problem+json": {"schema": {}}}},
                },
            },
            "get": {"operationId": "list", "responses": {"200": {}}},
        }
    },
    "components": {
        "schemas": {"Job": GPU, "Answer": ANSWER, "Class": {"enum": ["gpu", "cpu"], "type": "string"}}
    },
}


def changed(change: Change) -> list[str]:
    """What breaks when the base is changed like this."""
    later = deepcopy(BASE)
    change(later)
    return [str(found) for found in breaking_changes(BASE, later)]


def post(document: Document) -> Document:
    found: Document = document["paths"]["/jobs"]["post"]
    return found


def job(document: Document) -> Document:
    found: Document = document["components"]["schemas"]["Job"]
    return found


def answer(document: Document) -> Document:
    found: Document = document["components"]["schemas"]["Answer"]
    return found


def field(schema: Document, name: str) -> Document:
    found: Document = schema["properties"][name]
    return found


BREAKING: dict[str, tuple[Change, list[str]]] = {
    "a path is removed": (
        lambda d: d["paths"].pop("/jobs"),
        ["GET /jobs: is gone", "POST /jobs: is gone"],
    ),
    "an operation is removed": (lambda d: d["paths"]["/jobs"].pop("get"), ["GET /jobs: is gone"]),
    "an operation is renamed": (
        lambda d: post(d).update(operationId="send"),
        ["POST /jobs: operationId was submit and is send"],
    ),
    "a key is needed": (
        lambda d: d["paths"]["/jobs"]["get"].update(security=[{"key": []}]),
        ["GET /jobs: security does not take no key any more"],
    ),
    "another kind of key is needed": (
        lambda d: post(d).update(security=[{"signature": []}]),
        ["POST /jobs: security does not take key any more"],
    ),
    "a parameter is removed": (
        lambda d: post(d)["parameters"].pop(0),
        ["POST /jobs: query limit is not taken any more"],
    ),
    "a new parameter is required": (
        lambda d: post(d)["parameters"].append(
            {"in": "query", "name": "until", "required": True, "schema": {}}
        ),
        ["POST /jobs: query until is required now"],
    ),
    "a parameter becomes required": (
        lambda d: post(d)["parameters"][1].update(required=True),
        ["POST /jobs: header prefer is required now"],
    ),
    "a parameter takes less": (
        lambda d: post(d)["parameters"][0]["schema"].update(maximum=1000),
        ["POST /jobs: query limit maximum was free and is 1000"],
    ),
    "a parameter that may be repeated takes other values": (
        lambda d: post(d)["parameters"][0].update(
            schema={"type": "array", "items": {"type": "boolean"}, "default": 100}
        ),
        ["POST /jobs: query limit does not take integer any more"],
    ),
    "a parameter's default changes": (
        lambda d: post(d)["parameters"][0]["schema"].update(default=50),
        ["POST /jobs: query limit default was 100 and is 50"],
    ),
    "the body becomes required": (
        lambda d: post(d)["requestBody"].update(required=True),
        ["POST /jobs: body is required now"],
    ),
    "the body is gone": (
        lambda d: post(d).pop("requestBody"),
        ["POST /jobs: body is not taken any more"],
    ),
    "the body's media type changes": (
        lambda d: post(d)["requestBody"].update(content={"text/csv": {}}),
        ["POST /jobs: body application/json is not taken any more"],
    ),
    "a new field is required": (
        lambda d: job(d).update(required=["units", "class"]),
        ["POST /jobs: body.class is required now"],
    ),
    "a field of a request is removed": (
        lambda d: job(d)["properties"].pop("class"),
        ["POST /jobs: body.class is not taken any more"],
    ),
    "a bound of a request narrows": (
        lambda d: field(job(d), "units").update(minimum=2, maximum=4),
        ["POST /jobs: body.units maximum was 8 and is 4", "POST /jobs: body.units minimum was 1 and is 2"],
    ),
    "a value of a request is removed": (
        lambda d: d["components"]["schemas"]["Class"].update(enum=["gpu"]),
        ["POST /jobs: body.class does not take any more 'cpu'"],
    ),
    "only certain values are taken": (
        lambda d: field(job(d), "units").update(enum=[1, 2]),
        ["POST /jobs: body.units takes only certain values now"],
    ),
    "the type of a request's field changes": (
        lambda d: job(d)["properties"].update(units={"type": "string"}),
        ["POST /jobs: body.units does not take integer any more"],
    ),
    "null is refused": (
        lambda d: job(d)["properties"].update(note={"type": "string", "maxLength": 20, "default": None}),
        ["POST /jobs: body.note does not take null any more"],
    ),
    "a default of a body changes": (
        lambda d: field(job(d), "note").update(default="none"),
        ["POST /jobs: body.note default was None and is 'none'"],
    ),
    "a pattern is asked for": (
        lambda d: field(job(d), "note")["anyOf"][0].update(pattern="^a"),
        ["POST /jobs: body.note pattern was free and is ^a"],
    ),
    "free names take less": (
        lambda d: field(job(d), "rates")["additionalProperties"].update(maximum=0.5),
        ["POST /jobs: body.rates.* maximum was 1 and is 0.5"],
    ),
    "a success is removed and another is new": (
        lambda d: post(d)["responses"].update({"202": post(d)["responses"].pop("201")}),
        ["POST /jobs: status 201 is gone", "POST /jobs: status 202 is new"],
    ),
    "a header of an answer is removed": (
        lambda d: post(d)["responses"]["201"].pop("headers"),
        ["POST /jobs: status 201 header Location is gone"],
    ),
    "the media type of an answer changes": (
        lambda d: post(d)["responses"]["201"].update(content={"text/csv": {}}),
        ["POST /jobs: status 201 application/json is gone"],
    ),
    "a required field of an answer is removed": (
        lambda d: (answer(d)["properties"].pop("id"), answer(d).update(required=["state"])),
        ["POST /jobs: status 201.id is gone"],
    ),
    "an optional field of an answer is removed": (
        lambda d: answer(d)["properties"].pop("paid"),
        ["POST /jobs: status 201.paid is gone"],
    ),
    "a field of an answer may be left out": (
        lambda d: answer(d).update(required=["id"]),
        ["POST /jobs: status 201.state is not always there any more"],
    ),
    "an answer has a new value": (
        lambda d: field(answer(d), "state").update(enum=["open", "ended", "lost"]),
        ["POST /jobs: status 201.state may now be 'lost'"],
    ),
    "an answer has any value": (
        lambda d: field(answer(d), "state").pop("enum"),
        ["POST /jobs: status 201.state may now be any value"],
    ),
    "an answer may be null": (
        lambda d: answer(d)["properties"].update(id={"type": ["string", "null"]}),
        ["POST /jobs: status 201.id may now be null"],
    ),
    "a pattern of an answer is dropped": (
        lambda d: field(answer(d), "paid")["anyOf"][0].pop("pattern"),
        ["POST /jobs: status 201.paid pattern was ^[0-9]+$ and is free"],
    ),
}
HARMLESS: dict[str, Change] = {
    "nothing": deepcopy,
    "a new path": lambda d: d["paths"].update({"/more": d["paths"]["/jobs"]}),
    "a new operation": lambda d: d["paths"]["/jobs"].update(
        delete={"operationId": "x", "responses": {"204": {}}}
    ),
    "a new optional parameter": lambda d: post(d)["parameters"].append(
        {"in": "query", "name": "state", "schema": {"type": "string"}}
    ),
    "a parameter may be repeated": lambda d: post(d)["parameters"][0].update(
        schema={"type": "array", "items": {"type": "integer"}, "default": 100}
    ),
    "a header's name in another case": lambda d: post(d)["parameters"][1].update(name="prefer"),
    "no key is needed any more": lambda d: post(d).update(security=[{"key": []}, {}]),
    "a new optional field in a request": lambda d: job(d)["properties"].update(more={"type": "string"}),
    "a field is not required any more": lambda d: job(d).update(required=[]),
    "a bound of a request widens": lambda d: field(job(d), "units").update(minimum=0, maximum=9),
    "a request takes a new value": lambda d: d["components"]["schemas"]["Class"].update(
        enum=["gpu", "cpu", "hpc"]
    ),
    "a request takes numbers as well": lambda d: field(job(d), "units").update(type="number"),
    "a pattern of a request is dropped": lambda d: job(d)["properties"].update(note={"default": None}),
    "a new field in an answer": lambda d: answer(d)["properties"].update(at={"type": "string"}),
    "an answer's field is always there": lambda d: answer(d).update(required=["id", "state", "paid"]),
    "an answer has fewer values": lambda d: field(answer(d), "state").update(enum=["open"]),
    "an answer is never null": lambda d: answer(d)["properties"].update(
        paid={"type": "string", "pattern": "^[0-9]+$"}
    ),
    "a bound in an answer": lambda d: field(answer(d), "id").update(maxLength=30),
    "a new refusal": lambda d: post(d)["responses"].update({"429": {}}),
    "a refusal is gone": lambda d: post(d)["responses"].pop("409"),
    "words": lambda d: field(answer(d), "id").update(description="its id", title="Id", examples=["a"]),
    "a schema is named": lambda d: d["components"]["schemas"].update(
        State=d["components"]["schemas"]["Answer"]["properties"].pop("state"),
        Answer={
            **answer(d),
            "properties": {**answer(d)["properties"], "state": {"$ref": "#/components/schemas/State"}},
        },
    ),
}


@pytest.mark.parametrize("name", BREAKING)
def test_what_breaks_is_told(name: str) -> None:
    change, told = BREAKING[name]
    assert sorted(changed(change)) == sorted(told)


@pytest.mark.parametrize("name", HARMLESS)
def test_what_breaks_nobody_is_not_told(name: str) -> None:
    assert changed(HARMLESS[name]) == []


def test_what_was_deprecated_may_be_gone_after_its_sunset() -> None:
    old = deepcopy(BASE)
    old["paths"]["/jobs"]["get"].update({"deprecated": True, "x-sunset": "2027-01-31"})
    later = deepcopy(BASE)
    later["paths"]["/jobs"].pop("get")
    gone = ["GET /jobs: is gone"]
    assert [str(b) for b in breaking_changes(old, later, date(2027, 1, 30))] == gone
    assert breaking_changes(old, later, date(2027, 1, 31)) == []
    assert [str(b) for b in breaking_changes(old, later)] == gone
    assert [str(b) for b in breaking_changes(BASE, later, date(2030, 1, 1))] == gone


def test_alternatives_are_matched_each_with_what_fits_it() -> None:
    one: Document = {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}
    other: Document = {"type": "object", "required": ["b"], "properties": {"b": {"type": "integer"}}}

    def with_body(*alternatives: Document) -> Document:
        document = deepcopy(BASE)
        post(document)["requestBody"]["content"]["application/json"]["schema"] = {"oneOf": [*alternatives]}
        return document

    assert breaking_changes(with_body(one, other), with_body(other, one, {"type": "null"})) == []
    named = [one | {"title": "One"}, other | {"title": "Other"}]
    gone = breaking_changes(with_body(*named), with_body(named[0]))
    assert [str(found) for found in gone] == ["POST /jobs: body does not take Other any more"]
    lost = breaking_changes(with_body(one, other), with_body(one))
    assert [str(found) for found in lost] == ["POST /jobs: body.a is required now"]
    beside = with_body(one, other)
    schema = post(beside)["requestBody"]["content"]["application/json"]["schema"]
    schema |= {"required": ["c"], "type": "object"}
    told = breaking_changes(with_body(one, other), beside)
    assert {str(found) for found in told} == {"POST /jobs: body.c is required now"}
