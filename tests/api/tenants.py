"""Two tenants behind one API: A has everything there is, B next to nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from api_house import NOW, OPERATOR, House, Json, order_body
from httpx2 import Response
from test_contract_examples import operations

from market.domain.clock import rfc3339
from market.domain.parties import Role

HOUR = timedelta(hours=1)
A_BUYER, B_BUYER = "buy_0001", "buy_0002"
A_NAME, A_DOMAIN = "A's own", "a.example"


@dataclass(frozen=True)
class World:
    """One exchange where tenant A has everything there is; B, as a buyer and as a provider, has next to nothing."""

    house: House
    values: Mapping[str, str]
    a_buyer: str
    a_provider: str
    b: Mapping[Role, str]
    secrets: frozenset[str]

    def ask(
        self, name: str, key: str | None, query: Json | None = None, body: Json | None = None
    ) -> Response:
        """The documented request, for A's things."""
        method, path, operation = operations()[name]
        for parameter in re.findall(r"{(\w+)}", path):
            path = path.replace(f"{{{parameter}}}", self.values[parameter])
        request: Json = {
            "params": {**QUERIES.get(name, {}), **(query or {})},
            "headers": {"Accept": "application/json"},
        }
        shown = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if shown is not None:
            request["json"] = {**shown["example"], **BODIES.get(name, {}), **(body or {})}
        return self.house.ask(method, path, key, **request)

    def elsewhere(self) -> "World":
        """The same with ids that nobody has."""
        nobodys = {name: f"{id_[:-2]}zz" for name, id_ in self.values.items() if name != "delivery_id"}
        return replace(self, values={**self.values, **nobodys})

    def tell_tales(self, answer: Response) -> list[str]:
        """What of A's stands in an answer."""
        return sorted(secret for secret in self.secrets if secret in answer.text)


QUERIES: Mapping[str, Json] = {
    "list_invoices": {"month": "2025-07"},
    "list_statements": {"month": "2025-07"},
    "list_providers": {"limit": 1000},
    "list_offerings": {"limit": 1000},
}
BODIES: Mapping[str, Json] = {"list_offering": {"provider_id": None}, "quote_order": {"buyer_id": None}}


def furnish(house: House) -> World:
    """Everything A can have: in the book, as a draft, granted and running, quoted, paid; people and keys."""
    placed = house.submit(job={"devices": ["910b"]}, deadline=rfc3339(NOW + 4 * HOUR))
    house.clear()
    granted = get(house, f"/v1/allocations?order_id={placed['id']}", house.keys.buyer)["items"][0]
    provider_id = granted["provider_id"]
    provider = house.exchange.issue_key(OPERATOR, Role.PROVIDER, provider_id)
    post(house, f"/v1/offerings/{granted['offering_id']}", provider, "PATCH", sla="trusted")
    pool = open_voucher_pool(house, provider_id)
    waiting, draft = house.submit(), house.submit(draft=True)
    house.clock.advance(2 * HOUR)
    post(house, "/v1/upkeep", house.keys.operator)
    quoted = {**order_body(deadline=rfc3339(NOW + 20 * HOUR)), "hold_minutes": 60}
    quote = post(house, "/v1/quotes", house.keys.buyer, **quoted)["held"]
    people, issued = take_on_people(house, provider)
    hook = post(
        house, "/v1/webhooks", house.keys.buyer, url="https://hooks.example/suanli", description=A_NAME
    )
    transfers = get(house, "/v1/ledger/transfers", house.keys.buyer)["items"]
    assert len(transfers) > 4
    known = [get(house, "/v1/keys/current", key) for key in (house.keys.buyer, provider)]
    values = {
        "order_id": placed["id"],
        "quote_id": quote["id"],
        "member_id": people[0]["id"],
        "key_id": issued[0]["id"],
        "voucher_pool_id": pool["id"],
        "webhook_id": hook["id"],
        "resource_id": placed["id"],
        **ids_of(granted),
    }
    named = (placed, waiting, draft, granted, quote, *people, *issued, *transfers, *known, hook)
    secrets = frozenset({A_BUYER, A_DOMAIN, A_NAME} | {one["id"] for one in named})
    return World(house, values, house.keys.buyer, provider, strangers(house, provider_id), secrets)


def open_voucher_pool(house: House, provider_id: str) -> Json:
    """A pool that A's buyer and provider are related in."""
    pool = {
        "issuer": "test",
        "rate_by_class": {"gpu": 0.1},
        "cap_per_year": "1000.00",
        "valid_from": rfc3339(NOW),
        "valid_until": rfc3339(NOW + 24 * HOUR),
        "related_parties": [{"buyer_id": A_BUYER, "provider_id": provider_id}],
    }
    return post(house, "/v1/voucher-pools", house.keys.operator, **pool)


def take_on_people(house: House, provider: str) -> tuple[list[Json], list[Json]]:
    """Members of A's buyer and of A's provider, and a key of each; the buyer's is a member's."""
    people = [
        post(house, "/v1/members", key, name=f"A {role}", email=f"{role}@{A_DOMAIN}", role=role)
        for key in (house.keys.buyer, provider)
        for role in ("owner", "viewer")
    ]
    viewers = {"name": A_NAME, "scopes": ["read"], "member_id": people[1]["id"]}
    return people, [
        post(house, "/v1/keys", house.keys.buyer, **viewers),
        post(house, "/v1/keys", provider, name=A_NAME, scopes=["read"]),
    ]


def ids_of(granted: Json) -> dict[str, str]:
    """What paths name: what was granted to A, A itself, and what everybody knows."""
    return {
        "allocation_id": granted["id"],
        "offering_id": granted["offering_id"],
        "round_id": granted["round_id"],
        "provider_id": granted["provider_id"],
        "account_id": f"acc_{A_BUYER}",
        "buyer_id": A_BUYER,
        "owner_id": A_BUYER,
        "organisation_id": A_BUYER,
        "delivery_id": "dlv_0000000000000001",
        "node_id": "tianfu_cluster",
        "region_id": "chengdu",
        "device_id": "910b",
    }


def strangers(house: House, provider_id: str) -> dict[Role, str]:
    """Keys of B as a buyer and as a provider."""
    provider = house.keys.provider if provider_id != "prv_0062" else house.keys.other_provider
    return {Role.BUYER: house.keys.other_buyer, Role.PROVIDER: provider}


def get(house: House, path: str, key: str) -> Json:
    answer = house.ask("GET", path, key)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def post(house: House, path: str, key: str, method: str = "POST", /, **body: Any) -> Json:
    answer = house.ask(method, path, key, **({"json": body} if body else {}))
    assert answer.is_success, answer.text
    return dict(answer.json())
