"""Idempotency keys: carried out once, answered alike."""

import threading
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from api_house import House, Json, order_body, refusal

from api.schemas import offerings, parties, places
from api.server import ServerThread

ONCE = {"Idempotency-Key": "order-1"}
PARALLEL = 8


def test_an_order_is_submitted_once(house: House) -> None:
    first = house.ask("POST", "/v1/orders", house.keys.buyer, json=order_body(), headers=ONCE)
    again = house.ask("POST", "/v1/orders", house.keys.buyer, json=order_body(), headers=ONCE)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert len(house.ask("GET", "/v1/orders", house.keys.buyer).json()["items"]) == 1


def test_spaces_and_the_order_of_members_do_not_matter(house: House) -> None:
    first = house.ask("POST", "/v1/orders", house.keys.buyer, json=order_body(), headers=ONCE)
    shuffled = dict(reversed(order_body().items()))
    again = house.ask("POST", "/v1/orders", house.keys.buyer, json=shuffled, headers=ONCE)
    assert again.json() == first.json()


def test_the_same_key_for_another_request_is_a_conflict(house: House) -> None:
    order_id = house.ask("POST", "/v1/orders", house.keys.buyer, json=order_body(), headers=ONCE).json()["id"]
    other = house.ask("POST", "/v1/orders", house.keys.buyer, json=order_body(limit_price="1"), headers=ONCE)
    refusal(other, 409, "idempotency_key_reused")
    elsewhere = house.ask("POST", f"/v1/orders/{order_id}/cancel", house.keys.buyer, headers=ONCE)
    refusal(elsewhere, 409, "idempotency_key_reused")


def test_keys_of_different_clients_do_not_meet(house: House) -> None:
    mine = house.ask("POST", "/v1/orders", house.keys.buyer, json=order_body(), headers=ONCE)
    theirs = house.ask("POST", "/v1/orders", house.keys.other_buyer, json=order_body(), headers=ONCE)
    assert theirs.status_code == 201
    assert theirs.json()["id"] != mine.json()["id"]


def test_a_refused_order_is_refused_again_alike(house: House) -> None:
    body = order_body(job={"origin_region": "atlantis"})
    first = house.ask("POST", "/v1/orders", house.keys.buyer, json=body, headers=ONCE)
    again = house.ask("POST", "/v1/orders", house.keys.buyer, json=body, headers=ONCE)
    assert refusal(first, 422, "unknown_region") == refusal(again, 422, "unknown_region")
    assert again.headers["idempotent-replayed"] == "true"


def test_a_batch_is_answered_alike(house: House) -> None:
    body = {"orders": [order_body(), {}, order_body(buyer_id="buy_0002"), order_body(limit_price="0")]}
    first = house.ask("POST", "/v1/orders/batch", house.keys.buyer, json=body, headers=ONCE)
    again = house.ask("POST", "/v1/orders/batch", house.keys.buyer, json=body, headers=ONCE)
    assert first.status_code == again.status_code == 200
    assert again.json() == first.json()
    assert len(house.ask("GET", "/v1/orders", house.keys.buyer).json()["items"]) == 1


def test_a_cancellation_is_answered_alike(house: House) -> None:
    path = f"/v1/orders/{house.submit()['id']}/cancel"
    first = house.ask("POST", path, house.keys.buyer, headers=ONCE)
    again = house.ask("POST", path, house.keys.buyer, headers=ONCE)
    assert (again.status_code, again.json()) == (200, first.json())


def test_a_round_is_cleared_once(house: House) -> None:
    first = house.ask("POST", "/v1/rounds", house.keys.operator, headers=ONCE)
    again = house.ask("POST", "/v1/rounds", house.keys.operator, headers=ONCE)
    assert (again.status_code, again.json()) == (201, first.json())
    assert len(house.ask("GET", "/v1/rounds").json()["items"]) == 1


@pytest.mark.parametrize("path", ["/v1/providers", "/v1/buyers"])
def test_a_registration_is_repeated_without_its_secret(house: House, path: str) -> None:
    body = {"name_zh": "甲", "name_en": "A"}
    first = house.ask("POST", path, house.keys.operator, json=body, headers=ONCE).json()
    again = house.ask("POST", path, house.keys.operator, json=body, headers=ONCE)
    assert first["api_key"]
    assert first["note"] is None
    assert again.status_code == 201
    assert again.json() == {**first, "api_key": None, "note": again.json()["note"]}
    assert "not kept" in again.json()["note"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/regions", {**places.REGION, "id": "new_region"}),
        ("/v1/nodes", {**places.NODE, "region_id": "shanghai", "id": "new_node"}),
        ("/v1/offerings", {**offerings.LISTING, "provider_id": "prv_0062"}),
        ("/v1/buyers", {**parties.BUYER, "home_region_id": None}),
    ],
)
def test_the_catalogue_grows_once(house: House, path: str, body: Json) -> None:
    first = house.ask("POST", path, house.keys.operator, json=body, headers=ONCE)
    again = house.ask("POST", path, house.keys.operator, json=body, headers=ONCE)
    assert first.status_code == again.status_code == 201
    secret = {"api_key": None, "note": None}
    assert {**again.json(), **secret} == {**first.json(), **secret}
    assert again.headers["idempotent-replayed"] == "true"


def test_a_quote_is_asked_again_but_nothing_else_is_under_its_key(house: House) -> None:
    first = house.ask("POST", "/v1/quotes", house.keys.buyer, json=order_body(), headers=ONCE)
    again = house.ask("POST", "/v1/quotes", house.keys.buyer, json=order_body(), headers=ONCE)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    other = house.ask("POST", "/v1/quotes", house.keys.buyer, json=order_body(limit_price="1"), headers=ONCE)
    refusal(other, 409, "idempotency_key_reused")
    order = house.ask("POST", "/v1/orders", house.keys.buyer, json=order_body(), headers=ONCE)
    refusal(order, 409, "idempotency_key_reused")


def test_a_quote_asked_again_tells_the_market_as_it_is(house: House) -> None:
    first = house.ask("POST", "/v1/quotes", house.keys.buyer, json=order_body(), headers=ONCE).json()
    cheapest = first["options"][0]["offering_id"]
    house.ask("POST", f"/v1/offerings/{cheapest}/withdraw", house.keys.operator)
    again = house.ask("POST", "/v1/quotes", house.keys.buyer, json=order_body(), headers=ONCE).json()
    assert cheapest not in {option["offering_id"] for option in again["options"]}


def test_a_refused_quote_leaves_its_key_free(house: House) -> None:
    wrong = order_body(job={"origin_region": "atlantis"})
    refusal(
        house.ask("POST", "/v1/quotes", house.keys.buyer, json=wrong, headers=ONCE), 422, "unknown_region"
    )
    right = house.ask("POST", "/v1/quotes", house.keys.buyer, json=order_body(), headers=ONCE)
    assert right.status_code == 200


def test_a_withdrawal_is_answered_alike(house: House) -> None:
    first = house.ask("POST", "/v1/offerings/off_0001/withdraw", house.keys.provider, headers=ONCE)
    again = house.ask("POST", "/v1/offerings/off_0001/withdraw", house.keys.provider, headers=ONCE)
    assert (again.status_code, again.json()) == (200, first.json())


@pytest.mark.parametrize("key", ["", " ", "a" * 256, "naïve", "a b"])
def test_a_key_that_is_none(house: House, key: str) -> None:
    headers = {"Idempotency-Key": key.encode()}
    answer = house.ask("POST", "/v1/orders", house.keys.buyer, json=order_body(), headers=headers)
    refusal(answer, 422, "invalid_idempotency_key")
    assert house.ask("GET", "/v1/orders", house.keys.buyer).json()["items"] == []


def in_parallel(times: int, work: Callable[[], Any]) -> list[Any]:
    """Results of the same work done at once in several threads."""
    barrier, results = threading.Barrier(times), []

    def wait_and_work() -> None:
        barrier.wait()
        results.append(work())

    threads = [threading.Thread(target=wait_and_work) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_parallel_repetitions_store_one_order(house: House) -> None:
    headers = {"Authorization": f"Bearer {house.keys.buyer}", **ONCE}
    with ServerThread(house.client.app) as server:  # type: ignore[arg-type]

        def post() -> tuple[int, Any]:
            answer = httpx2.post(
                f"{server.url}/v1/orders", json=order_body(), headers=headers, trust_env=False
            )
            return answer.status_code, answer.json()

        answers = in_parallel(PARALLEL, post)
    assert len(answers) == PARALLEL
    assert all(answer == answers[0] for answer in answers)
    assert answers[0][0] == 201
    assert len(house.ask("GET", "/v1/orders", house.keys.operator).json()["items"]) == 1
