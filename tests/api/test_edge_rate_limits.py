"""Rate limits: by key, by address, for guessers; told on every answer; secrets are never kept."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from api_house import OPERATOR, House, Keys, build_exchange, build_test_app, order_body, refusal
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.edge.rate_limit import RateLimit, network_of
from api.edge.settings import EdgeSettings
from api.edge.window_counts import WindowCounts
from api.settings import Settings
from market.domain.parties import Role
from market.persistence.database import Database


@dataclass
class Hand:
    """A clock that somebody turns."""

    seconds: float = 1000.0

    def now(self) -> float:
        return self.seconds


@contextmanager
def limited(market_url: str, keys: Keys, **settings: Any) -> Iterator[House]:
    """The real application with limits of its own."""
    with closing(Database(market_url)) as database:
        exchange, clock = build_exchange(database)
        with TestClient(build_test_app(exchange, clock, **settings)) as client:
            yield House(client, exchange, clock, keys)


def left(answer: httpx2.Response) -> int:
    """The `r` of RateLimit."""
    _, remaining, _ = answer.headers["ratelimit"].split(";")
    return int(remaining.removeprefix("r="))


def test_a_key_that_asks_too_much_is_told_to_wait(market_url: str, keys: Keys) -> None:
    with limited(market_url, keys, rate_limit="5/hour") as house:
        house.ask("GET", "/v1/orders", keys.buyer)  # recognised from now on
        for asked in range(5):
            answer = house.ask("GET", "/v1/orders", keys.buyer)
            assert answer.status_code == 200
            assert answer.headers["ratelimit-policy"] == '"key";q=5;w=3600'
            assert left(answer) == 4 - asked
        refused = house.ask("GET", "/v1/orders", keys.buyer)
        problem = refusal(refused, 429, "rate_limited")
        assert problem["violated_policies"] == ["key"]
        assert int(refused.headers["retry-after"]) == problem["retry_after_seconds"] > 0
        assert left(refused) == 0
        assert house.ask("GET", "/v1/orders", keys.other_buyer).status_code == 200


def test_keys_of_one_organisation_have_a_limit_each(market_url: str, keys: Keys) -> None:
    with limited(market_url, keys, rate_limit="1/hour") as house:
        second = house.exchange.issue_key(OPERATOR, Role.BUYER, "buy_0001")
        for key in (keys.buyer, second):
            assert [house.ask("GET", "/v1/orders", key).status_code for _ in range(3)] == [200, 200, 429]


def test_an_address_without_a_key_has_a_limit(market_url: str, keys: Keys) -> None:
    with limited(market_url, keys, rate_limit_anonymous="3/hour") as house:
        answers = [house.ask("GET", "/v1/regions") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[0].headers["ratelimit-policy"] == '"address";q=3;w=3600'
        assert answers[3].json()["violated_policies"] == ["address"]
        assert house.ask("GET", "/healthz").status_code == 200


def test_made_up_keys_have_no_limit_of_their_own(market_url: str, keys: Keys) -> None:
    """Else whoever sends a new one each time could ask for ever."""
    with limited(market_url, keys, rate_limit_anonymous="10/hour") as house:
        answers = [house.ask("GET", "/v1/regions", f"suanli_buyer_{guess}") for guess in range(11)]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429]


def test_whoever_guesses_keys_is_stopped_and_nobody_else(market_url: str, keys: Keys) -> None:
    with limited(market_url, keys, rate_limit_failed_keys="3/hour") as house:
        assert house.ask("GET", "/v1/orders", keys.buyer).status_code == 200
        for guess in range(3):
            refusal(house.ask("GET", "/v1/orders", f"suanli_operator_{guess}"), 401, "unknown_key")
        problem = refusal(house.ask("GET", "/v1/orders", "suanli_operator_4"), 429, "rate_limited")
        assert problem["violated_policies"] == ["unknown-keys"]
        assert house.ask("GET", "/v1/orders", keys.buyer).status_code == 200  # known from before: goes on
        assert house.ask("GET", "/v1/regions").status_code == 200
        refusal(
            house.ask("GET", "/v1/orders", keys.other_buyer), 429, "rate_limited"
        )  # cannot be told apart yet


def test_what_thinks_and_what_is_large_costs_more(market_url: str, keys: Keys) -> None:
    with limited(market_url, keys) as house:
        house.ask("GET", "/v1/orders", keys.buyer)  # recognised from now on
        before = left(house.ask("GET", "/v1/orders", keys.buyer))
        after = left(house.ask("POST", "/v1/quotes", keys.buyer, json=order_body()))
        assert before - after == 10
        batch = {"orders": [order_body() for _ in range(1000)]}
        large = house.ask("POST", "/v1/orders/batch", keys.buyer, json=batch)
        size = int(large.request.headers["content-length"])
        assert after - left(large) == 1 + size // 65536
        assert size // 65536 < 10  # a batch of a thousand is far cheaper than a thousand orders

        def unstated() -> Iterator[bytes]:
            yield b"{}"

        headers = {"Content-Type": "application/json"}
        chunked = house.ask("POST", "/v1/orders", keys.buyer, content=unstated(), headers=headers)
        assert left(large) - left(chunked) == 1 + 8 * 16


def test_one_request_may_always_be_made(market_url: str, keys: Keys) -> None:
    """A limit below the cost of the dearest request does not forbid it."""
    with limited(market_url, keys, rate_limit="3/hour", rate_limit_anonymous="3/hour") as house:
        assert house.ask("POST", "/v1/quotes", keys.buyer, json=order_body()).status_code == 200


def test_the_usual_limit_does_not_stop_orders_one_by_one(house: House) -> None:
    house.ask("GET", "/v1/orders", house.keys.buyer)
    told = house.ask("GET", "/v1/orders", house.keys.buyer).headers["ratelimit-policy"]
    quota, window = (int(part[2:]) for part in told.split(";")[1:])
    assert quota / window >= 1000  # orders a second, for as long as anybody likes
    assert quota >= 60_000


def test_secrets_are_not_kept(market_url: str, keys: Keys) -> None:
    with limited(market_url, keys) as house:
        house.ask("GET", "/v1/orders", keys.buyer)
        house.ask("GET", "/v1/orders", "suanli_buyer_guessed_wrongly")
        limit: Any = house.client.app.middleware_stack
        while not isinstance(limit, RateLimit):
            limit = getattr(limit, "app", None) or limit._app
        kept = repr(vars(limit)) + repr(vars(limit._counts))
        assert "key_" in kept
        for secret in (keys.buyer, "guessed_wrongly"):
            assert secret not in kept


def test_a_rate_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="write 600/minute"):
        Settings(rate_limit="often")
    assert EdgeSettings(rate_limit="20/second").limit().get_expiry() == 1


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_stands_for_its_subscriber(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_window_slides() -> None:
    hand = Hand(1000.0)
    counts = WindowCounts(hand.now)
    assert all(counts.acquire_sliding_window_entry("k", 10, 10) for _ in range(10))
    assert not counts.acquire_sliding_window_entry("k", 10, 10)
    wait = counts.seconds_until("k", 10, 10, 1)
    hand.seconds += wait - 0.1
    assert not counts.acquire_sliding_window_entry("k", 10, 10)
    hand.seconds += 0.1
    assert counts.acquire_sliding_window_entry("k", 10, 10)
    hand.seconds += 20
    assert all(counts.acquire_sliding_window_entry("k", 10, 10) for _ in range(10))


@given(
    limit=st.integers(1, 50),
    expiry=st.integers(1, 100),
    steps=st.lists(st.tuples(st.floats(0, 30), st.integers(1, 50)), max_size=30),
)
def test_whoever_waits_as_told_is_let_through(
    limit: int, expiry: int, steps: list[tuple[float, int]]
) -> None:
    hand = Hand()
    counts = WindowCounts(hand.now)
    for pause, wanted in steps:
        hand.seconds += pause
        amount = min(wanted, limit)
        if not counts.acquire_sliding_window_entry("k", limit, expiry, amount):
            wait = counts.seconds_until("k", limit, expiry, amount)
            assert 0 <= wait <= 2 * expiry
            hand.seconds += wait
            assert counts.acquire_sliding_window_entry("k", limit, expiry, amount)


@given(
    limit=st.integers(1, 20),
    expiry=st.integers(1, 20),
    pauses=st.lists(st.floats(0, 10), max_size=60),
)
def test_no_window_lets_more_through_than_the_limit(limit: int, expiry: int, pauses: list[float]) -> None:
    """In any fixed window never more than the limit; in a sliding one at most twice (that is what a counter can promise)."""
    hand = Hand(0.0)
    counts = WindowCounts(hand.now)
    granted: list[float] = []
    for pause in pauses:
        hand.seconds += pause
        if counts.acquire_sliding_window_entry("k", limit, expiry):
            granted.append(hand.seconds)
    for start in granted:
        assert sum(start <= at < start + expiry for at in granted) <= 2 * limit
        fixed = start // expiry
        assert sum(at // expiry == fixed for at in granted) <= limit


def test_memory_is_bounded() -> None:
    hand = Hand()
    counts = WindowCounts(hand.now, most=100)
    for client in range(1000):
        counts.acquire_sliding_window_entry(f"k{client}", 10, 60)
    assert len(counts) == 100
    assert counts.get("k999") == 1
    assert counts.get("k0") == 0
