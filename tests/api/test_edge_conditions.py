"""If-Match and If-None-Match: nobody overwrites what they have not seen, nobody is sent what they have."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
from api_house import NOW, OPERATOR, House, order_body, refusal
from fastapi import Response
from hypothesis import given
from hypothesis import strategies as st

from api.schemas.policies import PolicyAnswer
from api.schemas.vouchers import RULES
from api.wire.etags import Expected, Tags, read_tags, tag_of
from market.domain.clock import VirtualClock
from market.domain.errors import InvalidInput, PreconditionFailed
from market.domain.policy import PRESETS, Policy
from market.exchange import Exchange
from market.persistence.database import Database

Json = dict[str, Any]


def own_offering(house: House) -> str:
    """Path of an offering of the provider whose key is at hand."""
    page = house.ask("GET", "/v1/offerings", params={"provider_id": "prv_0062", "limit": 1}).json()
    return f"/v1/offerings/{page['items'][0]['id']}"


def some_node(house: House) -> str:
    return f"/v1/nodes/{house.ask('GET', '/v1/nodes?limit=1').json()['items'][0]['id']}"


def change(house: House, what: str, tag: str | None) -> Any:
    """One change of each kind of thing that can be changed, on a condition."""
    keys = house.keys
    headers = {} if tag is None else {"If-Match": tag}
    changes: dict[str, Callable[[], tuple[str, str, str, Json | None]]] = {
        "order": lambda: ("PATCH", house_path(house, "order"), keys.buyer, {"limit_price": "950.00"}),
        "cancel": lambda: ("POST", house_path(house, "order") + "/cancel", keys.buyer, None),
        "offering": lambda: ("PATCH", own_offering(house), keys.provider, {"ask_price": "99.00"}),
        "withdraw": lambda: ("POST", own_offering(house) + "/withdraw", keys.provider, None),
        "policy": lambda: ("PUT", "/v1/policy", keys.operator, {"preset": "green"}),
        "node": lambda: ("POST", some_node(house) + "/down", keys.operator, None),
        "credit": lambda: ("PUT", f"{ACCOUNT}/credit-limit", keys.operator, {"credit_limit": "1000000.00"}),
    }
    method, path, key, body = changes[what]()
    sent = {"json": body} if body is not None else {}
    return house.ask(method, path, key, headers=headers, **sent)


ACCOUNT = "/v1/accounts/acc_buy_0001"
THINGS = ("order", "cancel", "offering", "withdraw", "policy", "node", "credit")


def house_path(house: House, what: str) -> str:
    """Where the thing is read that a change is about."""
    if what in {"order", "cancel"}:
        return f"/v1/orders/{house.ask('GET', '/v1/orders', house.keys.buyer).json()['items'][0]['id']}"
    if what in {"offering", "withdraw"}:
        return own_offering(house)
    return {"policy": "/v1/policy", "node": some_node(house), "credit": ACCOUNT}[what]


@pytest.mark.parametrize("what", THINGS)
def test_a_change_happens_only_to_what_was_seen(house: House, what: str) -> None:
    house.submit()
    path = house_path(house, what)
    seen = house.ask("GET", path, house.keys.operator)
    tag = seen.headers["etag"]
    refusal(change(house, what, '"something-else"'), 412, "precondition_failed")
    refusal(change(house, what, f"W/{tag}"), 412, "precondition_failed")  # If-Match compares strongly
    again = house.ask("GET", path, house.keys.operator)
    assert again.headers["etag"] == tag
    assert again.json() == seen.json()
    changed = change(house, what, f'"older", {tag}')
    assert changed.status_code == 200, changed.text
    assert changed.headers["etag"] != tag
    now = house.ask("GET", path, house.keys.operator).headers["etag"]
    assert now == changed.headers["etag"]


@pytest.mark.parametrize("what", THINGS)
def test_without_a_condition_or_with_any_a_change_happens(house: House, what: str) -> None:
    house.submit()
    assert change(house, what, "*").status_code == 200


def test_a_condition_that_is_none_is_refused(house: House) -> None:
    house.submit()
    for tag in ("abc", '"a" "b"', '"a', 'w/"a"', "", ",", '*, "a"'):
        refusal(change(house, "order", tag), 422, "invalid_condition")
    headers = {"If-None-Match": "abc"}
    refusal(house.ask("GET", "/v1/policy", headers=headers), 422, "invalid_condition")


def test_what_was_answered_before_is_answered_again_whatever_has_changed(house: House) -> None:
    """A repetition changes nothing, so its condition was judged the first time."""
    placed = house.submit(draft=True)
    path = f"/v1/orders/{placed['id']}"
    tag = house.ask("GET", path, house.keys.buyer).headers["etag"]
    headers = {"If-Match": tag, "Idempotency-Key": "once"}
    for _ in range(2):
        assert house.ask("POST", f"{path}/submit", house.keys.buyer, headers=headers).status_code == 200
    assert house.ask("GET", path, house.keys.buyer).headers["etag"] != tag


@pytest.mark.parametrize("path", ["/v1/regions", "/v1/nodes", "/v1/devices", "/v1/offerings", "/v1/policy"])
@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_what_was_seen_is_not_sent_again(house: House, path: str, coding: str) -> None:
    takes = {"Accept-Encoding": coding}
    first = house.ask("GET", path, headers=takes)
    tag = first.headers["etag"]
    assert tag.startswith('"')
    assert first.headers["cache-control"] == "private, no-cache"
    for condition in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = house.ask("GET", path, headers=takes | {"If-None-Match": condition})
        assert again.status_code == 304, condition
        assert again.content == b""
        for name in ("etag", "cache-control", "vary"):
            assert again.headers.get(name) == first.headers.get(name), (condition, name)
        assert not {"content-type", "content-length", "content-encoding"} & again.headers.keys()
    assert house.ask("GET", path, headers={"If-None-Match": '"x"'}).json() == first.json()


def test_what_is_granted_held_or_paid_from_is_sent_again_only_when_it_has_changed(house: House) -> None:
    """A quote that lapses has another tag."""
    body = {**order_body(), "hold_minutes": 5}
    held = house.ask("POST", "/v1/quotes", house.keys.buyer, json=body).json()["held"]
    used = order_body(quote_id=held["id"])
    order = house.ask("POST", "/v1/orders", house.keys.buyer, json=used).json()
    granted = house.ask("GET", f"/v1/orders/{order['id']}", house.keys.buyer).json()["allocation"]
    pool = house.ask("POST", "/v1/voucher-pools", house.keys.operator, json=RULES).json()
    for path in (
        f"/v1/quotes/{held['id']}",
        f"/v1/allocations/{granted['id']}",
        f"/v1/voucher-pools/{pool['id']}",
    ):
        first = house.ask("GET", path, house.keys.operator)
        again = house.ask("GET", path, house.keys.operator, headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304, path
    path = f"/v1/allocations/{granted['id']}"
    before = house.ask("GET", path, house.keys.buyer).headers["etag"]
    assert house.ask("POST", f"/v1/orders/{order['id']}/cancel", house.keys.buyer).status_code == 200
    after = house.ask("GET", path, house.keys.buyer, headers={"If-None-Match": before})
    assert (after.status_code, after.headers["etag"] != before) == (200, True)


def test_a_tag_changes_with_what_it_covers(house: House) -> None:
    path = own_offering(house)
    tags = {where: house.ask("GET", where).headers["etag"] for where in (path, "/v1/offerings?limit=1000")}
    assert change(house, "offering", None).status_code == 200
    for where, tag in tags.items():
        assert house.ask("GET", where, headers={"If-None-Match": tag}).status_code == 200


def test_a_round_that_has_landed_is_sent_once_to_each_who_may_see_it(house: House) -> None:
    house.submit()
    path = f"/v1/rounds/{house.clear()['id']}"
    public = house.ask("GET", path).headers["etag"]
    assert house.ask("GET", path, headers={"If-None-Match": public}).status_code == 304
    told_more = house.ask("GET", path, house.keys.operator, headers={"If-None-Match": public})
    assert told_more.status_code == 200  # the operator sees what flows of few orders spent


def test_an_order_is_read_whole_whatever_its_tag(house: House) -> None:
    """Its tag is that of what can be changed; what was granted to it may change without."""
    path = f"/v1/orders/{house.submit()['id']}"
    tag = house.ask("GET", path, house.keys.buyer).headers["etag"]
    assert house.ask("GET", path, house.keys.buyer, headers={"If-None-Match": tag}).status_code == 200


def test_of_two_who_saw_the_same_one_changes_it(house: House) -> None:
    order = house.submit()
    path = f"/v1/orders/{order['id']}"
    tag = house.ask("GET", path, house.keys.buyer).headers["etag"]

    def raise_limit(price: str) -> int:
        body, headers = {"limit_price": price}, {"If-Match": tag}
        return house.ask("PATCH", path, house.keys.buyer, json=body, headers=headers).status_code

    with ThreadPoolExecutor(4) as buyers:
        statuses = list(buyers.map(raise_limit, ["901.00", "902.00", "903.00", "904.00"]))
    assert sorted(statuses) == [200, 412, 412, 412]


def test_of_two_policies_on_one_seen_one_is_set(database: Database) -> None:
    """On both databases: a policy is a new row each time, and yet no change is lost."""
    exchange, start, both = Exchange(database, VirtualClock(NOW)), PRESETS["balanced"], Barrier(2)

    def set_if_unchanged(policy: Policy) -> bool:
        both.wait(30)
        try:
            exchange.set_policy(OPERATOR, policy, only_if=lambda held: held == start)
        except PreconditionFailed:
            return False
        return True

    mine = [replace(start, name="mine"), replace(start, name="yours")]
    with ThreadPoolExecutor(2) as operators:
        assert sorted(operators.map(set_if_unchanged, mine)) == [False, True]


TAG_TEXT = st.text(st.characters(min_codepoint=0x23, max_codepoint=0x7E), max_size=8)


@given(st.lists(st.tuples(st.booleans(), TAG_TEXT), min_size=1, max_size=6))
def test_lists_of_tags_are_read_as_written(tags: list[tuple[bool, str]]) -> None:
    line = " , ".join(f'{"W/" if weak else ""}"{text}"' for weak, text in tags)
    found = read_tags([line], "If-Match")
    assert found is not None
    assert found.weak == {f'"{text}"' for weak, text in tags if weak}
    assert found.strong == {f'"{text}"' for weak, text in tags if not weak}


@given(st.text(max_size=30))
def test_any_text_is_a_list_of_tags_or_refused(text: str) -> None:
    with suppress(InvalidInput):
        found = read_tags([text], "If-Match")
        assert found is not None
        assert found.anything or found.strong or found.weak


def test_a_comma_may_stand_in_a_tag() -> None:
    assert read_tags(['"a,b"', 'W/"c"'], "If-Match") == Tags(
        strong=frozenset({'"a,b"'}), weak=frozenset({'"c"'})
    )


def test_a_change_may_be_forbidden_for_what_was_seen() -> None:
    """If-None-Match on a change: only if it is something else by now."""
    answer = PolicyAnswer.of(PRESETS["green"])
    tag = tag_of(answer)
    asked = Expected(Response(), None, read_tags([tag], "If-None-Match")).as_shown(PolicyAnswer.of)
    assert asked is not None
    assert not asked(PRESETS["green"])
    assert asked(PRESETS["price"])
