"""Kinds of events, who is told of them, and how they are documented."""

import re
from pathlib import Path

import pytest

from market.domain.audience import Audience, Wanted
from market.domain.clock import SystemClock
from market.domain.errors import InvalidInput
from market.domain.events import EXCHANGE, KINDS, Event, event_id, sequence_of
from market.domain.parties import Role

DOCS = Path(__file__).parents[2] / "docs"
NOW = SystemClock().now()
THEIRS = Event(
    1,
    "allocation.active",
    "allocation",
    "alo_1",
    NOW,
    buyer_id="buy_1",
    provider_id="prv_1",
    actor="key_p",
    actor_role="provider",
    actor_organisation_id="prv_1",
)


@pytest.mark.parametrize("page", ["events.md", "events.zh.md"])
def test_the_pages_tell_every_kind_and_no_other(page: str) -> None:
    told = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| \S", (DOCS / page).read_text("utf-8"), re.MULTILINE)
    there_are = [f"{resource}.{what}" for resource, whats in KINDS.items() for what in whats]
    assert sorted(told) == sorted(there_are)


@pytest.mark.parametrize(
    ("audience", "sees", "actor"),
    [
        (Audience(everything=True), True, "key_p"),
        (Audience(provider_id="prv_1"), True, "key_p"),
        (Audience(buyer_id="buy_1"), True, "provider"),
        (Audience(buyer_id="buy_2"), False, "provider"),
        (Audience(buyer_id="prv_1"), False, "key_p"),
        (Audience(), False, "provider"),
    ],
)
def test_both_sides_are_told_and_neither_of_the_others_key(
    audience: Audience, sees: bool, actor: str
) -> None:
    assert audience.sees(THEIRS) is sees
    assert audience.actor_of(THEIRS) == actor


def test_an_event_that_names_no_tenant_is_nobodys() -> None:
    event = Event(1, "voucher_pool.created", "voucher_pool", "vpl_1", NOW)
    assert not Audience(buyer_id="buy_1").sees(event)
    assert not Audience().sees(event)
    assert Audience.of_organisation(Role.OPERATOR, None).sees(event)
    assert Audience().actor_of(event) == EXCHANGE
    assert Audience().actor_of(Event(1, "round.landed", "round", "rnd_1", NOW, actor="gone")) == "somebody"


@pytest.mark.parametrize(
    ("patterns", "matched"),
    [
        ((), True),
        (("*",), True),
        (("allocation.*",), True),
        (("allocation.active",), True),
        (("allocation.granted",), False),
        (("order.*", "allocation.granted"), False),
        (("order.*", "allocation.active"), True),
    ],
)
def test_patterns_match_kinds_and_families(patterns: tuple[str, ...], matched: bool) -> None:
    assert Wanted.of(patterns).matches(THEIRS) is matched


@pytest.mark.parametrize("pattern", ["", "order", "order.", ".*", "*.*", "order.**", "rain.fell", "Order.*"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidInput, match="never happens"):
        Wanted.of([pattern])


def test_ids_of_events_are_read_back() -> None:
    assert sequence_of(event_id(42)) == 42
    for wrong in ("", "evt_", "evt_42", "evt_00000000000000٤2", "ord_0000000000000042"):
        with pytest.raises(InvalidInput):
            sequence_of(wrong)
