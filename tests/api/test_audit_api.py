"""The audit: whatever is changed over HTTP leaves a line that says who did it, with which request."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from api_house import House, refusal
from contract_seeds import SEEDS
from test_contract_examples import key_of, operations, send_example

from api.contract.access import ROLES
from market.domain.audience import Audience
from market.domain.parties import Role

pytestmark = pytest.mark.slow

SILENT: Mapping[str, str] = {
    "report_heartbeat": "a sign of life every few minutes changes nothing; its absence is told",
    "submit_orders": "its documented batch is told order by order, as submit_order is",
    "quote_order": "a question, unless it is held; then quote.held is told",
    "compare_scenarios": "a question: nothing is stored",
    "sweep_scenarios": "a question: nothing is stored",
    "replay_round": "a question: nothing is stored",
    "keep_time": "what time brings about is told of each thing; where nothing was due, nothing is",
    "open_demo_session": "lent by the exchange itself, not by a key",
}
"""Operations that change nothing by themselves, and why."""
MUTATING = sorted(
    name for name, (method, _, _) in operations().items() if method != "GET" and name not in SILENT
)


@pytest.mark.parametrize("name", MUTATING)
def test_every_change_leaves_its_actor_and_request(house: House, name: str) -> None:
    seeded = SEEDS[name](house)
    if name == "change_member":
        seeded = replace(
            seeded, body={"name": "Han Meimei"}
        )  # the documented one is what she is called already
    roles = ROLES.get(name) or (Role.BUYER,)
    role = next((one for one in (*seeded.keys, Role.BUYER, Role.PROVIDER) if one in roles), Role.OPERATOR)
    key = key_of(house, role, seeded)
    assert key is not None
    before = house.client.app.state.desk.enquiries.newest_event()  # type: ignore[attr-defined]
    answer = send_example(house, name, key, seeded)
    assert answer.is_success, answer.text
    actor = house.exchange.authenticate(key).key_id
    told = house.client.app.state.desk.enquiries.events_after(  # type: ignore[attr-defined]
        before, 1000, Audience(everything=True)
    )
    mine = [event for event in told if event.actor == actor]
    assert mine, [event.kind for event in told]
    assert {event.request_id for event in mine} == {answer.headers["x-request-id"]}


def test_only_operators_read_it(house: House) -> None:
    for key in (house.keys.buyer, house.keys.provider):
        refusal(house.ask("GET", "/v1/audit", key), 403, "not_permitted")
    refusal(house.ask("GET", "/v1/audit"), 401, "missing_key")


def test_it_tells_who_did_what_with_which_request(house: House) -> None:
    member = house.ask(
        "POST",
        "/v1/members",
        house.keys.buyer,
        json={"name": "Li Lei", "email": "l@lab.example", "role": "owner"},
    ).json()
    body = {"name": "laptop", "member_id": member["id"], "scopes": ["read", "orders:write"]}
    issued = house.ask("POST", "/v1/keys", house.keys.buyer, json=body).json()
    order = house.submit()
    cancelled = house.ask(
        "POST", f"/v1/orders/{order['id']}/cancel", issued["secret"], headers={"X-Request-ID": "mine-7"}
    )
    assert cancelled.status_code == 200, cancelled.text
    query = {"resource": "order", "resource_id": order["id"]}
    lines = house.ask("GET", "/v1/audit", house.keys.operator, params=query).json()["items"]
    assert [one["kind"] for one in lines] == ["order.cancelled", "order.submitted"]  # newest first
    newest = lines[0]
    assert newest["actor"] == issued["id"]
    assert (newest["role"], newest["organisation_id"], newest["member"]) == ("buyer", "buy_0001", "Li Lei")
    assert newest["request_id"] == "mine-7"


def test_it_is_filtered_and_paged(house: House) -> None:
    order = house.submit()
    house.clear()

    def kinds(**query: str | int) -> list[str]:
        answer = house.ask("GET", "/v1/audit", house.keys.operator, params=query)
        assert answer.status_code == 200, answer.text
        return [one["kind"] for one in answer.json()["items"]]

    assert kinds(organisation="buy_0001", kinds="order.*") == ["order.submitted"]
    assert kinds(actor="exchange", resource="order") == ["order.placed_in_round"]
    assert kinds(kinds="round.*") == ["round.landed", "round.clearing"]
    assert kinds(resource="order", resource_id=order["id"]) == ["order.placed_in_round", "order.submitted"]
    assert kinds(since="2025-07-16T07:00:01Z") == []
    assert "order.submitted" not in kinds(until="2025-07-16T07:00:00Z")
    first = house.ask("GET", "/v1/audit", house.keys.operator, params={"limit": 2}).json()
    rest = house.ask(
        "GET", "/v1/audit", house.keys.operator, params={"limit": 2, "cursor": first["next_cursor"]}
    ).json()
    ids = [one["id"] for one in first["items"] + rest["items"]]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 4
