"""Webhooks over HTTP: what their owners can do, and what nobody else can."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from api_house import House, Json, Keys, build_exchange, build_test_app, refusal
from fastapi.testclient import TestClient

from market.persistence.database import Database

pytestmark = pytest.mark.slow

URL = "https://receiver.example/suanli"
Body = dict[str, Any]


@pytest.fixture
def webhook(house: House) -> Json:
    """One of the first buyer's."""
    answer = house.ask("POST", "/v1/webhooks", house.keys.buyer, json={"url": URL, "kinds": ["order.*"]})
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


@pytest.fixture
def house_with_room_inside(market_url: str, keys: Keys) -> Iterator[House]:
    """The same house, whose operator allows receivers on this machine."""
    with closing(Database(market_url)) as database:
        exchange, clock = build_exchange(database)
        app = build_test_app(exchange, clock, webhook_allowed_hosts=("127.0.0.1", "receiver.internal"))
        with TestClient(app) as client:
            yield House(client, exchange, clock, keys)


def test_the_secret_is_shown_once(house: House, webhook: Json) -> None:
    assert webhook["secret"].startswith("whsec_")
    assert webhook["state"] == "active"
    assert webhook["organisation_id"] == "buy_0001"
    path = f"/v1/webhooks/{webhook['id']}"
    shown = house.ask("GET", path, house.keys.buyer).json()
    assert shown == {name: value for name, value in webhook.items() if name != "secret"}
    rotated = house.ask("POST", f"{path}/rotate-secret", house.keys.buyer).json()
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != webhook["secret"]


def test_a_repetition_shows_no_secret(house: House) -> None:
    again = {"headers": {"Idempotency-Key": "once"}, "json": {"url": URL}}
    first = house.ask("POST", "/v1/webhooks", house.keys.buyer, **again).json()
    second = house.ask("POST", "/v1/webhooks", house.keys.buyer, **again)
    assert second.headers["idempotent-replayed"] == "true"
    assert second.json() == {**first, "secret": None}


def test_one_is_changed_paused_and_removed(house: House, webhook: Json) -> None:
    path = f"/v1/webhooks/{webhook['id']}"
    changes = {"kinds": ["round.landed", "order.*"], "description": "Scheduler", "state": "paused"}
    changed = house.ask("PATCH", path, house.keys.buyer, json=changes)
    assert changed.status_code == 200, changed.text
    assert changed.json()["kinds"] == ["order.*", "round.landed"]
    assert changed.json()["state"] == "paused"
    stale = house.ask("PATCH", path, house.keys.buyer, json={}, headers={"If-Match": '"stale"'})
    refusal(stale, 412, "precondition_failed")
    refusal(house.ask("POST", f"{path}/test", house.keys.buyer), 409, "webhook_not_active")
    once = {"headers": {"Idempotency-Key": "gone"}}
    assert house.ask("POST", f"{path}/remove", house.keys.buyer, **once).json()["state"] == "removed"
    assert house.ask("POST", f"{path}/remove", house.keys.buyer, **once).json()["state"] == "removed"
    refusal(house.ask("GET", path, house.keys.buyer), 404, "not_found")
    assert house.ask("GET", "/v1/webhooks", house.keys.buyer).json()["items"] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("POST", "/remove"),
        ("POST", "/rotate-secret"),
        ("POST", "/test"),
        ("GET", "/deliveries"),
        ("POST", "/replay"),
        ("POST", "/deliveries/dlv_0000000000000001/retry"),
    ],
)
def test_somebody_elses_is_as_good_as_not_there(house: House, webhook: Json, method: str, path: str) -> None:
    body: Body = {"json": {"after": "evt_0000000000000000"}} if path == "/replay" else {}
    body = {"json": {"state": "paused"}} if method == "PATCH" else body
    for key in (house.keys.other_buyer, house.keys.provider):
        answer = house.ask(method, f"/v1/webhooks/{webhook['id']}{path}", key, **body)
        refusal(answer, 404, "not_found")
    assert house.ask("GET", "/v1/webhooks", house.keys.other_buyer).json()["items"] == []


def test_the_operator_sees_all_and_has_some_of_its_own(house: House, webhook: Json) -> None:
    own = house.ask("POST", "/v1/webhooks", house.keys.operator, json={"url": URL}).json()
    assert own["organisation_id"] is None
    listed = house.ask("GET", "/v1/webhooks", house.keys.operator).json()["items"]
    assert [one["id"] for one in listed] == [webhook["id"], own["id"]]
    named = house.ask(
        "POST", "/v1/webhooks", house.keys.operator, json={"url": URL, "organisation_id": "buy_0002"}
    )
    assert named.json()["organisation_id"] == "buy_0002"


REFUSED_URLS = [
    "http://receiver.example/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://localhost/",
    "https://a.localhost/",
    "https://10.0.0.7/",
    "https://192.168.1.1/",
    "https://172.16.0.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://100.100.100.200/",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[fe80::1]/",
    "https://[fd00::1]/",
    "https://[ff02::1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://user:password@receiver.example/",
    "https://receiver.example/#here",
    "https://receiver.example:0/",
    "https://receiver.example:99999/",
    "https://receiver example/",
    "https://re\u0441eiver.example/",
    "ftp://receiver.example/",
    "file:///etc/passwd",
    "//receiver.example/",
    "receiver.example",
    "https://",
    "https://[::1",
    "https://receiver.example/" + "a" * 2000,
]


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_a_webhook_points_to_a_public_place(house: House, url: str) -> None:
    answer = house.ask("POST", "/v1/webhooks", house.keys.buyer, json={"url": url})
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] in {"invalid_webhook_url", "malformed_request"}


def test_what_a_webhook_is_called_has_no_control_characters(house: House) -> None:
    body = {"url": "https://receiver.example/suanli", "description": "Scheduler\u0007"}
    problem = refusal(
        house.ask("POST", "/v1/webhooks", house.keys.buyer, json=body), 422, "malformed_request"
    )
    assert problem["errors"] == [{"loc": ["body", "description"], "msg": "text has no control characters"}]
    named = house.ask("POST", "/v1/webhooks", house.keys.buyer, json={**body, "description": ""})
    assert named.status_code == 201, named.text


def test_the_operator_may_allow_places_inside(house_with_room_inside: House) -> None:
    house = house_with_room_inside
    for url in ("http://127.0.0.1:9/", "http://receiver.internal/x", "https://receiver.internal/x"):
        answer = house.ask("POST", "/v1/webhooks", house.keys.buyer, json={"url": url})
        assert answer.status_code == 201, answer.text
    refusal(
        house.ask("POST", "/v1/webhooks", house.keys.buyer, json={"url": "http://127.0.0.2/"}),
        422,
        "invalid_webhook_url",
    )


def test_kinds_that_never_happen_are_refused(house: House, webhook: Json) -> None:
    body = {"url": URL, "kinds": ["order.eaten"]}
    refusal(house.ask("POST", "/v1/webhooks", house.keys.buyer, json=body), 422, "unknown_event_kind")
    path = f"/v1/webhooks/{webhook['id']}"
    answer = house.ask("PATCH", path, house.keys.buyer, json={"kinds": ["rain.*"]})
    refusal(answer, 422, "unknown_event_kind")


def test_there_are_not_too_many(house: House, webhook: Json) -> None:
    for _ in range(19):
        assert house.ask("POST", "/v1/webhooks", house.keys.buyer, json={"url": URL}).status_code == 201
    refusal(house.ask("POST", "/v1/webhooks", house.keys.buyer, json={"url": URL}), 409, "too_many_webhooks")
    assert house.ask("POST", "/v1/webhooks", house.keys.other_buyer, json={"url": URL}).status_code == 201


def test_deliveries_tell_how_it_went(house_with_room_inside: House) -> None:
    """Nobody listens there: each try is written down."""
    house = house_with_room_inside
    body = {"url": "http://127.0.0.1:9/", "kinds": ["order.*"]}
    created = house.ask("POST", "/v1/webhooks", house.keys.buyer, json=body).json()
    path = f"/v1/webhooks/{created['id']}"
    assert house.ask("POST", f"{path}/test", house.keys.buyer).status_code == 200
    items: list[Json] = []
    while not (items and items[0]["attempts"]):  # the test's own time limit ends a wait in vain
        items = house.ask("GET", f"{path}/deliveries?state=pending", house.keys.buyer).json()["items"]
    newest = items[0]
    assert newest["kind"] == "webhook.tested"
    assert newest["attempts"][0]["error"] == "connection_failed"
    assert newest["attempts"][0]["status"] is None
    retried = house.ask("POST", f"{path}/deliveries/{newest['id']}/retry", house.keys.buyer)
    assert retried.json()["state"] == "pending"
    refusal(
        house.ask("POST", f"{path}/deliveries/nonsense/retry", house.keys.buyer), 422, "invalid_delivery_id"
    )


def test_a_key_needs_the_scope(house: House, webhook: Json) -> None:
    body = {"name": "reader", "scopes": ["read"]}
    reader = house.ask("POST", "/v1/keys", house.keys.buyer, json=body).json()["secret"]
    refusal(house.ask("POST", "/v1/webhooks", reader, json={"url": URL}), 403, "missing_scope")
    assert house.ask("GET", f"/v1/webhooks/{webhook['id']}", reader).status_code == 200


def test_who_only_reads_sees_the_host_alone(house: House) -> None:
    """What stands behind it is often all that it takes to send there."""
    url = "https://receiver.example:8443/hooks/T0/s3cret?token=s3cret"
    made = house.ask("POST", "/v1/webhooks", house.keys.buyer, json={"url": url}).json()
    path = f"/v1/webhooks/{made['id']}"
    asked = {"name": "dashboard", "scopes": ["read"]}
    reading = house.ask("POST", "/v1/keys", house.keys.buyer, json=asked).json()["secret"]
    for key, shown in ((reading, "https://receiver.example:8443/…"), (house.keys.buyer, url)):
        (listed,) = house.ask("GET", "/v1/webhooks", key).json()["items"]
        assert listed["url"] == house.ask("GET", path, key).json()["url"] == shown


def test_a_webhook_says_who_made_it_and_outlives_the_key(house: House) -> None:
    asked = {"name": "leaving", "scopes": ["read", "webhooks:write"]}
    issued = house.ask("POST", "/v1/keys", house.keys.buyer, json=asked).json()
    made = house.ask("POST", "/v1/webhooks", issued["secret"], json={"url": URL}).json()
    assert made["created_by"] == issued["id"]
    assert house.ask("POST", f"/v1/keys/{issued['id']}/revoke", house.keys.buyer).status_code == 200
    shown = house.ask("GET", f"/v1/webhooks/{made['id']}", house.keys.buyer).json()
    assert (shown["state"], shown["created_by"]) == ("active", issued["id"])


def test_what_an_operator_disables_only_an_operator_takes_back(house: House, webhook: Json) -> None:
    path = f"/v1/webhooks/{webhook['id']}"

    def change(key: str, state: str) -> Any:
        return house.ask("PATCH", path, key, json={"state": state})

    refusal(change(house.keys.buyer, "disabled"), 403, "not_permitted")
    disabled = change(house.keys.operator, "disabled").json()
    assert (disabled["state"], disabled["disabled_reason"]) == ("disabled", "operator")
    for state in ("active", "paused"):
        refusal(change(house.keys.buyer, state), 409, "webhook_disabled_by_operator")
    assert house.ask("PATCH", path, house.keys.buyer, json={"description": "x"}).json()["state"] == "disabled"
    told = house.ask(
        "GET", "/v1/events?resource=webhook", house.keys.buyer, headers={"Accept": "application/json"}
    )
    assert [e["data"]["reason"] for e in told.json()["items"] if e["kind"] == "webhook.disabled"] == [
        "operator"
    ]
    active = change(house.keys.operator, "active").json()
    assert (active["state"], active["disabled_reason"]) == ("active", None)
    assert change(house.keys.buyer, "paused").json()["state"] == "paused"
