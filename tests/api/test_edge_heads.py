"""Heads: too long, too many, for somebody else, or no HTTP at all; always a problem document, never a crash."""

import logging
import random

import pytest
from api_house import House, refusal
from raw_http import Served, is_closed, read_answer, serving

from api.settings import Settings

GARBAGE_ROUNDS = 300
METHODS = (b"GET", b"POST", b"TRACE", b"BREW", b"CONNECT", b"OPTIONS", b"PATCH", b"get")
TARGETS = (
    b"/",
    b"/v1/orders",
    b"*",
    b"/%00",
    b"/%ff%fe",
    b"/../../etc/passwd",
    b"http://x/v1/orders",
    b"x:443",
    b"//",
    b"/?",
)
ENDS = (b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b" HTTP/9.9\r\n", b"\r\n", b" HTTP/1.1\n")


@pytest.mark.parametrize("name", ["X-Long", "Cookie"])
def test_a_head_that_is_too_long(market_url: str, name: str) -> None:
    """Whether it comes in pieces, so that the protocol refuses it, or in one, so that it is counted afterwards."""
    long = b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + name.encode() + b": " + b"a" * 40_000
    with serving(market_url) as served:
        for sent in (long + b"\r\n\r\n", long[:20_000]):
            found = served.ask(sent)
            assert found is not None
            assert found.status == 431
            assert found.problem()["code"] == "head_too_large"
        with served.connect() as endless:
            try:
                for _ in range(10_000):
                    endless.sendall(long)
            except ConnectionError:
                pass
            assert is_closed(endless)
        assert served.is_well()


def test_too_many_headers(house: House) -> None:
    many = [(f"x-{number}", "1") for number in range(200)]
    problem = refusal(house.client.get("/healthz", headers=many), 431, "head_too_large")
    assert problem["max_headers"] == 100


def test_a_target_that_is_too_long(house: House) -> None:
    refusal(house.ask("GET", "/v1/regions?cursor=" + "a" * 9000), 414, "target_too_long")


def test_only_hosts_that_are_served_are_answered(market_url: str) -> None:
    asked = b"GET /healthz HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
    with serving(market_url, allowed_hosts="Exchange.example,[::1]") as served:
        for host in (b"exchange.example", b"EXCHANGE.example:8471", b"[::1]", b"[::1]:80"):
            found = served.ask(asked % host)
            assert found is not None
            assert found.status == 200, host
        for host in (b"evil.example", b"", b"exchange.example.evil.example", b"[::2]:80"):
            found = served.ask(asked % host)
            assert found is not None
            assert found.problem()["code"] == "unknown_host", host


def test_a_list_of_names_may_be_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUANLI_ALLOWED_HOSTS", "a.example, b.example,")
    assert Settings().allowed_hosts == ("a.example", "b.example")


def test_what_is_no_http_is_refused_as_everything_is(market_url: str) -> None:
    with serving(market_url) as served:
        for sent in (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"GET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nbad header: 1\r\n\r\n",
            b"GET / HTTP/one\r\nHost: x\r\n\r\n",
        ):
            with served.connect() as connection:
                connection.sendall(sent + b"\r\n\r\n")
                found = read_answer(connection)
                assert found is not None, sent
                assert found.status == 400, sent
                assert found.problem()["code"] == "malformed_http"
                assert found.headers["x-content-type-options"] == "nosniff"
                assert is_closed(connection)


def test_two_ways_of_saying_where_a_body_ends_are_no_way_in(market_url: str) -> None:
    """Request smuggling: what a proxy takes for a body must never be a second request here."""
    smuggled = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    head = b"POST /v1/quotes HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % len(smuggled)
    with serving(market_url) as served:
        for coding in (
            b"gzip, chunked",
            b"identity",
            b" chunked\r\nTransfer-Encoding: x",
            b"chunked, chunked",
        ):
            with served.connect() as connection:
                connection.sendall(head + b"Transfer-Encoding: " + coding + b"\r\n\r\n" + smuggled)
                found = read_answer(connection)
                assert found is not None
                assert found.status in {400, 501}, coding
                assert is_closed(connection)


@pytest.mark.parametrize("method", ["TRACE", "BREW", "PROPFIND", "CONNECT"])
def test_methods_that_nobody_has(house: House, method: str) -> None:
    for path in ("/v1/orders", "/", "/healthz"):
        answer = house.ask(method, path)
        refusal(answer, 405, "method_not_allowed")
        assert "GET" in answer.headers["allow"]
        assert "secret" not in answer.text


def test_garbage_is_refused_and_harms_nobody(market_url: str, caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(20250716)  # noqa: S311 - for tests
    with serving(market_url) as served, caplog.at_level(logging.ERROR):
        for _ in range(GARBAGE_ROUNDS):
            sent = garbage(dice)
            found = served.ask(sent + b"\r\n\r\n")
            assert found is None or 200 <= found.status < 500 or found.status == 501, (sent, found)
        assert served.is_well()
    assert caplog.records == []


def garbage(dice: random.Random) -> bytes:
    """Something like a request, bent here and there."""
    names = (
        b"Host",
        b"Authorization",
        b"Content-Length",
        b"Transfer-Encoding",
        b"If-Match",
        b"Accept",
        b"X-Request-ID",
    )
    head = dice.choice(METHODS) + b" " + dice.choice(TARGETS) + dice.choice(ENDS)
    lines = [b"Host: x\r\n"] * dice.choice([1, 1, 1, 0, 2])
    lines += [
        dice.choice(names) + b": " + dice.randbytes(dice.randrange(30)) + b"\r\n"
        for _ in range(dice.randrange(4))
    ]
    sent = bytearray(
        head + b"".join(lines) + b"Connection: close\r\n\r\n" + dice.randbytes(dice.randrange(50))
    )
    for _ in range(dice.choice([0, 0, 1, 3])):
        sent[dice.randrange(len(sent))] = dice.randrange(256)
    return bytes(sent)


def test_the_server_answers_after_all_of_it(market_url: str) -> None:
    """One connection at a time is enough to see that nothing stays behind."""
    with serving(market_url) as served:
        ask_and_leave(served)
        assert served.wait_for_connections(0)


def ask_and_leave(served: Served) -> None:
    for sent in (b"", b"GET", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"):
        with served.connect() as connection:
            connection.sendall(sent)
