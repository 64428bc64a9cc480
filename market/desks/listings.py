"""Listings: put on the market, changed by version, serviced, drained, withdrawn.

What is already granted keeps its terms whatever changes. A round that is clearing meanwhile leaves out what it placed
on an offering that changed (`market.rounds.landing.land_round`).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from market.access.tenancy import own_offering
from market.conditions import require
from market.desks.desk import Desk, UnitOfWork
from market.desks.repeating import repeatable
from market.domain.errors import Conflict
from market.domain.offerings import LOADED, Maintenance, Offering, OfferingVersion
from market.domain.parties import Actor, Role
from market.domain.scopes import Scope
from market.domain.states import OFFERING_MOVES, Cause, OfferingState, advance
from market.enquiries.calendars import in_the_way, require_room
from market.idempotency import Once
from market.ordering.checks import check_offering
from market.running.lives import Lives, held_running
from market.running.upkeep import Watch

OnlyIf = Callable[[Offering], bool] | None
"""What must be true of an offering for it to be changed; None: nothing."""


class ListingDesk(Desk):
    """Changes listings; every change of terms is a version that is kept."""

    @repeatable
    def list_offering(self, actor: Actor, offering: Offering, once: Once | None = None) -> Offering:
        """List an offering under a fresh id."""
        actor.require(Role.PROVIDER, Role.OPERATOR, scope=Scope.OFFERINGS)
        now = self.clock.now()
        id_ = self._ids.new("off", now)
        listed = replace(offering, id=id_, version=1, state=OfferingState.OPEN, listed_at=now)
        with self._unit_of_work(actor, once) as work:
            check_offering(work, listed)
            listed.new_maintenance(replace(listed, maintenance=()), now)
            work.add(listed)
            work.listings.add_version(OfferingVersion(listed, now, actor.key_id))
            work.answer = {"offering_id": listed.id}
        return listed

    @repeatable
    def amend_offering(
        self, actor: Actor, offering_id: str, only_if: OnlyIf = None, **changes: Any
    ) -> Offering:
        """Change terms: ask, units, hours, window, size of orders, maintenance, reports, service grade."""
        now = self.clock.now()
        with self._unit_of_work(actor) as work:
            offering = self._open_offering(work, actor, offering_id, only_if)
            return self._keep(work, actor, offering, offering.amended(**changes), now)

    @repeatable
    def add_maintenance(
        self,
        actor: Actor,
        offering_id: str,
        window: Maintenance,
        once: Once | None = None,
        *,
        force: bool = False,
        only_if: OnlyIf = None,
    ) -> Offering:
        """Announce a window with fewer units; `Conflict` `in_use` where what is granted would not fit any more.

        With `force`, what does not fit is interrupted now, and whoever was granted earlier stays: an interruption by
        the provider, which is credited. Quotes that are held cannot be forced out.
        """
        now = self.clock.now()
        with self._unit_of_work(actor, once) as work:
            offering = self._open_offering(work, actor, offering_id, only_if)
            windows = {*offering.maintenance, window}
            ordered = tuple(sorted(windows, key=lambda w: (w.starts_at, w.ends_at, w.units_left)))
            work.answer = {"offering_id": offering_id}
            serviced = replace(offering, maintenance=ordered)
            if force:
                self._make_room(work, actor, serviced, serviced.new_maintenance(offering, now), now)
            return self._keep(work, actor, offering, serviced, now)

    @repeatable
    def drain_offering(
        self,
        actor: Actor,
        offering_id: str,
        at: datetime | None,
        once: Once | None = None,
        *,
        only_if: OnlyIf = None,
    ) -> Offering:
        """Have an offering empty from a moment on; None takes that back, before it begins."""
        now = self.clock.now()
        with self._unit_of_work(actor, once) as work:
            offering = self._open_offering(work, actor, offering_id, only_if)
            work.answer = {"offering_id": offering_id}
            return self._keep(work, actor, offering, offering.drained(at, now), now)

    @repeatable
    def withdraw_offering(
        self, actor: Actor, offering_id: str, once: Once | None = None, *, only_if: OnlyIf = None
    ) -> Offering:
        """Take an offering off the market; what is running finishes."""
        now = self.clock.now()
        with self._unit_of_work(actor, once) as work:
            offering = own_offering(work, actor, offering_id)
            require(only_if, offering)
            state = advance(OFFERING_MOVES, offering.state, OfferingState.WITHDRAWN)
            work.answer = {"offering_id": offering_id}
            return self._keep(work, actor, offering, replace(offering, state=state), now)

    def _open_offering(self, work: UnitOfWork, actor: Actor, offering_id: str, only_if: OnlyIf) -> Offering:
        """One's own offering, held; nobody takes free capacity before the change is stored."""
        work.promises.hold_capacity()
        offering = own_offering(work, actor, offering_id)
        require(only_if, offering)
        if offering.state is not OfferingState.OPEN:
            raise Conflict("offering_withdrawn", "a withdrawn offering cannot be changed; list a new one")
        return offering

    def _make_room(
        self,
        work: UnitOfWork,
        actor: Actor,
        offering: Offering,
        windows: Sequence[Maintenance],
        now: datetime,
    ) -> None:
        """Interrupt what does not fit into maintenance windows; what was due on it before is done first."""
        promised = [q for q in work.promises.held_quotes(now) if q.offering_id == offering.id]
        going = in_the_way(windows, work.listings.running_on(offering.id, now), promised, now)
        order_ids = [allocation.order_id for allocation in going]
        due, lives = Watch.over(work, now, listening_since=now), Lives(work, self._ids, now)
        for running in held_running(work, order_ids):
            if due.is_due(running.allocation):
                due.take_forward(lives, running)
        reason = f"maintenance of {offering.id}"
        interrupting = Lives(work, self._ids, now, actor.key_id)
        for running in held_running(work, order_ids):
            interrupting.interrupt(running, now, Cause.PROVIDER_FAILED, reason)

    def _keep(
        self, work: UnitOfWork, actor: Actor, before: Offering, after: Offering, now: datetime
    ) -> Offering:
        """Store a change as the next version; what changes nothing is none."""
        if after == before:
            return before
        added = after.new_maintenance(before, now)
        if added:
            running = work.listings.running_on(before.id, now)
            promised = [q for q in work.promises.held_quotes(now) if q.offering_id == before.id]
            require_room(added, [*running, *promised], now)
        if not work.listings.has_version(before.id, before.version):
            work.listings.add_version(OfferingVersion(before, before.listed_at, LOADED))
        kept = replace(after, version=before.version + 1)
        work.listings.replace(kept)
        work.listings.add_version(OfferingVersion(kept, now, actor.key_id))
        return kept
