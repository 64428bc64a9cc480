"""Answers packed for who takes gzip: whole ones that tell no secret; streams never."""

import asyncio
import gzip
from typing import Any

import pytest
from api_house import House
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Message

from api.wire.content_coding import PackedAnswers, takes_gzip

LARGE = {"rows": ["the same"] * 1000}


@pytest.mark.parametrize(
    ("lines", "takes"),
    [
        ([], False),
        ([""], False),
        (["gzip"], True),
        (["GZip"], True),
        (["x-gzip"], True),
        (["br, gzip;q=0.1"], True),
        (["br", "gzip"], True),
        (["gzip;q=0"], False),
        (["gzip; q=0.000, *"], False),
        (["*"], True),
        (["*;q=0"], False),
        (["identity"], False),
        (["identity, gzip;q=0.5"], False),
        (["identity;q=0.5, gzip"], True),
        (["identity;q=0, *"], True),
        (["gzip;q=high"], False),
        (["not gzip"], False),
        (["gzipped"], False),
    ],
)
def test_what_is_taken(lines: list[str], takes: bool) -> None:
    assert takes_gzip(lines) is takes


def sent(answer: Response, method: str = "GET", path: str = "/v1/x", **headers: str) -> list[Message]:
    """What an application that answers so sends on."""
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "headers": named}
    asyncio.run(PackedAnswers(answer)(scope, receive, send))
    return messages


def headers_of(messages: list[Message]) -> dict[bytes, bytes]:
    return dict(messages[0]["headers"])


def test_a_large_answer_is_packed_and_is_another_representation() -> None:
    messages = sent(JSONResponse(LARGE, headers={"ETag": '"abc"'}), accept_encoding="gzip")
    found = headers_of(messages)
    assert (found[b"content-encoding"], found[b"vary"]) == (b"gzip", b"Accept-Encoding")
    assert found[b"etag"] == b'"abc-gzip"'
    assert int(found[b"content-length"]) == len(messages[1]["body"]) < 1000
    assert gzip.decompress(messages[1]["body"]) == JSONResponse(LARGE).body


@pytest.mark.parametrize(
    ("answer", "asked"),
    [
        (JSONResponse(LARGE), {}),
        (JSONResponse(LARGE), {"accept_encoding": "gzip;q=0"}),
        (JSONResponse({"id": "small"}), {"accept_encoding": "gzip"}),
        (Response(b"0" * 5000, media_type="application/octet-stream"), {"accept_encoding": "gzip"}),
        (JSONResponse(LARGE), {"accept_encoding": "gzip", "method": "POST", "path": "/v1/keys"}),
    ],
)
def test_what_is_sent_as_it_is(answer: Response, asked: dict[str, str]) -> None:
    messages = sent(answer, **asked)
    assert b"content-encoding" not in headers_of(messages)
    assert messages[1]["body"] == answer.body


def test_a_stream_passes_piece_by_piece() -> None:
    pieces = [b"event: step\ndata: {}\n\n" * 100] * 3

    async def tell() -> Any:
        for piece in pieces:
            yield piece

    for kind in ("text/event-stream", "application/json"):
        start, *rest = sent(StreamingResponse(tell(), media_type=kind), accept_encoding="gzip")
        assert b"content-encoding" not in dict(start["headers"])
        assert [message["body"] for message in rest] == [*pieces, b""]


def test_lists_are_packed_and_conditions_know_both_tags(house: House) -> None:
    packed = house.ask("GET", "/v1/nodes")
    assert packed.headers["content-encoding"] == "gzip"
    plain = house.ask("GET", "/v1/nodes", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == packed.json()


def test_conditions_take_both_tags_for_the_same_thing(house: House) -> None:
    packed = house.ask("GET", "/v1/nodes").headers["etag"]
    plain = packed.replace("-gzip", "")
    told = [
        (plain, plain),
        (packed, packed),
        (f'"other", W/{packed}', packed),
        (f"{plain}, {packed}", packed),
    ]
    for known, named in told:
        again = house.ask("GET", "/v1/nodes", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == named
        assert again.headers["vary"] == "Accept-Encoding"
    policy = house.ask("GET", "/v1/policy").headers["etag"]
    changed = {"preset": "green"}, {"If-Match": policy[:-1] + '-gzip"'}
    for status in (200, 412):
        body, condition = changed
        answer = house.ask("PUT", "/v1/policy", house.keys.operator, json=body, headers=condition)
        assert answer.status_code == status, answer.text


def test_secrets_are_not_packed(house: House) -> None:
    body = {"name": "x" * 100, "scopes": ["read"]}
    for path in ("/v1/keys", "/v1/demo-sessions"):
        answer = house.ask(
            "POST", path, house.keys.operator, json=body if path == "/v1/keys" else {"role": "buyer"}
        )
        assert answer.is_success, answer.text
        assert "content-encoding" not in answer.headers
