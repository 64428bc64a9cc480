"""What browsers are told, which sites may call, and a documentation that comes from nowhere else."""

import re
from contextlib import closing
from typing import Any

import pytest
from api_house import House, build_exchange, build_test_app, refusal
from fastapi.testclient import TestClient
from raw_http import serving

from market.persistence.database import Database

SHOP = "https://shop.example"
PREFLIGHT = {
    "Origin": SHOP,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,idempotency-key,if-match",
}


def client_of(market_url: str, **settings: Any) -> TestClient:
    """A client of the application under these settings; opened on a database that stays shut."""
    with closing(Database(market_url)) as database:
        return TestClient(build_test_app(*build_exchange(database), **settings))


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/problems", "/v1/regions", "/v1/orders", "/healthz", "/nowhere.js"]
)
def test_every_answer_tells_browsers_what_they_may_do(house: House, path: str) -> None:
    headers = house.ask("GET", path).headers
    policy = headers["content-security-policy"]
    assert "script-src 'unsafe-inline'" not in policy
    assert not re.search(r"script-src[^;]*unsafe|default-src[^;]*unsafe|https?:", policy)
    assert "frame-ancestors 'none'" in policy
    assert "object-src 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "strict-transport-security" not in headers
    assert "server" not in headers


def test_inline_styles_are_for_pages_that_stand_alone_only(house: House) -> None:
    for path in ("/", "/docs", "/v1/regions"):
        assert "unsafe-inline" not in house.ask("GET", path).headers["content-security-policy"], path
    page = house.ask("GET", "/").text
    assert "<style" not in page
    assert 'style="' not in page


def test_what_needs_a_key_is_not_stored_by_anybody(house: House) -> None:
    assert house.ask("GET", "/v1/orders", house.keys.buyer).headers["cache-control"] == "no-store"
    assert house.ask("GET", "/v1/orders").headers["cache-control"] == "no-store"


def test_https_is_demanded_of_whoever_came_by_https_and_of_nobody_else(market_url: str) -> None:
    asked = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n"
    for settings, told in (
        ({"forwarded_allow_ips": "127.0.0.0/8"}, "max-age=31536000"),
        ({"forwarded_allow_ips": "10.0.0.1"}, None),
        ({}, None),
        ({"forwarded_allow_ips": "127.0.0.1", "hsts_seconds": 0}, None),
    ):
        with serving(market_url, **settings) as served:
            found = served.ask(asked)
            assert found is not None
            assert found.headers.get("strict-transport-security") == told


def test_an_address_that_a_client_makes_up_is_not_believed(market_url: str) -> None:
    """Else whoever sends another X-Forwarded-For each time has no limit."""
    asked = (
        b"GET /v1/regions HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.%d\r\nConnection: close\r\n\r\n"
    )
    for proxies, last in (("", 429), ("127.0.0.1", 200)):
        with serving(market_url, forwarded_allow_ips=proxies, rate_limit_anonymous="3/hour") as served:
            answers = [served.ask(asked % number) for number in range(4)]
            assert [found.status for found in answers if found] == [200, 200, 200, last]


def test_no_other_site_may_call_unless_it_is_named(market_url: str) -> None:
    closed = client_of(market_url)
    assert closed.options("/v1/orders", headers=PREFLIGHT).status_code == 405
    assert "access-control-allow-origin" not in closed.get("/healthz", headers={"Origin": SHOP}).headers
    opened = client_of(market_url, cors_allowed_origins=SHOP)
    asked = opened.options("/v1/orders", headers=PREFLIGHT)
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == SHOP
    assert "access-control-allow-credentials" not in asked.headers
    answered = opened.get("/healthz", headers={"Origin": SHOP}).headers
    assert answered["access-control-allow-origin"] == SHOP
    assert "ETag" in answered["access-control-expose-headers"]
    assert (
        opened.options("/v1/orders", headers=PREFLIGHT | {"Origin": "https://evil.example"}).status_code
        == 400
    )
    assert "access-control-allow-origin" not in opened.get("/healthz", headers={"Origin": "null"}).headers


def test_the_documentation_comes_from_here_and_runs_nothing(house: House) -> None:
    docs = house.ask("GET", "/docs")
    assert docs.status_code == 200
    assert "<script" not in docs.text
    assert not re.findall(r'(?:src|href)="(?!/|#)[^"]*"', docs.text)
    for linked in set(re.findall(r'(?:src|href)="(/[^"#]*)"', docs.text)):
        assert house.ask("GET", linked).status_code == 200, linked
    refusal(house.ask("GET", "/redoc"), 404, "not_found")


def test_the_documentation_is_whole_and_in_both_languages(house: House) -> None:
    text = house.ask("GET", "/docs").text
    document = house.ask("GET", "/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert f'id="{operation["operationId"]}"' in text
            assert f'<b class="{method}">{method.upper()}</b> <code>{path}</code>' in text
    for name in document["components"]["schemas"]:
        assert f'id="schema-{name}"' in text
    for words in ("参数", "请求体", "应答", "数据结构", "必填", "需要密钥"):
        assert words in text
    anchors = set(re.findall(r'href="#([^"]+)"', text))
    assert anchors <= set(re.findall(r'id="([^"]+)"', text))
