"""Who sees what: every operation of the document, asked for what is another tenant's.

The table says of each operation how it treats a stranger. One that is not in it fails the test, and so does a field that
names somebody and is not in the second one.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from enum import Enum, auto

import pytest
from api_house import NOW, House, Json, Keys, build_exchange, build_test_app, order_body, refusal
from databases import Databases
from fastapi.testclient import TestClient
from tenants import A_BUYER, B_BUYER, HOUR, World, furnish, get
from test_contract_examples import document, operations

from api.contract.access import ROLES
from market.domain.clock import rfc3339
from market.domain.parties import Role
from market.persistence.database import Database

pytestmark = pytest.mark.slow


class Rule(Enum):
    """How an operation treats whoever is no party to what it is asked for."""

    PUBLIC = auto()
    """Answered without a key; nothing of any tenant but what it lists."""
    THEIRS = auto()
    """What the path names is another tenant's: 404, as if it were not there."""
    ROWS = auto()
    """One's own rows, or what all who take part may see; nothing of another tenant."""
    OPERATORS = auto()
    """403 for everybody else."""
    MAKES = auto()
    """Makes something of one's own; what it may name is in the second table."""


BY_RULE: Mapping[Rule, str] = {
    Rule.PUBLIC: """
        read_forecast_score read_prices list_rounds read_round price_round read_round_schedule
        list_offerings read_offering read_calendar list_versions list_regions read_region list_nodes
        read_node list_devices read_device list_round_trip_times list_providers read_policy list_policy_presets
        follow_round stream_events read_exchange open_demo_session read_health read_readiness read_metrics
        """,
    Rule.THEIRS: """
        read_order amend_order submit_draft cancel_order explain_order read_quote release_quote
        read_allocation report_start report_heartbeat report_completion report_failure amend_offering
        withdraw_offering drain_offering add_maintenance read_member change_member remove_member
        read_key rotate_key revoke_key read_account
        read_webhook change_webhook remove_webhook rotate_secret test_webhook list_deliveries replay_events
        retry_delivery
        """,
    Rule.ROWS: """
        list_orders count_orders list_allocations list_buyers list_members list_keys read_current_key list_transfers
        list_accounts list_invoices list_statements list_voucher_pools read_voucher_pool
        list_webhooks
        """,
    Rule.OPERATORS: """
        clear_round read_round_problem read_round_clearing replay_round keep_time node_down node_up
        add_region add_node register_provider register_buyer set_policy check_ledger deposit pay_out
        set_credit_limit create_voucher_pool compare_scenarios sweep_scenarios list_audit
        """,
    Rule.MAKES: """
        submit_order submit_orders quote_order list_offering add_member issue_key
        create_webhook
        """,
}
TABLE = {name: rule for rule, names in BY_RULE.items() for name in names.split()}

REGARDLESS, NOTHING = "as if one had not asked", "no rows"
Outcome = tuple[int, str] | str
FIELDS: Mapping[tuple[str, str], Outcome | Mapping[Role, Outcome]] = {
    ("submit_order", "buyer_id"): (403, "not_permitted"),
    ("submit_order", "quote_id"): (422, "unknown_quote"),
    ("quote_order", "buyer_id"): (403, "not_permitted"),
    ("quote_order", "quote_id"): REGARDLESS,
    ("list_offering", "provider_id"): (403, "not_permitted"),
    ("add_member", "organisation_id"): (403, "not_permitted"),
    ("issue_key", "organisation_id"): (403, "not_permitted"),
    ("issue_key", "member_id"): (422, "unknown_member"),
    ("create_webhook", "organisation_id"): (403, "not_permitted"),
    ("list_orders", "buyer_id"): (403, "not_permitted"),
    ("count_orders", "buyer_id"): (403, "not_permitted"),
    ("list_allocations", "order_id"): NOTHING,
    ("list_allocations", "offering_id"): NOTHING,
    ("list_allocations", "provider_id"): {Role.BUYER: NOTHING, Role.PROVIDER: (403, "not_permitted")},
    ("list_allocations", "round_id"): REGARDLESS,
    ("list_members", "organisation_id"): (403, "not_permitted"),
    ("list_keys", "organisation_id"): (403, "not_permitted"),
    ("list_keys", "member_id"): NOTHING,
    ("list_transfers", "order_id"): NOTHING,
    ("list_transfers", "allocation_id"): NOTHING,
    ("list_transfers", "round_id"): REGARDLESS,
    ("list_transfers", "account_id"): (404, "not_found"),
    ("list_accounts", "owner_id"): NOTHING,
    ("list_invoices", "buyer_id"): (403, "not_permitted"),
    ("list_statements", "provider_id"): (403, "not_permitted"),
    ("stream_events", "resource_id"): NOTHING,
}
"""What comes of naming another tenant's, in a body or a query; by role where roles differ."""
ASKED_WITH = {("stream_events", "resource_id"): {"resource": "order"}}
"""What a field is not asked for without."""
NAMELESS = frozenset({"count_orders"})
"""Answers with rows of one's own that name nobody: numbers."""
OF_ALL = frozenset(
    {
        "node_id",
        "region_id",
        "device_id",
        "home_region_id",
        "voucher_pool_id",
        "from_region_id",
        "to_region_id",
    }
)
"""Fields that name what belongs to the market."""
OF_THE_CATALOGUE = frozenset({"list_offerings", "read_prices", "list_providers"})
"""Operations that are public whatever they are asked for."""


@pytest.fixture(scope="module")
def world(databases: Databases, loaded_market: tuple[str, Keys]) -> Iterator[World]:
    original, keys = loaded_market
    with databases.copied(original) as url, closing(Database(url)) as database:
        exchange, clock = build_exchange(database)
        with TestClient(build_test_app(exchange, clock, demo_sessions=False)) as client:
            yield furnish(House(client, exchange, clock, keys))


def without_ids(problem: Json, values: Mapping[str, str]) -> str:
    text = str(problem)
    for id_ in values.values():
        text = text.replace(id_, "…")
    return text


def named(rule: Rule) -> list[str]:
    return [name for name, its in TABLE.items() if its is rule and name in operations()]


def test_every_operation_says_how_it_treats_a_stranger() -> None:
    assert sorted(TABLE) == sorted(operations())
    keyless = {
        name for name, (_, _, op) in operations().items() if not op.get("security") or {} in op["security"]
    }
    assert set(named(Rule.PUBLIC)) == keyless
    assert set(named(Rule.OPERATORS)) == {name for name, roles in ROLES.items() if roles == (Role.OPERATOR,)}


def test_the_world_is_there_for_those_it_belongs_to(world: World) -> None:
    for name in named(Rule.THEIRS):
        if operations()[name][0] == "GET":
            assert world.ask(name, world.a_buyer).status_code == 200, name
    for name in named(Rule.ROWS):
        answer = world.ask(name, world.a_buyer if Role.BUYER in ROLES[name] else world.a_provider)
        assert answer.status_code == 200, answer.text
        assert world.tell_tales(answer) or name in NAMELESS, name


@pytest.mark.parametrize("name", sorted(TABLE))
def test_without_a_key(world: World, name: str) -> None:
    answer = world.ask(name, None)
    if TABLE[name] is not Rule.PUBLIC:
        refusal(answer, 401, "missing_key")
    assert world.tell_tales(answer) == []


@pytest.mark.parametrize("name", named(Rule.THEIRS))
def test_what_is_anothers_is_not_there(world: World, name: str) -> None:
    for role, key in world.b.items():
        status, code = (404, "not_found") if role in ROLES[name] else (403, "not_permitted")
        there = refusal(world.ask(name, key), status, code)
        nowhere = refusal(world.elsewhere().ask(name, key), status, code)
        assert without_ids(there, world.values) == without_ids(nowhere, world.elsewhere().values)


@pytest.mark.parametrize("name", named(Rule.ROWS) + named(Rule.PUBLIC))
def test_lists_show_nothing_of_anothers(world: World, name: str) -> None:
    for role, key in world.b.items():
        answer = world.ask(name, key)
        if role in ROLES.get(name, tuple(Role)):
            assert world.tell_tales(answer) == [], role
        else:
            refusal(answer, 403, "not_permitted")


@pytest.mark.parametrize("name", named(Rule.OPERATORS))
def test_what_is_the_operators_is_refused(world: World, name: str) -> None:
    for key in (world.a_buyer, world.a_provider, *world.b.values()):
        refusal(world.ask(name, key), 403, "not_permitted")


# Fields that name somebody


def fields() -> Iterator[tuple[str, str, str]]:
    """Every field of a body or a query that can name something: operation, where, field."""
    schemas = document()["components"]["schemas"]
    for name, (_, _, operation) in operations().items():
        sent = (
            operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        )
        parts = [sent, *sent.get("anyOf", []), *sent.get("oneOf", [])]
        for part in [schemas[one["$ref"].rsplit("/", 1)[1]] for one in parts if "$ref" in one]:
            yield from (
                (name, "body", field) for field in part.get("properties", {}) if field.endswith("_id")
            )
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query" and parameter["name"].endswith("_id"):
                yield name, "query", parameter["name"]


def test_every_field_that_names_somebody_is_in_the_table() -> None:
    open_to_all = {
        (name, field)
        for name, _, field in fields()
        if field in OF_ALL or name in OF_THE_CATALOGUE or ROLES.get(name) == (Role.OPERATOR,)
    }
    assert {(name, field) for name, _, field in fields()} - open_to_all == set(FIELDS)


@pytest.mark.parametrize(("name", "where", "field"), [one for one in fields() if (one[0], one[2]) in FIELDS])
def test_naming_what_is_anothers(world: World, name: str, where: str, field: str) -> None:
    asked = {field: world.values[field], **ASKED_WITH.get((name, field), {})}
    roles = [role for role in world.b if role in ROLES.get(name, tuple(Role))]
    assert roles
    for role in roles:
        answer = world.ask(name, world.b[role], **{where: asked})
        told = FIELDS[name, field]
        outcome = told[role] if isinstance(told, Mapping) else told
        if isinstance(outcome, tuple):
            problem = refusal(answer, *outcome)
            assert all(told in world.values[field] for told in world.tell_tales(answer)), problem
        else:
            assert answer.status_code == 200, answer.text
            assert outcome is REGARDLESS or answer.json()["items"] == []
            assert world.tell_tales(answer) == []


def test_one_order_of_many_for_somebody_else_is_refused_alone(world: World) -> None:
    orders = [
        {**order_body(deadline=rfc3339(NOW + 20 * HOUR)), "draft": True, **more}
        for more in ({}, {"buyer_id": A_BUYER}, {"draft": False, "quote_id": world.values["quote_id"]})
    ]
    answer = world.house.ask("POST", "/v1/orders/batch", world.b[Role.BUYER], json={"orders": orders})
    codes = [item.get("error", {}).get("code") for item in answer.json()["items"]]
    assert codes == [None, "not_permitted", "unknown_quote"]
    assert answer.json()["items"][0]["order"]["buyer_id"] == B_BUYER


def test_an_idempotency_key_is_each_keys_own(world: World) -> None:
    headers = {"Idempotency-Key": "the-same"}
    body = {**order_body(deadline=rfc3339(NOW + 20 * HOUR)), "draft": True}
    first, second = (
        world.house.ask("POST", "/v1/orders", key, json=body, headers=headers).json()
        for key in (world.a_buyer, world.b[Role.BUYER])
    )
    assert (first["buyer_id"], second["buyer_id"]) == (A_BUYER, B_BUYER)


def test_a_provider_learns_whom_it_serves_and_nothing_of_what_they_bid(world: World) -> None:
    """The buyer's id and the order's stand on what was granted; limits, other orders and quotes nowhere."""
    house, key = world.house, world.a_provider
    served = get(house, f"/v1/allocations/{world.values['allocation_id']}", key)
    assert (served["buyer_id"], served["order_id"]) == (A_BUYER, world.values["order_id"])
    told = {A_BUYER, world.values["order_id"], world.values["allocation_id"]}
    hidden = {"limit_price", "held", world.values["quote_id"]}
    lists = ("list_allocations", "list_transfers", "list_accounts", "list_statements", "stream_events")
    own = {
        one["id"]
        for path in ("keys", "members", "ledger/transfers")
        for one in get(house, f"/v1/{path}", key)["items"]
    }
    own |= {"a.example", "A's own"}
    for name in lists:
        answer = world.ask(name, key)
        assert answer.status_code == 200
        assert set(world.tell_tales(answer)) <= told | own, name
        assert not [word for word in hidden if f'"{word}"' in answer.text], name
