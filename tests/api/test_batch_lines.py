"""Batches one order a line (NDJSON): answered a line, each on its own, whatever the others are."""

import json
from typing import Any

import pytest
from api_house import House, Json, order_body, refusal
from httpx2 import Response

from api.schemas.orders import LARGEST_BATCH
from api.wire.content_coding import WORTH_PACKING
from api.wire.json_body import DEEPEST_NESTING

PATH, NDJSON = "/v1/orders/batch", "application/x-ndjson"
ONCE = {"Idempotency-Key": "lines-1"}


def line(**changes: Any) -> str:
    return json.dumps(order_body(**changes))


def send(house: House, text: str | bytes, *, key: str | None = None, **headers: str) -> Response:
    content = text.encode() if isinstance(text, str) else text
    sent = {"Content-Type": NDJSON, **headers}
    return house.ask("POST", PATH, key or house.keys.buyer, content=content, headers=sent)


def items_of(answer: Response) -> list[Json]:
    assert answer.status_code == 200, answer.text
    packs = len(answer.content) >= WORTH_PACKING
    assert answer.headers["vary"] == ("Accept, Accept-Encoding" if packs else "Accept")
    found: list[Json] = answer.json()["items"]
    return found


def listed(house: House) -> list[str]:
    return [order["id"] for order in house.ask("GET", "/v1/orders", house.keys.buyer).json()["items"]]


def test_each_line_is_an_order_with_an_answer_that_names_it(house: House) -> None:
    items = items_of(
        send(house, f"{line()}\n\n  \r\n{line(limit_price='0')}\r\n{line(limit_price='700.00')}")
    )
    assert [(item["line"], item["status"]) for item in items] == [(1, 201), (4, 422), (5, 201)]
    assert items[1]["error"]["code"] == "invalid_amount"
    assert items[2]["order"]["limit_price"] == "700.00"
    assert sorted(listed(house)) == sorted(item["order"]["id"] for item in items if item["status"] == 201)


def test_answers_of_one_document_name_no_lines(house: House) -> None:
    body = {"orders": [order_body(), {}]}
    items = items_of(house.ask("POST", PATH, house.keys.buyer, json=body))
    assert [sorted(item) for item in items] == [["order", "status"], ["error", "status"]]


@pytest.mark.parametrize(
    "broken",
    [
        b'{"job":',
        b"not json",
        b'{"limit_price": NaN}',
        b'{"a": "\xff"}',
        b"[" * (DEEPEST_NESTING + 1) + b"]" * (DEEPEST_NESTING + 1),
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
    ids=["cut", "words", "nan", "bytes", "deep", "digits"],
)
def test_a_line_that_is_no_json_is_answered_by_its_number(house: House, broken: bytes) -> None:
    items = items_of(send(house, b"\n".join([line().encode(), broken, line().encode()])))
    assert [item["status"] for item in items] == [201, 400, 201]
    error = items[1]["error"]
    assert (error["code"], error["line"], error["type"]) == ("malformed_json", 2, "/problems/malformed_json")
    assert error["detail"].startswith("line 2: ")
    assert len(listed(house)) == 2


@pytest.mark.parametrize("nothing", ["[]", '"text"', "1", "null", "{}"])
def test_a_line_that_is_no_order_says_where(house: House, nothing: str) -> None:
    items = items_of(send(house, f"{line()}\n{nothing}\n{line(colour='blue')}"))
    assert [item["status"] for item in items] == [201, 422, 422]
    assert items[1]["error"]["errors"][0]["loc"][:2] == ["body", 2]
    assert items[2]["error"]["errors"][0]["loc"] == ["body", 3, "colour"]


def test_answers_come_one_a_line_where_they_are_liked_so(house: House) -> None:
    answer = send(house, f"{line()}\nbroken\n", Accept=f"{NDJSON}, application/json;q=0.5")
    assert answer.headers["content-type"].split(";")[0] == NDJSON
    told = [json.loads(text) for text in answer.text.splitlines()]
    assert [(item["line"], item["status"]) for item in told] == [(1, 201), (2, 400)]
    assert answer.text.endswith("\n")


@pytest.mark.parametrize(
    ("accept", "lines"),
    [
        (NDJSON, True),
        ("application/x-ndjson;q=0.9, */*;q=0.1", True),
        ("*/*", False),
        ("application/*", False),
        ("application/json, application/x-ndjson", False),
        ("application/x-ndjson;q=0.2, application/json;q=0.3", False),
        ("text/html", False),
        ("application/x-ndjson;q=nonsense", True),
        (";q=,,", False),
    ],
)
def test_accept_decides_how_it_is_answered(house: House, accept: str, lines: bool) -> None:
    answer = send(house, line(), Accept=accept)
    assert answer.headers["content-type"].split(";")[0] == (NDJSON if lines else "application/json")


def test_a_document_may_be_answered_by_lines(house: House) -> None:
    body = {"orders": [order_body(), order_body()]}
    answer = house.ask("POST", PATH, house.keys.buyer, json=body, headers={"Accept": NDJSON})
    assert [json.loads(text)["status"] for text in answer.text.splitlines()] == [201, 201]


def test_a_key_carries_lines_out_once(house: House) -> None:
    text = f"{line()}\n\nbroken\n{line(limit_price='0')}\n"
    first = send(house, text, **ONCE)
    again = send(house, text, **ONCE)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert items_of(again) == items_of(first)
    assert len(listed(house)) == 1


def test_the_order_of_members_and_spaces_do_not_matter(house: House) -> None:
    first = send(house, line(), **ONCE)
    shuffled = json.dumps(dict(reversed(order_body().items())), indent=None, separators=(" ,", " :"))
    again = send(house, f"{shuffled}  \r\n", **ONCE)
    assert items_of(again) == items_of(first)


@pytest.mark.parametrize("other", [{"limit_price": "1.00"}, None])
def test_the_same_key_for_other_lines_is_a_conflict(house: House, other: Json | None) -> None:
    send(house, line(), **ONCE)
    text = "broken" if other is None else line(**other)
    refusal(send(house, text, **ONCE), 409, "idempotency_key_reused")
    assert len(listed(house)) == 1


@pytest.mark.parametrize("text", ["", "\n \r\n"])
def test_no_lines_are_no_batch(house: House, text: str) -> None:
    refusal(send(house, text), 422, "malformed_request")


def test_more_lines_than_a_batch_holds(house: House) -> None:
    assert "10,001" in refusal(send(house, "{}\n" * (LARGEST_BATCH + 1)), 422, "malformed_request")["detail"]


def test_other_media_types_are_refused(house: House) -> None:
    sent = {"Content-Type": "text/csv"}
    answer = house.ask("POST", PATH, house.keys.buyer, content=b"a,b", headers=sent)
    assert NDJSON in refusal(answer, 415, "unsupported_media_type")["detail"]


def test_lines_need_a_key_that_may_submit(house: House) -> None:
    refusal(send(house, line(), key=house.keys.provider), 403, "not_permitted")


def test_an_order_goes_out_alike_from_everywhere(house: House) -> None:
    """Answers that are written without a model are what the models would have written."""
    job = {
        "devices": ["910b", "h800_sxm"],
        "allowed_regions": ["shanghai"],
        "job_class": "hpc",
        "max_rtt_ms": 30.5,
    }
    (item,) = items_of(send(house, line(job=job, earliest_start="2025-07-16T18:00:00.5+08:00")))
    order_id = item["order"]["id"]
    read = house.ask("GET", f"/v1/orders/{order_id}", house.keys.buyer)
    amended = house.ask(
        "PATCH",
        f"/v1/orders/{order_id}",
        house.keys.buyer,
        json={"limit_price": "900.00"},
        headers={"If-Match": read.headers["etag"]},
    )
    assert amended.status_code == 200, amended.text
    (shown,) = house.ask("GET", "/v1/orders", house.keys.buyer).json()["items"]
    assert item["order"] == shown == amended.json()
    assert {
        name: value for name, value in read.json().items() if name not in {"allocation", "history"}
    } == shown
