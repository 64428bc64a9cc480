"""Members and keys over HTTP: secrets are shown once, answers are repeated without them, uses are written."""

import asyncio
from contextlib import closing

from api_house import OPERATOR, House, Json, build_exchange, build_test_app, order_body, refusal
from fastapi.testclient import TestClient

from api.operations.key_use import writing_key_uses
from market.domain.parties import Role
from market.persistence.database import Database
from market.persistence.store import Store


def issue(house: House, key: str, **more: object) -> Json:
    body = {"name": "test", "scopes": ["read"], **more}
    answer = house.ask("POST", "/v1/keys", key, json=body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/keys/{answer.json()['id']}"
    return dict(answer.json())


def test_a_key_is_shown_with_its_secret_once_and_works(house: House) -> None:
    issued = issue(
        house, house.keys.buyer, scopes=["orders:write", "read"], expires_at="2025-08-01T00:00:00Z"
    )
    assert issued["scopes"] == issued["effective_scopes"] == ["read", "orders:write"]
    assert issued["secret"].startswith(issued["prefix"])
    assert house.ask("POST", "/v1/orders", issued["secret"], json=order_body()).status_code == 201
    shown = house.ask("GET", f"/v1/keys/{issued['id']}", house.keys.buyer).json()
    assert "secret" not in shown
    assert (shown["state"], shown["organisation_id"], shown["member_id"]) == ("live", "buy_0001", None)
    assert shown["last_used_at"] == "2025-07-16T07:00:00Z"
    listed = house.ask("GET", "/v1/keys", house.keys.buyer).text
    assert issued["id"] in listed
    assert issued["secret"].removeprefix(issued["prefix"]) not in listed


def test_every_key_may_know_itself(house: House) -> None:
    owner = house.ask("GET", "/v1/keys/current", house.keys.provider).json()
    assert (owner["role"], owner["scopes"], owner["organisation_id"]) == ("provider", ["*"], "prv_0062")
    assert owner["effective_scopes"] == [
        "read",
        "offerings:write",
        "allocations:write",
        "webhooks:write",
        "access:write",
    ]
    blind = issue(house, house.keys.provider, scopes=["allocations:write"])
    found = house.ask("GET", "/v1/keys/current", blind["secret"]).json()
    assert (found["id"], found["created_by"]) == (blind["id"], owner["id"])
    refusal(house.ask("GET", f"/v1/keys/{blind['id']}", blind["secret"]), 403, "missing_scope")


def test_a_repetition_finds_the_key_and_no_secret(house: House) -> None:
    headers, body = {"Idempotency-Key": "once"}, {"name": "test", "scopes": ["read"]}
    first, again = (
        house.ask("POST", "/v1/keys", house.keys.buyer, json=body, headers=headers) for _ in range(2)
    )
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["secret"] is None
    assert "rotate" in again.json()["note"]
    path = f"/v1/keys/{first.json()['id']}/rotate"
    headers = {"Idempotency-Key": "once-more"}
    rotated, repeated = (house.ask("POST", path, house.keys.buyer, headers=headers) for _ in range(2))
    assert (repeated.headers["idempotent-replayed"], repeated.json()["secret"]) == ("true", None)
    assert house.ask("GET", "/v1/orders", rotated.json()["secret"]).status_code == 200


def test_a_rotation_with_an_overlap_tells_until_when(house: House) -> None:
    first = issue(house, house.keys.buyer)
    path = f"/v1/keys/{first['id']}/rotate"
    rotated = house.ask("POST", path, house.keys.buyer, json={"overlap_minutes": 30}).json()
    assert (rotated["id"], rotated["previous_secret_until"]) == (first["id"], "2025-07-16T07:30:00Z")
    for secret in (first["secret"], rotated["secret"]):
        assert house.ask("GET", "/v1/orders", secret).status_code == 200
    ended = house.ask("POST", path, house.keys.buyer).json()
    assert ended["previous_secret_until"] is None
    refusal(house.ask("GET", "/v1/orders", first["secret"]), 401, "unknown_key")
    refusal(house.ask("GET", "/v1/orders", rotated["secret"]), 401, "key_rotated")
    for minutes in (-1, 1441, 1.5, "30"):
        body = {"overlap_minutes": minutes}
        refusal(house.ask("POST", path, house.keys.buyer, json=body), 422, "malformed_request")


def test_a_revoked_key_is_refused_at_its_next_request(house: House) -> None:
    issued = issue(house, house.keys.buyer)
    assert house.ask("GET", "/v1/orders", issued["secret"]).status_code == 200
    revoked = house.ask("POST", f"/v1/keys/{issued['id']}/revoke", house.keys.buyer).json()
    assert (revoked["state"], revoked["revoked_at"]) == ("revoked", "2025-07-16T07:00:00Z")
    answer = house.ask("GET", "/v1/orders", issued["secret"])
    refusal(answer, 401, "key_revoked")
    assert answer.headers["www-authenticate"] == "Bearer"
    refusal(house.ask("POST", f"/v1/keys/{issued['id']}/rotate", house.keys.buyer), 409, "key_ended")


def test_a_member_acts_as_far_as_its_role_goes(house: House) -> None:
    body = {"name": "李明", "email": "li.ming@lab.example", "role": "editor"}
    answer = house.ask("POST", "/v1/members", house.keys.buyer, json=body)
    assert answer.status_code == 201, answer.text
    member = answer.json()
    assert answer.headers["location"] == f"/v1/members/{member['id']}"
    key = issue(house, house.keys.buyer, scopes=["*"], member_id=member["id"])
    assert key["effective_scopes"] == ["read", "orders:write", "webhooks:write"]
    refusal(house.ask("POST", "/v1/members", key["secret"], json=body), 403, "missing_scope")
    path = f"/v1/members/{member['id']}"
    changed = house.ask("PATCH", path, house.keys.buyer, json={"role": "viewer"}).json()
    assert changed == {**member, "role": "viewer"}
    refusal(house.ask("POST", "/v1/orders", key["secret"], json=order_body()), 403, "missing_scope")
    removed = house.ask("POST", f"{path}/remove", house.keys.buyer).json()
    assert removed["state"] == "removed"
    refusal(house.ask("GET", "/v1/orders", key["secret"]), 401, "key_revoked")
    refusal(house.ask("PATCH", path, house.keys.buyer, json={"name": "x"}), 409, "member_removed")


def test_a_member_is_changed_only_as_it_was_seen(house: House) -> None:
    body = {"name": "李明", "email": "li.ming@lab.example", "role": "editor"}
    path = f"/v1/members/{house.ask('POST', '/v1/members', house.keys.buyer, json=body).json()['id']}"
    seen = {"If-Match": house.ask("GET", path, house.keys.buyer).headers["etag"]}
    first = house.ask("PATCH", path, house.keys.buyer, json={"name": "Li"}, headers=seen)
    assert first.json()["name"] == "Li"
    late = house.ask("PATCH", path, house.keys.buyer, json={"name": "Ming"}, headers=seen)
    refusal(late, 412, "precondition_failed")


def test_what_cannot_be_a_member_or_a_key(house: House) -> None:
    good = {"name": "Li", "email": "li@lab.example", "role": "editor"}
    for wrong in ({"email": "nowhere"}, {"role": "king"}, {"name": ""}, {"role": None}, {"state": "active"}):
        answer = house.ask("POST", "/v1/members", house.keys.buyer, json={**good, **wrong})
        refusal(answer, 422, "malformed_request")
    asked = {"name": "test", "scopes": ["read"]}
    for wrong in (
        {"scopes": []},
        {"scopes": ["write"]},
        {"scopes": None},
        {"name": ""},
        {"role": "operator"},
    ):
        answer = house.ask("POST", "/v1/keys", house.keys.buyer, json={**asked, **wrong})
        refusal(answer, 422, "malformed_request")
    beyond = house.ask("POST", "/v1/keys", house.keys.buyer, json={**asked, "scopes": ["money:write"]})
    assert refusal(beyond, 422, "invalid_scopes")["scopes"] == ["money:write"]
    unknown = {**good, "organisation_id": "buy_none"}
    refusal(house.ask("POST", "/v1/members", house.keys.operator, json=unknown), 422, "unknown_organisation")


def test_uses_are_written_while_the_exchange_is_up_and_when_it_closes(market_url: str) -> None:
    with closing(Database(market_url)) as database:
        exchange, clock = build_exchange(database)
        secret = exchange.issue_key(OPERATOR, Role.BUYER, "buy_0001")
        with TestClient(build_test_app(exchange, clock)) as client:
            headers = {"Authorization": f"Bearer {secret}"}
            key_id = client.get("/v1/keys/current", headers=headers).json()["id"]
            assert stored_use(database, key_id) is None
        assert stored_use(database, key_id) == clock.now()


def test_they_are_written_now_and_then(market_url: str) -> None:
    with closing(Database(market_url)) as database:
        exchange, clock = build_exchange(database)
        actor = exchange.authenticate(exchange.issue_key(OPERATOR, Role.BUYER, "buy_0001"))

        async def until_written() -> None:
            async with writing_key_uses(exchange, every_seconds=0.01):
                while stored_use(database, actor.key_id) is None:
                    await asyncio.sleep(0.01)

        asyncio.run(asyncio.wait_for(until_written(), 60))
        assert stored_use(database, actor.key_id) == clock.now()


def stored_use(database: Database, key_id: str) -> object:
    with database.reading() as session:
        held = Store(session).keys.get(key_id)
    assert held is not None
    return held.key.last_used_at
