"""A webhook that asks for what this version does not know stops nobody else's."""

from sqlalchemy import text

from market.desks.webhooks import NewWebhook
from market.domain.parties import Actor
from market.domain.webhooks import WebhookState
from market.enquiries.desk import Enquiries
from market.exchange import Exchange
from market.persistence.paging import PageRequest
from market.webhooks.addresses import AddressGuard

HERE = AddressGuard(["127.0.0.1"])
ASKED = NewWebhook("http://127.0.0.1:9/", ("account.*",))


def happen(exchange: Exchange, resource_id: str) -> None:
    with exchange._unit_of_work() as work:
        work.events.record("account", "deposited", resource_id, buyer_id="buy_toy")


def test_it_is_disabled_with_a_reason_and_goes_on_where_it_was(
    exchange: Exchange, enquiries: Enquiries, buyer: Actor
) -> None:
    newer, known = (exchange.create_webhook(buyer, ASKED, HERE)[0] for _ in range(2))
    with exchange.database.engine.begin() as connection:
        kinds = {"kinds": '["account.*", "order.teleported"]', "id": newer.id}
        connection.execute(text("UPDATE webhooks SET kinds = :kinds WHERE id = :id"), kinds)
    happen(exchange, "a")
    exchange.fan_out()

    def told(webhook_id: str) -> list[str]:
        found = enquiries.deliveries(buyer, webhook_id, PageRequest()).items
        return [one.resource_id for one in found]

    assert (told(newer.id), told(known.id)) == ([], ["a"])
    shown = enquiries.webhook(buyer, newer.id)
    assert (shown.state, shown.disabled_reason) == (WebhookState.DISABLED, "unknown_kinds")
    exchange.change_webhook(buyer, newer.id, {"kinds": ("account.*",), "state": WebhookState.ACTIVE}, HERE)
    happen(exchange, "b")
    exchange.fan_out()
    assert told(newer.id) == ["a", "b"]
