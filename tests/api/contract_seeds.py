"""What must be there before the documented example of an operation can succeed: by operation, on a fresh exchange."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from api_house import NOW, OPERATOR, House, Json, order_body

from api.schemas.places import RegionRequest
from market.domain.clock import rfc3339
from market.domain.parties import Role

HOUR = timedelta(hours=1)
BUYER_ACCOUNT, PROVIDER_ACCOUNT = "acc_buy_0001", "acc_prv_0062"


@dataclass(frozen=True)
class Seeded:
    """What takes the place of documented ids, members of the body, and of the usual key of the role."""

    values: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    keys: Mapping[Role, str] = field(default_factory=dict)
    address: str | None = None
    """Where the request comes from, where that matters."""


def nothing(_house: House) -> Seeded:
    """The shipped catalogue is enough."""
    return Seeded()


def an_order(house: House) -> Seeded:
    return Seeded({"order_id": house.submit()["id"]})


def a_draft(house: House) -> Seeded:
    return Seeded({"order_id": house.submit(draft=True)["id"]})


def a_quote(house: House) -> Seeded:
    body = {**order_body(), "hold_minutes": 10}
    answer = house.ask("POST", "/v1/quotes", house.keys.buyer, json=body)
    assert answer.status_code == 200, answer.text
    return Seeded({"quote_id": answer.json()["held"]["id"]})


def a_round(house: House) -> Seeded:
    allocation = _placed(house)
    return Seeded({name: allocation[name] for name in ("round_id", "order_id", "offering_id")})


def an_allocation(house: House) -> Seeded:
    """Granted from now on, where a provider reports; its provider's key."""
    allocation = _placed(house)
    key = house.exchange.issue_key(OPERATOR, Role.PROVIDER, allocation["provider_id"])
    path, beats = f"/v1/offerings/{allocation['offering_id']}", {"heartbeat_minutes": 30}
    assert house.ask("PATCH", path, key, json=beats).status_code == 200
    values = {name: allocation[name] for name in ("round_id", "order_id", "offering_id", "provider_id")}
    return Seeded(values | {"allocation_id": allocation["id"]}, keys={Role.PROVIDER: key})


def a_running_allocation(house: House) -> Seeded:
    seeded = an_allocation(house)
    path = f"/v1/allocations/{seeded.values['allocation_id']}/start"
    assert house.ask("POST", path, seeded.keys[Role.PROVIDER]).status_code == 200
    return seeded


def an_offering(house: House) -> Seeded:
    """One that nothing runs on."""
    body = {"node_id": "tianfu_cluster", "device_id": "910b", "units": 64, "ask_price": "9.00"}
    answer = house.ask("POST", "/v1/offerings", house.keys.provider, json=body)
    assert answer.status_code == 201, answer.text
    return Seeded({"offering_id": answer.json()["id"]})


def the_documented_region(house: House) -> Seeded:
    """The region that the examples of nodes and organisations lie in."""
    (region,) = RegionRequest.model_config["json_schema_extra"]["examples"]  # type: ignore[index, call-overload]
    answer = house.ask("POST", "/v1/regions", house.keys.operator, json=region)
    assert answer.status_code == 201, answer.text
    return Seeded()


def a_node_that_is_down(house: House) -> Seeded:
    assert house.ask("POST", "/v1/nodes/tianfu_cluster/down", house.keys.operator).status_code == 200
    return Seeded()


def from_this_machine(_house: House) -> Seeded:
    return Seeded(address="127.0.0.1")


def a_buyers_account(_house: House) -> Seeded:
    return Seeded({"account_id": BUYER_ACCOUNT})


def a_paid_provider(house: House) -> Seeded:
    """Two hours are over and paid: what one earned may be paid out."""
    allocation = _placed(house)
    house.clock.advance(3 * HOUR)
    assert house.ask("POST", "/v1/upkeep", house.keys.operator).status_code == 200
    return Seeded({"account_id": f"acc_{allocation['provider_id']}"}, {"amount": "0.01"})


def a_voucher_pool(house: House) -> Seeded:
    body = {
        "issuer": "a city",
        "rate_by_class": {"gpu": 0.3},
        "cap_per_year": "1000.00",
        "valid_from": rfc3339(NOW),
        "valid_until": rfc3339(NOW + 24 * HOUR),
    }
    answer = house.ask("POST", "/v1/voucher-pools", house.keys.operator, json=body)
    assert answer.status_code == 201, answer.text
    return Seeded({"voucher_pool_id": answer.json()["id"]})


def a_member(house: House) -> Seeded:
    """A viewer of the buyer's organisation; an owner is there as well."""
    for role in ("owner", "viewer"):
        body = {"name": role, "email": f"{role}@lab.example", "role": role}
        answer = house.ask("POST", "/v1/members", house.keys.buyer, json=body)
        assert answer.status_code == 201, answer.text
    return Seeded({"member_id": answer.json()["id"]})


def a_key(house: House) -> Seeded:
    body = {"name": "test", "scopes": ["read"]}
    answer = house.ask("POST", "/v1/keys", house.keys.buyer, json=body)
    assert answer.status_code == 201, answer.text
    return Seeded({"key_id": answer.json()["id"]})


def a_webhook(house: House) -> Seeded:
    body = {"url": "https://receiver.example/suanli", "kinds": ["round.landed"]}
    answer = house.ask("POST", "/v1/webhooks", house.keys.buyer, json=body)
    assert answer.status_code == 201, answer.text
    return Seeded({"webhook_id": answer.json()["id"]})


def a_delivery(house: House) -> Seeded:
    """A test that is on its way."""
    seeded = a_webhook(house)
    path = f"/v1/webhooks/{seeded.values['webhook_id']}"
    assert house.ask("POST", f"{path}/test", house.keys.buyer).status_code == 200
    items: list[Json] = []
    while not items:  # noted as soon as the log was read
        items = house.ask("GET", f"{path}/deliveries", house.keys.buyer).json()["items"]
    return Seeded({**seeded.values, "delivery_id": items[0]["id"]})


def _placed(house: House) -> Json:
    order = house.submit(job={"devices": ["910b"]}, deadline=rfc3339(NOW + 3 * HOUR))
    house.clear()
    answer = house.ask("GET", f"/v1/allocations?order_id={order['id']}", house.keys.buyer)
    (found,) = answer.json()["items"]
    return dict(found)


SEEDS: Mapping[str, Callable[[House], Seeded]] = {
    "submit_order": nothing,
    "submit_orders": nothing,
    "list_orders": an_order,
    "count_orders": an_order,
    "read_order": an_order,
    "amend_order": an_order,
    "submit_draft": a_draft,
    "cancel_order": an_order,
    "explain_order": an_order,
    "quote_order": nothing,
    "read_quote": a_quote,
    "release_quote": a_quote,
    "read_forecast_score": nothing,
    "read_prices": a_round,
    "list_allocations": an_allocation,
    "read_allocation": an_allocation,
    "report_start": an_allocation,
    "report_heartbeat": a_running_allocation,
    "report_completion": a_running_allocation,
    "report_failure": a_running_allocation,
    "clear_round": an_order,
    "list_rounds": a_round,
    "read_round": a_round,
    "price_round": a_round,
    "read_round_schedule": a_round,
    "follow_round": a_round,
    "read_round_problem": a_round,
    "read_round_clearing": a_round,
    "keep_time": nothing,
    "node_down": nothing,
    "node_up": a_node_that_is_down,
    "list_offering": nothing,
    "list_offerings": nothing,
    "read_offering": an_offering,
    "amend_offering": an_offering,
    "withdraw_offering": an_offering,
    "drain_offering": an_offering,
    "add_maintenance": an_offering,
    "read_calendar": an_offering,
    "list_versions": an_offering,
    "add_region": nothing,
    "list_regions": nothing,
    "add_node": the_documented_region,
    "list_nodes": nothing,
    "read_node": nothing,
    "list_devices": nothing,
    "read_region": nothing,
    "read_device": nothing,
    "list_round_trip_times": nothing,
    "register_provider": the_documented_region,
    "list_providers": nothing,
    "register_buyer": the_documented_region,
    "list_buyers": nothing,
    "add_member": nothing,
    "list_members": a_member,
    "read_member": a_member,
    "change_member": a_member,
    "remove_member": a_member,
    "issue_key": nothing,
    "list_keys": a_key,
    "read_key": a_key,
    "read_current_key": nothing,
    "rotate_key": a_key,
    "revoke_key": a_key,
    "read_policy": nothing,
    "list_policy_presets": nothing,
    "set_policy": nothing,
    "list_transfers": a_round,
    "check_ledger": nothing,
    "list_accounts": nothing,
    "read_account": a_buyers_account,
    "deposit": a_buyers_account,
    "pay_out": a_paid_provider,
    "set_credit_limit": a_buyers_account,
    "list_invoices": nothing,
    "list_statements": nothing,
    "create_voucher_pool": nothing,
    "list_voucher_pools": a_voucher_pool,
    "read_voucher_pool": a_voucher_pool,
    "compare_scenarios": an_order,
    "sweep_scenarios": an_order,
    "replay_round": a_round,
    "stream_events": an_order,
    "list_audit": an_order,
    "create_webhook": nothing,
    "list_webhooks": a_webhook,
    "read_webhook": a_webhook,
    "change_webhook": a_webhook,
    "remove_webhook": a_webhook,
    "rotate_secret": a_webhook,
    "test_webhook": a_webhook,
    "list_deliveries": a_delivery,
    "replay_events": a_webhook,
    "retry_delivery": a_delivery,
    "read_exchange": a_round,
    "open_demo_session": nothing,
    "read_health": nothing,
    "read_metrics": from_this_machine,
    "read_readiness": nothing,
}
"""An operation that is not here has no example that anybody ran."""
