"""Every operation's documented example, sent to an exchange as the documented role, is answered as documented."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from api_house import House
from contract_seeds import SEEDS, Seeded
from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import build_contract
from api.contract.access import ROLES
from market.domain.parties import Role

Document = dict[str, Any]
STREAM = "text/event-stream"


@cache
def document() -> Document:
    found: Document = json.loads(json.dumps(build_contract().openapi()))
    return found


@cache
def operations() -> Mapping[str, tuple[str, str, Document]]:
    """Method, path and operation, by operation id."""
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, item in document()["paths"].items()
        for method, operation in item.items()
    }


def key_of(house: House, role: Role | None, seeded: Seeded) -> str | None:
    usual = {
        Role.OPERATOR: house.keys.operator,
        Role.BUYER: house.keys.buyer,
        Role.PROVIDER: house.keys.provider,
    }
    return None if role is None else seeded.keys.get(role, usual[role])


def send_example(house: House, name: str, key: str | None, seeded: Seeded) -> Response:
    """The request as the document shows it; ids are those of what was seeded."""
    if seeded.address is not None:
        house = replace(house, client=TestClient(house.client.app, client=(seeded.address, 50_000)))
    method, path, operation = operations()[name]
    shown = {(p["in"], p["name"]): p["example"] for p in operation.get("parameters", [])}
    shown |= {named: seeded.values[named[1]] for named in shown if named[1] in seeded.values}
    for (place, parameter), value in shown.items():
        if place == "path":
            path = path.replace(f"{{{parameter}}}", str(value))
    request: Document = {
        "headers": {name.title(): str(value) for (place, name), value in shown.items() if place == "header"},
        "params": {name: value for (place, name), value in shown.items() if place == "query"},
    }
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None:
        request["json"] = body["example"] | dict(seeded.body)
    if STREAM in operation["responses"].get("200", {}).get("content", {}):
        request["headers"]["Accept"] = "application/json"  # a stream does not end
    if "If-Match" in request["headers"]:
        request["headers"] |= tag_of(house, path, key, request)
    if "cursor" in request["params"]:
        request["params"] |= cursor_of(house, method, path, key, request)
    return house.ask(method, path, key, **{part: value for part, value in request.items() if value})


def tag_of(house: House, path: str, key: str | None, request: Document) -> Document:
    """The tag that the thing has now; none where it cannot be read by itself."""
    request["headers"].pop("If-Match")
    for place in (path, path.rsplit("/", 1)[0]):
        read = house.ask("GET", place, key)
        if read.status_code == 200 and "ETag" in read.headers:
            return {"If-Match": read.headers["ETag"]}
    return {}


def cursor_of(house: House, method: str, path: str, key: str | None, request: Document) -> Document:
    """A cursor that the exchange gave out for this list, or none where the list has one page."""
    first = {name: value for name, value in request["params"].items() if name != "cursor"} | {"limit": 1}
    answer = house.ask(method, path, key, params=first, headers=request["headers"])
    found = answer.json().get("next_cursor")
    request["params"].pop("cursor")
    return {} if found is None else {"cursor": found}


def assert_as_documented(name: str, answer: Response) -> None:
    method, path, operation = operations()[name]
    documented = [status for status in operation["responses"] if status.startswith("2")]
    assert str(answer.status_code) in documented, f"{method} {path}: {answer.status_code} {answer.text[:600]}"
    declared = operation["responses"][str(answer.status_code)].get("content", {})
    if not declared:
        assert answer.content == b""
        return
    by_type = {media_type.split(";")[0]: content for media_type, content in declared.items()}
    media_type = answer.headers["content-type"].split(";")[0]
    schema = by_type[media_type]["schema"]
    if media_type == "application/json":
        whole = {**schema, "components": document()["components"]}
        jsonschema_rs.Draft202012Validator(whole).validate(answer.json())


def test_every_operation_is_seeded_and_nothing_else() -> None:
    assert sorted(SEEDS) == sorted(operations())


def test_every_operation_that_takes_a_key_says_whose() -> None:
    keyed = [name for name, (_, _, operation) in operations().items() if operation.get("security")]
    assert sorted(ROLES) == sorted(keyed)
    for name in keyed:
        assert operations()[name][2]["x-roles"] == [role.value for role in ROLES[name]]


@pytest.mark.slow
@pytest.mark.parametrize("name", SEEDS)
def test_the_documented_example_is_answered_as_documented(house: House, name: str) -> None:
    seeded = SEEDS[name](house)
    role = ROLES[name][0] if name in ROLES else None
    assert_as_documented(name, send_example(house, name, key_of(house, role, seeded), seeded))


@pytest.mark.slow
def test_other_roles_are_refused(house: House) -> None:
    """On one exchange: what is refused changes nothing."""
    for name, roles in ROLES.items():
        for role in set(Role) - set(roles):
            answer = send_example(house, name, key_of(house, role, Seeded()), Seeded())
            assert answer.status_code == 403, f"{name} as {role}: {answer.text[:300]}"
            assert answer.json()["code"] == "not_permitted", name


def test_without_a_key_what_takes_one_is_refused(house: House) -> None:
    for name in ROLES:
        method, path, operation = operations()[name]
        if {} not in operation["security"]:
            answer = house.ask(method, re.sub(r"\{\w+\}", "x", path))
            assert (answer.status_code, answer.json()["code"]) == (401, "missing_key"), name
