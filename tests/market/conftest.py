"""A toy exchange on each engine, with a clock that the test moves."""

import pytest
from toy_market import SCENARIO, START

from market.domain.clock import VirtualClock
from market.domain.parties import Actor, Role
from market.enquiries.desk import Enquiries
from market.exchange import Exchange
from market.persistence.database import Database


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def exchange(database: Database, clock: VirtualClock) -> Exchange:
    exchange = Exchange(database, clock)
    assert exchange.load_scenario(SCENARIO)
    return exchange


@pytest.fixture
def enquiries(database: Database, clock: VirtualClock) -> Enquiries:
    return Enquiries(database, clock)


@pytest.fixture
def operator(exchange: Exchange) -> Actor:
    return exchange.authenticate(exchange.create_operator_key())


@pytest.fixture
def buyer(exchange: Exchange, operator: Actor) -> Actor:
    return exchange.authenticate(exchange.issue_key(operator, Role.BUYER, "buy_toy"))


@pytest.fixture
def other_buyer(exchange: Exchange, operator: Actor) -> Actor:
    return exchange.authenticate(exchange.issue_key(operator, Role.BUYER, "buy_other"))
