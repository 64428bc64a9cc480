"""The figures that metrics tell, on both engines."""

from datetime import timedelta

from sqlalchemy import insert, text
from toy_market import FREE, SCENARIO, START, terms

from market.domain.clock import VirtualClock
from market.domain.parties import Actor, Role
from market.exchange import Exchange, RoundRequest, Submission
from market.persistence.database import Database
from market.persistence.webhook_models import DeliveryRow, WebhookRow
from market.vital_signs import WebhookSigns, read_vital_signs

OPERATOR = Actor("key_operator", Role.OPERATOR, None)
WEBHOOK = {
    "role": "operator",
    "url": "https://receiver.invalid/",
    "kinds": [],
    "description": "",
    "salt": "salt",
    "created_at": START,
    "created_by": "test",
    "replays": 0,
}
DELIVERY = {
    "webhook_id": "whk_1",
    "sequence": 1,
    "kind": "region.added",
    "resource": "region",
    "resource_id": "east",
    "tries": 0,
    "attempts": [],
}


def test_an_empty_market_has_figures_too(database: Database) -> None:
    signs = read_vital_signs(database)
    assert (signs.orders_in_book, signs.last_landed, signs.imbalance_micros, signs.newest_event) == (
        0,
        None,
        0,
        0,
    )
    assert signs.webhooks == WebhookSigns({}, 0, None, 0)


def test_a_market_at_work(database: Database) -> None:
    exchange = Exchange(database, VirtualClock(START))
    exchange.load_scenario(SCENARIO)
    exchange.submit_orders(OPERATOR, [Submission("buy_toy", terms(1)), Submission("buy_toy", terms(100))])
    assert read_vital_signs(database).orders_in_book == 2
    landed = exchange.clear_round(OPERATOR, RoundRequest(FREE))
    signs = read_vital_signs(database)
    assert signs.last_landed == landed
    assert (signs.orders_in_book, signs.rounds_by_state) == (2 - landed.placed, {"landed": 1})
    with database.engine.begin() as connection:
        if database.engine.dialect.name == "postgresql":  # which would not let it happen
            connection.execute(text("ALTER TABLE accounts DISABLE TRIGGER accounts_tallied"))
        connection.execute(
            text("UPDATE accounts SET debits_micros = debits_micros + 7 WHERE kind = 'escrow'")
        )
    assert read_vital_signs(database).imbalance_micros == 7


def test_what_waits_for_webhooks(database: Database) -> None:
    exchange = Exchange(database, VirtualClock(START))
    exchange.load_scenario(SCENARIO)
    newest = read_vital_signs(database).newest_event
    assert newest > 0
    later = START + timedelta(hours=1)
    with database.engine.begin() as connection:
        connection.execute(
            insert(WebhookRow),
            [
                WEBHOOK | {"id": "whk_1", "state": "active", "told_up_to": newest - 1},
                WEBHOOK | {"id": "whk_2", "state": "active", "told_up_to": newest},
                WEBHOOK | {"id": "whk_3", "state": "disabled", "told_up_to": 0},
            ],
        )
        connection.execute(
            insert(DeliveryRow),
            [
                DELIVERY | {"replay": 0, "state": "pending", "created_at": later, "next_attempt_at": later},
                DELIVERY | {"replay": 1, "state": "pending", "created_at": START, "next_attempt_at": later},
                DELIVERY | {"replay": 2, "state": "given_up", "created_at": START, "next_attempt_at": None},
            ],
        )
    assert read_vital_signs(database).webhooks == WebhookSigns({"active": 2, "disabled": 1}, 2, START, 1)
