"""Members and keys: who may give what to whom, and how a key ends."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from test_registering import at_once

from market.access.key_uses import KeyUses
from market.desks.keys import KeyRequest
from market.desks.members import NewMember
from market.domain.audience import Audience
from market.domain.clock import VirtualClock
from market.domain.errors import MarketError
from market.domain.keys import HeldKey, KeyState
from market.domain.members import Member, MemberRole, MemberState
from market.domain.parties import SCOPES_OF_ROLE, Actor, Role
from market.domain.scopes import EVERYTHING, Scope
from market.enquiries.access import AccessEnquiries
from market.exchange import Exchange
from market.persistence.database import Database
from market.persistence.event_reader import EventReader
from market.persistence.paging import PageRequest
from market.persistence.store import Store

MINUTE = timedelta(minutes=1)
EVERYBODY = Audience(everything=True)


@pytest.fixture
def owner(exchange: Exchange, operator: Actor) -> Actor:
    """The key that a buyer was given when it registered."""
    return exchange.authenticate(exchange.issue_key(operator, Role.BUYER, "buy_toy"))


@pytest.fixture
def asked(exchange: Exchange) -> AccessEnquiries:
    return AccessEnquiries(exchange.database, exchange.key_uses)


def refused(code: str, action: Callable[[], object]) -> MarketError:
    with pytest.raises(MarketError) as refusal:
        action()
    assert refusal.value.code == code, refusal.value
    return refusal.value


def add(exchange: Exchange, actor: Actor, role: MemberRole = MemberRole.EDITOR) -> Member:
    return exchange.add_member(actor, NewMember(role.value, f"{role.value}@toy.example", role))


def key_of(exchange: Exchange, actor: Actor, *scopes: str, **more: object) -> tuple[HeldKey, Actor, str]:
    """A key, who acts with it, and its secret."""
    issued = exchange.issue(actor, KeyRequest("test", tuple(scopes), **more))  # type: ignore[arg-type]
    return issued.key, exchange.authenticate(issued.secret), issued.secret


# Scopes


@pytest.mark.parametrize(("role", "organisation"), [(Role.BUYER, "buy_toy"), (Role.PROVIDER, "prv_toy")])
def test_the_first_key_has_everything_of_its_role(
    exchange: Exchange, operator: Actor, role: Role, organisation: str
) -> None:
    actor = exchange.authenticate(exchange.issue_key(operator, role, organisation))
    assert (actor.role, actor.organisation_id, actor.member_id) == (role, organisation, None)
    assert actor.scopes == SCOPES_OF_ROLE[role]


def test_a_key_gives_no_scope_that_it_has_not(exchange: Exchange, owner: Actor) -> None:
    _, keeper, _ = key_of(exchange, owner, "read", "access:write")
    lacking = refused("missing_scope", lambda: exchange.issue(keeper, KeyRequest("more", ("orders:write",))))
    assert lacking.facts == {"scope": "orders:write", "scopes": ["orders:write"]}
    refused("missing_scope", lambda: exchange.issue(keeper, KeyRequest("all", (EVERYTHING,))))
    held, actor, _ = key_of(exchange, keeper, "access:write", "read", "read")
    assert held.key.scopes == ("read", "access:write")
    assert actor.scopes == {Scope.READ, Scope.ACCESS}


def test_nor_does_it_by_rotating_another_key(exchange: Exchange, owner: Actor) -> None:
    _, keeper, _ = key_of(exchange, owner, "read", "access:write")
    refused("missing_scope", lambda: exchange.rotate_key(keeper, owner.key_id))
    assert exchange.rotate_key(keeper, keeper.key_id).key.scopes == {Scope.READ, Scope.ACCESS}
    exchange.revoke_key(keeper, owner.key_id)  # what only takes away may be done


def test_nor_by_making_somebody_an_owner(exchange: Exchange, owner: Actor) -> None:
    _, keeper, _ = key_of(exchange, owner, "read", "access:write")
    viewer = add(exchange, keeper, MemberRole.VIEWER)
    refused("missing_scope", lambda: add(exchange, keeper, MemberRole.OWNER))
    refused("missing_scope", lambda: exchange.change_member(keeper, viewer.id, {"role": MemberRole.EDITOR}))
    assert exchange.change_member(owner, viewer.id, {"role": MemberRole.EDITOR}).role is MemberRole.EDITOR


def test_a_key_gives_no_longer_life_than_its_own(
    exchange: Exchange, owner: Actor, clock: VirtualClock
) -> None:
    until = clock.now() + 10 * MINUTE
    _, guest, _ = key_of(exchange, owner, EVERYTHING, expires_at=until)
    for later in (None, until + MINUTE):
        refused("not_permitted", lambda at=later: key_of(exchange, guest, "read", expires_at=at))
    refused("not_permitted", lambda: exchange.rotate_key(guest, owner.key_id))
    key_of(exchange, guest, "read", expires_at=until)
    refused("invalid_expiry", lambda: key_of(exchange, owner, "read", expires_at=clock.now()))


@pytest.mark.parametrize("scopes", [("money:write",), ("read", "offerings:write"), ()])
def test_scopes_of_another_role_are_refused(
    exchange: Exchange, owner: Actor, scopes: tuple[str, ...]
) -> None:
    refused("invalid_scopes", lambda: exchange.issue(owner, KeyRequest("wrong", scopes)))


def test_a_viewers_keys_only_read(exchange: Exchange, owner: Actor) -> None:
    viewer = add(exchange, owner, MemberRole.VIEWER)
    refused("invalid_scopes", lambda: key_of(exchange, owner, "orders:write", member_id=viewer.id))
    _, actor, _ = key_of(exchange, owner, EVERYTHING, member_id=viewer.id)
    assert (actor.scopes, actor.member_id) == ({Scope.READ}, viewer.id)
    refused("missing_scope", lambda: exchange.submit_orders(actor, []))


def test_another_role_of_a_member_holds_from_the_next_request_on(exchange: Exchange, owner: Actor) -> None:
    editor = add(exchange, owner, MemberRole.EDITOR)
    _, actor, secret = key_of(exchange, owner, EVERYTHING, member_id=editor.id)
    assert actor.scopes == SCOPES_OF_ROLE[Role.BUYER] - {Scope.ACCESS}
    exchange.change_member(owner, editor.id, {"role": MemberRole.VIEWER})
    assert exchange.authenticate(secret).scopes == {Scope.READ}


# How a key ends


def test_a_rotated_key_has_two_secrets_for_a_while(
    exchange: Exchange, owner: Actor, clock: VirtualClock
) -> None:
    held, _, first = key_of(exchange, owner, "read")
    second = exchange.rotate_key(owner, held.key.id, 30).secret
    assert {exchange.authenticate(secret).key_id for secret in (first, second)} == {held.key.id}
    third = exchange.rotate_key(owner, held.key.id, 30).secret
    refused("unknown_key", lambda: exchange.authenticate(first))  # two at most
    assert exchange.authenticate(second).key_id == held.key.id
    clock.advance(30 * MINUTE)
    refused("key_rotated", lambda: exchange.authenticate(second))
    assert exchange.authenticate(third).scopes == {Scope.READ}


def test_the_secret_before_a_rotation_gives_nothing_that_outlasts_it(
    exchange: Exchange, owner: Actor, clock: VirtualClock
) -> None:
    """Whoever is left with it for a while cannot keep the key, nor make another one that is good for longer."""
    held, _, first = key_of(exchange, owner, EVERYTHING)
    second = exchange.rotate_key(owner, held.key.id, 30).secret
    ends_at = clock.now() + 30 * MINUTE
    before, now = exchange.authenticate(first), exchange.authenticate(second)
    assert (before.expires_at, now.expires_at) == (ends_at, None)
    refused("not_permitted", lambda: exchange.rotate_key(before, held.key.id))
    refused("not_permitted", lambda: exchange.issue(before, KeyRequest("more")))
    assert exchange.issue(before, KeyRequest("less", expires_at=ends_at)).key.key.expires_at == ends_at
    assert exchange.rotate_key(now, held.key.id).key.key.id == held.key.id


def test_without_an_overlap_the_old_secret_ends_at_once(exchange: Exchange, owner: Actor) -> None:
    held, _, first = key_of(exchange, owner, "read")
    exchange.rotate_key(owner, held.key.id)
    refused("key_rotated", lambda: exchange.authenticate(first))
    for minutes in (-1, 1441):
        refused("invalid_overlap", lambda m=minutes: exchange.rotate_key(owner, held.key.id, m))


def test_a_revoked_key_is_refused_from_then_on_with_both_secrets(exchange: Exchange, owner: Actor) -> None:
    held, _, first = key_of(exchange, owner, "read")
    second = exchange.rotate_key(owner, held.key.id, 60).secret
    revoked = exchange.revoke_key(owner, held.key.id)
    assert exchange.revoke_key(owner, held.key.id).key.revoked_at == revoked.key.revoked_at
    for secret in (first, second):
        refused("key_revoked", lambda s=secret: exchange.authenticate(s))
    refused("key_ended", lambda: exchange.rotate_key(owner, held.key.id))


def test_a_key_expires_at_its_moment(exchange: Exchange, owner: Actor, clock: VirtualClock) -> None:
    held, _, secret = key_of(exchange, owner, "read", expires_at=clock.now() + MINUTE)
    clock.advance(MINUTE - timedelta.resolution)
    assert exchange.authenticate(secret).expires_at == held.key.expires_at
    clock.advance(timedelta.resolution)
    refused("key_expired", lambda: exchange.authenticate(secret))
    assert held.key.state(clock.now()) is KeyState.EXPIRED
    refused("key_ended", lambda: exchange.rotate_key(owner, held.key.id))


def test_secrets_are_nowhere_in_the_database(exchange: Exchange, owner: Actor) -> None:
    held, _, secret = key_of(exchange, owner, "read")
    again = exchange.rotate_key(owner, held.key.id, 5).secret
    shown = held.key.prefix
    assert secret.startswith(shown)
    assert len(shown) == len("suanli_buyer_") + 4
    with exchange.database.reading() as session:
        stored = str(Store(session).keys.get(held.key.id))
        told = str(EventReader(session).after(0, 1000, EVERYBODY))
    for random_part in (secret.removeprefix(shown), again.removeprefix(shown)):
        assert random_part not in stored + told


def test_the_pepper_matters(
    database: Database, exchange: Exchange, clock: VirtualClock, owner: Actor
) -> None:
    _, _, secret = key_of(exchange, owner, "read")
    other = Exchange(database, clock, pepper="another")
    refused("unknown_key", lambda: other.authenticate(secret))


# Members


def test_the_last_owner_stays(exchange: Exchange, owner: Actor) -> None:
    first = add(exchange, owner, MemberRole.OWNER)
    refused("last_owner", lambda: exchange.remove_member(owner, first.id))
    refused("last_owner", lambda: exchange.change_member(owner, first.id, {"role": MemberRole.EDITOR}))
    assert exchange.change_member(owner, first.id, {"name": "Li"}).name == "Li"
    second = add(exchange, owner, MemberRole.OWNER)
    exchange.change_member(owner, first.id, {"role": MemberRole.VIEWER})
    refused("last_owner", lambda: exchange.remove_member(owner, second.id))


def test_of_two_owners_who_leave_together_one_stays(exchange: Exchange, owner: Actor) -> None:
    two = [add(exchange, owner, MemberRole.OWNER) for _ in range(2)]
    answers = at_once([lambda one=one: exchange.remove_member(owner, one.id) for one in two])
    refusals = [answer.code for answer in answers if isinstance(answer, MarketError)]
    assert refusals == ["last_owner"], answers


def test_owners_of_the_operator_and_of_others_do_not_count(
    exchange: Exchange, operator: Actor, owner: Actor
) -> None:
    staff = add(exchange, operator, MemberRole.OWNER)
    assert staff.organisation_id is None
    first = add(exchange, owner, MemberRole.OWNER)
    for actor, member in ((operator, staff), (owner, first), (operator, first)):
        refused("last_owner", lambda a=actor, m=member: exchange.remove_member(a, m.id))


def test_who_is_removed_takes_their_keys_along(exchange: Exchange, owner: Actor) -> None:
    editor = add(exchange, owner)
    _, _, secret = key_of(exchange, owner, "read", member_id=editor.id)
    _, _, other = key_of(exchange, owner, "read")
    assert exchange.remove_member(owner, editor.id).state is MemberState.REMOVED
    assert exchange.remove_member(owner, editor.id).state is MemberState.REMOVED
    refused("key_revoked", lambda: exchange.authenticate(secret))
    assert exchange.authenticate(other).scopes == {Scope.READ}
    refused("unknown_member", lambda: key_of(exchange, owner, "read", member_id=editor.id))
    refused("member_removed", lambda: exchange.change_member(owner, editor.id, {"name": "Li"}))


def test_the_operator_names_the_organisation(exchange: Exchange, operator: Actor, owner: Actor) -> None:
    asked = NewMember("Li", "li@toy.example", MemberRole.OWNER, "buy_toy")
    member = exchange.add_member(operator, asked)
    assert member.organisation_id == "buy_toy"
    issued = exchange.issue(operator, KeyRequest("hers", (EVERYTHING,), "buy_toy", member.id))
    hers = exchange.authenticate(issued.secret)
    assert (hers.role, hers.organisation_id, hers.member_id) == (Role.BUYER, "buy_toy", member.id)
    refused(
        "unknown_organisation", lambda: exchange.add_member(operator, replace(asked, organisation_id="x"))
    )
    refused(
        "unknown_member", lambda: exchange.issue(operator, KeyRequest("x", ("read",), "prv_toy", member.id))
    )
    refused("not_permitted", lambda: exchange.add_member(owner, replace(asked, organisation_id="buy_other")))


def test_the_log_tells_of_keys_and_members_and_names_nobody(
    exchange: Exchange, operator: Actor, owner: Actor
) -> None:
    editor = exchange.add_member(owner, NewMember("Li Ming", "li@toy.example", MemberRole.EDITOR))
    held, _, _ = key_of(exchange, owner, "read", member_id=editor.id)
    exchange.rotate_key(owner, held.key.id)
    exchange.change_member(owner, editor.id, {"email": "ming@toy.example"})
    exchange.remove_member(owner, editor.id)
    with exchange.database.reading() as session:
        log = EventReader(session).after(0, 1000, EVERYBODY)
    told = [event for event in log if event.resource_id in {editor.id, held.key.id}]
    assert [event.kind for event in told] == [
        "member.added",
        "key.issued",
        "key.rotated",
        "member.changed",
        "member.removed",
        "key.revoked",
    ]
    assert {(event.buyer_id, event.actor) for event in told} == {("buy_toy", owner.key_id)}
    assert "Ming" not in str(told)
    assert "toy.example" not in str(told)


# When a key was used last


def test_uses_are_written_once_a_minute_and_read_at_once(
    exchange: Exchange, owner: Actor, asked: AccessEnquiries, clock: VirtualClock
) -> None:
    held, _, secret = key_of(exchange, owner, "read")
    used_at = clock.now()
    assert asked.key(owner, held.key.id).key.last_used_at == used_at
    assert stored_use(exchange, held) is None
    assert exchange.write_key_uses() > 0
    assert stored_use(exchange, held) == used_at
    clock.advance(MINUTE - timedelta.resolution)
    exchange.authenticate(secret)
    assert exchange.write_key_uses() == 0
    assert asked.key(owner, held.key.id).key.last_used_at == clock.now()
    assert exchange.write_key_uses(closing=True) == 1
    assert stored_use(exchange, held) == clock.now()


def test_a_slower_exchange_does_not_turn_uses_back(
    database: Database, exchange: Exchange, owner: Actor, clock: VirtualClock
) -> None:
    held, _, secret = key_of(exchange, owner, "read")
    other_clock = VirtualClock(clock.now() + MINUTE)
    other = Exchange(database, other_clock)
    other.authenticate(secret)
    other.write_key_uses()
    exchange.write_key_uses()
    assert stored_use(exchange, held) == other_clock.now()


def test_what_is_noted_is_bounded_and_forgets_the_longest_unused(clock: VirtualClock) -> None:
    uses = KeyUses(most=2)
    for second, key_id in enumerate(("a", "b", "a", "c")):
        uses.note(key_id, clock.now() + timedelta(seconds=second))
    assert sorted(uses.due(clock.now())) == ["a", "c"]


def test_what_is_used_while_it_is_written_stays_noted(clock: VirtualClock) -> None:
    uses, now = KeyUses(), clock.now()
    uses.note("a", now)
    due = uses.due(now)
    uses.note("a", now + MINUTE)
    uses.written(due, now)
    assert uses.due(now + MINUTE) == {"a": now + MINUTE}
    assert uses.newest("a", now) == now + MINUTE
    assert uses.newest("b", None) is None


def stored_use(exchange: Exchange, held: HeldKey) -> object:
    with exchange.database.reading() as session:
        found = Store(session).keys.get(held.key.id)
    assert found is not None
    return found.key.last_used_at


def test_pages_show_an_organisations_own(
    exchange: Exchange, operator: Actor, owner: Actor, asked: AccessEnquiries
) -> None:
    mine = add(exchange, owner)
    staff = add(exchange, operator)
    page = PageRequest()
    assert [member.id for member in asked.members(owner, page).items] == [mine.id]
    assert {member.id for member in asked.members(operator, page).items} == {mine.id, staff.id}
    assert {held.key.organisation_id for held in asked.keys(owner, page).items} == {"buy_toy"}
    assert asked.keys(operator, page, "prv_toy").items == ()
    refused("not_permitted", lambda: asked.keys(owner, page, "prv_toy"))
    refused("not_found", lambda: asked.key(owner, operator.key_id))
    refused("not_found", lambda: asked.member(owner, staff.id))
