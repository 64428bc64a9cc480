"""Noting deliveries while webhooks are paused and resumed by somebody else: each is told everything, once."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from toy_market import SCENARIO

from market.desks.webhooks import NewWebhook
from market.domain.clock import SystemClock
from market.domain.parties import Actor, Role
from market.domain.webhooks import Webhook, WebhookState
from market.enquiries.desk import Enquiries
from market.exchange import Exchange
from market.persistence.database import Database
from market.persistence.event_reader import EventReader
from market.persistence.paging import PageRequest
from market.webhooks.addresses import AddressGuard

HERE = AddressGuard(["127.0.0.1"])
ACTIVE, PAUSED = {"state": WebhookState.ACTIVE}, {"state": WebhookState.PAUSED}
pytestmark = pytest.mark.postgres  # SQLite has one writer: nobody changes anything meanwhile


@pytest.fixture
def exchange(postgres_database: Database) -> Exchange:
    exchange = Exchange(postgres_database, SystemClock(), pepper="pepper")
    exchange.load_scenario(SCENARIO)
    return exchange


@pytest.fixture
def elsewhere(postgres_database: Database) -> Iterator[Exchange]:
    """The same exchange in another process."""
    with closing(Database(postgres_database.url)) as database:
        yield Exchange(database, SystemClock(), pepper="pepper")


@pytest.fixture
def buyer(exchange: Exchange) -> Actor:
    operator = exchange.authenticate(exchange.create_operator_key())
    return exchange.authenticate(exchange.issue_key(operator, Role.BUYER, "buy_toy"))


@pytest.fixture
def webhook(exchange: Exchange, buyer: Actor) -> Webhook:
    return exchange.create_webhook(buyer, NewWebhook("http://127.0.0.1:9/", ("account.*",)), HERE)[0]


def happen(exchange: Exchange, resource_id: str) -> None:
    with exchange._unit_of_work() as work:
        work.events.record("account", "deposited", resource_id, buyer_id="buy_toy")


def told(exchange: Exchange, buyer: Actor, webhook: Webhook) -> list[str]:
    """Of which resources it is to be told, in order."""
    enquiries = Enquiries(exchange.database, exchange.clock)
    return [one.resource_id for one in enquiries.deliveries(buyer, webhook.id, PageRequest()).items]


def test_a_webhook_that_is_resumed_meanwhile_is_told_what_happened_while_it_was_paused(
    exchange: Exchange, elsewhere: Exchange, buyer: Actor, webhook: Webhook
) -> None:
    exchange.change_webhook(buyer, webhook.id, PAUSED, HERE)
    happen(exchange, "a")
    with exchange._unit_of_work() as work:
        active = work.webhooks.active()
        elsewhere.change_webhook(buyer, webhook.id, ACTIVE, HERE)
        work.webhooks.move_on(active, EventReader(work.session).newest())
    exchange.fan_out()
    assert told(exchange, buyer, webhook) == ["a"]


def test_a_webhook_that_is_paused_meanwhile_is_told_nothing_twice(
    exchange: Exchange, elsewhere: Exchange, buyer: Actor, webhook: Webhook
) -> None:
    """Told again, the log could not be gone through any more: an event is delivered once to each, for all of them."""
    happen(exchange, "a")
    pausing = threading.Thread(target=elsewhere.change_webhook, args=(buyer, webhook.id, PAUSED, HERE))
    with exchange._unit_of_work() as work:
        active, reader = work.webhooks.active(), EventReader(work.session)
        pausing.start()
        pausing.join(1)  # it waits for the end of this; were it not held, it would be over now
        events = reader.after(webhook.told_up_to, 10, webhook.audience)
        work.webhooks.add_deliveries(
            webhook.id, [e for e in events if e.resource == "account"], exchange.clock.now()
        )
        work.webhooks.move_on(active, reader.newest())
    pausing.join()
    happen(exchange, "b")
    exchange.fan_out()
    assert told(exchange, buyer, webhook) == ["a"]
    exchange.change_webhook(buyer, webhook.id, ACTIVE, HERE)
    exchange.fan_out()
    assert told(exchange, buyer, webhook) == ["a", "b"]


def test_whoever_changes_the_policy_holds_up_no_webhook(
    exchange: Exchange, elsewhere: Exchange, webhook: Webhook
) -> None:
    happen(exchange, "a")
    with elsewhere._unit_of_work() as work:
        work.access.hold_policy()
        assert webhook.id in exchange.fan_out()
