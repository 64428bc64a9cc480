"""Webhooks over real HTTP: signed, at least once, in order per resource, whatever fails in between."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from receiver import Received, Receiver, receiving
from sqlalchemy import create_engine, text
from standardwebhooks import WebhookVerificationError
from toy_market import SCENARIO

from market.couriers.courier import Couriers, CourierTerms
from market.couriers.durable_turns import SCHEMA, DurableTurns, tasks_url
from market.couriers.turns import TakeTurn
from market.desks.webhooks import MOST_REPLAYED, NewWebhook
from market.domain.clock import SystemClock
from market.domain.errors import Conflict, InvalidInput
from market.domain.parties import Actor, Role
from market.domain.webhooks import Attempt, DeliveryState, DeliveryTerms, Webhook, WebhookState
from market.enquiries.desk import Enquiries
from market.exchange import Exchange
from market.persistence.database import Database
from market.persistence.paging import PageRequest
from market.webhooks.addresses import AddressGuard

HERE = AddressGuard(["127.0.0.1"])
TERMS = CourierTerms(
    DeliveryTerms(retry_seconds=(0.1,) * 6, timeout_seconds=5), HERE, poll_seconds=0.1, patience_seconds=20
)


@pytest.fixture
def now_exchange(database: Database) -> Exchange:
    """An exchange whose clock goes: receivers verify that what they get is fresh."""
    exchange = Exchange(database, SystemClock(), pepper="pepper")
    exchange.load_scenario(SCENARIO)
    return exchange


@pytest.fixture
def toy_buyer(now_exchange: Exchange) -> Actor:
    operator = now_exchange.authenticate(now_exchange.create_operator_key())
    return now_exchange.authenticate(now_exchange.issue_key(operator, Role.BUYER, "buy_toy"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@contextmanager
def couriers(exchange: Exchange, terms: CourierTerms = TERMS) -> Iterator[Couriers]:
    """Couriers that carry until the end of the block."""
    found = Couriers(exchange, terms, lambda: DurableTurns(exchange.database.url))
    found.start()
    try:
        yield found
    finally:
        found.stop()


def webhook_at(exchange: Exchange, actor: Actor, receiver: Receiver, *kinds: str) -> tuple[Webhook, str]:
    return exchange.create_webhook(actor, NewWebhook(receiver.url, kinds or ("account.*",)), HERE)


def happen(exchange: Exchange, resource_ids: Sequence[str], steps: int, buyer_id: str = "buy_toy") -> None:
    """So many things to each resource, step by step."""
    for step in range(steps):
        with exchange._unit_of_work() as work:
            for id_ in resource_ids:
                work.events.record("account", "deposited", id_, buyer_id=buyer_id, step=step)


def steps_of(received: Sequence[Received], secret: str) -> dict[str, list[int]]:
    """The steps of each resource in the order in which they came, each event the first time only."""
    found: dict[str, list[int]] = defaultdict(list)
    seen = set()
    for one in received:
        event = one.verified(secret)
        if one.id not in seen:
            seen.add(one.id)
            found[event["resource_id"]].append(event["data"]["step"])
    return found


def newest_delivery_state(exchange: Exchange, actor: Actor, webhook: Webhook) -> DeliveryState:
    request = PageRequest(limit=1, newest_first=True)
    enquiries = Enquiries(exchange.database, exchange.clock)
    return enquiries.deliveries(actor, webhook.id, request).items[0].state


def wait_for(done: Callable[[], bool], couriers_: Couriers) -> None:
    """Until it is so; the test's own time limit ends a wait in vain."""
    while not done():
        couriers_._rung.wait(0.05)


def test_what_happens_is_sent_signed(now_exchange: Exchange, toy_buyer: Actor, receiver: Receiver) -> None:
    webhook, secret = webhook_at(now_exchange, toy_buyer, receiver)
    with couriers(now_exchange):
        happen(now_exchange, ["a"], 1)
        (received,) = receiver.wait_for(1)
    event = received.verified(secret)
    assert event["kind"] == "account.deposited"
    assert event["id"] == received.id == received.headers["webhook-id"]
    assert event["actor"] == "exchange"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["host"] == receiver.url.split("/")[2]
    with pytest.raises(WebhookVerificationError):
        received.verified("whsec_" + "A" * 43 + "=")
    with pytest.raises(WebhookVerificationError):
        Received(received.headers, received.body + b" ").verified(secret)
    assert webhook.salts.current not in secret


def test_each_is_told_of_its_own_and_of_what_it_asked_for(
    now_exchange: Exchange, toy_buyer: Actor, receiver: Receiver
) -> None:
    webhook_at(now_exchange, toy_buyer, receiver, "account.*")
    with couriers(now_exchange):
        happen(now_exchange, ["theirs"], 1, buyer_id="buy_other")
        with now_exchange._unit_of_work() as work:
            work.events.record("quote", "held", "qte_1", buyer_id="buy_toy")
        happen(now_exchange, ["ours"], 1)
        receiver.wait_for(1)
    assert [b'"ours"' in one.body for one in receiver.received] == [True]


def test_a_failure_is_tried_again_and_holds_up_its_resource_only(
    now_exchange: Exchange, toy_buyer: Actor, receiver: Receiver
) -> None:
    _, secret = webhook_at(now_exchange, toy_buyer, receiver)
    tried: dict[str, int] = defaultdict(int)

    def answer(received: Received) -> int:
        """Every event of `bad` fails three times; `good` never does."""
        tried[received.id] += 1
        return 500 if b'"bad"' in received.body and tried[received.id] < 4 else 200

    receiver.answer = answer
    happen(now_exchange, ["bad", "good"], 5)
    with couriers(now_exchange):
        received = receiver.wait_until(lambda found: len(found) == 5 * 4 + 5)
    assert steps_of(received, secret) == {"bad": [0, 1, 2, 3, 4], "good": [0, 1, 2, 3, 4]}
    bad = [one.id for one in received if b'"bad"' in one.body]
    assert bad == sorted(bad)  # none before the one before it arrived
    goods = [index for index, one in enumerate(received) if b'"good"' in one.body]
    assert max(goods) < len(received) - 4  # the good ones did not wait for the bad


def test_what_never_arrives_is_given_up_and_the_next_one_sent(
    now_exchange: Exchange, toy_buyer: Actor, receiver: Receiver
) -> None:
    webhook, secret = webhook_at(now_exchange, toy_buyer, receiver)
    receiver.answer = lambda received: 503 if b'"step":0' in received.body else 200
    happen(now_exchange, ["a"], 2)
    with couriers(now_exchange) as carrying:
        received = receiver.wait_until(lambda found: any(b'"step":1' in one.body for one in found))
        wait_for(
            lambda: newest_delivery_state(now_exchange, toy_buyer, webhook) is DeliveryState.DELIVERED,
            carrying,
        )
    assert [one.verified(secret)["data"]["step"] for one in received] == [0] * 7 + [1]
    enquiries = Enquiries(now_exchange.database, now_exchange.clock)
    first, second = enquiries.deliveries(toy_buyer, webhook.id, PageRequest()).items
    assert (first.state, second.state) == (DeliveryState.GIVEN_UP, DeliveryState.DELIVERED)
    assert [attempt.status for attempt in first.attempts] == [503] * 7


def test_couriers_that_come_later_carry_what_waited(
    now_exchange: Exchange, toy_buyer: Actor, receiver: Receiver
) -> None:
    _, secret = webhook_at(now_exchange, toy_buyer, receiver)
    happen(now_exchange, ["a", "b"], 20)
    with couriers(now_exchange):
        receiver.wait_for(5)
    with couriers(now_exchange):
        received = receiver.wait_until(lambda found: len({one.id for one in found}) == 40)
    assert steps_of(received, secret) == {"a": list(range(20)), "b": list(range(20))}


def test_whoever_is_gone_is_told_no_more(
    now_exchange: Exchange, toy_buyer: Actor, receiver: Receiver
) -> None:
    webhook, _ = webhook_at(now_exchange, toy_buyer, receiver)
    receiver.answer = lambda _received: 410
    enquiries = Enquiries(now_exchange.database, now_exchange.clock)
    with couriers(now_exchange) as carrying:
        happen(now_exchange, ["a"], 1)
        wait_for(lambda: enquiries.webhook(toy_buyer, webhook.id).state is WebhookState.DISABLED, carrying)
        happen(now_exchange, ["a"], 3)
    assert enquiries.webhook(toy_buyer, webhook.id).disabled_reason == "gone"
    assert len(receiver.received) == 1
    receiver.answer = lambda _received: 200
    now_exchange.change_webhook(toy_buyer, webhook.id, {"state": WebhookState.ACTIVE}, HERE)
    with couriers(now_exchange):
        received = receiver.wait_for(5)  # it goes on where it was, with the one that was refused
    assert received[0].id == received[1].id


def test_a_webhook_that_fails_for_too_long_is_disabled(
    now_exchange: Exchange, toy_buyer: Actor, receiver: Receiver
) -> None:
    webhook, _ = webhook_at(now_exchange, toy_buyer, receiver)
    receiver.answer = lambda _received: 500
    impatient = CourierTerms(
        DeliveryTerms(retry_seconds=(0.1,) * 50, disable_after=timedelta(seconds=0.5)), HERE, poll_seconds=0.1
    )
    enquiries = Enquiries(now_exchange.database, now_exchange.clock)
    with couriers(now_exchange, impatient) as carrying:
        happen(now_exchange, ["a"], 1)
        wait_for(lambda: enquiries.webhook(toy_buyer, webhook.id).state is WebhookState.DISABLED, carrying)
    assert enquiries.webhook(toy_buyer, webhook.id).disabled_reason == "failing"
    told = [event.kind for event in enquiries.events_after(0, 1000, webhook.audience)]
    assert told[-1] == "webhook.disabled"


@pytest.mark.parametrize("status", [410, 500], ids=["gone", "failing"])
def test_what_was_under_way_undoes_no_state_that_was_set_meanwhile(
    now_exchange: Exchange, toy_buyer: Actor, receiver: Receiver, status: int
) -> None:
    """Else a receiver that holds its answer back takes off what an operator put on."""
    operator = Actor("key_operator", Role.OPERATOR, None)
    terms = DeliveryTerms(disable_after=timedelta(0))
    set_by = {WebhookState.DISABLED: operator, WebhookState.PAUSED: toy_buyer}
    for state, actor in set_by.items():
        webhook, _ = webhook_at(now_exchange, toy_buyer, receiver)
        happen(now_exchange, ["a"], 1)
        now_exchange.fan_out()
        (parcel,) = now_exchange.take_parcels(webhook.id, terms)
        changed = now_exchange.change_webhook(actor, webhook.id, {"state": state}, HERE)
        answered = Attempt(now_exchange.clock.now(), 1, status)
        now_exchange.note_attempts(webhook.id, [(parcel.delivery.number, answered)], terms)
        found = Enquiries(now_exchange.database, now_exchange.clock).webhook(toy_buyer, webhook.id)
        assert (found.state, found.disabled_reason) == (state, changed.disabled_reason)
        if state is WebhookState.DISABLED:
            with pytest.raises(Conflict) as refused:
                now_exchange.change_webhook(toy_buyer, webhook.id, {"state": WebhookState.ACTIVE}, HERE)
            assert refused.value.code == "webhook_disabled_by_operator"


def test_what_could_not_be_tried_counts_as_no_try(
    now_exchange: Exchange, toy_buyer: Actor, receiver: Receiver
) -> None:
    webhook, _ = webhook_at(now_exchange, toy_buyer, receiver)
    happen(now_exchange, ["a"], 1)
    now_exchange.fan_out()
    terms = DeliveryTerms(retry_seconds=(3600,), disable_after=timedelta(0))
    (parcel,) = now_exchange.take_parcels(webhook.id, terms)
    now_exchange.note_attempts(webhook.id, [(parcel.delivery.number, None)], terms)
    enquiries = Enquiries(now_exchange.database, now_exchange.clock)
    (left,) = enquiries.deliveries(toy_buyer, webhook.id, PageRequest()).items
    assert (left.state, left.tries, left.attempts) == (DeliveryState.PENDING, 0, ())
    assert left.next_attempt_at is not None
    assert left.next_attempt_at > now_exchange.clock.now() + timedelta(minutes=30)  # not again and again
    assert enquiries.webhook(toy_buyer, webhook.id) == replace(webhook, told_up_to=left.sequence)
    impatient = DeliveryTerms(retry_seconds=(0.01,), most_at_once=1)
    now_exchange.note_attempts(webhook.id, [(parcel.delivery.number, None)], impatient)
    with couriers(now_exchange):
        receiver.wait_for(1)


def test_a_rotated_secret_and_the_one_before_are_both_good(
    now_exchange: Exchange, toy_buyer: Actor, receiver: Receiver
) -> None:
    webhook, old = webhook_at(now_exchange, toy_buyer, receiver)
    _, new = now_exchange.rotate_webhook_secret(toy_buyer, webhook.id)
    with couriers(now_exchange):
        happen(now_exchange, ["a"], 1)
        (received,) = receiver.wait_for(1)
    assert new != old
    assert received.verified(old) == received.verified(new)


def test_a_replay_sends_the_same_events_again(
    now_exchange: Exchange, toy_buyer: Actor, receiver: Receiver
) -> None:
    webhook, secret = webhook_at(now_exchange, toy_buyer, receiver)
    happen(now_exchange, ["a"], 4)
    with couriers(now_exchange) as carrying:
        ids = [one.id for one in receiver.wait_for(4)]
        wait_for(
            lambda: newest_delivery_state(now_exchange, toy_buyer, webhook) is DeliveryState.DELIVERED,
            carrying,
        )
        first, last = (int(ids[index].removeprefix("evt_")) for index in (0, 2))
        assert now_exchange.replay_events(toy_buyer, webhook.id, first, last).deliveries == 2
        again = receiver.wait_for(6)[4:]
    assert [one.id for one in again] == ids[1:3]
    assert [one.verified(secret)["data"]["step"] for one in again] == [1, 2]


def test_a_test_is_sent_to_the_webhook_that_is_tested_alone(
    now_exchange: Exchange, toy_buyer: Actor, receiver: Receiver
) -> None:
    webhook, secret = webhook_at(now_exchange, toy_buyer, receiver, "order.submitted")
    with receiving() as other:
        webhook_at(now_exchange, toy_buyer, other, "*")
        with couriers(now_exchange):
            now_exchange.test_webhook(toy_buyer, webhook.id)
            (received,) = receiver.wait_for(1)
            happen(now_exchange, ["a"], 1)
            heard = other.wait_until(lambda found: any(b"account.deposited" in one.body for one in found))
    assert received.verified(secret)["kind"] == "webhook.tested"
    assert not any(b"webhook.tested" in one.body for one in heard)


def test_redirects_are_not_followed_and_large_answers_not_read(
    now_exchange: Exchange, toy_buyer: Actor, receiver: Receiver
) -> None:
    webhook, _ = webhook_at(now_exchange, toy_buyer, receiver)
    with receiving() as elsewhere:
        receiver.answer = lambda _received: 302 if len(receiver.received) < 1 else 200
        receiver.answered_headers = {"Location": elsewhere.url}
        receiver.body = b"x" * 5_000_000
        with couriers(now_exchange) as carrying:
            happen(now_exchange, ["a"], 1)
            receiver.wait_for(2)
            wait_for(
                lambda: newest_delivery_state(now_exchange, toy_buyer, webhook) is DeliveryState.DELIVERED,
                carrying,
            )
        assert elsewhere.received == []
    enquiries = Enquiries(now_exchange.database, now_exchange.clock)
    (delivery,) = enquiries.deliveries(toy_buyer, webhook.id, PageRequest()).items
    assert [(one.status, one.error) for one in delivery.attempts] == [(302, "redirected"), (200, None)]


def test_a_paused_webhook_goes_on_where_it_was(
    now_exchange: Exchange, toy_buyer: Actor, receiver: Receiver
) -> None:
    webhook, secret = webhook_at(now_exchange, toy_buyer, receiver)
    with couriers(now_exchange):
        now_exchange.change_webhook(toy_buyer, webhook.id, {"state": WebhookState.PAUSED}, HERE)
        happen(now_exchange, ["a"], 3)
        now_exchange.change_webhook(toy_buyer, webhook.id, {"state": WebhookState.ACTIVE}, HERE)
        received = receiver.wait_for(3)
    assert steps_of(received, secret) == {"a": [0, 1, 2]}


def test_a_database_without_the_pepper_signs_nothing(
    now_exchange: Exchange, toy_buyer: Actor, receiver: Receiver
) -> None:
    """What signs is not what is stored: another pepper, another secret."""
    _, secret = webhook_at(now_exchange, toy_buyer, receiver)
    thief = Exchange(now_exchange.database, SystemClock(), pepper="")
    happen(thief, ["a"], 1)
    with couriers(thief):
        (received,) = receiver.wait_for(1)
    with pytest.raises(WebhookVerificationError):
        received.verified(secret)


def test_a_turn_ends_so_that_other_webhooks_have_theirs(
    now_exchange: Exchange, toy_buyer: Actor, receiver: Receiver
) -> None:
    """However much is due, and however slowly it is taken: a turn is once what is sent at a time, then as long as told."""
    webhook, _ = webhook_at(now_exchange, toy_buyer, receiver)
    happen(now_exchange, [f"r{number}" for number in range(20)], 1)
    now_exchange.fan_out()
    terms = CourierTerms(DeliveryTerms(retry_seconds=(3600,), most_at_once=16), HERE, turn_seconds=0)
    carrying = Couriers(now_exchange, terms, AtOnce)
    enquiries = Enquiries(now_exchange.database, now_exchange.clock)
    for tried in (16, 20):
        carrying.take_turn(webhook.id)
        assert (
            sum(one.tries for one in enquiries.deliveries(toy_buyer, webhook.id, PageRequest()).items)
            == tried
        )


class AtOnce:
    """Turns that are run where they are asked for, of which the first goes wrong in a way that nobody thought of."""

    def __init__(self) -> None:
        self.asked = 0

    def start(self, take_turn: TakeTurn) -> None:
        self._take_turn = take_turn

    def soon(self, webhook_id: str) -> None:
        self.asked += 1
        if self.asked == 1:
            raise RuntimeError("nobody thought of this")
        self._take_turn(webhook_id)

    def stop(self, within_seconds: float) -> None:
        """Nothing is under way."""


def test_whatever_goes_wrong_webhooks_are_looked_after_again(
    now_exchange: Exchange, toy_buyer: Actor, receiver: Receiver
) -> None:
    webhook_at(now_exchange, toy_buyer, receiver)
    happen(now_exchange, ["a"], 1)
    turns = AtOnce()
    carrying = Couriers(now_exchange, replace(TERMS, pause_after_failure_seconds=0), lambda: turns)
    carrying.start()
    receiver.wait_for(1)
    carrying.stop()
    assert turns.asked == 2


def test_no_more_is_replayed_than_may_wait_at_a_time(
    now_exchange: Exchange, toy_buyer: Actor, receiver: Receiver
) -> None:
    webhook, _ = webhook_at(now_exchange, toy_buyer, receiver)
    happen(now_exchange, [f"r{number}" for number in range(MOST_REPLAYED // 2)], 1)
    now_exchange.fan_out()  # nobody carries: they wait
    assert now_exchange.replay_events(toy_buyer, webhook.id, 0, None).deliveries == MOST_REPLAYED // 2
    with pytest.raises(InvalidInput) as refused:
        now_exchange.replay_events(toy_buyer, webhook.id, 0, None)
    assert refused.value.code == "replay_too_long"


def test_nothing_is_pickled_for_the_queue(
    now_exchange: Exchange, toy_buyer: Actor, receiver: Receiver
) -> None:
    """Whoever reads a pickle runs it."""
    webhook, _ = webhook_at(now_exchange, toy_buyer, receiver)
    with couriers(now_exchange):
        happen(now_exchange, ["acc_1"], 1)
        receiver.wait_for(1)
    tasks = create_engine(tasks_url(now_exchange.database.url))
    schema = f"{SCHEMA}." if tasks.dialect.name == "postgresql" else ""
    with tasks.connect() as connection:
        inputs, outputs, kinds = (
            connection.execute(text(f"SELECT {column} FROM {schema}{table}")).scalars().all()  # noqa: S608
            for column, table in (
                ("inputs", "workflow_input"),
                ("output", "workflow_output"),
                ("serialization", "workflow_status"),
            )
        )
    tasks.dispose()
    assert set(kinds) == {"portable_json"}
    assert [json.loads(given)["positionalArgs"] for given in inputs if given] == [[webhook.id]] * len(kinds)
    assert {json.loads(output) for output in outputs if output} <= {None}
