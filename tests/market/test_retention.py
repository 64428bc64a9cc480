"""What may be forgotten goes after its days, a little at a time; what is history stays."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from toy_market import terms

from market.desks.webhooks import NewWebhook
from market.domain.clock import VirtualClock
from market.domain.errors import NotAuthenticated
from market.domain.parties import Actor, Role
from market.domain.webhooks import Attempt, DeliveryTerms, WebhookState
from market.exchange import AnsweredBefore, Exchange, Once, Submission
from market.persistence.access_models import AnswerRow, ApiKeyRow
from market.persistence.models import EventRow
from market.persistence.webhook_models import DeliveryRow
from market.running import retention
from market.running.retention import Retention
from market.webhooks.addresses import AddressGuard

HERE = AddressGuard(["127.0.0.1"])
ASKED = NewWebhook("http://127.0.0.1:9/", ("account.*",))
MONTH = timedelta(days=30)


def happen(exchange: Exchange, count: int) -> None:
    with exchange._unit_of_work() as work:
        for step in range(count):
            work.events.record("account", "deposited", f"acc_{step}", buyer_id="buy_toy")


def count(exchange: Exchange, table: type) -> int:
    with exchange.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_deliveries_that_ended_are_forgotten_and_those_that_wait_are_not(
    exchange: Exchange, buyer: Actor, clock: VirtualClock
) -> None:
    terms = DeliveryTerms(most_at_once=2)
    webhook, _ = exchange.create_webhook(buyer, ASKED, HERE)
    happen(exchange, 3)
    exchange.fan_out()
    taken = exchange.take_parcels(webhook.id, terms)
    went = [(parcel.delivery.number, Attempt(clock.now(), 1, 200)) for parcel in taken]
    exchange.note_attempts(webhook.id, went, terms)
    clock.advance(MONTH)
    exchange.keep_time()
    assert count(exchange, DeliveryRow) == 3  # on the day itself
    clock.advance(timedelta(seconds=1))
    exchange.keep_time()
    assert count(exchange, DeliveryRow) == 1
    exchange.change_webhook(buyer, webhook.id, {"state": WebhookState.PAUSED}, HERE)
    exchange.keep_time()
    assert count(exchange, DeliveryRow) == 1  # it goes on where it was
    exchange.remove_webhook(buyer, webhook.id)
    exchange.keep_time()
    assert count(exchange, DeliveryRow) == 0


def test_answers_are_forgotten_after_their_days(
    exchange: Exchange, buyer: Actor, clock: VirtualClock
) -> None:
    once = Once(buyer.key_id, "once", "hash")
    webhook, _ = exchange.create_webhook(buyer, ASKED, HERE, once)
    clock.advance(MONTH)
    exchange.keep_time()
    with pytest.raises(AnsweredBefore):
        exchange.create_webhook(buyer, ASKED, HERE, once)
    clock.advance(timedelta(seconds=1))
    exchange.keep_time()
    assert exchange.create_webhook(buyer, ASKED, HERE, once)[0].id != webhook.id


def test_keys_that_were_lent_go_unless_the_log_names_them(
    exchange: Exchange, operator: Actor, buyer: Actor, clock: VirtualClock
) -> None:
    exchange.submit_orders(buyer, [Submission("buy_toy", terms())])
    keys = count(exchange, ApiKeyRow)
    idle, acted = (exchange.open_demo_session(Role.BUYER) for _ in range(2))
    exchange.submit_orders(exchange.authenticate(acted.secret), [Submission("buy_toy", terms())])
    clock.advance(timedelta(days=7, hours=1))
    exchange.keep_time()
    assert count(exchange, ApiKeyRow) == keys + 2
    clock.advance(timedelta(seconds=1))
    exchange.keep_time()
    assert count(exchange, ApiKeyRow) == keys + 1
    for secret, code in ((idle.secret, "unknown_key"), (acted.secret, "key_expired")):
        with pytest.raises(NotAuthenticated) as refused:
            exchange.authenticate(secret)
        assert refused.value.code == code


def test_history_stays_and_what_is_kept_for_good_too(
    exchange: Exchange, buyer: Actor, clock: VirtualClock
) -> None:
    exchange.retention = Retention(None, None, None)
    exchange.create_webhook(buyer, ASKED, HERE, Once(buyer.key_id, "once", "hash"))
    happen(exchange, 1)
    exchange.fan_out()
    exchange.open_demo_session(Role.OPERATOR)
    before = [count(exchange, table) for table in (EventRow, AnswerRow, DeliveryRow, ApiKeyRow)]
    clock.advance(10_000 * timedelta(days=1))
    exchange.keep_time()
    assert [count(exchange, table) for table in (EventRow, AnswerRow, DeliveryRow, ApiKeyRow)] == before
    exchange.retention = Retention()
    exchange.keep_time()
    assert count(exchange, EventRow) == before[0]


def test_so_much_in_one_go_and_the_rest_the_next_time(
    exchange: Exchange, buyer: Actor, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 1)
    monkeypatch.setattr("market.desks.running.MOST_UNITS", 2)
    with exchange._unit_of_work() as work:
        for number in range(5):
            work.access.remember("key_1", str(number), "hash", {}, clock.now())
    clock.advance(MONTH + timedelta(seconds=1))
    left = []
    for _ in range(3):
        exchange.keep_time()
        left.append(count(exchange, AnswerRow))
    assert left == [3, 1, 0]


@pytest.mark.parametrize(
    ("table", "where"),
    [
        ("answers", "answered_at < 'x'"),
        ("webhook_deliveries", "state = 'delivered' AND created_at < 'x'"),
        ("api_keys", "expires_at < 'x'"),
    ],
)
def test_what_is_due_is_found_by_an_index(exchange: Exchange, table: str, where: str) -> None:
    if exchange.database.engine.dialect.name == "sqlite":
        with exchange.database.engine.connect() as connection:
            plan = connection.execute(text(f"EXPLAIN QUERY PLAN SELECT 1 FROM {table} WHERE {where}"))  # noqa: S608
            assert all("SEARCH" in step[3] for step in plan)
