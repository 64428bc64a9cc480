"""Bad input: each a clear refusal with a stable code, and nothing stored."""

from collections.abc import Iterator
from typing import Any

import pytest
from api_house import House, order_body, refusal
from fastapi import FastAPI
from fastapi.testclient import TestClient

TEN_MEGABYTES = 10 * 10**6


def refused_order(house: House, body: Any, code: str) -> dict[str, Any]:
    """The refusal of an order; the book stays empty, and a batch refuses it alike."""
    problem = refusal(house.ask("POST", "/v1/orders", house.keys.buyer, json=body), 422, code)
    batch = house.ask("POST", "/v1/orders/batch", house.keys.buyer, json={"orders": [body]}).json()
    assert batch["items"][0]["error"]["code"] == code
    assert house.ask("GET", "/v1/orders", house.keys.buyer).json()["items"] == []
    return problem


@pytest.mark.parametrize(
    ("job", "field"),
    [
        ({"units": 0}, "units"),
        ({"units": -4}, "units"),
        ({"units": 1.5}, "units"),
        ({"units": "8"}, "units"),
        ({"units": True}, "units"),
        ({"units": 10**7 + 1}, "units"),
        ({"units": 10**400}, "units"),
        ({"hours": 0}, "hours"),
        ({"hours": -1}, "hours"),
        ({"hours": 10**6}, "hours"),
        ({"hours": {}}, "hours"),
        ({"hours": {"910b": 0}}, "hours"),
        ({"devices": []}, "devices"),
        ({"devices": "910b"}, "devices"),
        ({"compute_class": "quantum"}, "compute_class"),
        ({"precision": "fp3"}, "precision"),
        ({"job_class": "mining"}, "job_class"),
        ({"max_rtt_ms": -1}, "max_rtt_ms"),
        ({"data_gb": -1}, "data_gb"),
        ({"max_pue": 0.5}, "max_pue"),
        ({"min_green_share": 1.5}, "min_green_share"),
        ({"origin_region": ""}, "origin_region"),
        ({"origin_region": "shang\u0000hai"}, "origin_region"),
        ({"origin_region": None}, "origin_region"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_a_job_that_cannot_be_meant(house: House, job: dict[str, Any], field: str) -> None:
    problem = refused_order(house, order_body(job=job), "malformed_request")
    assert field in problem["errors"][0]["loc"]
    assert problem["errors"][0]["loc"][:2] == ["body", "job"]
    assert "constrained" not in problem["detail"]  # the words of the schema, not of its library


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"limit_price": 1200}, "malformed_request"),
        ({"limit_price": 1200.5}, "malformed_request"),
        ({"limit_price": "1e3"}, "malformed_request"),
        ({"limit_price": "NaN"}, "malformed_request"),
        ({"limit_price": "1.0000001"}, "malformed_request"),
        ({"limit_price": "999999999999"}, "malformed_request"),
        ({"limit_price": "0"}, "invalid_amount"),
        ({"limit_price": "-5.00"}, "invalid_amount"),
        ({"latency_cost_per_ms_hour": "-0.01"}, "invalid_amount"),
        ({"deadline": "2025-07-17"}, "malformed_request"),
        ({"deadline": "2025-07-17T08:00:00"}, "malformed_request"),
        ({"deadline": "2025-02-30T08:00:00Z"}, "malformed_request"),
        ({"deadline": "0001-01-01T00:00:00+14:00"}, "malformed_request"),
        ({"deadline": 1752739200}, "malformed_request"),
        ({"deadline": "2025-07-16T06:59:59Z"}, "deadline_passed"),
        ({"deadline": "1969-07-20T20:17:00Z"}, "deadline_passed"),
        ({"deadline": "9999-12-31T23:59:59Z"}, "deadline_too_far"),
        ({"earliest_start": "2025-07-18T00:00:00Z"}, "deadline_before_start"),
        ({"earliest_start": "1999-01-01T00:00:00Z"}, "start_too_old"),
        ({"interruptible": "yes"}, "malformed_request"),
        ({"divisible": True}, "not_supported"),
        ({"discount": 1}, "malformed_request"),
    ],
)
def test_terms_that_cannot_be_meant(house: House, terms: dict[str, Any], code: str) -> None:
    refused_order(house, order_body(**terms), code)


@pytest.mark.parametrize(
    ("job", "code"),
    [
        ({"origin_region": "atlantis"}, "unknown_region"),
        ({"origin_region": "'; drop table orders; --"}, "unknown_region"),
        ({"allowed_regions": ["shanghai", "atlantis"]}, "unknown_region"),
        ({"devices": ["abacus"]}, "unknown_device"),
        ({"hours": {"abacus": 1}}, "unknown_device"),
        ({"devices": ["x86_vcpu"]}, "device_of_other_class"),
        ({"devices": ["910b", "h800_sxm"], "hours": {"910b": 1}}, "invalid_hours"),
        ({"devices": ["910b", "910b"]}, "invalid_devices"),
    ],
)
def test_a_job_that_refers_to_what_is_not_there(house: House, job: dict[str, Any], code: str) -> None:
    refused_order(house, order_body(job=job), code)


def test_money_as_a_number_is_explained(house: House) -> None:
    problem = refused_order(house, order_body(limit_price=1200.0), "malformed_request")
    assert 'decimal string such as "1200.00"' in problem["errors"][0]["msg"]


def test_an_unknown_buyer_is_named(house: House) -> None:
    body = order_body(buyer_id="buy_nobody")
    problem = refusal(house.ask("POST", "/v1/orders", house.keys.operator, json=body), 422, "unknown_buyer")
    assert problem["buyer_id"] == "buy_nobody"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"\xff\xfe{}",
        b'{"job": NaN}',
        b'{"job": Infinity}',
        b"[" * 100_000,
        b'{"a":' * 40_000,
        b'{"job": ' + b"9" * 10_000 + b"}",
    ],
    ids=["cut", "empty", "not-utf8", "nan", "infinity", "nested-lists", "nested-objects", "endless-number"],
)
def test_a_body_that_is_not_json(house: House, body: bytes) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    for path in ("/v1/orders", "/v1/orders/batch", "/v1/quotes"):
        answer = house.ask("POST", path, house.keys.buyer, content=body, headers=headers)
        if body:
            assert "sys." not in refusal(answer, 400, "malformed_json")["detail"]
        else:
            refusal(answer, 422, "malformed_request")


@pytest.mark.parametrize("depth", [40, 900, 950, 956, 960, 980])
def test_nesting_that_is_json_is_too_deep_all_the_same(house: House, depth: int) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    for before, after in ((b"[", b"]"), (b'{"a":', b"}")):
        body = b'{"orders": [' + before * depth + b"1" + after * depth + b"]}"
        answer = house.ask("POST", "/v1/orders/batch", house.keys.buyer, content=body, headers=headers)
        refusal(answer, 400, "malformed_json")


def test_a_lone_surrogate_is_no_text(house: House) -> None:
    body = '{"name_zh": "\\ud800", "name_en": "x"}'
    headers = {"Content-Type": "application/json"}
    answer = house.ask("POST", "/v1/buyers", house.keys.operator, content=body, headers=headers)
    refusal(answer, 422, "malformed_request")


def test_a_body_that_is_not_declared_as_json(house: House) -> None:
    answer = house.ask("POST", "/v1/orders", house.keys.buyer, data={"units": "8"})
    refusal(answer, 415, "unsupported_media_type")


def test_ten_megabytes_are_refused_whether_declared_or_not(house: House) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(10):
            yield b" " * (TEN_MEGABYTES // 10)

    headers = {"Content-Type": "application/json"}
    single, batch = 256 * 1024, 8 * 1024 * 1024
    limits = {
        "/v1/orders": single,
        "/v1/orders/batch": batch,
        "/v1/orders/ord_1/cancel": single,
        "/nowhere": single,
    }
    for path, most in limits.items():
        for content in (b" " * TEN_MEGABYTES, chunks()):
            answer = house.ask("POST", path, house.keys.buyer, content=content, headers=headers)
            assert refusal(answer, 413, "body_too_large")["max_bytes"] == most


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer nonsense", "Basic dXNlcjpwYXNz", "Bearer ü"])
def test_a_key_that_nobody_issued(house: House, header: str) -> None:
    answer = house.client.get("/v1/orders", headers={"Authorization": header.encode()})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] in {"missing_key", "unknown_key"}


def test_what_is_not_there_is_a_problem_document_too(house: House) -> None:
    refusal(house.ask("GET", "/v1/nothing"), 404, "not_found")
    refusal(house.ask("GET", "/v2/orders"), 404, "not_found")
    refusal(house.ask("GET", "/v1/orders/%00", house.keys.buyer), 404, "not_found")
    refusal(house.ask("GET", "/v1/rounds/" + "x" * 5000), 404, "not_found")
    answer = house.ask("DELETE", "/v1/orders", house.keys.buyer)
    refusal(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 1001},
        {"limit": "many"},
        {"state": "lost"},
        {"cursor": ""},
        {"colour": "blue"},
    ],
)
def test_a_page_that_cannot_be_asked_for(house: House, query: dict[str, Any]) -> None:
    refusal(house.ask("GET", "/v1/orders", house.keys.buyer, params=query), 422, "malformed_request")


@pytest.mark.parametrize("cursor", ["%%%", "é", "A", "_____"])
def test_a_cursor_nobody_gave_out(house: House, cursor: str) -> None:
    answer = house.ask("GET", "/v1/regions", params={"cursor": cursor})
    refusal(answer, 422, "invalid_cursor")


def test_a_crash_tells_the_client_nothing_but_its_request_id(house: House) -> None:
    app: FastAPI = house.client.app  # type: ignore[assignment]

    def break_down() -> None:
        raise RuntimeError("secret of the house")

    app.add_api_route("/v1/broken", break_down)
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/v1/broken", headers={"X-Request-ID": "req-7"})
    problem = refusal(answer, 500, "internal_error")
    assert "secret" not in answer.text
    assert "req-7" in problem["detail"]
    assert answer.headers["x-request-id"] == "req-7"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_every_answer_has_its_headers(house: House) -> None:
    for path in ("/healthz", "/v1/regions", "/v1/orders", "/nowhere"):
        headers = house.ask("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert headers["x-request-id"]
    odd = house.ask("GET", "/healthz", headers={"X-Request-ID": "a b\tc"}).headers["x-request-id"]
    assert odd.isalnum()


WEIGHTS = {
    "name": "mine",
    "energy_weight": 1,
    "carbon_price_per_kg": "0.09",
    "carbon_basis": "location",
    "latency_weight": 1,
    "transfer_price_per_gb": "0.02",
}


@pytest.mark.parametrize(
    ("policy", "wrong"),
    [
        ({"preset": 5}, [["preset"]]),
        ({"preset": "green", "name": "mine"}, [["name"]]),
        ({}, [[name] for name in WEIGHTS]),
        ({**WEIGHTS, "energy_weight": -1}, [["energy_weight"]]),
        ({**WEIGHTS, "colour": "blue"}, [["colour"]]),
        ([], [[]]),
    ],
)
def test_a_policy_that_is_none_is_told_field_by_field(
    house: House, policy: Any, wrong: list[list[str]]
) -> None:
    """In the words of what was sent: no name of a class, no complaint about the other way of saying it."""
    set_ = house.ask("PUT", "/v1/policy", house.keys.operator, json=policy)
    problem = refusal(set_, 422, "malformed_request")
    assert [error["loc"] for error in problem["errors"]] == [["body", *path] for path in wrong]
    if "preset" not in policy:
        cleared = house.ask("POST", "/v1/rounds", house.keys.operator, json={"policy": policy})
        problem = refusal(cleared, 422, "malformed_request")
        assert [error["loc"] for error in problem["errors"]] == [["body", "policy", *path] for path in wrong]
    for name in ("Policy", "function", "tagged", "by name", "in full"):
        assert name not in set_.text


def test_alternatives_of_a_field_are_told_under_its_name(house: House) -> None:
    problem = refused_order(house, order_body(job={"hours": {"910b": "six"}}), "malformed_request")
    assert {tuple(error["loc"]) for error in problem["errors"]} <= {
        ("body", "job", "hours"),
        ("body", "job", "hours", "910b"),
    }
