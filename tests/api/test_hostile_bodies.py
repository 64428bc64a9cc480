"""Bodies in which everything is wrong: refused in few words, without anybody else waiting for it."""

import json
import threading
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from api_house import House, Json, Keys, order_body, refusal
from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import AfterValidator, BaseModel, TypeAdapter
from raw_http import PATIENCE_SECONDS, Served, read_answer, serving

from api.app import build_contract
from api.edge.settings import EdgeSettings
from api.errors import LONGEST_NAME, MOST_TOLD
from api.wire.json_body import MOST_MEMBERS, READ_ON_LOOP, JsonRoute
from market.persistence.store import Store

BATCH = "/v1/orders/batch"
JSON, NDJSON = "application/json", "application/x-ndjson"
FEW_BYTES = 20_000
"""An answer that says what is wrong with one thing."""


def wrong(many: int) -> bytes:
    return json.dumps({str(number): 1 for number in range(many)}).encode()


def send(house: House, path: str, body: bytes, media_type: str = JSON, **headers: str) -> Any:
    sent = {"Content-Type": media_type, **headers}
    return house.ask("POST", path, house.keys.buyer, content=body, headers=sent)


def test_the_first_errors_are_told_and_how_many_there_are(house: House) -> None:
    answer = send(house, "/v1/orders", wrong(500))
    problem = refusal(answer, 422, "malformed_request")
    assert len(problem["errors"]) == MOST_TOLD
    assert problem["errors_not_listed"] == 503 - MOST_TOLD  # three fields are missing as well
    assert f"{503 - MOST_TOLD} more" in problem["detail"]
    assert len(answer.content) < FEW_BYTES
    few = refusal(send(house, "/v1/orders", b"{}"), 422, "malformed_request")
    assert "errors_not_listed" not in few


def test_a_long_name_is_cut(house: House) -> None:
    body = json.dumps({**order_body(), "x" * 100_000: 1}).encode()
    answer = send(house, "/v1/orders", body)
    assert refusal(answer, 422, "malformed_request")["errors"][0]["loc"] == ["body", "x" * LONGEST_NAME + "…"]
    assert len(answer.content) < FEW_BYTES


@pytest.mark.parametrize("path", ["/v1/orders", BATCH])
def test_an_object_with_more_members_than_any_schema_is_not_looked_at(house: House, path: str) -> None:
    body = wrong(MOST_MEMBERS + 1)
    whole = body if path != BATCH else b'{"orders": [{"job": ' + body + b"}]}"
    assert "members" in refusal(send(house, path, whole), 400, "malformed_json")["detail"]


def test_of_a_batch_only_the_line_is_not_looked_at(house: House) -> None:
    lines = [json.dumps(order_body()).encode(), wrong(MOST_MEMBERS + 1), b'{"job": ' + wrong(2000) + b"}"]
    items = send(house, BATCH, b"\n".join(lines), NDJSON).json()["items"]
    assert [item["status"] for item in items] == [201, 400, 400]
    assert all("members" in item["error"]["detail"] for item in items[1:])


@pytest.mark.parametrize("media_type", [JSON, NDJSON])
def test_the_answer_to_a_batch_of_which_all_is_wrong_is_not_larger_than_it(
    house: House, media_type: str
) -> None:
    """Nor is what is kept of it under an idempotency key."""
    one = wrong(60)
    lines = b"\n".join([one] * 3000)
    body = lines if media_type == NDJSON else b'{"orders": [' + b",".join([one] * 3000) + b"]}"
    answer = send(house, BATCH, body, media_type, **{"Idempotency-Key": "wrong"})
    assert answer.status_code == 200
    errors = [item["error"] for item in answer.json()["items"]]
    assert (len(errors), {error["code"] for error in errors}) == (3000, {"malformed_request"})
    assert len(errors[0]["errors"]) == MOST_TOLD
    assert (len(errors[-1]["errors"]), errors[-1]["errors_not_listed"]) == (1, 62)
    client = house.exchange.authenticate(house.keys.buyer).key_id
    with house.exchange.database.reading() as session:
        kept = Store(session).access.answer(client, "wrong")
    assert kept is not None
    assert max(len(answer.content), len(json.dumps(kept.answer))) < 2 * len(body)  # of 3000 * 63 errors


def test_one_thing_comes_in_a_smaller_body_than_a_batch(house: House) -> None:
    most = EdgeSettings().max_single_body_bytes
    body = b" " * most + b"{}"
    problem = refusal(send(house, "/v1/orders", body), 413, "body_too_large")
    assert problem["max_bytes"] == most
    refusal(send(house, BATCH, body), 422, "malformed_request")
    assert house.ask("GET", "/v1/exchange").json()["limits"]["single_body_bytes"] == most


class Gate:
    """A route whose bodies are refused when the test says so."""

    def __init__(self, served: Served) -> None:
        self.looking, self.open = threading.Event(), threading.Event()

        def look(text: str) -> str:
            self.looking.set()
            assert self.open.wait(PATIENCE_SECONDS)
            raise ValueError("it is wrong")

        class Body(BaseModel):
            text: Annotated[str, AfterValidator(look)]

        def take(body: Body) -> str:
            return body.text

        router = APIRouter(route_class=JsonRoute)
        router.add_api_route("/v1/looked-at", take, methods=["POST"])
        served.app.router.routes.insert(0, router.routes[0])


def test_everybody_is_answered_while_a_large_body_is_looked_at(market_url: str, keys: Keys) -> None:
    """The look at the body ends only after somebody else was answered."""
    body = json.dumps({"text": "x" * READ_ON_LOOP}).encode()
    head = (
        "POST /v1/looked-at HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {keys.buyer}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with serving(market_url) as served, served.connect() as connection:
        gate = Gate(served)
        connection.sendall(head.encode() + body)
        assert gate.looking.wait(PATIENCE_SECONDS)
        assert served.is_well()
        gate.open.set()
        answer = read_answer(connection)
    assert answer is not None
    assert answer.problem()["code"] == "malformed_request"


def lists_without_end(schema: Any) -> Iterator[Json]:
    """Lists in a pydantic schema that are neither short nor given up at the first error."""
    if isinstance(schema, dict):
        long = schema.get("type") == "list" and schema.get("max_length", MOST_MEMBERS) >= MOST_MEMBERS
        if long and not schema.get("fail_fast") and schema["items_schema"]["type"] != "any":
            yield schema
        for value in schema.values():
            yield from lists_without_end(value)
    elif isinstance(schema, list | tuple):
        for value in schema:
            yield from lists_without_end(value)


def test_no_body_has_a_list_in_which_errors_are_without_end() -> None:
    bodies: list[Any] = [
        route.body_field.field_info.annotation
        for route in build_contract().routes
        if isinstance(route, APIRoute) and route.body_field is not None
    ]
    assert len(bodies) > 20
    endless = {str(body): [*lists_without_end(TypeAdapter(body).core_schema)] for body in bodies}
    assert {name: found for name, found in endless.items() if found} == {}
