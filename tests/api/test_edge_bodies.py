"""Bodies that cost more than they look: nobody without a key has one parsed, nobody at all a memory bomb."""

from collections.abc import Iterator

import pytest
from api_house import House, refusal

JSON, NDJSON = {"Content-Type": "application/json"}, {"Content-Type": "application/x-ndjson"}
LARGE = b"[" + b" " * 100_000


@pytest.mark.parametrize("declared", [True, False])
def test_a_large_body_is_not_read_from_whoever_has_no_key(house: House, declared: bool) -> None:
    """It is no JSON, and nobody finds out: the key is asked for first."""

    def sent() -> bytes | Iterator[bytes]:
        return LARGE if declared else iter([LARGE])

    for path in ("/v1/orders", "/v1/orders/batch", "/v1/quotes", "/v1/buyers"):
        refusal(house.ask("POST", path, content=sent(), headers=JSON), 401, "missing_key")
        refusal(house.ask("POST", path, "suanli_buyer_x", content=sent(), headers=JSON), 401, "unknown_key")
        for _ in range(2):  # asked of the database, then known to the rate limit
            refusal(
                house.ask("POST", path, house.keys.buyer, content=sent(), headers=JSON), 400, "malformed_json"
            )


@pytest.mark.parametrize("piece", [b"[]", b"{}", b"0", b'""'])
def test_a_million_small_things_are_too_many(house: House, piece: bytes) -> None:
    body = b'{"orders": [' + b",".join([piece] * 1_100_000) + b"]}"
    answer = house.ask("POST", "/v1/orders/batch", house.keys.buyer, content=body, headers=JSON)
    assert "values" in refusal(answer, 413, "body_too_large")["detail"]


@pytest.mark.parametrize("depth", [40, 900, 5000, 100_000])
def test_lines_are_no_deeper_than_documents(house: House, depth: int) -> None:
    deep = b'{"job": ' + b"[" * depth + b"]" * depth + b"}"
    body = deep + b"\n" + b'{"job": {}}\n'
    answer = house.ask("POST", "/v1/orders/batch", house.keys.buyer, content=body, headers=NDJSON)
    assert answer.status_code == 200, answer.text
    codes = [item["error"]["code"] for item in answer.json()["items"]]
    assert codes == ["malformed_json", "malformed_request"]


def test_a_million_small_things_are_as_many_on_several_lines(house: House) -> None:
    line = b"[" + b",".join([b"[]"] * 150_000) + b"]"
    answer = house.ask(
        "POST", "/v1/orders/batch", house.keys.buyer, content=b"\n".join([line] * 8), headers=NDJSON
    )
    assert "values" in refusal(answer, 413, "body_too_large")["detail"]


def test_what_ten_thousand_orders_cannot_have_is_not_read(house: House) -> None:
    """Below the number of values that any body may have."""
    most = house.ask("GET", "/v1/exchange").json()["limits"]["orders_per_batch"]
    order = b'{"job": {"hours": {}, "devices": [], "allowed_regions": []}}'
    there = {}
    for many in (most, most + 1):
        body = b'{"orders": [' + b",".join([order] * many) + b"]}"
        there[many] = house.ask("POST", "/v1/orders/batch", house.keys.buyer, content=body, headers=JSON)
    assert there[most].status_code == 200
    assert "lists" in refusal(there[most + 1], 413, "body_too_large")["detail"]
    few = b'{"orders": [' + b",".join([b"{}"] * (most + 1)) + b"]}"
    answer = house.ask("POST", "/v1/orders/batch", house.keys.buyer, content=few, headers=JSON)
    refusal(answer, 422, "malformed_request")


def test_a_line_of_nothing_but_lists_is_no_order(house: House) -> None:
    lines = b"[" + b",".join([b"[]"] * 60_000) + b"]\n" + b'{"job": {}}\n'
    answer = house.ask("POST", "/v1/orders/batch", house.keys.buyer, content=lines, headers=NDJSON)
    codes = [item["error"]["code"] for item in answer.json()["items"]]
    assert codes == ["malformed_json", "malformed_request"]


def test_brackets_in_texts_are_no_lists(house: House) -> None:
    text = b'\\"[' * 60_000
    body = b'{"orders": [{"job": {"devices": ["' + text + b'"]}}]}'
    answer = house.ask("POST", "/v1/orders/batch", house.keys.buyer, content=body, headers=JSON)
    assert [item["error"]["code"] for item in answer.json()["items"]] == ["malformed_request"]


@pytest.mark.parametrize(
    "text", [b"", b'"' + b'\\"' * 3_500_000, b'"' * 7_000_000], ids=["", "one text", "many"]
)
def test_what_never_closes_is_not_json(house: House, text: bytes) -> None:
    """However much there is of it: it is gone through once."""
    body = b'{"orders": ' + b"[" * 60_000 + text
    answer = house.ask("POST", "/v1/orders/batch", house.keys.buyer, content=body, headers=JSON)
    assert "closes 0" in refusal(answer, 400, "malformed_json")["detail"]
